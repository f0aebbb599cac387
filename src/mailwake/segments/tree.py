"""What a query of the segment language says, as data. `mailwake.segments.parser` makes it, others read it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Verb(StrEnum):
    """What a person did, or what became of mail to them."""

    SENT = "sent"
    DELIVERED = "delivered"
    DEFERRED = "deferred"
    OPENED = "opened"
    CLICKED = "clicked"
    BOUNCED = "bounced"
    UNSUBSCRIBED = "unsubscribed"
    COMPLAINED = "complained"
    REPLIED = "replied"
    CONVERTED = "converted"


#: the verbs that a text of their own may follow
NAMED = frozenset({Verb.CLICKED, Verb.CONVERTED})
#: the verbs whose events are judged, and which tell of a program and a place
JUDGED = frozenset({Verb.OPENED, Verb.CLICKED})


class Judged(StrEnum):
    """Whose opens and clicks count."""

    #: probably a person's
    HUMAN = "human"
    #: perhaps a person's; privacy proxies are here
    POSSIBLE = "possible"
    #: probably a machine's
    MACHINE = "machine"
    #: whoever did it
    ANYBODY = "anybody"


class Engagement(StrEnum):
    """How long a person has given no sign; the spans are those of ``engagement.toml``."""

    ACTIVE = "active"
    LAPSING = "lapsing"
    DORMANT = "dormant"


class Sign(StrEnum):
    """How a count is compared."""

    AT_LEAST = ">="
    MORE = ">"
    AT_MOST = "<="
    FEWER = "<"
    EXACTLY = "="


class Per(StrEnum):
    """What is counted."""

    #: every open and click; of all other verbs every mail once
    TIMES = "times"
    #: different days, UTC
    DAYS = "days"
    #: different mails
    MAILS = "mails"


class Unit(StrEnum):
    """A span of time, by the letter it is written with."""

    HOURS = "h"
    DAYS = "d"
    WEEKS = "w"

    @property
    def hours(self) -> int:
        """How many hours one has."""
        return {Unit.HOURS: 1, Unit.DAYS: 24, Unit.WEEKS: 168}[self]


@dataclass(frozen=True, kw_only=True, slots=True)
class Count:
    """So often."""

    sign: Sign
    number: int
    per: Per = Per.TIMES

    @property
    def low(self) -> int:
        """The smallest count that will do."""
        if self.sign in {Sign.AT_MOST, Sign.FEWER}:
            return 0
        return self.number + (self.sign is Sign.MORE)

    @property
    def high(self) -> int | None:
        """The largest count that will do; None: there is none."""
        if self.sign in {Sign.AT_LEAST, Sign.MORE}:
            return None
        return self.number - (self.sign is Sign.FEWER)


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """So long before now."""

    amount: int
    unit: Unit

    @property
    def hours(self) -> int:
        """Its length."""
        return self.amount * self.unit.hours


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """Somebody did something, so often, at such times. `None` means: does not matter."""

    verb: Verb
    #: with `Verb.CLICKED` part of a link's label or target, with `Verb.CONVERTED` the name of a goal; else None
    text: str | None = None
    #: part of a campaign's name
    campaign: str | None = None
    #: the domain of the person's address
    domain: str | None = None
    #: who has the mailbox, as *Deliverability* calls them
    provider: str | None = None
    #: ISO 3166-1 alpha-2; with `JUDGED` verbs alone
    country: str | None = None
    #: a mail program or browser; with `JUDGED` verbs alone
    client: str | None = None
    #: None: at least once
    count: Count | None = None
    within: Span | None = None
    #: from this day on, in the viewer's zone
    since: date | None = None
    #: until the day before, in the viewer's zone
    before: date | None = None
    #: None: as people, where the verb is judged at all
    judged: Judged | None = None

    @property
    def is_never(self) -> bool:
        """Whether it asks for those who did not."""
        return self.count is not None and self.count.high == 0


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """Somebody is in a state of engagement."""

    engagement: Engagement


@dataclass(frozen=True, kw_only=True, slots=True)
class Not:
    """Everybody else."""

    of: Node


@dataclass(frozen=True, kw_only=True, slots=True)
class Both:
    """All of it holds."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Either:
    """Some of it holds."""

    parts: tuple[Node, ...]


Node = Condition | State | Not | Both | Either


def conditions(node: Node) -> Iterator[Condition]:
    """Every condition in it, in order."""
    if isinstance(node, Condition):
        yield node
    elif isinstance(node, Not):
        yield from conditions(node.of)
    elif isinstance(node, Both | Either):
        for part in node.parts:
            yield from conditions(part)
