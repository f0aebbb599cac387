"""Questions share the memory that the store may take: one for which there was too little is asked again by itself."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import duckdb

#: how long one that is to be alone waits for the others; whoever takes an answer away slowly may hold one for minutes
_PATIENCE_SECONDS = 60.0
T = TypeVar("T")


class Shared:
    """Who asks at present.

    Args:
        patience: seconds that one that is to be alone waits for the others.
    """

    def __init__(self, patience: float = _PATIENCE_SECONDS) -> None:
        self._patience = patience
        self._changed = threading.Condition()
        #: how many ask beside others, and whether one is alone or about to be
        self._asking, self._is_alone = 0, False

    def ask(self, ask: Callable[[], T]) -> T:
        """The answer; where memory does not suffice among others, once more when nobody else asks.

        Raises:
            OutOfMemoryException: nor does it suffice then.
        """
        try:
            with self.beside():
                return ask()
        except duckdb.OutOfMemoryException:
            with self.alone():
                return ask()

    @contextmanager
    def beside(self) -> Iterator[None]:
        """Ask beside others; who is alone is waited for."""
        with self._changed:
            self._changed.wait_for(lambda: not self._is_alone)
            self._asking += 1
        try:
            yield
        finally:
            with self._changed:
                self._asking -= 1
                self._changed.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Ask when nobody else does; others wait."""
        with self._changed:
            self._changed.wait_for(lambda: not self._is_alone)
            self._is_alone = True
            self._changed.wait_for(lambda: not self._asking, timeout=self._patience)
        try:
            yield
        finally:
            with self._changed:
                self._is_alone = False
                self._changed.notify_all()
