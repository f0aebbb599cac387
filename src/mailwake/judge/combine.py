"""Adds up the evidence on every event of one delivery: log-odds in, probability, class and reasons out.

A pure function of the events kept, the delivery time, the rules and what is known of others; called again whenever one
of them changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from math import exp
from operator import itemgetter
from typing import NamedTuple

from mailwake.events import Class, Micros
from mailwake.judge.delivery import Delivery, Seen, Sort
from mailwake.judge.families import mixture, pattern, timing
from mailwake.judge.families.follow import NEVER, Follow
from mailwake.judge.families.learned import Keys, Known, Reputations, Shares, as_told, keys_of, shares_of
from mailwake.judge.families.own import Own
from mailwake.judge.families.pattern import Patterns
from mailwake.judge.families.witness import Witnesses
from mailwake.judge.rules import Cell, Rules, Scope, sum_of

#: What needs no weighing.
_CONSTANT = (Sort.PROOF, Sort.ONE_CLICK)
#: What holds of every single hit, whoever made it: cells of these families alone are no evidence.
_EMPTY = frozenset((
    "base", "next_link", "next_link_from", "within_1_s", "within_10_s", "links_followed", "opened", "known_stream",
    "known_link", "known_moment", "domain_clicks",
))  # fmt: skip


_NAME = itemgetter(0)
#: Log-odds beyond which nothing changes; exp() has an end.
_SURE = 50.0
#: Reasons told of one verdict; the marketer reads three, the rest of the sum is one more.
_TOLD = 9


class Opinion(NamedTuple):
    """What the evidence on one event adds up to."""

    #: None: there is no evidence at all
    p_human: float | None
    klass: Class
    #: log-odds and cell, as observed; `told_of` makes reasons of them when somebody is told
    weighed: Sequence[tuple[float, Cell | Known]]


class Look(NamedTuple):
    """One event with everything that was observed of it, but for what is known of others."""

    event: Seen
    cells: list[Cell]
    #: what it shares with others
    keys: Keys
    #: P(human) of the event by itself
    alone: float
    #: log-odds of its cells where others are known
    among: float


class Case(NamedTuple):
    """One copy with everything that was observed of its events."""

    delivery: Delivery
    #: when it was delivered, else sent; None when not known
    anchor: Micros | None
    looks: list[Look]
    #: what it has added to reputations
    shares: Shares
    #: P(human) of each look, from which the shares were made; None: it has added nothing
    beliefs: list[float] | None


def look_at(rules: Rules, delivery: Delivery, anchor: Micros | None) -> list[Look]:
    """What can be observed of every opened and followed thing of a delivery.

    Args:
        anchor: when it was delivered, else sent; None when not known.
    """
    seen = delivery.seen
    if len(seen) == 1 and seen[0].sort is not Sort.WITNESS:
        return _look_at_one(rules, delivery, anchor)
    patterns, witnesses, follow = Patterns(seen, delivery.links), Witnesses(seen), Follow(seen, anchor)
    found = []
    for event in seen:
        if event.own.mpp or event.sort in _CONSTANT:
            continue
        cells = [*patterns.cells(event), *witnesses.cells(event), *follow.cells(event)]
        found.append(_look(rules, delivery, event, anchor=anchor, among_copy=cells))
    return found


def _look_at_one(rules: Rules, delivery: Delivery, anchor: Micros | None) -> list[Look]:
    """The same of a copy with one event, as most are: there is nothing to compare it with."""
    event = delivery.seen[0]
    if event.own.mpp or event.sort in _CONSTANT:
        return []
    cells: Sequence[Cell] = ()
    if event.sort is Sort.CLICK:
        cells = (*pattern.alone(event, delivery.links), NEVER)
    return [_look(rules, delivery, event, anchor=anchor, among_copy=cells)]


def _look(
    rules: Rules, delivery: Delivery, event: Seen, *, anchor: Micros | None, among_copy: Sequence[Cell] = ()
) -> Look:
    """One event: its own cells, those of its delay, and those of its place among the events of its copy."""
    own = event.own
    start, scope = own.start, own.scope
    more = among_copy
    if not own.proxy:
        first = delivery.seen[0].at
        more = (*timing.cells(rules, delivery.stream, event.at, anchor, first=first, group=own.group), *among_copy)
    alone = _probability(rules, sum_of(rules.alone[scope], more, start.alone))
    keys = () if own.proxy else keys_of(delivery, event, anchor)
    return Look(event, [*start.cells, *more], keys, alone, sum_of(rules.weights[scope], more, start.among))


def open_case(rules: Rules, delivery: Delivery, anchor: Micros | None) -> Case:
    """A copy, looked at by itself: what it would add to reputations comes from P(human) by itself."""
    looks = look_at(rules, delivery, anchor)
    return believing(Case(delivery, anchor, looks, {}, None), [look.alone for look in looks])


def reconsider(rules: Rules, case: Case, reputations: Reputations, *, own: Shares) -> Case:
    """The same copy in the light of what others did: what it would add to reputations comes from P(human) by all.

    Args:
        own: what the case has added to reputations, to be left out.

    Returns:
        The case itself where nothing changed.
    """
    beliefs = [_believed(rules, look, _others(reputations, look, own)) for look in case.looks]
    return believing(case, beliefs)


def believing(case: Case, beliefs: list[float]) -> Case:
    """The same copy with P(human) of each look as given; the case itself where that is what it has."""
    if beliefs == case.beliefs:
        return case
    told = [(look.event, look.keys, p) for look, p in zip(case.looks, beliefs, strict=True)]
    return Case(case.delivery, case.anchor, case.looks, shares_of(case.delivery, told), beliefs)


def _others(reputations: Reputations, look: Look, own: Shares) -> Sequence[Known]:
    """What is known of others that share something with an event; nobody vouches for what says that nobody looks."""
    event = look.event.own
    return () if event.unseen else reputations.known(look.keys, own, event.group)


def _believed(rules: Rules, look: Look, others: Iterable[Known]) -> float:
    """P(human) of one event, given what is known of others."""
    if not others:
        return look.alone
    weights = rules.weights[look.event.own.scope]
    total = look.among
    for each in others:
        total += weights.get(each[0], 0.0)
    return _probability(rules, total)


def judge_case(rules: Rules, case: Case, reputations: Reputations) -> Iterator[tuple[Seen, Opinion]]:
    """An opinion on every kept event of a delivery.

    Args:
        reputations: what others did; what the case itself added to it is left out.
    """
    found: dict[int, Opinion] = {}
    clicks = []
    for look in case.looks:
        event = look.event
        others = _others(reputations, look, case.shares)
        weights = (rules.weights if others else rules.alone)[event.own.scope]
        p_human = _believed(rules, look, others)
        opinion = _opinion(rules, event, [*look.cells, *others], weights=weights, p_human=p_human)
        found[event.id] = opinion
        if event.sort is Sort.CLICK and (opinion.p_human or 0.0) >= 0.5:
            clicks.append(event.at)
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
    cells = list(seen.own.start.cells)
    if crowded and seen.scope is Scope.CLICK:
        cells.append(Cell("crowded.click", "one of very many on one copy"))
    if seen.sort is Sort.WITNESS:
        name, fact = (
            ("altered", "altered the address of a link") if seen.refused else ("decoy", "followed a hidden link")
        )
        cells.append(Cell(f"{name}.same_visitor", fact))
    weights = rules.alone[seen.scope]
    return _opinion(rules, seen, cells, weights=weights, p_human=_probability(rules, sum_of(weights, cells)))


def _constant(rules: Rules, event: Seen) -> Opinion:
    """What needs no weighing: nobody but a person replies, reaches goals, or presses the mailbox's own button."""
    if event.sort is Sort.ONE_CLICK:
        code, fact = "one_click", "one-click unsubscription, which a mailbox sends for its user alone"
    else:
        code, fact = "proof", "the recipient replied" if event.reply else "a goal was reached"
    weight = rules.numbers[f"constants.{code}"]
    return Opinion(_probability(rules, weight), Class.HUMAN, ((weight, Cell(code, fact)),))


