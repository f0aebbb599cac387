"""Several links at once: people follow one after another, scanners sweep.

Counts distinct links, by one visitor and over all visitors, because scanners change address and agent per request.
Retries of one link count once. Opens do not count.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from mailwake.events import SECOND
from mailwake.judge.delivery import Seen, Sort
from mailwake.judge.families.timing import span
from mailwake.judge.rules import Cell, cell_of

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
#: A hand moves to another link and presses in no less: reaction and movement together. Source: Card, Moran and Newell
#: 1983, "The psychology of human-computer interaction", chapter 2: 230 ms to move the eye, 70 ms to press; so three
#: links take half a second and more
_HAND = 0.3 * SECOND
_HANDS = 0.5 * SECOND
#: Gaps whose spread is below this part of their mean are a machine's.
_REGULAR = 0.2
#: Cells that many clicks have are made once; the last of each kind that were asked for.
_REMEMBERED = 4_096
_ALONE = Cell("next_link.alone")
#: So many links inside of `_HANDS`. Two count only where times are told in parts of a second.
_AT_ONCE = 3
#: Visitors that are counted together where each came for one link alone, and how many are no chance any more.
_WHILE = 300 * SECOND
_CHANGED = 3
_THREE = Cell("speed.three", "three links in 0.5 s, faster than any hand")
_TWO = Cell("speed.two", "two links in less than 0.3 s, faster than any hand")


class _Whose(NamedTuple):
    """Whose clicks are counted, in names of cells and in words."""

    prefix: str
    words: str
    unnamed: str = ""


_ONE, _UNTOLD = _Whose("", "by one visitor"), _Whose("", "by one visitor", "unnamed_")
_ANYBODY = _Whose("anyone_", "by anybody")


class Patterns:
    """Pattern cells for all clicks of one delivery, computed together.

    Args:
        seen: all events, by time.
        links: how many the message has; 0: not known.
    """

    def __init__(self, seen: Sequence[Seen], links: int) -> None:
        self._links = links
        self._clicks = [each for each in seen if each.sort is Sort.CLICK or each.sort is Sort.WITNESS]
        self._cells: dict[int, list[Cell]] = {each.id: [] for each in self._clicks}
        if len(self._clicks) == 1:
            only = self._clicks[0]
            self._cells[only.id] += alone(only, links)
        elif self._clicks:
            self._compare(seen)

    def _compare(self, seen: Sequence[Seen]) -> None:
        """Note what holds of several clicks."""
        self._groups: dict[int | None, list[Seen]] = defaultdict(list)
        for each in self._clicks:
            self._groups[each.visitor].append(each)
        self._agents: dict[int | None, set[object]] = defaultdict(set)
        for each in seen:
            if not each.own.proxy and not each.own.mpp:
                self._agents[each.network].add(each.visitor)
        for visitor, group in self._groups.items():
            unnamed = _unnamed(visitor)
            self._note_widths(group, _UNTOLD if unnamed else _ONE)
            self._note_gaps(group, unnamed)
            self._note_whole(group, unnamed)
        if len(self._groups) > 1:
            self._note_widths(self._clicks, _ANYBODY)
            self._note_strangers()
        if len(self._groups) >= _CHANGED:
            self._note_changing()

    def cells(self, event: Seen) -> list[Cell]:
        """The cells of one click; none for anything else."""
        return self._cells.get(event.id, [])

    def _note_widths(self, group: Sequence[Seen], whose: _Whose) -> None:
        for width, (_, micros, _) in enumerate(_WIDTHS):
            for event, count in zip(group, _distinct_near(group, micros, [each.link for each in group]), strict=True):
                self._cells[event.id].append(_near(width, whose, count, self._links))

    def _note_gaps(self, group: Sequence[Seen], unnamed: str) -> None:
        for event, gap in zip(group, _nearest_other(group), strict=True):
            if gap is None:
                self._cells[event.id] += _ALONE, _step(event.own.group, "alone")
                continue
            name, coarse = _GAP_NAMES[bisect_right(_GAPS, gap)], _COARSE_NAMES[bisect_right(_COARSE, gap)]
            step = cell_of((f"next_link.{unnamed}{name}", "another link {} apart", (span(gap),)))
            self._cells[event.id] += step, _step(event.own.group, coarse)

    def _note_whole(self, group: Sequence[Seen], unnamed: str) -> None:
        """What all clicks of one visitor share."""
        total = len({each.link for each in group})
        found = [_followed(total, self._links, unnamed)]
        if total >= 2 and self._links >= 3:
            part = "all" if total >= self._links else "most" if total >= 0.7 * self._links else "some"
            taken = span((group[-1].at - group[0].at) / SECOND)
            found.append(Cell(f"coverage.{unnamed}{part}", "{} in {}", (_share(total, self._links), taken)))
        if total >= 3:
            found.append(_order(group, unnamed))
        if (agents := len(self._agents[group[0].network])) > 1 and group[0].network is not None:
            found.append(Cell(f"programs.{min(agents, 4)}", "{} different programs from one network", (agents,)))
        for event in group:
            self._cells[event.id] += found
        if total >= 2 and not unnamed:
            self._note_speed(group)

    def _note_speed(self, group: Sequence[Seen]) -> None:
        """Steps that no hand takes, however well its program and network are known: a program fetches links ahead."""
        rushed = _rushed(group)
        is_fine = any(each.at % SECOND for each in group)
        for event, gap in zip(group, _nearest_other(group), strict=True):
            if event.id in rushed:
                self._cells[event.id].append(_THREE)
            elif is_fine and gap is not None and gap * SECOND < _HAND:
                self._cells[event.id].append(_TWO)

    def _note_strangers(self) -> None:
        """How many different visitors follow links within a minute of each other."""
        counts = _distinct_near(self._clicks, _MINUTE, [each.visitor for each in self._clicks])
        nearest = _nearest_other(self._clicks, stranger=True)
        for event, count, gap in zip(self._clicks, counts, nearest, strict=True):
            self._cells[event.id].append(_strangers(count))
            if gap is not None:
                place = _GAP_NAMES[bisect_right(_GAPS, gap)]
                fact = "somebody else followed another link {} apart"
                self._cells[event.id].append(cell_of((f"stranger_link.{place}", fact, (span(gap),))))

    def _note_changing(self) -> None:
        """Where each link was followed from another address and by another program: one program that changes both.

        People of one copy come by different ways, too, but hardly three of them within minutes, each for one link that
        can be seen. Whoever looks at a page or a hidden link beside them is not counted.
        """
        once = {visitor for visitor, group in self._groups.items() if len({each.link for each in group}) == 1}
        alike: dict[str, list[Seen]] = defaultdict(list)
        for each in self._clicks:
            told_apart = each.network is not None and each.agent is not None
            if each.visitor in once and told_apart and each.sort is Sort.CLICK and each.link > 0:
                alike[each.own.group].append(each)
        for group in alike.values():
            if len(group) >= _CHANGED:
                for event, count in zip(group, _all_different(group), strict=True):
                    if count >= _CHANGED:
                        self._cells[event.id].append(_changing(count))


def _rushed(group: Sequence[Seen]) -> set[int]:
    """Ids of clicks of one visitor in order of time that lie in some `_HANDS` with `_AT_ONCE` links or more."""
    found: set[int] = set()
    counts: Counter[int] = Counter()
    low = 0
    for high, event in enumerate(group):
        counts[event.link] += 1
        while event.at - group[low].at > _HANDS:
            counts[group[low].link] -= 1
            counts += Counter()  # forgets links that nobody follows any more
            low += 1
        if len(counts) >= _AT_ONCE:
            found.update(each.id for each in group[low : high + 1])
    return found


def alone(event: Seen, links: int) -> tuple[Cell, ...]:
    """The cells of a click that is the only one of its copy."""
    return _alone(links, event.own.group, _unnamed(event.visitor))


@lru_cache(maxsize=_REMEMBERED)
def _alone(links: int, group: str, unnamed: str) -> tuple[Cell, ...]:
    return (
        _followed(1, links, unnamed),
        _step(group, "alone"),
        _ALONE,
        Cell("within_1_s.1"),
        Cell("within_10_s.1"),
    )


@lru_cache(maxsize=_REMEMBERED)
def _followed(total: int, links: int, unnamed: str) -> Cell:
    """Where nobody is told apart (`unnamed`), all of a copy's visitors are one group, and its cells are others."""
    few = f"{links}_" if 0 < links <= 2 else ""
    return Cell(f"links_followed.{unnamed}{few}{min(total, 8)}", "followed {}", (_share(total, links),))


