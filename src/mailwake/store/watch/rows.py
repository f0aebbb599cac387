"""What the tables of links after delivery hold."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mailwake.events import Micros


class Kind(StrEnum):
    """What was decided about a link."""

    #: its readers go to another address
    REPLACE = "replace"
    #: its readers get the notice that it was taken away
    STOP = "stop"
    #: its readers go where the mail says
    RESTORE = "restore"


class Health(StrEnum):
    """What a visit says of a target."""

    #: a reader who clicks gets to a page
    WELL = "well"
    #: a reader who clicks does not
    ILL = "ill"
    #: the visit says nothing of what readers get
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Somebody decided where the readers of a link go."""

    #: 0, with number 0: wherever the href stands
    template: int = 0
    number: int = 0
    #: what stands in the mail
    href: str
    kind: Kind
    #: where they go; empty but for `Kind.REPLACE`
    to: str = ""
    at: Micros
    by: str
    why: str
    #: see `mailwake.detours.signing`
    seal: str = ""
    #: None only on the way in
    id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Target:
    """What visits to a target found."""

    href: str
    visited_at: Micros
    #: of the last visit
    health: Health
    #: of the last visit: a status, or a word of `mailwake.visiting` for why there is none
    said: str
    #: the last visit that found it so; None: none did
    well_at: Micros | None = None
    #: the first of the failures in a row; None: it is not failing
    failing_since: Micros | None = None
    #: in a row
    failures: int = 0


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """A target that was well stopped answering."""

    href: str
    said: str
    opened_at: Micros
    #: None: it is still open
    closed_at: Micros | None = None
    #: None only on the way in
    id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a link stands."""

    template: int
    number: int
    href: str
    role: str
    #: of the campaign's mail
    stream: str
