"""Says aloud that hits are lost, while they are.

Counts are looked at when somebody looks; a line is there afterwards too. Nothing of a request is said.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from time import monotonic
from typing import Protocol

#: How often a loss that lasts is told again.
AGAIN_SECONDS = 60.0
#: A loss is over when the log took hits again and none was lost for so long.
CALM_SECONDS = 5.0

_log = logging.getLogger(__name__)


class Hits(Protocol):
    """What whoever records hits counts."""

    #: answered although the log could not keep them
    unrecorded: int
    #: what the log said when it last could not keep something
    problem: str

    @property
    def kept(self) -> int:
        """Those of which the log kept something."""
        ...


class LossAlarm:
    """Tells when hits begin to be lost, once a minute while they are, and how many it cost when they are kept again.

    Args:
        counters: of whoever records hits.
        seconds: a clock that nobody sets.

    Attributes:
        losing: hits that were lost since this loss began; 0: none is lost just now.
    """

    def __init__(self, counters: Hits, *, seconds: Callable[[], float] = monotonic) -> None:
        self._counters, self._seconds = counters, seconds
        self._unrecorded, self._kept = counters.unrecorded, counters.kept
        self._began = self._last = self._told_at = 0.0
        self._told = self.losing = 0

    def look(self) -> None:
        """Compare the counts with those of the last look; call it every second."""
        now, lost = self._seconds(), self._counters.unrecorded - self._unrecorded
        if lost:
            self._lose(lost, now)
        elif self.losing and self._counters.kept > self._kept and now - self._last >= CALM_SECONDS:
            self._end(now)

    def report(self) -> dict[str, object]:
        """What whoever watches is told of it."""
        return {"losing": self.losing, "problem": self._counters.problem if self.losing else ""}

    def _lose(self, lost: int, now: float) -> None:
        if not self.losing:
            self._began, self._told = now, 0
        self._unrecorded, self._kept = self._counters.unrecorded, self._counters.kept
        self.losing += lost
        self._last = now
        if not self._told or now - self._told_at >= AGAIN_SECONDS:
            self._told, self._told_at = self.losing, now
            _log.error("hits.lost", extra={"values": self._values(now)})

    def _end(self, now: float) -> None:
        _log.error("hits.kept_again", extra={"values": self._values(now)})
        self.losing = 0

    def _values(self, now: float) -> dict[str, object]:
        return {"lost": self.losing, "seconds": round(now - self._began), "problem": self._counters.problem}