@lru_cache(maxsize=_REMEMBERED)
def _near(width: int, whose: _Whose, count: int, links: int) -> Cell:
    name, micros, most = _WIDTHS[width]
    if count == 1:
        return Cell(f"{whose.prefix}{name}.1")
    details = _share(count, links), span(micros / SECOND), whose.words
    return Cell(f"{whose.prefix}{name}.{whose.unnamed}{min(count, most)}", "{} within {}, {}", details)


@lru_cache(maxsize=_REMEMBERED)
def _strangers(count: int) -> Cell:
    fact = "{} different visitors within a minute" if count > 1 else ""
    return Cell(f"strangers.{min(count, 5)}", fact, (count,) if fact else ())


@lru_cache(maxsize=_REMEMBERED)
def _changing(count: int) -> Cell:
    fact = "{} links within five minutes, each followed from another network by another program"
    return Cell(f"changing.{min(count, 5)}", fact, (count,))


@lru_cache(maxsize=_REMEMBERED)
def _step(group: str, name: str) -> Cell:
    return Cell(f"next_link_from.{group}_{name}")


def _unnamed(visitor: int | None) -> str:
    return "unnamed_" if visitor is None else ""


def _order(group: Sequence[Seen], unnamed: str) -> Cell:
    links = [each.link for each in group]
    gaps = [(later.at - first.at) / SECOND for first, later in pairwise(group)]
    mean = sum(gaps) / len(gaps)
    spread = (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5
    if len(gaps) >= 3 and mean and spread < _REGULAR * mean:
        return Cell(f"order.{unnamed}regular", "in even steps of {}", (span(mean),))
    rising = all(first <= later for first, later in pairwise(links))
    return (
        Cell(f"order.{unnamed}document", "in document order")
        if rising
        else Cell(f"order.{unnamed}mixed", "in no order")
    )


def _share(count: int, links: int) -> str:
    """Links followed and links there are, as a person says it."""
    return f"{count} of {links} links" if links >= count else f"{count} link{'s' if count != 1 else ''}"


def _distinct_near(group: Sequence[Seen], width: int, what: Sequence[object]) -> list[int]:
    """How many different things stand within ± width of each event of a group in order of time.

    Args:
        what: the thing of each event, such as its link.
    """
    if len(group) == 1:
        return [1]
    counts: dict[object, int] = {}
    found: list[int] = []
    low = high = 0
    for event in group:
        while high < len(group) and group[high].at - event.at <= width:
            counts[what[high]] = counts.get(what[high], 0) + 1
            high += 1
        while event.at - group[low].at > width:
            counts[what[low]] -= 1
            if not counts[what[low]]:
                del counts[what[low]]
            low += 1
        found.append(len(counts))
    return found


def _all_different(group: Sequence[Seen]) -> list[int]:
    """How many links, networks and programs, whichever are fewest, stand around each event of a group by time."""
    aspects = [each.link for each in group], [each.network for each in group], [each.agent for each in group]
    return [min(counts) for counts in zip(*(_distinct_near(group, _WHILE, what) for what in aspects), strict=True)]


def _nearest_other(group: Sequence[Seen], *, stranger: bool = False) -> list[float | None]:
    """Seconds to the nearest click on another link (of another visitor), None where there is none."""
    found: list[float | None] = []
    for place, event in enumerate(group):
        before = _first_gap(event, group, range(place - 1, -1, -1), stranger=stranger)
        after = _first_gap(event, group, range(place + 1, len(group)), stranger=stranger)
        found.append(before if after is None or (before is not None and before <= after) else after)
    return found


def _first_gap(event: Seen, group: Sequence[Seen], places: Iterable[int], *, stranger: bool) -> float | None:
    for place in places:
        other = group[place]
        if other.link != event.link and not (stranger and other.visitor == event.visitor):
            return abs(other.at - event.at) / SECOND
    return None
