"""How it goes with each endpoint, without a word of what was told to whom, and without its secrets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from urllib.parse import urlsplit

from mailwake.events import SECOND, Micros
from mailwake.notifying.courier import WAITS, Place, dead_letters, places
from mailwake.sections import Notify
from mailwake.store.state import StateStore

#: Someone who takes nothing for so long should be looked at; a restart of theirs takes less.
TROUBLE_SECONDS = 3_600


class Going(StrEnum):
    """How it goes with an endpoint."""

    #: it was never told anything
    NEW = "new"
    #: it took what it was told last
    WELL = "well"
    #: it does not take what comes next, which is tried again
    FAILING = "failing"
    #: it is told nothing until somebody enables it
    OFF = "off"


@dataclass(frozen=True, kw_only=True, slots=True)
class EndpointStanding:
    """One endpoint."""

    name: str
    #: without what stands behind ?, which may be secret
    url: str
    events: tuple[str, ...]
    #: provisional or settled
    when: str
    going: Going
    #: webhooks it took, and those that nobody took in three days and that were not told again since
    taken: int
    laid_aside: int
    #: news it was not told of yet, or need not be; None: not looked at
    waiting: int | None
    #: when it last took one; None: never, or not since this is noted
    taken_at: datetime | None
    failing_since: datetime | None
    #: of the message that is next: this try of so many, not before `next_at`
    tries: int
    most_tries: int
    next_at: datetime | None
    last_error: str | None
    #: why it is told nothing any more
    off_because: str | None

    def is_in_trouble(self, now: Micros) -> bool:
        """Whether somebody should look."""
        since = self.failing_since
        lasts = 0.0 if since is None else now / SECOND - since.timestamp()
        return self.going is Going.OFF or self.laid_aside > 0 or lasts >= TROUBLE_SECONDS


def endpoints(
    told: Mapping[str, Notify], state: StateStore, *, last_number: int | None = None
) -> tuple[EndpointStanding, ...]:
    """Every endpoint of the settings, in their order.

    Args:
        told: the sections of the settings.
        state: where it is kept how far each got.
        last_number: of the newest news; None: nobody looked.
    """
    known, letters = places(state), dead_letters(state)
    return tuple(
        _standing(
            name,
            notify,
            known.get(name),
            laid_aside=sum(each["endpoint"] == name for each in letters),
            last_number=last_number,
        )
        for name, notify in told.items()
    )


def _standing(
    name: str, notify: Notify, place: Place | None, *, laid_aside: int, last_number: int | None
) -> EndpointStanding:
    stands = place or Place(position=last_number or 0)
    return EndpointStanding(
        name=name,
        url=_shown(notify.url),
        events=tuple(sorted(notify.events)),
        when=notify.when,
        going=_going(place),
        taken=stands.taken,
        laid_aside=laid_aside,
        waiting=None if last_number is None else max(last_number - stands.position, 0),
        taken_at=_time(stands.taken_at),
        failing_since=_time(stands.failing_since),
        tries=stands.tries,
        most_tries=len(WAITS) + 1,
        next_at=_time(stands.next_at or None),
        last_error=stands.last_error,
        off_because=stands.disabled,
    )


def _going(place: Place | None) -> Going:
    if place is not None and place.disabled is not None:
        return Going.OFF
    if place is not None and place.failing_since is not None:
        return Going.FAILING
    return Going.NEW if place is None or not place.taken else Going.WELL


def _shown(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(query="", fragment="", netloc=parts.netloc.rpartition("@")[2]).geturl()


def _time(at: int | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at / SECOND, UTC)
