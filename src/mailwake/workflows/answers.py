"""What is told of rules to programs, as JSON: the dashboard's API and the command line say the same."""

from __future__ import annotations

from datetime import datetime

import msgspec

from mailwake.errors import BadInput
from mailwake.events import Micros
from mailwake.insight.stores import moment
from mailwake.rules.guards import REASONS
from mailwake.rules.rule import Rule
from mailwake.store.state import address_key
from mailwake.store.workflows import Counts, RuleEntry, RuleState
from mailwake.store.workflows.switches import ALL
from mailwake.workflows.desk import Desk
from mailwake.workflows.explaining import because
from mailwake.workflows.trial import MAX_DAYS, trial

PAGE_SIZE = 50


class RuleAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A rule as it stands."""

    name: str
    version: str
    trigger: str
    about: str
    actions: tuple[str, ...]
    is_on: bool
    #: why it is off; empty: it is on
    why_off: str
    #: nothing that happened before makes it act; null: no turn has met it yet
    acts_from: datetime | None
    entered: int
    deferred: int
    refused: int
    reversed: int
    last_at: datetime | None


class BadRuleAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A file that is no rule."""

    file: str
    problem: str


class EntryAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One decision of one rule."""

    rule: str
    at: datetime | None
    decided_at: datetime | None
    due_at: datetime | None
    #: entered, deferred, refused or reversed
    decision: str
    #: a word for the reason; empty: nothing was in the way
    why: str
    #: the same in words
    because: str
    #: null: it is no longer known
    address: str | None
    trigger: str
    link: str | None
    #: 0-1; null: nothing that is judged
    p_human: float | None
    #: kind of action to what became of it
    actions: dict[str, str]


class RulesAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """All rules, and what they decided last."""

    is_on: bool
    folder: str
    rules: tuple[RuleAnswer, ...]
    bad: tuple[BadRuleAnswer, ...]
    entries: tuple[EntryAnswer, ...]
    page: int
    page_size: int
    total: int


class TrialAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule would have done; see `mailwake.workflows.trial.Trial`."""

    rule: str
    days: int
    entered: tuple[EntryAnswer, ...]
    refused: dict[str, int]
    unfit: dict[str, int]
    busiest: int


class BecauseAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened, and what a rule made of it."""

    rule: str
    at: datetime | None
    what: str
    link: str
    p_human: float | None
    #: empty: the rule had nothing to decide
    decision: str
    why: str
    because: str
    actions: dict[str, str]


class WhyAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What rules made of one person."""

    address: str
    answers: tuple[BecauseAnswer, ...]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Which decisions are told; empty: all."""

    rule: str = ""
    decision: str = ""
    why: str = ""
    address: str = ""
    page: int = 1


#: of a dashboard that belongs to no installation
NOWHERE = RulesAnswer(is_on=True, folder="", rules=(), bad=(), entries=(), page=1, page_size=PAGE_SIZE, total=0)


def everything(desk: Desk, asked: Asked) -> RulesAnswer:
    """All rules with their counts, and a page of decisions, the latest first.

    Raises:
        BadInput: an address is none, or there is no such reason.
    """
    found, states, counts = desk.rules(), desk.store.rule_states(), desk.store.entry_counts()
    if asked.why and asked.why not in REASONS:
        raise BadInput(f"there is no reason {asked.why[:40]!r}; there are {', '.join(filter(None, REASONS))}")
    narrow = {"rule": asked.rule, "decision": asked.decision, "why": asked.why}
    handle = None
    if asked.address:
        handle = desk.stores.state.known_handles([asked.address]).get(asked.address, -1)
    entries = desk.store.entries(**narrow, handle=handle, limit=PAGE_SIZE, offset=(asked.page - 1) * PAGE_SIZE)  # type: ignore[arg-type]
    everybody = states.get(ALL)
    return RulesAnswer(
        is_on=desk.enabled and (everybody is None or everybody.is_on),
        folder=str(desk.folder),
        rules=tuple(_rule(rule, states.get(name), counts.get(name, Counts())) for name, rule in found.good.items()),
        bad=tuple(BadRuleAnswer(file=file, problem=problem) for file, problem in found.bad.items()),
        entries=told(desk, entries),
        page=asked.page,
        page_size=PAGE_SIZE,
        total=desk.store.count_entries(**narrow, handle=handle),  # type: ignore[arg-type]
    )


def _rule(rule: Rule, state: RuleState | None, counts: Counts) -> RuleAnswer:
    why = "" if rule.enabled else "its file says enabled = false"
    if state is not None and not state.is_on:
        why = state.why or "somebody switched it off"
    return RuleAnswer(
        name=rule.name,
        version=rule.version,
        trigger=rule.trigger.value,
        about=rule.about,
        actions=rule.actions,
        is_on=not why,
        why_off=why,
        acts_from=moment(state.started_at if state and state.version else None),
        entered=counts.entered,
        deferred=counts.deferred,
        refused=counts.refused,
        reversed=counts.reversed,
        last_at=moment(counts.last_at),
    )


def told(desk: Desk, entries: list[RuleEntry] | tuple[RuleEntry, ...]) -> tuple[EntryAnswer, ...]:
    """Decisions with the addresses that they are about."""
    known = desk.stores.state.addresses({each.handle for each in entries})
    return tuple(
        EntryAnswer(
            rule=each.rule,
            at=moment(each.at),
            decided_at=moment(each.decided_at),
            due_at=moment(each.due_at),
            decision=each.decision.value,
            why=each.why,
            because=REASONS.get(each.why, each.why),
            address=known.get(each.handle),
            trigger=str(each.facts.get("trigger", "")),
            link=each.facts.get("label"),
            p_human=each.facts.get("p_human"),
            actions={kind: state_of(dict(action)) for kind, action in each.actions.items()},
        )
        for each in entries
    )


def state_of(action: dict[str, object]) -> str:
    """What became of an action, with the reason where there is one."""
    return f"{action['state']}: {action['why']}" if action.get("why") else str(action["state"])


def tried(desk: Desk, name: str, *, days: int, now: Micros) -> TrialAnswer:
    """A dry run.

    Raises:
        BadInput: there is no such rule, or days are out of range.
    """
    if not 1 <= days <= MAX_DAYS:
        raise BadInput(f"a rule is tried over 1 to {MAX_DAYS} days")
    found = trial(desk, desk.rule(name), days=days, now=now)
    return TrialAnswer(
        rule=name,
        days=days,
        entered=told(desk, found.entered),
        refused=dict(found.refused),
        unfit=dict(found.unfit),
        busiest=found.busiest,
    )


def explained(desk: Desk, address: str, rule: str, *, now: Micros) -> WhyAnswer:
    """Why rules acted for one person, and why not.

    Raises:
        BadInput: nothing was ever sent there, or there is no such rule.
    """
    address_key(address)
    handle = desk.stores.state.known_handles([address]).get(address)
    if handle is None:
        raise BadInput("no mail was ever sent to this address")
    rules = [desk.rule(rule)] if rule else list(desk.rules().good.values())
    return WhyAnswer(
        address=address,
        answers=tuple(
            BecauseAnswer(
                rule=each.rule,
                at=moment(each.at),
                what=each.what,
                link=each.label,
                p_human=each.p_human,
                decision=each.decision,
                why=each.why,
                because=REASONS.get(each.why, each.why),
                actions=each.actions,
            )
            for each in because(desk, handle, rules, now=now)
        ),
    )


def to_json(answer: msgspec.Struct) -> bytes:
    """One line of JSON."""
    return msgspec.json.encode(answer) + b"\n"
