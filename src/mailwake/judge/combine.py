"""Adds up the evidence on every event of one delivery: log-odds in, probability, class and reasons out.

A pure function of the events kept, the delivery time, the rules and what is known of others; called again whenever one
of them changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import exp
from typing import NamedTuple

from mailwake.events import Class, Micros
from mailwake.judge.delivery import Delivery, Seen, Sort
from mailwake.judge.families import mixture, timing
from mailwake.judge.families.follow import Follow
from mailwake.judge.families.learned import Key, Reputations, shares_of
from mailwake.judge.families.own import Own
from mailwake.judge.families.pattern import Patterns
from mailwake.judge.families.witness import Witnesses
from mailwake.judge.rules import Cell, Rules, Scope, Term

_START = Cell("base.start")
#: What holds of every single hit, whoever made it: cells of these families alone are no evidence.
_EMPTY = frozenset(("base", "next_link", "next_link_from", "within_1_s", "within_10_s", "links_followed", "opened", "known_stream", "known_link"))  # fmt: skip


class Opinion(NamedTuple):
    """What the evidence on one event adds up to."""

    #: None: there is no evidence at all
    p_human: float | None
    klass: Class
    terms: tuple[Term, ...]


class Look(NamedTuple):
    """One event with everything that was observed of it, but for what is known of others."""

    event: Seen
    cells: list[Cell]
    #: P(human) of the event by itself
    alone: float


def look_at(rules: Rules, delivery: Delivery, anchor: Micros | None) -> list[Look]:
    """What can be observed of every opened and followed thing of a delivery.

    Args:
        anchor: when it was delivered, else sent; None when not known.
    """
    seen = delivery.seen
    patterns, witnesses = Patterns(seen, delivery.links), Witnesses(seen)
    follow = Follow(seen, anchor)
    first = seen[0].at if seen else Micros(0)
    found = []
    for event in seen:
        if event.own.mpp or event.sort in (Sort.PROOF, Sort.ONE_CLICK):
            continue
        own = event.own
        cells = [_START, *own.cells]
        if not own.proxy:
            cells += timing.cells(
                rules, stream=delivery.stream, at=event.at, anchor=anchor, first=first, group=own.group
            )
        cells += patterns.cells(event)
        cells += witnesses.cells(event)
        cells += follow.cells(event)
        found.append(Look(event, cells, _probability(rules, _sum(rules.alone[event.scope], cells))))
    return found


def shares(rules: Rules, delivery: Delivery, looks: Sequence[Look], anchor: Micros | None) -> dict[tuple[str, Key], int]:
    """What a delivery adds to reputations."""
    return shares_of(delivery, [(each.event, each.alone) for each in looks if not each.event.own.proxy], anchor)


def reconsider(
    rules: Rules,
    delivery: Delivery,
    looks: Sequence[Look],
    anchor: Micros | None,
    known: Reputations,
    own_shares: dict[tuple[str, Key], int],
) -> list[Look]:
    """The same looks, now with P(human) in the light of what others did: a second round of learning starts from it.

    Args:
        own_shares: what this delivery itself added to `known`.
    """
    found = []
    for look in looks:
        cells = [*look.cells, *known.cells(delivery, look.event, anchor, own_shares)]
        found.append(look._replace(alone=_probability(rules, _sum(rules.weights[look.event.scope], cells))))
    return found


def judge_delivery(
    rules: Rules,
    delivery: Delivery,
    anchor: Micros | None,
    known: Reputations,
    *,
    looks: Sequence[Look] | None = None,
    own_shares: dict[tuple[str, Key], int] | None = None,
) -> Iterator[tuple[Seen, Opinion]]:
    """An opinion on every kept event of a delivery.

    Args:
        anchor: when it was delivered, else sent; None when not known.
        known: what others did.
        looks: as `look_at` gives them, if they are known.
        own_shares: what this delivery itself added to `known`.
    """
    if looks is None:
        looks = look_at(rules, delivery, anchor)
    found: dict[int, Opinion] = {}
    for look in looks:
        cells = look.cells
        if not look.event.own.proxy:
            cells = [*cells, *known.cells(delivery, look.event, anchor, own_shares or {})]
        found[look.event.id] = _opinion(rules, look.event, cells)
    clicks = [
        look.event.at
        for look in looks
        if look.event.sort is Sort.CLICK and (found[look.event.id].p_human or 0.0) >= 0.5
    ]
    for event in delivery.seen:
        if event.own.mpp:
            yield event, _mpp(rules, event, anchor, clicks)
        else:
            yield event, found.get(event.id) or _constant(rules, event)


def judge_alone(rules: Rules, seen: Seen, *, crowded: bool) -> Opinion:
    """An opinion on an event that is not kept: by what it says of itself.

    Args:
        crowded: its delivery had no room; otherwise it belongs to no delivery.
    """
    if seen.own.mpp:
        return _mpp(rules, seen, None, ())
    if seen.sort in (Sort.PROOF, Sort.ONE_CLICK):
        return _constant(rules, seen)
    cells = [_START, *seen.own.cells]
    if crowded and seen.scope is Scope.CLICK:
        cells.append(Cell("crowded.click", "one of very many on one copy"))
    if seen.sort is Sort.WITNESS:
        name, fact = ("altered", "altered the address of a link") if seen.refused else ("decoy", "followed a hidden link")
        cells.append(Cell(f"{name}.same_visitor", fact))
    return _opinion(rules, seen, cells, weights=rules.alone[seen.scope])


def _constant(rules: Rules, event: Seen) -> Opinion:
    """What needs no weighing: nobody but a person replies, reaches goals, or presses the mailbox's own button."""
    if event.sort is Sort.ONE_CLICK:
        code, fact = "one_click", "one-click unsubscription, which a mailbox sends for its user alone"
    else:
        code, fact = "proof", "the recipient replied" if event.reply else "a goal was reached"
    weight = rules.numbers[f"constants.{code}"]
    p_human = _probability(rules, weight)
    return Opinion(p_human, Class.HUMAN, (Term(code, weight, fact),))


def _sum(weights: dict[str, float], cells: Iterable[Cell]) -> float:
    total = 0.0
    for each in cells:
        total += weights.get(each[0], 0.0)
    return total


def _opinion(rules: Rules, event: Seen, cells: list[Cell], *, weights: dict[str, float] | None = None) -> Opinion:
    if all(each[0].partition(".")[0] in _EMPTY or each[0].endswith(".new") for each in cells):
        return Opinion(None, Class.UNKNOWN, ())
    weights = rules.weights[event.scope] if weights is None else weights
    p_human = _probability(rules, _sum(weights, cells))
    return Opinion(p_human, _class(rules, event.own, p_human), _terms(rules, weights, cells))


def _terms(rules: Rules, weights: dict[str, float], cells: Iterable[Cell]) -> tuple[Term, ...]:
    terms = []
    for name, fact, details in cells:
        weight = weights.get(name)
        if weight:
            code = name.partition(".")[0]
            terms.append(Term(code, weight, fact, details) if fact else Term(code, weight, rules.words[code]))
    return tuple(terms)


def _mpp(rules: Rules, event: Seen, anchor: Micros | None, clicks: Sequence[Micros]) -> Opinion:
    found = mixture.weigh(rules, at=event.at, anchor=anchor, country=event.country, clicks=clicks)
    return Opinion(_probability(rules, found.weight), Class.MPP, (found,))


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
