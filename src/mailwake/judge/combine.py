"""Adds up the evidence on every event of one delivery: log-odds in, probability, class and reasons out.

A pure function of the events kept, the delivery time, the rules and what is known of others; called again whenever one
of them changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from math import exp
from typing import NamedTuple

from mailwake.events import Class, Micros
from mailwake.judge.delivery import Delivery, Seen, Sort
from mailwake.judge.families import mixture, timing
from mailwake.judge.families.follow import Follow
from mailwake.judge.families.learned import Keys, Reputations, Shares, keys_of, shares_of
from mailwake.judge.families.own import Own
from mailwake.judge.families.pattern import Patterns
from mailwake.judge.families.witness import Witnesses
from mailwake.judge.rules import Cell, Rules, Scope, Term

_START = Cell("base.start")
#: What needs no weighing.
_CONSTANT = (Sort.PROOF, Sort.ONE_CLICK)
#: What holds of every single hit, whoever made it: cells of these families alone are no evidence.
_EMPTY = frozenset((
    "base", "next_link", "next_link_from", "within_1_s", "within_10_s", "links_followed", "opened", "known_stream",
    "known_link", "known_moment", "domain_clicks",
))  # fmt: skip


#: Reasons told of one verdict; the marketer reads three, the rest of the sum is one more.
_TOLD = 9


class Opinion(NamedTuple):
    """What the evidence on one event adds up to."""

    #: None: there is no evidence at all
    p_human: float | None
    klass: Class
    #: log-odds and cell, as observed; `terms_of` makes reasons of them when somebody is told
    weighed: Sequence[tuple[float, Cell]]


class Look(NamedTuple):
    """One event with everything that was observed of it, but for what is known of others."""

    event: Seen
    cells: list[Cell]
    #: what it shares with others
    keys: Keys
    #: P(human) of the event by itself
    alone: float


class Case(NamedTuple):
    """One copy with everything that was observed of its events."""

    delivery: Delivery
    #: when it was delivered, else sent; None when not known
    anchor: Micros | None
    looks: list[Look]
    #: what it has added to reputations
    shares: Shares


def look_at(rules: Rules, delivery: Delivery, anchor: Micros | None) -> list[Look]:
    """What can be observed of every opened and followed thing of a delivery.

    Args:
        anchor: when it was delivered, else sent; None when not known.
    """
    seen = delivery.seen
    patterns, witnesses, follow = Patterns(seen, delivery.links), Witnesses(seen), Follow(seen, anchor)
    found = []
    for event in seen:
        own = event.own
        if own.mpp or event.sort in _CONSTANT:
            continue
        cells = [_START, *own.cells]
        if not own.proxy:
            cells += timing.cells(rules, delivery.stream, event.at, anchor, first=seen[0].at, group=own.group)
        cells += patterns.cells(event)
        cells += witnesses.cells(event)
        cells += follow.cells(event)
        keys = () if own.proxy else keys_of(delivery, event, anchor)
        found.append(Look(event, cells, keys, _probability(rules, _sum(rules.alone[event.scope], cells))))
    return found


def open_case(rules: Rules, delivery: Delivery, anchor: Micros | None) -> Case:
    """A copy, looked at by itself: what it would add to reputations comes from P(human) by itself."""
    looks = look_at(rules, delivery, anchor)
    return Case(delivery, anchor, looks, shares_of(delivery, ((look.event, look.keys, look.alone) for look in looks)))


def reconsider(rules: Rules, case: Case, known: Reputations) -> Case:
    """The same copy in the light of what others did: what it would add to reputations comes from P(human) by all."""
    found = []
    for look in case.looks:
        others = known.cells(look.keys, case.shares, look.event.own.group)
        if others:
            weights = rules.weights[look.event.scope]
            p = _probability(rules, _sum(weights, look.cells) + _sum(weights, others))
            found.append((look.event, look.keys, p))
        else:
            found.append((look.event, look.keys, look.alone))
    return case._replace(shares=shares_of(case.delivery, found))


def judge_case(rules: Rules, case: Case, known: Reputations) -> Iterator[tuple[Seen, Opinion]]:
    """An opinion on every kept event of a delivery.

    Args:
        known: what others did; what the case itself added to it is left out.
    """
    found: dict[int, Opinion] = {}
    for look in case.looks:
        others = known.cells(look.keys, case.shares, look.event.own.group) if look.keys else []
        weights = (rules.weights if others else rules.alone)[look.event.scope]
        found[look.event.id] = _opinion(rules, look.event, [*look.cells, *others], weights)
    clicks = [
        look.event.at
        for look in case.looks
        if look.event.sort is Sort.CLICK and (found[look.event.id].p_human or 0.0) >= 0.5
    ]
    for event in case.delivery.seen:
        if event.own.mpp:
            yield event, _mpp(rules, event, case.anchor, clicks)
        else:
            yield event, found.get(event.id) or _constant(rules, event)


def judge_alone(rules: Rules, seen: Seen, *, crowded: bool) -> Opinion:
    """An opinion on an event that is not kept: by what it says of itself.

    Args:
        crowded: its delivery had no room; otherwise it belongs to no delivery.
    """
    if seen.own.mpp:
        return _mpp(rules, seen, None, ())
    if seen.sort in _CONSTANT:
        return _constant(rules, seen)
    cells = [_START, *seen.own.cells]
    if crowded and seen.scope is Scope.CLICK:
        cells.append(Cell("crowded.click", "one of very many on one copy"))
    if seen.sort is Sort.WITNESS:
        name, fact = (
            ("altered", "altered the address of a link") if seen.refused else ("decoy", "followed a hidden link")
        )
        cells.append(Cell(f"{name}.same_visitor", fact))
    return _opinion(rules, seen, cells, rules.alone[seen.scope])


def _constant(rules: Rules, event: Seen) -> Opinion:
    """What needs no weighing: nobody but a person replies, reaches goals, or presses the mailbox's own button."""
    if event.sort is Sort.ONE_CLICK:
        code, fact = "one_click", "one-click unsubscription, which a mailbox sends for its user alone"
    else:
        code, fact = "proof", "the recipient replied" if event.reply else "a goal was reached"
    weight = rules.numbers[f"constants.{code}"]
    return Opinion(_probability(rules, weight), Class.HUMAN, ((weight, Cell(code, fact)),))


