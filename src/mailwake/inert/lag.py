"""How long it took until a process knew of a withdrawal, for the promise that it takes no longer than five seconds."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence

#: what is promised for 99 of 100 withdrawals
BUDGET_SECONDS = 5.0
_REMEMBERED = 10_000
_SECOND = 1_000_000


class Lags:
    """The delays of the latest withdrawals."""

    def __init__(self) -> None:
        self._seconds = deque[float](maxlen=_REMEMBERED)
        #: withdrawals that were ever measured
        self.count = 0

    def add(self, *, said_at: int, known_at: int) -> None:
        """Something that was said is known now; microseconds since 1970."""
        self._seconds.append(max(0, known_at - said_at) / _SECOND)
        self.count += 1

    def report(self) -> dict[str, int | float]:
        """How many there were, and of the latest 10,000 half, 99 % and all; nothing where there were none."""
        told: dict[str, int | float] = {"count": self.count}
        if self._seconds:
            ordered = sorted(self._seconds)
            told |= {"p50": quantile(ordered, 0.5), "p99": quantile(ordered, 0.99), "max": ordered[-1]}
        return told


def quantile(ordered: Sequence[float], share: float) -> float:
    """The smallest value that so many are not above (nearest rank).

    Args:
        ordered: ascending, at least one.
        share: 0-1.
    """
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
