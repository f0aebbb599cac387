"""Removes what is too old once a night, in the role that owns the event store."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import msgspec
import structlog

from mailwake import beside
from mailwake.errors import MailwakeError, Unavailable
from mailwake.eventlog.left import tend_left
from mailwake.events import SECOND, Micros
from mailwake.files import write_report
from mailwake.retention.clock import Clock
from mailwake.retention.plan import Plan, Shelf, apply
from mailwake.settings import Settings
from mailwake.store.days import open_days
from mailwake.store.events import EventStore
from mailwake.store.rights.ledger import RightsStore, open_rights

log = structlog.get_logger()

#: What was removed last, and when.
REPORT = "retention.json"
PERIOD_SECONDS = 600.0
#: The quiet hours, UTC; where nobody was awake then, the next look does it.
_NIGHT = range(1, 5)
_DAY, _HOUR = 86_400 * SECOND, 3_600 * SECOND
_LATE = 36 * _HOUR


class Suspect(Unavailable):
    """The clock was set; nobody knows what is old."""

    def __init__(self) -> None:
        super().__init__("the clock of this machine was set by more than an hour; nothing is removed for a day")


def apply_surely(shelf: Shelf, clock: Clock, *, now: Micros) -> Plan:
    """Remove what is too old and note it, unless the clock cannot be believed.

    Raises:
        Suspect: the clock jumped.
        Unavailable: a store is away.
    """
    if not clock.is_calm():
        raise Suspect
    done = apply(shelf, now=now)
    write_report(shelf.settings.data_folder / REPORT, {"done_at": now, "plan": msgspec.to_builtins(done)})
    return done


class Nightly:
    """Turns, of which one a night removes.

    Args:
        shelf: what grows old.
        clock: of the installation.
        wall: gives microseconds since 1970.
        rights: who was erased; None: nobody looks after what is left of them in the file.
    """

    def __init__(
        self, shelf: Shelf, clock: Clock, *, wall: Callable[[], int], rights: RightsStore | None = None
    ) -> None:
        self._shelf, self._clock, self._wall, self._rights = shelf, clock, wall, rights

    def turn(self) -> Plan | None:
        """What was removed; None: it is not the time, or the clock cannot be believed."""
        now, is_calm = Micros(self._wall()), self._clock.is_calm()
        if not is_calm or not self._is_due(now):
            return None
        done = apply_surely(self._shelf, self._clock, now=now)
        log.info("retention.removed", rows=sum(each.count for each in done.going), copies=done.copies)
        self._tend_log()
        if self._rights is not None and self._rights.erasures(since=Micros(now - 2 * _DAY)):
            log.info("retention.rewritten", done=self._rights.rewrite())
        return done

    def _tend_log(self) -> None:
        """Files of workers that are gone; whoever is there removes its own."""
        settings = self._shelf.settings
        if gone := tend_left(settings.data_folder / "log", settings.log, clock=self._wall):
            log.info("retention.left_files_removed", files=len(gone))

    def _is_due(self, now: Micros) -> bool:
        since = now - _done_at(self._shelf.settings.data_folder / REPORT)
        return since >= _LATE or (since >= _DAY / 2 and (now // _HOUR) % 24 in _NIGHT)

    def run(self, stop: threading.Event) -> None:
        """Until told to stop."""
        while not stop.wait(PERIOD_SECONDS):
            try:
                self.turn()
            except MailwakeError as fault:
                log.warning("retention.unavailable", problem=type(fault).__name__)
            except Exception:  # the next turn tries again
                log.exception("retention.failed")


def start_nightly(settings: Settings, events: EventStore) -> Callable[[], None]:
    """Begin, in a thread of its own; call what comes back to stop and wait."""
    if not settings.privacy.nightly:
        return lambda: None

    def wall() -> int:
        return time.time_ns() // 1_000

    def run(stop: threading.Event) -> None:
        path = settings.data_folder / "state.sqlite"
        with closing(open_days(path)) as days, closing(open_rights(path)) as rights:
            shelf = Shelf(events=events, days=days, settings=settings)
            Nightly(shelf, Clock(settings.data_folder, wall=wall), wall=wall, rights=rights).run(stop)

    return beside.begin("retention", run)


class _Report(msgspec.Struct):
    done_at: int = 0


def _done_at(path: Path) -> int:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Report).done_at
    except (OSError, msgspec.DecodeError):
        return 0
