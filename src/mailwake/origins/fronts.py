"""Addresses of proxies that stand before everybody and do not say whom they pass on.

What stands in tables about such an address says nothing of who is behind it.

It does what neither a reader's nor a scanner's does: a few of them carry nearly everything, and each
brings programs of many kinds to many copies.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Hashable, Iterable
from typing import NamedTuple

#: Each brings at least this part of all hits, to so many copies, by so many programs; together they bring this part.
LEAST_SHARE, LEAST_COPIES, LEAST_PROGRAMS, TOGETHER = 0.1, 20, 5, 0.9
#: Hits that are looked at, and after how many new ones again.
WINDOW, EVERY = 2_000, 100
NONE: frozenset[str] = frozenset()


class Visit(NamedTuple):
    """What of one hit tells whether its address is a front."""

    address: str
    program: Hashable
    copy: Hashable


def find_fronts(visits: Iterable[Visit]) -> frozenset[str]:
    """The addresses that stand before everybody; mostly none."""
    visits = list(visits)
    met = Counter(visit.address for visit in visits)
    often = {address: n for address, n in met.items() if n >= len(visits) * LEAST_SHARE}
    if sum(often.values()) < len(visits) * TOGETHER:
        return NONE
    programs, copies = defaultdict[str, set[Hashable]](set), defaultdict[str, set[Hashable]](set)
    for address, program, copy in visits:
        programs[address].add(program)
        copies[address].add(copy)
    many = {a for a in often if len(programs[a]) >= LEAST_PROGRAMS and len(copies[a]) >= LEAST_COPIES}
    return frozenset(many) if sum(often[address] for address in many) >= len(visits) * TOGETHER else NONE


class FrontWatch:
    """Looks for fronts among the last hits, as they come.

    Addresses stay in memory alone, and no longer than `WINDOW` hits.
    """

    def __init__(self) -> None:
        self._last = deque[Visit](maxlen=WINDOW)
        self._until = EVERY
        #: as they were at the last look
        self.fronts = NONE

    def saw(self, visit: Visit) -> bool:
        """Take a hit in; whether its address is a front."""
        self._last.append(visit)
        self._until -= 1
        if not self._until:
            self._until = EVERY
            self.fronts = find_fronts(self._last)
        return visit.address in self.fronts
