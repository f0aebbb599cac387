"""Why a rule did or did not act for one person: what was decided, and what never came so far, asked anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mailwake.events import Handle, Micros
from mailwake.rules.rule import Rule, Trigger
from mailwake.rules.signals import DAY, Signal, read, unfit, untimely
from mailwake.rules.triggers import World, concerns
from mailwake.store.workflows import RuleEntry, RuleState
from mailwake.store.workflows.switches import ALL
from mailwake.workflows.desk import Desk

LOOK_BACK = 30 * DAY
_MOST = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Because:
    """One thing that happened, and what a rule made of it."""

    rule: str
    at: Micros
    #: clicked, bounced, replied, complained; or silence
    what: str
    label: str
    p_human: float | None
    #: entered, deferred, refused, reversed; empty: it was no candidate
    decision: str
    #: a word of `guards.REASONS`
    why: str
    #: kind of action to what became of it
    actions: dict[str, str]


def because(desk: Desk, handle: Handle, rules: list[Rule], *, now: Micros) -> list[Because]:
    """What rules made of the last thirty days of one person, the latest first."""
    world = desk.world()
    signals = list(read(world.events.among([handle]), since=now - LOOK_BACK, until=now, grade=0))
    states = desk.store.rule_states()
    found: list[Because] = []
    for rule in rules:
        entries = desk.store.entries(rule=rule.name, handle=handle, limit=_MOST)
        found += [_decided(each) for each in entries]
        known = {each.event for each in entries} | {each.rests_on for each in entries}
        left = [each for each in signals if each.handle == handle and each.id not in known]
        found += _undecided(world, rule, left, _state(states, rule), now=now)
    return sorted(found, key=lambda each: (-each.at, each.rule))[:_MOST]


def _state(states: dict[str, RuleState], rule: Rule) -> RuleState | None:
    everything, own = states.get(ALL), states.get(rule.name)
    return everything if everything is not None and not everything.is_on else own


def _decided(entry: RuleEntry) -> Because:
    return Because(
        rule=entry.rule,
        at=entry.at,
        what=str(entry.facts.get("trigger", "")),
        label=str(entry.facts.get("label") or ""),
        p_human=entry.facts.get("p_human"),
        decision=entry.decision.value,
        why=entry.why,
        actions={kind: str(told["state"]) for kind, told in entry.actions.items()},
    )


def _undecided(
    world: World, rule: Rule, signals: list[Signal], state: RuleState | None, *, now: Micros
) -> Iterator[Because]:
    for each in signals:
        if rule.trigger is Trigger.SILENCE or not concerns(world, rule, each):
            continue
        link = world.letters.link(each)
        yield Because(
            rule=rule.name, at=each.at, what=each.type, label=link.label if link else "", p_human=each.p_human,
            decision="", why=_why(rule, each, state, now), actions={},
        )  # fmt: skip


def _why(rule: Rule, signal: Signal, state: RuleState | None, now: Micros) -> str:
    """Machines come first: nothing else about them matters."""
    why = unfit(rule, signal, now=now)
    if why and why != "unsettled":
        return why
    if not rule.enabled or (state is not None and not state.is_on):
        return "off"
    started_at = state.started_at if state is not None else now
    if signal.at <= started_at:
        return "before"
    if why:
        return why
    return untimely(signal.at, started_at=started_at, now=now) or "not_yet"
