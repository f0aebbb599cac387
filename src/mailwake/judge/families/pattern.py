"""Several links at once: people follow one, scanners all.

Counts distinct links, by one visitor and over all visitors, because scanners change address and agent per request.
Retries of one link count once. Opens do not count.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from mailwake.events import SECOND
from mailwake.judge.delivery import Delivery, Seen, Sort
from mailwake.judge.families.timing import Span
from mailwake.judge.rules import Rules, Term

_WINDOWS = (("within_1_s", SECOND), ("within_10_s", 10 * SECOND))


def weigh_single(rules: Rules, delivery: Delivery) -> Term:
    """The term of the only click of a delivery."""
    return Term("links_followed", rules.steps["pattern.total"].of(1), "followed {}", (Share((1, delivery.links)),))


class Patterns:
    """Pattern terms for all clicks of one delivery, computed together.

    Args:
        seen: all events, by time.
    """

    def __init__(self, rules: Rules, delivery: Delivery, seen: Sequence[Seen]) -> None:
        self._rules = rules
        self._delivery, self._links = delivery, delivery.links
        clicks = [each for each in seen if each.sort in (Sort.CLICK, Sort.WITNESS)]
        self._alone = len(clicks) <= 1
        groups: dict[object, list[Seen]] = defaultdict(list)
        for each in clicks:
            groups[each.visitor].append(each)
        self._totals = {visitor: self._total(group) for visitor, group in groups.items()}
        self._bursts: dict[int, Term] = {}
        if not self._alone:
            for group in groups.values():
                self._note_bursts(group, share=1.0, of="by one visitor")
            if len(groups) > 1:
                share = rules.numbers["pattern.rotation_share"]
                self._note_bursts(clicks, share=share, of="over changing visitors", strangers_only=True)

    def terms(self, event: Seen) -> list[Term]:
        """The terms of one click; none for anything else."""
        if event.sort is not Sort.CLICK and event.sort is not Sort.WITNESS:
            return []
        found = list(self._totals[event.visitor])
        if event.id in self._bursts:
            found.append(self._bursts[event.id])
        return found

    def burst_of(self, event: Seen) -> float:
        """How much being in a burst speaks against an event; 0 outside."""
        term = self._bursts.get(event.id)
        return term.weight if term else 0.0

    def _total(self, group: Sequence[Seen]) -> list[Term]:
        """The terms that all clicks of one visitor share."""
        rules, links = self._rules, self._links
        total = len({each.link for each in group})
        if total == 1:
            return [weigh_single(rules, self._delivery)]
        share, taken = Share((total, links)), Span((group[-1].at - group[0].at) / SECOND)
        found = [Term("links_followed", rules.steps["pattern.total"].of(total), "followed {} in {}", (share, taken))]
        if (
            links >= rules.numbers["pattern.coverage_links"]
            and total >= rules.numbers["pattern.coverage_share"] * links
        ):
            weight = rules.weights["pattern.coverage"].click
            found.append(Term("coverage", weight, "followed {}, nearly everything there is", (share,)))
        return found

    def _note_bursts(self, group: Sequence[Seen], *, share: float, of: str, strangers_only: bool = False) -> None:
        for code, width in _WINDOWS:
            steps = self._rules.steps[f"pattern.{code}"]
            for event, count in zip(group, _distinct_near(group, width), strict=True):
                weight = steps.of(count) * share
                known = self._bursts.get(event.id)
                if weight >= 0 or (known and known.weight <= weight) or (strangers_only and event.own.consumer):
                    continue
                details = Share((count, self._links)), Span(width / SECOND), of
                self._bursts[event.id] = Term("burst", weight, "{} within {}, {}", details)


class Share(tuple[int, int]):
    """Links followed and links there are, printed as a person says it."""

    __slots__ = ()

    def __format__(self, spec: str) -> str:
        count, links = self
        return f"{count} of {links} links" if links >= count else f"{count} link{'s' if count != 1 else ''}"


def _distinct_near(group: Sequence[Seen], width: int) -> list[int]:
    """How many different links stand within ± width of each event of a group in order of time; linear in the group."""
    counts: Counter[int] = Counter()
    found: list[int] = []
    low = high = 0
    for event in group:
        while high < len(group) and group[high].at - event.at <= width:
            counts[group[high].link] += 1
            high += 1
        while event.at - group[low].at > width:
            counts[group[low].link] -= 1
            if not counts[group[low].link]:
                del counts[group[low].link]
            low += 1
        found.append(len(counts))
    return found
