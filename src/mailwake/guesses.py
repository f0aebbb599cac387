"""How often somebody may be wrong about a secret, so that none can be found by trying."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

#: Wrong secrets within the window; then none is looked at until the oldest of them has left it.
MOST_WRONG = 10
WINDOW_SECONDS = 60.0
#: Whoever was wrong is remembered; of more the oldest go.
_REMEMBERED = 10_000


class Guesses:
    """Wrong secrets by who told them.

    Args:
        most: wrong ones within the window.
        seconds: length of the window.
    """

    def __init__(self, most: int = MOST_WRONG, seconds: float = WINDOW_SECONDS) -> None:
        self._most, self._seconds = most, seconds
        self._wrong: OrderedDict[Hashable, list[float]] = OrderedDict()

    def may_try(self, who: Hashable, now: float) -> bool:
        """Whether another secret is looked at.

        Args:
            who: such as an address, or an address and a name.
            now: seconds of any clock that does not jump.
        """
        return len(self._recent(who, now)) < self._most

    def note(self, who: Hashable, now: float) -> None:
        """Count one that was wrong."""
        self._wrong[who] = [*self._recent(who, now), now]
        self._wrong.move_to_end(who)
        if len(self._wrong) > _REMEMBERED:
            self._wrong.popitem(last=False)

    def _recent(self, who: Hashable, now: float) -> list[float]:
        return [at for at in self._wrong.get(who, ()) if now - at < self._seconds]
