"""Takes turns in a thread of the process that owns the stores, and tells what stands without a word of who."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import structlog

from mailwake import beside
from mailwake.errors import MailwakeError
from mailwake.events import Micros
from mailwake.files import write_report
from mailwake.store.workflows.switches import ALL
from mailwake.workflows import mailing
from mailwake.workflows.desk import Desk
from mailwake.workflows.turns import PERIOD_SECONDS, TRIPPED, Turned, Turns

log = structlog.get_logger(__name__)
REPORT = "workflows.json"


class Office:
    """Rules by the clock.

    Args:
        turns: at the desk.
        desk: the rules and all around them.
        report: where it is written what stands; None: nowhere.
        wall: microseconds since 1970.
    """

    def __init__(
        self,
        turns: Turns,
        desk: Desk,
        *,
        report: Path | None,
        wall: Callable[[], int] = lambda: time.time_ns() // 1_000,
    ) -> None:
        self._turns, self._desk, self._report, self._wall = turns, desk, report, wall
        self._counts: Counter[str] = Counter()
        self._turned_at: int | None = None
        self._seconds: float | None = None
        self._fault: str | None = None

    def turn(self) -> None:
        """Take one, whatever comes of it, and report."""
        began = time.monotonic()
        try:
            done = self._turns.turn(now=Micros(self._wall()))
            self._counts.update(asdict(done))
            self._turned_at, self._fault = self._wall(), None
            if done != Turned():
                log.info("workflow.turned", entered=done.entered, refused=done.refused, reversed=done.reversed)
        except MailwakeError as fault:
            self._fault = str(fault)
            log.warning("workflow.waiting", problem=type(fault).__name__)
        except Exception:  # the next turn finds what this one left
            self._fault = "a fault of ours, see the log"
            log.exception("workflow.failed")
        self._seconds = time.monotonic() - began
        self._counts.update(turns=1, faults=int(self._fault is not None))
        self._tell()

    def told(self) -> dict[str, object]:
        """What stands; counters begin with this process."""
        desk, counts = self._desk, self._counts
        return {
            "written_at": self._wall(),
            "turned_at": self._turned_at,
            "turn_seconds": self._seconds,
            "turns": counts["turns"],
            "faults": counts["faults"],
            "fault": self._fault,
            "decisions": {name: counts[name] for name in asdict(Turned())},
            "rules": self._rules(),
            "unfinished": desk.store.count_unfinished(),
        }

    def _rules(self) -> dict[str, int]:
        """How many act, are switched off by hand or in their file, switched themselves off, or cannot be used."""
        found, states = self._desk.rules(), self._desk.store.rule_states()
        everything = states.get(ALL)
        is_on = self._desk.enabled and (everything is None or everything.is_on)
        told = Counter({"on": 0, "off": 0, "tripped": 0, "unreadable": len(found.bad)})
        for name, rule in found.good.items():
            state = states.get(name)
            is_tripped = state is not None and not state.is_on and state.why == TRIPPED
            acts = is_on and rule.enabled and (state is None or state.is_on)
            told["tripped" if is_tripped else "on" if acts else "off"] += 1
        return dict(told)

    def _tell(self) -> None:
        if self._report is None:
            return
        try:
            told = self.told()
        except MailwakeError as fault:
            log.warning("workflow.untold", problem=type(fault).__name__)
            return
        write_report(self._report, told)


def start(desk: Desk, *, config: str) -> Callable[[], None]:
    """Take turns in a thread; call what comes back to stop and wait."""

    def run(stop: threading.Event) -> None:
        office = Office(Turns(desk, run=mailing.runner(config, stop)), desk, report=desk.data / REPORT)
        while not stop.wait(PERIOD_SECONDS):
            office.turn()

    return beside.begin("workflows", run)
