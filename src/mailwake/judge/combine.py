"""Adds up the evidence on every event of one delivery: log-odds in, probability, class and reasons out.

A pure function of the events kept, the delivery time and the rules; called again whenever one of them changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import exp
from typing import NamedTuple

from mailwake.events import Class, Micros
from mailwake.judge.delivery import Delivery, Seen, Sort
from mailwake.judge.families import mixture, timing
from mailwake.judge.families.follow import Follow
from mailwake.judge.families.own import Own
from mailwake.judge.families.pattern import Patterns, weigh_single
from mailwake.judge.families.witness import Witnesses
from mailwake.judge.rules import Rules, Term


class Opinion(NamedTuple):
    """What the evidence on one event adds up to."""

    #: None: there is no evidence at all
    p_human: float | None
    klass: Class
    terms: tuple[Term, ...]


def judge_delivery(rules: Rules, delivery: Delivery, anchor: Micros | None) -> Iterator[tuple[Seen, Opinion]]:
    """An opinion on every kept event of a delivery.

    Args:
        anchor: when it was delivered, else sent; None when not known.
    """
    seen = delivery.seen
    if len(seen) == 1:
        yield seen[0], _single(rules, delivery, seen[0], anchor)
        return
    patterns, witnesses = Patterns(rules, delivery, seen), Witnesses(rules, seen)
    ground = {each.id: _ground(rules, delivery, each, anchor) for each in seen}
    witnessed = {each.id: list(witnesses.terms(each)) for each in seen}
    bases = {each.id: _sum(ground[each.id]) + patterns.burst_of(each) + _sum(witnessed[each.id]) for each in seen}
    follow = Follow(rules, seen, bases)
    clicks = [each.at for each in seen if each.sort is Sort.CLICK and bases[each.id] >= 0]
    for each in seen:
        if each.own.mpp:
            yield each, _mpp(rules, each, anchor, clicks)
            continue
        suspicion = _floored(rules, [*patterns.terms(each), *witnessed[each.id]])
        yield each, _opinion(rules, each, [*ground[each.id], *suspicion, *follow.terms(each)])


def _single(rules: Rules, delivery: Delivery, event: Seen, anchor: Micros | None) -> Opinion:
    """The only event of a delivery, as most are: nothing to relate it to."""
    if event.own.mpp:
        return _mpp(rules, event, anchor, ())
    terms = _ground(rules, delivery, event, anchor)
    if event.sort is Sort.CLICK:
        terms.append(weigh_single(rules, delivery))
    elif event.sort is Sort.WITNESS:
        terms += Witnesses(rules, (event,)).terms(event)
    return _opinion(rules, event, terms)


def judge_alone(rules: Rules, seen: Seen, *, crowded: bool) -> Opinion:
    """An opinion on an event that is not kept: by what it says of itself.

    Args:
        crowded: its delivery had no room; otherwise it belongs to no delivery.
    """
    if seen.own.mpp:
        return _mpp(rules, seen, None, ())
    terms = _ground(rules, None, seen, None)
    weight = rules.weights["follow.crowded_click"].of(seen.scope)
    if crowded and weight:
        terms.append(Term("crowded", weight, "one of very many on one copy"))
    if seen.sort is Sort.WITNESS:
        code = "refused_same_network" if seen.refused else "decoy_same_visitor"
        fact = "altered the address of a link" if seen.refused else "followed a hidden link"
        terms.append(Term(code, rules.weights[f"witness.{code}"].of(seen.scope), fact))
    return _opinion(rules, seen, terms)


def _ground(rules: Rules, delivery: Delivery | None, event: Seen, anchor: Micros | None) -> list[Term]:
    """What stands without other events: itself and its delay."""
    if event.sort is Sort.PROOF:
        fact = "the recipient replied" if event.reply else "a goal was reached"
        return [Term("proof", rules.weights["follow.proof"].click, fact)]
    if event.sort is Sort.ONE_CLICK:
        fact = "one-click unsubscription, which a mailbox sends for its user alone"
        return [Term("one_click", rules.weights["follow.one_click"].click, fact)]
    return [*event.own.terms, *_timed(rules, delivery, event, anchor)]


def _timed(rules: Rules, delivery: Delivery | None, event: Seen, anchor: Micros | None) -> Iterable[Term]:
    if delivery is None or event.own.proxy or event.own.mpp:
        return ()
    found = timing.weigh(rules, event.scope, delivery.stream, at=event.at, anchor=anchor, consumer=event.own.consumer)
    return (found,) if found else ()


def _sum(terms: Iterable[Term]) -> float:
    total = 0.0
    for each in terms:
        total += each[1]
    return total


def _floored(rules: Rules, terms: list[Term]) -> list[Term]:
    """Patterns and witnesses overlap: together they count no more than the floor."""
    floor = rules.numbers["combination.pattern_floor"]
    total = _sum(terms)
    if total < floor:
        terms.append(Term("overlap", floor - total, "patterns that say the same count once"))
    return terms


def _opinion(rules: Rules, event: Seen, terms: list[Term]) -> Opinion:
    if all(each.code == "links_followed" and each.weight >= 0 for each in terms):
        return Opinion(None, Class.UNKNOWN, ())  # that somebody followed one link tells nothing by itself
    p_human = _probability(rules, _sum(terms))
    return Opinion(p_human, _class(rules, event.own, p_human), tuple(terms))


def _mpp(rules: Rules, event: Seen, anchor: Micros | None, clicks: Sequence[Micros]) -> Opinion:
    found = mixture.weigh(rules, at=event.at, anchor=anchor, country=event.country, clicks=clicks)
    return Opinion(_probability(rules, found.weight), Class.MPP, (found,))


def _probability(rules: Rules, log_odds: float) -> float:
    least = rules.numbers["combination.p_min"]
    return round(min(max(1 / (1 + exp(-max(log_odds, -50.0))), least), 1 - least), 4)


def _class(rules: Rules, own: Own, p_human: float) -> Class:
    if p_human >= 0.5 and own.proxy:
        return Class.PROXY
    if p_human < 0.5 and own.machine is not Class.SCANNER:
        return own.machine
    if rules.numbers["combination.ambiguous_from"] < p_human < rules.numbers["combination.ambiguous_to"]:
        return Class.UNKNOWN
    return Class.HUMAN if p_human >= 0.5 else Class.SCANNER
