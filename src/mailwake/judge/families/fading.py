"""Reputations that fade: what is older than 30 days no longer counts, and rare things are forgotten first.

Beside the sums there is one bucket per day with what that day added, so that a day is taken out again exactly as it
came in. Both are bounded together: when there are too many keys, those met least often go.
"""

from __future__ import annotations

from mailwake.events import SECOND, Micros
from mailwake.judge.families.learned import Reputations, Shares

DAY = 86_400 * SECOND
#: How long behaviour counts. Source: judgement; networks and gateways change hands within weeks
REMEMBERED_DAYS = 30
#: Keys remembered at most, about 600 bytes each.
MOST_KEYS = 250_000
#: Deliveries and the sum of their shares in one number, a third of the room of a pair.
_ONE = 1 << 40


class Fading(Reputations):
    """As `Reputations`; whoever adds shares for good also says of which day they are.

    Args:
        most: keys remembered at most.
    """

    def __init__(self, *, most: int = MOST_KEYS) -> None:
        super().__init__()
        self._most = most
        self._days: dict[int, dict[int, int]] = {}
        self._newest = 0

    def keep(self, at: Micros, shares: Shares) -> None:
        """Note when shares that were added were learned; lets go of what is too old by now, and of what is too much.

        Args:
            at: when their delivery settled.
            shares: as they were given to `add`.
        """
        day = at // DAY
        bucket = self._days.setdefault(day, {})
        for key, share in shares.items():
            if key in self._sums:  # else it went when there were too many, after it was added and before this
                bucket[key] = bucket.get(key, 0) + _ONE + share
        self._newest = max(self._newest, day)
        for old in [each for each in self._days if each <= self._newest - REMEMBERED_DAYS]:
            self._forget(self._days.pop(old))
        if len(self._sums) > self._most:
            self._shrink()

    def _forget(self, bucket: Shares) -> None:
        for key, packed in bucket.items():
            n, total = self._sums[key]
            self._sums[key] = n - packed // _ONE, total - packed % _ONE
            if n == packed // _ONE:
                del self._sums[key]

    def _shrink(self) -> None:
        """Keep three quarters; of those met equally often the newer ones, which are at the end."""
        newest_first = reversed(list(self._sums))
        by_use = sorted(newest_first, key=lambda key: self._sums[key][0], reverse=True)
        for key in by_use[self._most * 3 // 4 :]:
            del self._sums[key]
        for day, bucket in self._days.items():
            self._days[day] = {key: packed for key, packed in bucket.items() if key in self._sums}