def _opinion(
    rules: Rules, event: Seen, cells: Sequence[Cell | Known], *, weights: Mapping[str, float], p_human: float
) -> Opinion:
    weighed = [(weight, each) for each in cells if (weight := weights.get(each[0]))]
    if _says_nothing(each for _, each in weighed):
        return Opinion(None, Class.UNKNOWN, ())
    return Opinion(p_human, _class(rules, event.own, p_human), weighed)


def _says_nothing(cells: Iterable[Cell | Known]) -> bool:
    """Whether nothing that weighs anything was observed; a program that nobody knows is no evidence either."""
    return not any(map(_speaks, map(_NAME, cells)))


@lru_cache(maxsize=16_384)
def _speaks(name: str) -> bool:
    return name.partition(".")[0] not in _EMPTY and not name.endswith(".new")


def told_of(opinion: Opinion) -> list[tuple[float, Cell | Known]]:
    """The weightiest cells with their log-odds; what is left is told as one, so that the sum stays."""
    weighed = opinion.weighed
    if len(weighed) <= _TOLD:
        return [(weight, as_told(each) if len(each) == 4 else each) for weight, each in weighed]
    sizes = [abs(weight) for weight, _ in weighed]
    order = sorted(range(len(sizes)), key=sizes.__getitem__, reverse=True)
    told = []
    for place in order[:_TOLD]:
        weight, each = weighed[place]
        told.append((weight, as_told(each) if len(each) == 4 else each))
    rest = order[_TOLD:]
    told.append((round(_total([weighed[place] for place in rest]), 3), _rest(len(rest))))
    return told


@lru_cache(maxsize=1_024)
def _rest(many: int) -> Cell:
    return Cell("rest", "{} lesser observations together", (many,))


def _total(weighed: Iterable[tuple[float, object]]) -> float:
    total = 0.0  # a loop takes half the time of sum()
    for weight, _ in weighed:
        total += weight
    return total


def _mpp(rules: Rules, event: Seen, anchor: Micros | None, clicks: Sequence[Micros]) -> Opinion:
    weight, cell = mixture.weigh(rules, at=event.at, anchor=anchor, country=event.country, clicks=clicks)
    return Opinion(_probability(rules, weight), Class.MPP, ((weight, cell),))


def _probability(rules: Rules, log_odds: float) -> float:
    least = rules.numbers["combination.p_min"]
    if not -_SURE < log_odds < _SURE:
        log_odds = _SURE if log_odds > 0 else -_SURE
    p = 1 / (1 + exp(-log_odds))
    return round(least if p < least else min(p, 1 - least), 4)


def _class(rules: Rules, own: Own, p_human: float) -> Class:
    if p_human >= 0.5 and own.proxy:
        return Class.PROXY
    if p_human < 0.5 and own.machine is not Class.SCANNER:
        return own.machine
    if rules.numbers["combination.ambiguous_from"] < p_human < rules.numbers["combination.ambiguous_to"]:
        return Class.UNKNOWN
    return Class.HUMAN if p_human >= 0.5 else Class.SCANNER
