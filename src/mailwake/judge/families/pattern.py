"""Several links at once: people follow one after another, scanners sweep.

Counts distinct links, by one visitor and over all visitors, because scanners change address and agent per request.
Retries of one link count once. Opens do not count.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

from mailwake.events import SECOND
from mailwake.judge.delivery import Seen, Sort
from mailwake.judge.families.timing import Span
from mailwake.judge.rules import Cell

#: Seconds between two links at which a new cell begins.
_GAPS = (0.1, 0.3, 0.6, 1, 2, 3, 10, 60, 600)
_GAP_NAMES = (
    "under_100_ms", "from_100_ms", "from_300_ms", "from_600_ms", "from_1", "from_2", "from_3", "from_10", "from_60",
    "from_600",
)  # fmt: skip
_COARSE = (0.6, 3, 60)
_COARSE_NAMES = ("under_600_ms", "from_600_ms", "from_3", "from_60")
_WIDTHS = (("within_1_s", SECOND, 5), ("within_10_s", 10 * SECOND, 6))
_MINUTE = 60 * SECOND
#: Gaps whose spread is below this part of their mean are a machine's.
_REGULAR = 0.2


class Patterns:
    """Pattern cells for all clicks of one delivery, computed together.

    Args:
        seen: all events, by time.
        links: how many the message has; 0: not known.
    """

    def __init__(self, seen: Sequence[Seen], links: int) -> None:
        self._links = links
        self._clicks = [each for each in seen if each.sort in (Sort.CLICK, Sort.WITNESS)]
        self._groups: dict[object, list[Seen]] = defaultdict(list)
        for each in self._clicks:
            self._groups[each.visitor].append(each)
        self._agents: dict[int | None, set[object]] = defaultdict(set)
        for each in seen:
            if not each.own.proxy and not each.own.mpp:
                self._agents[each.network].add(each.visitor)
        self._cells: dict[int, list[Cell]] = {each.id: [] for each in self._clicks}
        if len(self._clicks) == 1:
            self._note_single(self._clicks[0])
            return
        for visitor, group in self._groups.items():
            unnamed = "unnamed_" if visitor is None else ""
            self._note_widths(group, "", "by one visitor", unnamed)
            self._note_gaps(group, unnamed)
            self._note_whole(group, unnamed)
        if len(self._groups) > 1:
            self._note_widths(self._clicks, "anyone_", "by anybody")
            self._note_strangers()

    def cells(self, event: Seen) -> list[Cell]:
        """The cells of one click; none for anything else."""
        return self._cells.get(event.id, [])

    def _note_single(self, event: Seen) -> None:
        unnamed = "unnamed_" if event.visitor is None else ""
        self._cells[event.id] = [
            self._followed(1, unnamed),
            Cell(f"next_link_from.{event.own.group}_alone"),
            Cell("next_link.alone"),
            Cell("within_1_s.1"),
            Cell("within_10_s.1"),
        ]

    def _followed(self, total: int, unnamed: str) -> Cell:
        """Where nobody is told apart (`unnamed`), all of a copy's visitors are one group, and its cells are others."""
        few = f"{self._links}_" if 0 < self._links <= 2 else ""
        return Cell(f"links_followed.{unnamed}{few}{min(total, 8)}", "followed {}", (Share((total, self._links)),))

    def _note_widths(self, group: Sequence[Seen], prefix: str, whose: str, unnamed: str = "") -> None:
        for name, width, most in _WIDTHS:
            for event, count in zip(group, _distinct_near(group, width), strict=True):
                details = Share((count, self._links)), Span(width / SECOND), whose
                fact = "{} within {}, {}" if count > 1 else ""
                self._cells[event.id].append(
                    Cell(f"{prefix}{name}.{unnamed if count > 1 else ''}{min(count, most)}", fact, details)
                )

    def _note_gaps(self, group: Sequence[Seen], unnamed: str) -> None:
        for event, gap in zip(group, _nearest_other(group), strict=True):
            name, coarse, fact = "alone", "alone", ""
            if gap is not None:
                name = unnamed + _GAP_NAMES[bisect_right(_GAPS, gap)]
                coarse, fact = _COARSE_NAMES[bisect_right(_COARSE, gap)], "another link {} apart"
            self._cells[event.id].append(Cell(f"next_link.{name}", fact, (Span(gap or 0.0),)))
            self._cells[event.id].append(Cell(f"next_link_from.{event.own.group}_{coarse}"))

    def _note_whole(self, group: Sequence[Seen], unnamed: str) -> None:
        """What all clicks of one visitor share."""
        total = len({each.link for each in group})
        found = [self._followed(total, unnamed)]
        if total >= 2 and self._links >= 3:
            part = "all" if total >= self._links else "most" if total >= 0.7 * self._links else "some"
            taken = Span((group[-1].at - group[0].at) / SECOND)
            found.append(Cell(f"coverage.{unnamed}{part}", "{} in {}", (Share((total, self._links)), taken)))
        if total >= 3:
            found.append(_order(group, unnamed))
        if (agents := len(self._agents[group[0].network])) > 1 and group[0].network is not None:
            found.append(Cell(f"programs.{min(agents, 4)}", "{} different programs from one network", (agents,)))
        for event in group:
            self._cells[event.id] += found

    def _note_strangers(self) -> None:
        """How many different visitors follow links within a minute of each other."""
        counts = _distinct_near(self._clicks, _MINUTE, by_visitor=True)
        nearest = _nearest_other(self._clicks, stranger=True)
        for event, count, gap in zip(self._clicks, counts, nearest, strict=True):
            fact = "{} different visitors within a minute" if count > 1 else ""
            self._cells[event.id].append(Cell(f"strangers.{min(count, 5)}", fact, (count,)))
            if gap is not None:
                place = _GAP_NAMES[bisect_right(_GAPS, gap)]
                self._cells[event.id].append(
                    Cell(f"stranger_link.{place}", "somebody else followed another link {} apart", (Span(gap),))
                )


