"""The watchdog in a thread of the role that runs the pipeline: visits, alarms, and the edge's file kept in order."""

from __future__ import annotations

import json
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import closing, suppress

import structlog

from mailwake.errors import MailwakeError
from mailwake.events import SECOND, Micros
from mailwake.settings import Settings
from mailwake.store.events import EventStore
from mailwake.store.watch import WatchStore, open_watch
from mailwake.visiting.asking import Wall
from mailwake.visiting.visitor import AGENT, Visitor
from mailwake.watchdog.rounds import Rounds
from mailwake.watchdog.switches import Switches
from mailwake.watchdog.targets import why_not

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
        self._hrefs: frozenset[str] = frozenset()
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
            self._looked_at = now
        count = self._rounds.turn(self._hrefs, should_stop=should_stop)
        self.report()
        return count

    def targets(self, now: int) -> tuple[frozenset[str], Counter[str]]:
        """What is visited, and how many links are left out, by why."""
        if not self._wanted.days:
            return frozenset(), Counter()
        rows = self._events.ask("native_sent", since=now - self._wanted.days * _DAY, until=now + _DAY)
        return chosen(self._store, (row["template"] for row in rows), self._wanted.streams)

    def report(self, fault: str = "") -> None:
        """Write down what stands, without a word of who got which mail."""
        told = {
            "written_at": self._wall(),
            "pid": os.getpid(),
            "targets": len(self._hrefs),
            "left_out": dict(self._left_out),
            "visited": self._rounds.tally.visited,
            "alarms": len(self._store.alarms(only_open=True)) if not fault else None,
            "forged": self._keeper.forged,
            "fault": fault or None,
        }
        beside = self._path.with_suffix(".new")
        beside.write_text(json.dumps(told), encoding="utf-8")
        beside.chmod(0o600)
        beside.replace(self._path)


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


def visitor_of(settings: Settings) -> Visitor:
    """Who visits, and where it may."""
    contact = settings.watchdog.contact
    agent = f"{AGENT[:-1]}; {contact})" if contact.isascii() and contact.isprintable() and contact else AGENT
    return Visitor(Wall(allow_private=settings.watchdog.allow_private), agent=agent)


def start_watch(settings: Settings, events: EventStore) -> Callable[[], None]:
    """Begin, in a thread of its own; call what comes back to stop and wait."""
    stop = threading.Event()

    def run() -> None:
        with closing(open_watch(settings.data_folder / "state.sqlite")) as store:
            watch = Watch(settings, store, events, Switches(store, settings.load_keys(), settings))
            while not stop.is_set():
                _turn(watch, stop)
                stop.wait(PAUSE_SECONDS)

    thread = threading.Thread(target=run, name="links", daemon=True)
    thread.start()

    def stop_and_wait() -> None:
        stop.set()
        thread.join()

    return stop_and_wait


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
