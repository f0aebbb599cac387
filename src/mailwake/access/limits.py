"""How often somebody may do something: so many times in so many seconds, counted in memory.

One process serves the dashboard, so its memory is the place; a restart forgets, which gives a guesser nothing that the
next minute would not.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable

from mailwake.errors import MailwakeError

#: Whom anybody is counted for; of more, who tried longest ago is forgotten.
MOST = 50_000


class TooOften(MailwakeError):
    """Somebody did something too often, and may do it again later.

    Attributes:
        retry_after_seconds: when.
    """

    def __init__(self, message: str, *, retry_after_seconds: int) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class Limit:
    """So many times in so many seconds, for each of whoever is counted.

    Args:
        count: how many times.
        seconds: in which.
        clock: seconds that only ever grow.
        what: is limited, as the message says it.
    """

    def __init__(self, count: int, seconds: float, *, clock: Callable[[], float], what: str) -> None:
        self._count, self._seconds, self._clock, self._what = count, seconds, clock, what
        self._times: OrderedDict[Hashable, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, who: Hashable) -> None:
        """Count one time.

        Raises:
            TooOften: it would be one too many; it is not counted.
        """
        with self._lock:
            now = self._clock()
            times = self._times.setdefault(who, deque())
            self._times.move_to_end(who)
            while times and times[0] <= now - self._seconds:
                times.popleft()
            if len(times) >= self._count:
                raise TooOften(
                    f"{self._what}: {self._count} in {self._words()} is the most; try again later",
                    retry_after_seconds=max(1, round(times[0] + self._seconds - now)),
                )
            times.append(now)
            if len(self._times) > MOST:
                self._times.popitem(last=False)

    def _words(self) -> str:
        return {60.0: "a minute", 3_600.0: "an hour"}.get(self._seconds, f"{self._seconds:.0f} seconds")
