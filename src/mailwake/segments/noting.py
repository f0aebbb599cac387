"""Notes how large live segments were at the end of each week: once, in the role that runs the pipeline.

Whoever only looks writes nothing. What is not noted yet is reckoned for them, and is the same; but it would move with
verdicts that change later, and what one reads today should stand there tomorrow.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import closing

import structlog

from mailwake import beside
from mailwake.errors import BadInput, MailwakeError
from mailwake.events import Micros
from mailwake.insight.stores import Stores, zone_named
from mailwake.segments import keeper
from mailwake.settings import Settings
from mailwake.store.events import EventStore
from mailwake.store.state import open_state

log = structlog.get_logger()

PERIOD_SECONDS = 60.0


class Noting:
    """Turns, in each of which what is missing is noted; each segment is looked at once a week.

    Args:
        stores: whose segments.
        stop: says that it is over.
    """

    def __init__(self, stores: Stores, stop: threading.Event) -> None:
        self._stores, self._stop = stores, stop
        self._done: set[tuple[int, Micros, int]] = set()

    def run(self) -> None:
        """Until told to stop."""
        while not self._stop.wait(PERIOD_SECONDS):
            try:
                self.turn(now=Micros(time.time_ns() // 1_000))
            except MailwakeError as fault:
                log.warning("segments.unavailable", problem=type(fault).__name__)
            except Exception:  # the next turn finds what this one left
                log.exception("segments.failed")

    def turn(self, *, now: Micros) -> None:
        """Note what is missing of every live segment."""
        for each in self._stores.state.segments():
            mark = (each.id, each.created_at, now // keeper.WEEK)
            if self._stop.is_set():
                return
            if each.is_live and mark not in self._done:
                try:
                    keeper.note(self._stores, each, now=now)
                except BadInput as fault:  # such as a query in words that a later version lost
                    log.warning("segments.unclear", segment=each.id, problem=type(fault).__name__)
                self._done.add(mark)


def start_noting(settings: Settings, events: EventStore) -> Callable[[], None]:
    """Begin, in a thread of its own; call what comes back to stop and wait."""

    def run(stop: threading.Event) -> None:
        with closing(open_state(settings.data_folder / "state.sqlite")) as state:
            Noting(Stores(state=state, events=events, zone=zone_named(settings.web.timezone)), stop).run()

    return beside.begin("segments", run)
