"""What a rule would have done in the last days: the same triggers and guards over the same events, and nothing done.

People are taken as they stand today, for nobody keeps whether somebody was suppressed a month ago; and every rule is
tried alone, so that nothing is left over from other rules' shares of the caps.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from mailwake.events import SECOND, Micros
from mailwake.rules.guards import Ledger
from mailwake.rules.rule import Rule, Trigger
from mailwake.rules.signals import DAY, Signal, read, unfit
from mailwake.rules.triggers import Candidate, World, candidates
from mailwake.store.workflows import Decision, RuleEntry
from mailwake.workflows.desk import Desk
from mailwake.workflows.turns import in_order

MAX_DAYS = 90


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What came of it."""

    rule: Rule
    days: int
    #: who would have entered or waited, in order of time
    entered: tuple[RuleEntry, ...]
    #: reason to how many candidates it kept back
    refused: Mapping[str, int]
    #: clicks and notices of the time that no rule acts upon, by reason
    unfit: Mapping[str, int]
    #: so many by owner on the fullest day
    busiest: int


def trial(desk: Desk, rule: Rule, *, days: int, now: Micros) -> Trial:
    """Try a rule over the last days.

    Args:
        desk: the rules and all around them; nothing of it is changed.
        rule: to try, whether it is on or not.
        days: 1 to `MAX_DAYS`.
        now: where they end.
    """
    rule = replace(rule, enabled=True)
    world, since = desk.world(), now - days * DAY
    signals = list(read(world.events, since=since, until=now, grade=0))
    found = in_order(_found(world, rule, signals, since=since, now=now))
    guards = desk.guards(world, Ledger())
    people = desk.office.people(each.handle for each in found)
    entries = [guards.decide(each, people[each.handle], now=_decided_at(each)) for each in found]
    acted = tuple(each for each in entries if each.decision is not Decision.REFUSED)
    left = Counter(why for each in signals if (why := unfit(rule, each, now=now)))
    by_owner = Counter((each.owner, each.day) for each in acted if each.owner is not None)
    return Trial(
        rule=rule,
        days=days,
        entered=acted,
        refused=Counter(each.why for each in entries if each.decision is Decision.REFUSED),
        unfit=left,
        busiest=max(by_owner.values(), default=0),
    )


def _found(world: World, rule: Rule, signals: list[Signal], *, since: int, now: Micros) -> list[Candidate]:
    if rule.trigger is not Trigger.SILENCE:
        return candidates(world, rule, signals, since=since, until=now)
    found: dict[int, Candidate] = {}
    for day in range(since, now, DAY):  # who was silent then and came back since was silent all the same
        for each in candidates(world, rule, (), since=day, until=min(day + DAY, now)):
            found.setdefault(each.key, each)
    return list(found.values())


def _decided_at(candidate: Candidate) -> Micros:
    return Micros(candidate.at + candidate.rule.settle_minutes * 60 * SECOND)
