"""Whoever looks at a page comes first: what goes on beside rests meanwhile, though never for good.

A page takes a tenth of a second of the processor, which it shares with what is asked anew and with whoever goes through
everybody. A second after it was begun nothing gives way to it any more: a page that takes longer waits for something
to be counted, perhaps for what goes on beside.
"""

from __future__ import annotations

import time
from collections.abc import Callable

#: so long after it was begun a page comes first
FIRST_SECONDS = 1.0
#: Times as long as it worked something rests while pages are looked at without a pause: it takes a tenth of the time.
RESTS = 9
#: Work in small steps rests after so long; a page waits no longer than that for it. Judgement.
_STEP_SECONDS = 0.003


class Visits:
    """When somebody looked.

    Args:
        clock: seconds that only ever grow.
        sleep: waits for so many seconds.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._clock, self._sleep = clock, sleep
        self._first_until = float("-inf")

    def begin(self) -> None:
        """Somebody opens a page."""
        self._first_until = self._clock() + FIRST_SECONDS

    def give_way(self, worked: float) -> None:
        """Rest while pages come first; at once back where nobody looks.

        Args:
            worked: seconds since the last rest; no more than `RESTS` times as many are rested.
        """
        until = self._clock() + RESTS * worked
        while (left := min(until, self._first_until) - self._clock()) > 0:
            self._sleep(left)

    def pacer(self) -> Callable[[], None]:
        """To be called often by what works in many small steps; it rests where that is due."""
        since = self._clock()

        def step() -> None:
            nonlocal since
            worked = self._clock() - since
            if worked >= _STEP_SECONDS:
                self.give_way(worked)
                since = self._clock()

        return step
