"""The watchdog in a thread of the role that runs the pipeline: visits, alarms, and the edge's file kept in order."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import closing, suppress

import structlog

from mailwake import beside
from mailwake.compose.targets import judge_target
from mailwake.detours.signing import Seal
from mailwake.errors import MailwakeError
from mailwake.events import SECOND, Micros
from mailwake.files import write_report
from mailwake.settings import Settings
from mailwake.store.events import EventStore
from mailwake.store.watch import WatchStore, open_watch
from mailwake.watchdog.reach import likely, reach_of, ringing
from mailwake.watchdog.rounds import Rounds, visitor_of
from mailwake.watchdog.switches import Switches
from mailwake.watchdog.targets import why_not, why_not_address

log = structlog.get_logger(__name__)

REPORT = "links.json"
PAUSE_SECONDS = 1.0
#: How often it is asked which mail was sent, and whether the file says what was decided.
_LOOK_SECONDS = 10.0
_DAY = 86_400 * SECOND


class Watch:
    """What one turn after the other does.

    Args:
        settings: of the installation.
        store: keeps what was found.
        events: tells which mail was sent.
        switches: keep the edge's file.
        wall: gives microseconds since 1970.
    """

    def __init__(
        self,
        settings: Settings,
        store: WatchStore,
        events: EventStore,
        switches: Switches,
        *,
        wall: Callable[[], int] = lambda: time.time_ns() // 1_000,
    ) -> None:
        self._wanted, self._path = settings.watchdog, settings.data_folder / REPORT
        self._store, self._events, self._wall = store, events, wall
        self._keeper = switches.keeper
        self._rounds = Rounds(store, visitor_of(settings).visit, settings.watchdog, wall=wall)
        self._seal = Seal(settings.load_keys())
        self._hrefs: frozenset[str] = frozenset()
        self._quiet: frozenset[str] = frozenset()
        self._left_out: Counter[str] = Counter()
        self._looked_at: int | None = None

    def turn(self, *, should_stop: Callable[[], bool] = lambda: False) -> int:
        """Look what is to be visited, visit what is due, and report; says how many were visited.

        Raises:
            Unavailable: a store does not answer.
        """
        now = self._wall()
        if self._looked_at is None or not 0 <= now - self._looked_at < _LOOK_SECONDS * SECOND:
            self._keeper.keep(now=Micros(now))
            self._hrefs, self._left_out = self.targets(now)
            self._quiet = self.without_readers(self._hrefs)
            self._looked_at = now
        count = self._rounds.turn(self._hrefs, quiet=self._quiet, should_stop=should_stop)
        self.report()
        return count

    def targets(self, now: int) -> tuple[frozenset[str], Counter[str]]:
        """What is visited, and how many links are left out, by why."""
        if not self._wanted.days:
            return frozenset(), Counter()
        rows = self._events.ask("native_sent", since=now - self._wanted.days * _DAY, until=now + _DAY)
        hrefs, left_out = chosen(self._store, (row["template"] for row in rows), self._wanted.streams)
        return hrefs | self._elsewhere(), left_out

    def _elsewhere(self) -> frozenset[str]:
        """Where readers are sent, and what may do instead of a target that harms them; of that nobody need type one."""
        sent = reach_of(self._store, self._seal, ()).replacements()
        dead = [each.alarm.href for each in ringing(self._store, self._seal) if not each.is_mended]
        instead = {address for href in dead for address in likely(href) if judge_target(address)[0] is None}
        return frozenset(each for each in sent if why_not_address(each) is None) | instead

    def without_readers(self, hrefs: frozenset[str]) -> frozenset[str]:
        """Those that no reader is led to; whether they answer is of interest, and no alarm."""
        reach = reach_of(self._store, self._seal, hrefs)
        return frozenset(href for href in hrefs if not reach.reaches(href))

    def report(self, fault: str = "") -> None:
        """Write down what stands, without a word of who got which mail."""
        alarms = ringing(self._store, self._seal) if not fault else ()
        mended = sum(each.is_mended for each in alarms)
        told = {
            "written_at": self._wall(),
            "pid": os.getpid(),
            "targets": len(self._hrefs),
            "left_out": dict(self._left_out),
            "visited": self._rounds.tally.visited,
            "alarms": len(alarms) - mended if not fault else None,
            "mended": mended if not fault else None,
            "forged": self._keeper.forged,
            "fault": fault or None,
        }
        write_report(self._path, told)


def chosen(
    store: WatchStore, templates: Iterable[int], streams: tuple[str, ...]
) -> tuple[frozenset[str], Counter[str]]:
    """The targets of some templates that are visited, and how many links are left out, by why."""
    hrefs, left_out = set[str](), Counter[str]()
    for place in store.places_of(templates):
        why = why_not(place, streams)
        if why is None:
            hrefs.add(place.href)
        else:
            left_out[why] += 1
    return frozenset(hrefs), left_out


def start_watch(settings: Settings, events: EventStore) -> Callable[[], None]:
    """Begin, in a thread of its own; call what comes back to stop and wait."""

    def run(stop: threading.Event) -> None:
        with closing(open_watch(settings.data_folder / "state.sqlite")) as store:
            watch = Watch(settings, store, events, Switches(store, settings.load_keys(), settings))
            while not stop.is_set():
                _turn(watch, stop)
                stop.wait(PAUSE_SECONDS)

    return beside.begin("links", run)


def _turn(watch: Watch, stop: threading.Event) -> None:
    fault = ""
    try:
        watch.turn(should_stop=stop.is_set)
    except (MailwakeError, OSError) as problem:
        fault = str(problem)
        log.warning("links.waiting", why=fault)
    except Exception as problem:  # the next turn finds what this one left
        fault = type(problem).__name__
        log.exception("links.failed")
    if fault:
        with suppress(OSError, MailwakeError):
            watch.report(fault)
