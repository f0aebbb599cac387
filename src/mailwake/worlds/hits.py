"""What a world is made of: visitors, hits, deliveries, and the truth about each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where a request comes from and what it carries."""

    ip: str
    ua: str
    headers: Mapping[str, str]


@dataclass(slots=True, kw_only=True)
class Hit:
    """One line of the exchange format with the truth beside it."""

    type: str
    at: float
    delivery: int
    visitor: Visitor | None
    #: did a person cause it
    human: bool
    #: kind of the one who did
    agent: str
    link: int | None = None
    method: str = "GET"
    signature_ok: bool = True


@dataclass(slots=True, kw_only=True)
class Copy:
    """One recipient's copy of a campaign's message."""

    number: int
    recipient: int
    domain: int
    campaign: int
    stream: str
    #: links that a person can see
    links: int
    decoys: bool
    sent_at: float
    delivered_at: float
    #: a person opened it, whether or not a pixel was fetched
    read: bool = False
    hits: list[Hit] = field(default_factory=list)
