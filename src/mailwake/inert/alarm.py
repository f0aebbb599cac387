"""Says aloud that the set cannot be asked, so that nothing is recorded of anybody, and that it can be asked again."""

from __future__ import annotations

import logging
from typing import Protocol

from mailwake.inert.reader import InertSet

_log = logging.getLogger(__name__)


class Hits(Protocol):
    """What whoever records hits counts."""

    #: not recorded, because nobody could say who has withdrawn
    unsure: int


class SetAlarm:
    """Tells when nobody can say any more who withdrew, so that nothing is recorded of anybody, and when it can be said.

    Args:
        inert: the set.
        counters: of whoever records hits.
    """

    def __init__(self, inert: InertSet, counters: Hits) -> None:
        self._inert, self._counters = inert, counters
        self._was_closed, self._unsure = False, 0

    def look(self) -> None:
        """Compare the set with the last look; call it every second."""
        closed = self._inert.closed
        if closed == self._was_closed:
            return
        self._was_closed = closed
        if closed:
            self._unsure = self._counters.unsure
            _log.warning("inert.closed", extra={"values": {"standing": self._inert.standing}})
        else:
            unsure = self._counters.unsure - self._unsure
            _log.warning("inert.open", extra={"values": {"unsure": unsure}})
