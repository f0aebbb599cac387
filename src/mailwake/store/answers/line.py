"""One after the other: what is asked anew beside, and who wants the same answer at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Generic, TypeVar

import structlog

from mailwake.store.answers.visits import Visits

log = structlog.get_logger(__name__)
K = TypeVar("K", bound=Hashable)


#: seconds; a task that took less is rested from as if it had taken so long
_LEAST_SECONDS = 0.1


class Line:
    """Tasks one after the other in one thread, so that asking anew never takes more than a core from who waits.

    Args:
        visits: whoever looks at a page comes first; None: of the line's own.
    """

    def __init__(self, visits: Visits | None = None) -> None:
        self.visits = visits or Visits()
        self._tasks: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._start = threading.Lock()
        self._thread: threading.Thread | None = None

    def __call__(self, task: Callable[[], None]) -> None:
        """Run a task when those before it are done."""
        self._tasks.put(task)
        with self._start:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="asking anew", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        took = 0.0
        while True:
            task = self._tasks.get()
            self.visits.give_way(max(took, _LEAST_SECONDS))
            began = time.monotonic()
            try:
                task()
            except Exception:
                log.exception("answers.failed")
            took = time.monotonic() - began


class Turns(Generic[K]):
    """Locks by name, there for as long as somebody has or waits for them. Who has one may take another of another."""

    def __init__(self) -> None:
        self._entering = threading.Lock()
        #: lock, and how many have it or wait for it
        self._locks: dict[K, tuple[threading.Lock, int]] = {}

    @contextmanager
    def of(self, name: K) -> Iterator[None]:
        """Be the only one who has this name."""
        with self._entering:
            lock, many = self._locks.get(name, (threading.Lock(), 0))
            self._locks[name] = lock, many + 1
        try:
            with lock:
                yield
        finally:
            with self._entering:
                _, many = self._locks.pop(name)
                if many > 1:
                    self._locks[name] = lock, many - 1
