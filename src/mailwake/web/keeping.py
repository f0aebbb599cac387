"""Answers that take long are kept a while, so that looking at a page costs a store little of its time."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

#: An answer is kept for so many times as long as it took: at most a fiftieth of the time goes into asking again, and
#: in a small installation, where it takes milliseconds, nobody sees that it is kept at all.
TIMES = 50
#: Answers kept; of more the oldest go.
_MOST = 64
T = TypeVar("T")


class Kept:
    """Answers by what was asked.

    Args:
        clock: seconds that only ever grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._answers: dict[Hashable, tuple[float, Any]] = {}

    def answer(self, asked: Hashable, ask: Callable[[], T]) -> T:
        """What was answered a moment ago, else the answer to it now."""
        began = self._clock()
        until, known = self._answers.get(asked, (began, None))
        if began < until:
            told: T = known
            return told
        found = ask()
        ended = self._clock()
        while len(self._answers) >= _MOST:
            self._answers.pop(next(iter(self._answers)), None)
        self._answers[asked] = (ended + TIMES * (ended - began), found)
        return found
