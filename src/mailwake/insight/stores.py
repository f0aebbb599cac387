"""The two stores that every question goes to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mailwake.errors import Misconfigured
from mailwake.events import SECOND
from mailwake.store.events import EventStore
from mailwake.store.state import StateStore


@dataclass(frozen=True, kw_only=True, slots=True)
class Stores:
    """What is known, and the zone in which pages show times, and cut days and hours."""

    #: names, links, addresses
    state: StateStore
    #: facts
    events: EventStore
    #: the viewer's
    zone: ZoneInfo
    #: the installation's, where a viewer has another one; None: it is the same
    home: ZoneInfo | None = None

    @property
    def days(self) -> ZoneInfo:
        """In which zone a day begins that a segment or a rule speaks of: the same one for every viewer."""
        return self.home or self.zone


def zone_named(name: str) -> ZoneInfo:
    """The time zone of ``[web] timezone``.

    Raises:
        Misconfigured: there is none of this name.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Misconfigured("web.timezone", f"{name!r} is no time zone; write one such as Europe/Berlin") from None


def moment(micros: int | None) -> datetime | None:
    """Microseconds since 1970 as a time in UTC."""
    return None if micros is None else datetime.fromtimestamp(micros / SECOND, UTC)