def _order(group: Sequence[Seen], unnamed: str) -> Cell:
    links = [each.link for each in group]
    gaps = [(later.at - first.at) / SECOND for first, later in pairwise(group)]
    mean = sum(gaps) / len(gaps)
    spread = (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5
    if len(gaps) >= 3 and mean and spread < _REGULAR * mean:
        return Cell(f"order.{unnamed}regular", "in even steps of {}", (Span(mean),))
    rising = all(first <= later for first, later in pairwise(links))
    return (
        Cell(f"order.{unnamed}document", "in document order")
        if rising
        else Cell(f"order.{unnamed}mixed", "in no order")
    )


class Share(tuple[int, int]):
    """Links followed and links there are, printed as a person says it."""

    __slots__ = ()

    def __format__(self, spec: str) -> str:
        count, links = self
        return f"{count} of {links} links" if links >= count else f"{count} link{'s' if count != 1 else ''}"


def _distinct_near(group: Sequence[Seen], width: int, *, by_visitor: bool = False) -> list[int]:
    """How many different links (or visitors) stand within ± width of each event of a group in order of time."""
    counts: Counter[object] = Counter()
    what: Sequence[object] = [each.visitor if by_visitor else each.link for each in group]
    found: list[int] = []
    low = high = 0
    for event in group:
        while high < len(group) and group[high].at - event.at <= width:
            counts[what[high]] += 1
            high += 1
        while event.at - group[low].at > width:
            counts[what[low]] -= 1
            if not counts[what[low]]:
                del counts[what[low]]
            low += 1
        found.append(len(counts))
    return found


def _nearest_other(group: Sequence[Seen], *, stranger: bool = False) -> list[float | None]:
    """Seconds to the nearest click on another link (of another visitor), None where there is none."""
    found: list[float | None] = []
    for place, event in enumerate(group):
        nearest = None
        for others in (reversed(group[:place]), group[place + 1 :]):
            gap = _first_gap(event, others, stranger=stranger)
            if gap is not None and (nearest is None or gap < nearest):
                nearest = gap
        found.append(nearest)
    return found


def _first_gap(event: Seen, others: Iterable[Seen], *, stranger: bool) -> float | None:
    for other in others:
        if other.link != event.link and not (stranger and other.visitor == event.visitor):
            return abs(other.at - event.at) / SECOND
    return None
