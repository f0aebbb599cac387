"""Tables in which nobody can be found: small cells are left out, and what would give them away by subtraction.

A table is published with its total. A cell left out alone is the total less all others, so further cells are left out
until those hidden are two at least and large enough together; where the table has no such cells, the total goes too.
Source: Hundepool et al. 2012, "Statistical Disclosure Control", section 5.4 (secondary suppression).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

#: A cell with fewer people behind it could be one of them.
LEAST = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """What of a table may be shown."""

    #: for each cell
    cells: tuple[bool, ...]
    total: bool


def suppress(sizes: Sequence[int], *, least: int = LEAST) -> Shown:
    """Which cells of one table, and whether its total, may be shown.

    Args:
        sizes: people behind each cell, whether they did anything or not; each person is in one cell. Of nobody nothing
            can be learned, so an empty cell is shown.
        least: so many people make a cell safe.
    """
    hidden = {place for place, size in enumerate(sizes) if 0 < size < least}
    large = [place for place, size in enumerate(sizes) if size >= least]
    others = sorted(large, key=lambda place: (sizes[place], place))
    while hidden and (len(hidden) < 2 or sum(sizes[place] for place in hidden) < least) and others:
        hidden.add(others.pop(0))
    is_safe = not hidden or (len(hidden) >= 2 and sum(sizes[place] for place in hidden) >= least)
    total = 0 < sum(sizes) < least
    return Shown(cells=tuple(place not in hidden for place in range(len(sizes))), total=is_safe and not total)
