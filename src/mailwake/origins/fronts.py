"""Addresses of proxies that do not say whom they pass on: tables say nothing of who is behind such a one.

Such an address does what neither a reader's nor a scanner's does. It brings programs of many kinds to many copies, and
either a mailbox's image proxy is among them, which has addresses of its own, or a few such bring nearly everything.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Collection, Hashable, Iterable
from typing import NamedTuple

#: What an address brings at least that may be a front. Source of all these: judgement, tried in simulated worlds.
COPIES, PROGRAMS = 20, 5
#: A front brings fetches by image proxies to so many copies; or this part of all hits, and all such together that one.
PROXIED_COPIES, SHARE, TOGETHER = 3, 0.1, 0.9
#: Hits that are looked at, and after how many new ones at least again: after half as many as there are.
WINDOW, EVERY = 2_000, 100
NONE: frozenset[str] = frozenset()


class Visit(NamedTuple):
    """What of one hit tells whether its address is a front."""

    address: str
    program: Hashable
    copy: Hashable
    #: by a mailbox's image proxy, which names itself
    proxied: bool = False


def find_fronts(visits: Collection[Visit]) -> frozenset[str]:
    """The addresses that others stand behind; mostly none."""
    counts = Counter(visit.address for visit in visits)
    met = defaultdict[str, list[Visit]](list)
    for visit in visits:
        if counts[visit.address] >= COPIES:
            met[visit.address].append(visit)
    mixed = {address: mine for address, mine in met.items() if _is_mixed(mine)}
    large = {address for address in mixed if counts[address] >= len(visits) * SHARE}
    if sum(counts[address] for address in large) < len(visits) * TOGETHER:
        large = set()
    return frozenset(large | {address for address, mine in mixed.items() if _is_before_proxies(mine)})


def _is_mixed(visits: Iterable[Visit]) -> bool:
    programs, copies = {each.program for each in visits if not each.proxied}, {each.copy for each in visits}
    return len(programs) >= PROGRAMS and len(copies) >= COPIES


def _is_before_proxies(visits: Iterable[Visit]) -> bool:
    return len({each.copy for each in visits if each.proxied}) >= PROXIED_COPIES


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
            self._until = max(EVERY, len(self._last) // 2)
            self.fronts = find_fronts(self._last)
        return visit.address in self.fronts