def _sum(weights: Mapping[str, float], cells: Iterable[Cell]) -> float:
    total = 0.0
    for each in cells:
        total += weights.get(each[0], 0.0)
    return total


def _opinion(rules: Rules, event: Seen, cells: list[Cell], weights: Mapping[str, float]) -> Opinion:
    if _says_nothing(cells):
        return Opinion(None, Class.UNKNOWN, ())
    weighed = [(weight, each) for each in cells if (weight := weights.get(each[0]))]
    p_human = _probability(rules, _total(weighed))
    return Opinion(p_human, _class(rules, event.own, p_human), weighed)


def _total(weighed: Iterable[tuple[float, Cell]]) -> float:
    total = 0.0  # a loop takes half the time of sum()
    for weight, _ in weighed:
        total += weight
    return total


def _says_nothing(cells: Iterable[Cell]) -> bool:
    return not any(_speaks(each[0]) for each in cells)


@lru_cache(maxsize=16_384)
def _speaks(name: str) -> bool:
    return name.partition(".")[0] not in _EMPTY and not name.endswith(".new")


def terms_of(rules: Rules, opinion: Opinion) -> Iterator[Term]:
    """The weightiest cells as reasons; what is left is told as one, so that the sum stays."""
    weighed = opinion.weighed
    if len(weighed) > _TOLD:
        weighed = sorted(weighed, key=_by_weight)
    for weight, (name, fact, details) in weighed[:_TOLD]:
        code = name.partition(".")[0]
        yield Term(code, weight, fact, details) if fact else Term(code, weight, rules.words[code])
    if rest := weighed[_TOLD:]:
        yield Term("rest", _total(rest), "{} lesser observations together", (len(rest),))


def _by_weight(weighed: tuple[float, Cell]) -> float:
    return -abs(weighed[0])


def _mpp(rules: Rules, event: Seen, anchor: Micros | None, clicks: Sequence[Micros]) -> Opinion:
    found = mixture.weigh(rules, at=event.at, anchor=anchor, country=event.country, clicks=clicks)
    cell = Cell(found.code, found.fact, found.details)
    return Opinion(_probability(rules, found.weight), Class.MPP, ((found.weight, cell),))


def _probability(rules: Rules, log_odds: float) -> float:
    least = rules.numbers["combination.p_min"]
    return round(min(max(1 / (1 + exp(-min(max(log_odds, -50.0), 50.0))), least), 1 - least), 4)


def _class(rules: Rules, own: Own, p_human: float) -> Class:
    if p_human >= 0.5 and own.proxy:
        return Class.PROXY
    if p_human < 0.5 and own.machine is not Class.SCANNER:
        return own.machine
    if rules.numbers["combination.ambiguous_from"] < p_human < rules.numbers["combination.ambiguous_to"]:
        return Class.UNKNOWN
    return Class.HUMAN if p_human >= 0.5 else Class.SCANNER
