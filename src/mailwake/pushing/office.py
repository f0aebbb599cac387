"""The desk by the clock, in a thread of the process that owns the stores.

Who wants no mail is looked for every few seconds, so that the org knows within a minute; the rest goes every minute.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import structlog

from mailwake import beside
from mailwake.crm.fields import PEOPLE
from mailwake.errors import MailwakeError, Misconfigured
from mailwake.events import SECOND
from mailwake.files import write_report
from mailwake.pushing.desk import LOOKED, Desk
from mailwake.store.crm import Lane

log = structlog.get_logger(__name__)
REPORT = "salesforce.json"
PAUSE_SECONDS = 5.0
#: until everything else of the process has come up
_FIRST_PAUSE_SECONDS = 15.0
#: after a fault that only people can mend
_LONG_PAUSE_SECONDS = 300.0
_EVERYTHING_SECONDS = 60.0


class Office:
    """Works on an org by itself.

    Args:
        desk: at which it works.
        pushes: whether it writes to the org; else it reads and prepares.
        report: where it is written what stands; None: nowhere.
    """

    def __init__(self, desk: Desk, *, pushes: bool, report: Path | None = None) -> None:
        self.desk, self._pushes, self._report = desk, pushes, report
        self._looked_at = self._sent_at = float("-inf")
        self._fault: str | None = None

    def turn(self) -> None:
        """Do what is due.

        Raises:
            MailwakeError: it could not be done.
        """
        desk, now = self.desk, self.desk.wall() / SECOND
        if now - self._looked_at >= desk.poll_minutes * 60 or not desk.store.mark(LOOKED):
            desk.look()
            self._looked_at = now
        if desk.is_night:
            desk.repair()
            desk.sweep()
        desk.follow()
        if self._pushes and not desk.is_paused:
            is_full = now - self._sent_at >= _EVERYTHING_SECONDS
            desk.push(lane=None if is_full else Lane.CONSENT)
            self._sent_at = now if is_full else self._sent_at

    def start(self) -> Callable[[], None]:
        """Work in a thread; call what comes back to stop it and wait until it has."""
        return beside.begin("salesforce", self._run)

    def _run(self, stop: threading.Event) -> None:
        pause = _FIRST_PAUSE_SECONDS
        while not stop.wait(pause):
            pause = PAUSE_SECONDS
            try:
                self.turn()
                self._fault = None
            except Misconfigured as fault:
                self._fault, pause = str(fault), _LONG_PAUSE_SECONDS
                log.warning("salesforce.stopped", why=str(fault))
            except MailwakeError as fault:
                self._fault, pause = str(fault), min(getattr(fault, "retry_after_seconds", 30.0), _LONG_PAUSE_SECONDS)
                log.warning("salesforce.waiting", why=str(fault))
            except Exception:
                self._fault, pause = "a fault of ours, see the log", _LONG_PAUSE_SECONDS
                log.exception("salesforce.failed")
            self._tell()

    def _tell(self) -> None:
        if self._report is None:
            return
        write_report(self._report, self.told())

    def told(self) -> dict[str, object]:
        """What stands, without a word of who."""
        desk = self.desk
        counts = desk.store.counts()
        usage = desk.org.wire.usage
        return {
            "written_at": desk.wall(),
            "fault": self._fault,
            "is_paused": desk.is_paused,
            "pushes": self._pushes,
            "waiting": sum(count for (_, _, state), count in counts.items() if state == "waiting"),
            "dead": sum(count for (_, _, state), count in counts.items() if state == "dead"),
            "looked_at": desk.store.mark(LOOKED),
            "followed_to": desk.store.mark("followed"),
            "calls": desk.calls_of_day(),
            "daily_calls": desk.budget.daily,
            "org_usage": None if usage is None else {**asdict(usage), "at": desk.org.wire.usage_at},
            "goals": desk.goal_problems,
            "people": {kind: desk.store.count_people().get(kind, 0) for kind in PEOPLE},
        }
