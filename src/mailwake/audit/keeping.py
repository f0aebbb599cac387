"""What is due by the clock: an anchor a day, and letting go of lines after their time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import structlog

from mailwake import beside
from mailwake.audit.anchors import Anchors
from mailwake.audit.checking import anchor_now
from mailwake.audit.log import AuditLog
from mailwake.audit.words import Action, Actor, ActorKind, Thing
from mailwake.errors import MailwakeError
from mailwake.events import SECOND, Micros
from mailwake.store.audit import AuditCut

log = structlog.get_logger(__name__)

PERIOD_SECONDS = 600.0
_DAY = int(timedelta(days=1).total_seconds()) * SECOND
_KEEPER = Actor(ActorKind.SYSTEM, "retention")


class Keeping:
    """Turns, each of which does what is due.

    Args:
        audit: the log.
        anchors: where its anchors are.
        keep_days: lines older than that are let go of, where the cut can be signed.
        wall: gives microseconds since 1970.
    """

    def __init__(self, audit: AuditLog, anchors: Anchors, *, keep_days: int, wall: Callable[[], int]) -> None:
        self._audit, self._anchors, self._keep_days, self._wall = audit, anchors, keep_days, wall
        self._anchored_on = -1

    def turn(self) -> None:
        """Anchor once a day, then let go of what is too old.

        Raises:
            Unavailable: it could not be done.
        """
        now = Micros(self._wall())
        if now // _DAY != self._anchored_on:
            known = [each for each in self._anchors.read() if each is not None]
            if not known or known[-1].at // _DAY != now // _DAY:
                anchor_now(self._audit.store, self._anchors, now=now)
            self._anchored_on = now // _DAY
            self._let_go(now)

    def _let_go(self, now: Micros) -> None:
        store = self._audit.store
        line = store.last_before(Micros(now - self._keep_days * _DAY))
        if line is None:
            return
        if not self._anchors.can_sign:
            log.warning("audit.not_cut", why="the keys cannot be read, and a cut has to be signed")
            return
        made = self._anchors.sign("cut", number=line.number, hash=line.hash, at=now)
        self._anchors.put(made)
        count = store.cut(AuditCut(number=line.number, hash=line.hash, at=now, signature=made.signature))
        self._audit.record(Action.AUDIT_CUT, _KEEPER, Thing("audit", str(line.number)), after={"lines": count})

    def start(self) -> Callable[[], None]:
        """Take turns in a thread; call what comes back to stop it and wait until it has."""
        return beside.begin("audit", self._run)

    def _run(self, stop: threading.Event) -> None:
        while True:
            try:
                self.turn()
            except MailwakeError as fault:
                log.warning("audit.waiting", why=str(fault))
            except Exception:  # the next turn does what this one left
                log.exception("audit.failed")
            if stop.wait(PERIOD_SECONDS):
                return
