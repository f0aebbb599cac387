"""In the process that owns the event store: does what commands ask, finishes erasures, keeps the file beside the data.

A thread of its own, which looks every half second for what was asked.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from mailwake import beside
from mailwake.errors import MailwakeError
from mailwake.events import SECOND, Micros
from mailwake.rights.errands import problem_of, put_answer
from mailwake.rights.remembering import Remembering
from mailwake.store.rights.ledger import Errand, RightsStore

log = structlog.get_logger(__name__)
LOOK_SECONDS = 0.5
#: of erasures that are open, and of who withdrew
TEND_SECONDS = 5.0
#: what was asked longer ago nobody waits for any more
STALE = Micros(3_600 * SECOND)
Doing = Callable[[Mapping[str, Any]], bytes]


@dataclass(kw_only=True)
class Office:
    """The errands, and what is done beside.

    Args:
        rights: where they are asked.
        data: the data folder, for answers.
        doings: kind to what does it.
        tend: what is due by itself.
        remembering: who withdrew.
        wall: microseconds since 1970.
    """

    rights: RightsStore
    data: Path
    doings: Mapping[str, Doing]
    tend: Callable[[], None]
    remembering: Remembering
    wall: Callable[[], int]
    _tended_at: float = field(default=float("-inf"))

    def turn(self) -> None:
        """Do what was asked, and what is due."""
        for errand in self.rights.asked(since=Micros(self.wall() - STALE)):
            self._do(errand)
        if time.monotonic() - self._tended_at >= TEND_SECONDS:
            self._tended_at = time.monotonic()
            self.remembering.look()
            self.tend()

    def _do(self, errand: Errand) -> None:
        problem = None
        try:
            doing = self.doings.get(errand.kind)
            if doing is None:
                problem = f"this version cannot do {errand.kind!r}; restart `mailwake serve` after an upgrade"
            else:
                put_answer(self.data, str(errand.asked["answer"]), doing(errand.asked))
        except MailwakeError as fault:
            problem = problem_of(fault)
        except Exception:
            log.exception("rights.failed", kind=errand.kind)
            problem = "a fault of ours, see the log of the dashboard"
        self.rights.done(errand.id, now=Micros(self.wall()), problem=problem)

    def start(self) -> Callable[[], None]:
        """Work in a thread; call what comes back to stop it and wait until it has."""
        return beside.begin("rights", self._run)

    def _run(self, stop: threading.Event) -> None:
        pause = LOOK_SECONDS
        while not stop.wait(pause):
            pause = LOOK_SECONDS
            try:
                self.turn()
            except MailwakeError as fault:
                log.warning("rights.waiting", why=type(fault).__name__)
                pause = 5.0
            except Exception:
                log.exception("rights.failed")
                pause = 30.0
