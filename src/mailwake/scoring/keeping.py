"""A ranking goes through everybody, so it is kept; one that took long is given while another is made."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import structlog

from mailwake.errors import MailwakeError
from mailwake.scoring.ranking import Ranking

log = structlog.get_logger(__name__)

#: A ranking is kept for so many times as long as it took: at most a fiftieth of the time goes into making it again.
TIMES = 50
#: One that took longer is made beside whoever asks, who gets the last one; a page should come within 0.3 s.
SHORT_SECONDS = 0.2


class Keeper:
    """Gives the last ranking, or makes one.

    Args:
        clock: seconds that only ever grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._making, self._is_made = threading.Lock(), threading.Event()
        self._known: Ranking | None = None
        self._took = 0.0
        self._until = 0.0

    def answer(self, make: Callable[[], Ranking]) -> Ranking:
        """The ranking that is kept, else the one that `make` gives.

        Raises:
            Unavailable: there was none, and it could not be made.
        """
        known = self._known
        if known is not None and self._clock() < self._until:
            return known
        if known is None or self._took <= SHORT_SECONDS:
            with self._making:
                return self._made(make, known)
        if self._making.acquire(blocking=False):
            threading.Thread(target=self._make_beside, args=(make, known), name="ranking", daemon=True).start()
        return known

    def soon(self, make: Callable[[], Ranking], seconds: float) -> Ranking | None:
        """As `answer`; where there is none, what is made beside within so many seconds, else None for now."""
        if self._known is not None:
            return self.answer(make)
        if self._making.acquire(blocking=False):
            threading.Thread(target=self._make_beside, args=(make, None), name="ranking", daemon=True).start()
        self._is_made.wait(seconds)
        return self._known

    @property
    def ways(self) -> dict[str, Any]:
        """`answer` and `soon`, as a `Desk` takes them."""
        return {"keep": self.answer, "soon": self.soon}

    def _make_beside(self, make: Callable[[], Ranking], known: Ranking | None) -> None:
        try:
            self._made(make, known)
        except MailwakeError as fault:
            log.warning("ranking.not_made", why=str(fault))  # the last one stays; whoever asks next tries again
        finally:
            self._making.release()

    def _made(self, make: Callable[[], Ranking], known: Ranking | None) -> Ranking:
        if self._known is not None and self._known is not known:
            return self._known  # somebody else has made it while we waited
        began = self._clock()
        found = make()
        ended = self._clock()
        self._took, self._until, self._known = ended - began, ended + TIMES * (ended - began), found
        self._is_made.set()
        return found
