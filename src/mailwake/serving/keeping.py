"""Answers that take long are kept a while, so that looking at a page costs a store little of its time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from mailwake.errors import MailwakeError
from mailwake.store.answers.glance import looking

#: An answer is kept for so many times as long as it took: at most a fiftieth of the time goes into asking again, and
#: in a small installation, where it takes milliseconds, nobody sees that it is kept at all.
TIMES = 50
#: One that took so many seconds is given for as long once more while it is asked anew beside, so that nobody waits.
SLOW_SECONDS = 0.1
#: The same for who looks at a page of a large store, which is made of several of them.
SLOW_LOOKED_AT = 0.02
#: Seconds; so long such a one is given at least: who comes back after a minute need not wait. Who looks at a page of a
#: large store need not however late they come.
LEAST_SECONDS = 120.0
#: Answers kept; of more the oldest go.
_MOST = 64
T = TypeVar("T")


class Kept:
    """Answers by what was asked.

    Args:
        clock: seconds that only ever grow.
        beside: runs a task in a thread of its own; for tests.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        beside: Callable[[Callable[[], None]], None] | None = None,
    ) -> None:
        self._clock = clock
        self._beside = beside or _in_a_thread
        #: what was answered, when, how long it took, and the mark of what it was made of
        self._answers: dict[Hashable, tuple[Any, float, float, Hashable]] = {}
        self._asking: set[Hashable] = set()
        self._lock = threading.Lock()

    def answer(self, asked: Hashable, ask: Callable[[], T], *, mark: Hashable = None, lasts: float = 0.0) -> T:
        """What was answered a moment ago, else the answer to it now.

        Args:
            asked: which question.
            ask: gets the answer.
            mark: of what the answer is made of; while it stays the same, the answer stays true. None: nobody knows.
            lasts: seconds for which that holds; afterwards time itself may have made another answer of it.
        """
        known = self._answers.get(asked)
        if known is None:
            return self._ask(asked, ask, mark)
        told: T = known[0]
        age, took = self._clock() - known[1], known[2]
        is_true = mark is not None and mark == known[3] and age < lasts
        if is_true or age < TIMES * took:
            return told
        is_looked_at = looking() is not None
        is_long_ago = age >= max(2 * TIMES * took, LEAST_SECONDS)
        if took < (SLOW_LOOKED_AT if is_looked_at else SLOW_SECONDS) or (is_long_ago and not is_looked_at):
            return self._ask(asked, ask, mark)
        self._ask_beside(asked, ask, mark)
        return told

    def age(self, asked: Hashable) -> float:
        """How many seconds ago what is kept was asked; 0.0: nothing is kept."""
        known = self._answers.get(asked)
        return 0.0 if known is None else max(0.0, self._clock() - known[1] + known[2])

    def _ask(self, asked: Hashable, ask: Callable[[], T], mark: Hashable) -> T:
        began = self._clock()
        found = ask()
        ended = self._clock()
        with self._lock:
            while len(self._answers) >= _MOST:
                self._answers.pop(next(iter(self._answers)))
            self._answers[asked] = (found, ended, ended - began, mark)
        return found

    def _ask_beside(self, asked: Hashable, ask: Callable[[], Any], mark: Hashable) -> None:
        with self._lock:
            if asked in self._asking:
                return
            self._asking.add(asked)

        def task() -> None:
            try:
                self._ask(asked, ask, mark)
            except MailwakeError:
                return  # whoever asks when it is too old is told
            finally:
                with self._lock:
                    self._asking.discard(asked)

        self._beside(task)


def _in_a_thread(task: Callable[[], None]) -> None:
    threading.Thread(target=task, name="asking anew", daemon=True).start()
