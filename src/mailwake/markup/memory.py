"""What was worked out before, kept up to a size.

The copies of one campaign have nearly all of their bytes in common. Whatever is worked out from bytes alone is kept
here by those bytes; what no message asks for any more goes first.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Memory(Generic[K, V]):
    """Two generations of answers: when the young one is full it becomes the old one, and the old one goes.

    What is asked for again moves to the young one, so it lives as long as it is used at least once a generation. Safe
    from several threads: at worst an answer is forgotten and worked out again.

    Args:
        room: how much one generation holds, in the unit of `put`.
    """

    __slots__ = ("_free", "_old", "_room", "_young")

    def __init__(self, room: int) -> None:
        self._room = self._free = room
        self._young: dict[K, tuple[V, int]] = {}
        self._old: dict[K, tuple[V, int]] = {}

    def get(self, key: K) -> V | None:
        """The answer for a key, if it is still there."""
        found = self._young.get(key)
        if found is None:
            found = self._old.get(key)
            if found is None:
                return None
            self.put(key, *found)
        return found[0]

    def put(self, key: K, value: V, size: int = 1) -> None:
        """Keep an answer.

        Args:
            key: what it was worked out from.
            value: the answer.
            size: the room it takes.
        """
        if size > self._free:
            self._old, self._young, self._free = self._young, {}, self._room
        self._free -= size
        self._young[key] = value, size
