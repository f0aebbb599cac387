"""The shape of what providers told, as the API sends it. Fields are only ever added.

These are counts of whoever reports, of all that they saw and no sample of it, so they carry no interval; nobody proves
them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import msgspec


@dataclass(frozen=True, kw_only=True, slots=True)
class Copies:
    """Copies that name a domain of ours in From, by what held for them."""

    copies: int
    #: signed by the domain in From, or sent by whom it allows (DMARC holds)
    aligned: int
    dkim: int
    spf: int
    #: put among spam or refused by the domain's policy
    refused: int
    #: aligned / copies, 0-1
    share: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """Servers of one kind in one network."""

    #: ours: in own_networks. allowed: the domain lets them send (SPF). signed: they know a key of it (DKIM), or pass
    #: on what was signed. neither: set up wrongly, or forged
    kind: str
    #: whose network they are in; None: not known
    operator: str | None
    servers: int
    #: those with most copies, the first first
    addresses: tuple[str, ...]
    counted: Copies


@dataclass(frozen=True, kw_only=True, slots=True)
class Reporter:
    """A provider that reports."""

    #: as it calls itself
    name: str
    counted: Copies


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """A domain, and what its policy asks for."""

    domain: str
    #: none, quarantine or reject; empty: not told
    policy: str
    reports: int
    #: until when the last report reaches, UTC
    until: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Gmail:
    """What Google's Postmaster Tools say of one domain. None: not told."""

    domain: str
    #: last day that anything is known of
    day: date
    #: reported as spam of what reached inboxes, 0-1: on the last day that tells it, and the highest
    spam_rate: float | None
    spam_day: date | None
    highest_spam_rate: float | None
    #: over the limit, above the watch line, under the watch line, or cannot say: of the highest
    standing: str
    #: high, medium, low or bad
    domain_reputation: str | None
    ip_reputation: str | None
    #: of what was tried to be signed or sent so, 0-1
    spf: float | None
    dkim: float | None
    dmarc: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Outlook:
    """What Microsoft's SNDS says of one server. None: not told."""

    address: str
    day: date
    #: recipients on the days that are known
    recipients: int | None
    #: days by what the filter made of most of the mail: green, yellow, red
    days: dict[str, int]
    #: green, yellow or red, of the last day that tells it
    latest: str | None
    #: highest on any day, 0-1
    complaint_rate: float | None
    #: True: below complaint_rate, and nothing nearer is told
    is_below: bool
    trap_hits: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Postmaster:
    """What providers told of our mail."""

    #: of times since then, UTC
    since: datetime
    days: int
    reports: int
    #: until when reports reach, UTC; None: there is none
    until: datetime | None
    #: None: nothing was reported
    total: Copies | None
    #: by kind, ours first; in it most copies first
    origins: tuple[Origin, ...]
    #: most copies first
    reporters: tuple[Reporter, ...]
    domains: tuple[Asked, ...]
    #: to stay under, and never to reach, 0-1
    watch: float
    limit: float
    gmail: tuple[Gmail, ...]
    outlook: tuple[Outlook, ...]


def to_json(answer: Postmaster) -> bytes:
    """The answer as JSON, the same to the byte for everybody: one line."""
    return msgspec.json.encode(answer) + b"\n"
