"""The shape of what is known of mailbox providers, as the API sends it. Fields are only ever added."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import msgspec

from mailwake.deliverability.providers import Thresholds
from mailwake.deliverability.returned import Refused
from mailwake.insight.metrics import Rate


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """A week of one provider: copies sent in it, each as it stood a day later."""

    #: first day, of the viewer's clock
    start: date
    rates: tuple[Rate, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A provider or a domain."""

    #: None: all others together
    name: str | None
    #: a provider's, those with most copies first; of a domain empty
    domains: tuple[str, ...]
    #: different people; None: of the others it is not counted
    recipients: int | None
    sent: int
    rates: tuple[Rate, ...]
    #: what its refusals blame: the address, the moment, us, the message; those that occur
    classes: tuple[Refused, ...]
    thresholds: Thresholds
    #: over the limit, above the watch line, under it, not sure, or cannot say
    standing: str
    #: of a provider, oldest first; of a domain empty
    weeks: tuple[Step, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """A campaign that a change was seen in."""

    id: str
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """A rate of one provider became worse than it usually was."""

    provider: str
    metric: str
    label: str
    #: first day of it, of the viewer's clock
    since: date
    #: day on which it was sure enough to be told
    noticed: date
    #: in the weeks before, 0-1
    before: float
    before_low: float
    before_high: float
    #: since then, all sends together, 0-1
    after: float
    after_low: float
    after_high: float
    #: of the last send, 0-1
    latest: float
    #: sent there since then, the first first
    campaigns: tuple[Sent, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Unseen:
    """Of this even a threefold change would go unseen at a provider: too few copies, too rare, or too uneven."""

    provider: str
    metric: str
    label: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Deliverability:
    """How mail fares at each provider and domain."""

    #: rates are of copies sent since then, UTC
    since: datetime
    days: int
    #: changes are looked for in the last of these, held against the others
    history_days: int
    recent_days: int
    #: the last event that is part of these numbers was received then, UTC
    fresh_at: datetime | None
    #: domains with fewer recipients are among the others
    least_recipients: int
    total: Place | None
    #: the latest first
    turns: tuple[Turn, ...]
    #: providers of which no change can be told yet, because too little was sent to them
    silent: tuple[str, ...]
    #: what no change was found of, and no large one could have been
    unseen: tuple[Unseen, ...]
    #: most copies first, the others last
    providers: tuple[Place, ...]
    domains: tuple[Place, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Reach:
    """How many readers at a provider never saw the end of the mail, by the second pixel that stands there."""

    #: None: all others together
    name: str | None
    #: with both pixels
    copies: int
    #: of those, opened by anybody or anything
    opened: int
    #: of those, opened by a person, with a program that fetches pictures when somebody looks
    readers: int
    #: of those, copies whose end that program did not fetch
    unseen: int
    #: unseen / readers, 0-1; None here and below: cannot say
    rate: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class OfCampaign:
    """How one campaign's mail fared at each provider and domain."""

    id: str
    name: str
    #: domains with fewer recipients are among the others
    least_recipients: int
    #: most copies first, the others last
    providers: tuple[Place, ...]
    domains: tuple[Place, ...]
    #: empty where no copy has a second pixel; most copies first, the others last
    reach: tuple[Reach, ...] = ()


def to_json(answer: Deliverability | OfCampaign) -> bytes:
    """The answer as JSON, the same to the byte for everybody: one line."""
    return msgspec.json.encode(answer) + b"\n"
