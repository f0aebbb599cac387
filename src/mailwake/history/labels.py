"""Who did it, where history itself tells: labels that nobody had to give by hand, and whom they leave out.

A label must not explain itself. What gave it, hidden and altered links, replies and conversions, is taken out of the
copy before its cells are looked at, so that neither a family of its own nor a count of links knows of it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from mailwake.events import SECOND, Evidence, Micros
from mailwake.judge.combine import Look, judge_case, look_at
from mailwake.judge.delivery import Delivery, Seen, Sort
from mailwake.judge.families.learned import Reputations
from mailwake.judge.rules import Rules, Scope
from mailwake.judge.verdicts import gather, learn

_TELLTALE = frozenset(("decoy.same_visitor", "altered.same_visitor"))
_DELAYS = (60, 300, 3_600, 86_400)
_DELAY_WORDS = ("under 1 min", "1-5 min", "5-60 min", "1-24 h", "over 24 h", "not known")


@dataclass(frozen=True, kw_only=True, slots=True)
class Labelled:
    """One open or click of which is known whose it was."""

    scope: Scope
    #: names of its cells, without what gave the label
    cells: tuple[str, ...]
    human: bool
    #: in the half that nothing is fitted on
    held_out: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Portion:
    """How many events of one sort there are, and how many of them have a label."""

    events: int = 0
    people: int = 0
    machines: int = 0


@dataclass(slots=True)
class Harvest:
    """The labels of a history, and how they lie in it."""

    labelled: list[Labelled] = field(default_factory=list)
    #: of all opens and clicks, the sum of P(human) by the rules in force, and how many there are
    expected: dict[Scope, tuple[float, int]] = field(default_factory=dict)
    #: "network consumer", "delay 1-5 min" to what is labelled of it
    portions: dict[str, Portion] = field(default_factory=dict)


def harvest(rules: Rules, history: Iterable[Evidence]) -> Harvest:
    """All labels of a closed history.

    Args:
        rules: in force; they say what others looked like, and how many people there are in all.
        history: evidence, with the times of copies.
    """
    known = Reputations()
    cases = learn(rules, gather(rules, history), known)
    found = Harvest()
    counts: Counter[tuple[str, bool | None]] = Counter()
    for case in cases:
        copy, anchor = case.delivery, case.anchor
        labels = dict(_labels(copy, case.looks))
        for event, opinion in judge_case(rules, case, known):
            if _counts(event) and opinion.p_human is not None:
                total, n = found.expected.get(event.scope, (0.0, 0))
                found.expected[event.scope] = total + opinion.p_human, n + 1
                for word in _places(event, anchor):
                    counts[word, None] += 1
                    if event.id in labels:
                        counts[word, labels[event.id]] += 1
        if labels:
            held_out = bool(min(each.id for each in copy.seen) & 1)
            for look in look_at(rules, _bare(copy), anchor):
                if look.event.id in labels:
                    others = known.cells(look.keys, case.shares, look.event.own.group)
                    cells = tuple(dict.fromkeys(cell.name for cell in (*look.cells, *others)))
                    human = labels[look.event.id]
                    found.labelled.append(Labelled(scope=look.event.scope, cells=cells, human=human, held_out=held_out))
    words = sorted({word for word, _ in counts})
    found.portions = {
        word: Portion(events=counts[word, None], people=counts[word, True], machines=counts[word, False])
        for word in words
    }
    return found


def _labels(copy: Delivery, looks: Iterable[Look]) -> Iterator[tuple[int, bool]]:
    """Event to whether a person did it. A visitor that followed a decoy is a machine whatever else happened."""
    machines = {look.event.id for look in looks if any(cell.name in _TELLTALE for cell in look.cells)}
    answered = max((each.at for each in copy.seen if each.sort is Sort.PROOF and each.reply), default=Micros(-1))
    clicks = [each for each in copy.seen if each.sort is Sort.CLICK]
    proven = {each.id for each in copy.seen if each.at <= answered}
    for goal in (each for each in copy.seen if each.sort is Sort.PROOF and not each.reply):
        proven |= {each.id for each in [each for each in clicks if each.at <= goal.at][-1:]}
    for event in copy.seen:
        if _counts(event) and (event.id in machines or event.id in proven):
            yield event.id, event.id not in machines


def _counts(event: Seen) -> bool:
    return event.sort in (Sort.OPEN, Sort.CLICK) and not event.own.proxy and not event.own.mpp


def _bare(copy: Delivery) -> Delivery:
    """The copy as if nothing in it had been a trap, an answer or a goal."""
    bare = object.__new__(Delivery)
    for name in Delivery.__slots__:
        setattr(bare, name, getattr(copy, name))
    bare.seen = [each for each in copy.seen if each.sort not in (Sort.WITNESS, Sort.PROOF)]
    return bare


def _places(event: Seen, anchor: Micros | None) -> Iterator[str]:
    yield f"network {event.own.group}"
    delay = -1 if anchor is None else bisect_right(_DELAYS, (event.at - anchor) / SECOND)
    yield f"delay {_DELAY_WORDS[delay]}"
