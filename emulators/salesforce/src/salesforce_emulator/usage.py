"""How many requests were made in the last 24 hours, against what is allowed."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta

from .clock import Clock


class Usage:
    """Counts requests in a rolling day, by the minute."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._minutes: deque[tuple[datetime, int]] = deque()
        self._sum = 0

    def add(self, count: int = 1) -> None:
        """Requests made now."""
        minute = self._clock.now().replace(second=0, microsecond=0)
        if self._minutes and self._minutes[-1][0] == minute:
            self._minutes[-1] = (minute, self._minutes[-1][1] + count)
        else:
            self._minutes.append((minute, count))
        self._sum += count

    def used(self) -> int:
        """Requests of the last 24 hours."""
        oldest = self._clock.now() - timedelta(hours=24)
        while self._minutes and self._minutes[0][0] < oldest:
            self._sum -= self._minutes.popleft()[1]
        return self._sum
