"""What sets rules off: from what happened to whom a rule might act for, each told apart by one event.

A trigger knows nothing of guards about people. It gives the same candidates for the same events, whenever it is asked,
so that a rule decides once about each, and a dry run meets the same ones.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from mailwake.crm.telling import Scored, Scorer
from mailwake.events import SECOND, Handle, Micros, event_id
from mailwake.rules.rule import Rule, Trigger
from mailwake.rules.signals import DAY, Letters, Signal, read, unfit
from mailwake.store.events import EventStore
from mailwake.store.workflows import WorkflowStore

_MINUTE = 60 * SECOND
K = TypeVar("K")
_TYPES = {Trigger.BOUNCE: "bounced", Trigger.REPLY: "replied", Trigger.COMPLAINT: "complained"}


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """Somebody for whom a rule might act."""

    rule: Rule
    #: event that tells it apart
    key: int
    handle: Handle
    #: whom repeats are counted for
    subject: str
    at: Micros
    #: event whose verdict it rests on; None: on none
    rests_on: int | None
    facts: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class World:
    """Where triggers look."""

    events: EventStore
    letters: Letters
    store: WorkflowStore
    zone: ZoneInfo
    score: Scorer
    _scores: dict[tuple[Handle, int], Scored | None] = field(default_factory=dict)

    def history(self, handles: Iterable[Handle], *, since: int, until: int) -> list[Signal]:
        """What happened to copies of some people."""
        return list(read(self.events.among(handles), since=since, until=until))

    def scores(self, handles: Sequence[Handle], at: int) -> dict[Handle, int]:
        """Scores of some people as of a moment; without those of whom nothing can be said."""
        missing = [each for each in handles if (each, at) not in self._scores]
        found = self.score(missing, Micros(at)) if missing else {}
        self._scores.update({(each, at): found.get(each) for each in missing})
        told = {each: self._scores[each, at] for each in handles}
        return {each: row.score for each, row in told.items() if row is not None and row.score is not None}

    def reasons(self, handle: Handle, at: int) -> str:
        """Why somebody has their score, in words."""
        found = self._scores.get((handle, at))
        return found.reasons if found is not None else ""


def candidates(world: World, rule: Rule, fresh: Sequence[Signal], *, since: int, until: int) -> list[Candidate]:
    """For whom a rule might act, in order of time.

    Args:
        world: where to look.
        rule: with its trigger.
        fresh: what happened between the two times.
        since: after this time, microseconds.
        until: the time now.
    """
    if rule.trigger is Trigger.SILENCE:
        return _silence(world, rule, since=since, until=until)
    wanted = [each for each in fresh if concerns(world, rule, each) and not unfit(rule, each, now=until)]
    found = _KINDS[rule.trigger](world, rule, wanted, until) if wanted else []
    return sorted(found, key=lambda each: (each.at, each.key))


def concerns(world: World, rule: Rule, signal: Signal) -> bool:
    """Whether a rule is about such a thing at all."""
    if signal.type != _TYPES.get(rule.trigger, "clicked"):
        return rule.trigger is Trigger.HOT and signal.type == "replied"
    if rule.campaigns and not _has(world.letters.campaign(signal.campaign), rule.campaigns):
        return False
    if rule.roles and signal.role not in rule.roles:
        return False
    if not rule.labels:
        return True
    link = world.letters.link(signal)
    return link is not None and _has(f"{link.label}\n{link.href}", rule.labels)


def _has(text: str, parts: Iterable[str]) -> bool:
    return any(part.casefold() in text.casefold() for part in parts)


def _single(world: World, rule: Rule, signals: Sequence[Signal], _until: int) -> list[Candidate]:
    return [_candidate(world, rule, each) for each in signals]


def _return(world: World, rule: Rule, signals: Sequence[Signal], until: int) -> list[Candidate]:
    """The first click on the day that makes it so many days within the time."""
    past = _past(world, rule, {each.handle for each in signals}, signals, until=until)
    fresh = {each.id for each in signals}
    found = []
    for mine in _by(past, lambda each: each.handle).values():
        for place, each in enumerate(mine):
            before = [_day(other, world.zone) for other in mine[:place] if other.at > each.at - rule.within_days * DAY]
            is_new_day = _day(each, world.zone) not in before
            if each.id in fresh and is_new_day and len(set(before)) + 1 == rule.times:
                found.append(_candidate(world, rule, each, count=rule.times))
    return found


def _account(world: World, rule: Rule, signals: Sequence[Signal], until: int) -> list[Candidate]:
    """The click of the person who makes it so many people of one account on one link."""
    accounts = world.store.accounts_of({each.handle for each in signals})
    if not accounts:
        return []
    whose = world.store.colleagues(sorted(set(accounts.values())))
    past = _past(world, rule, whose, signals, until=until)
    fresh = {each.id for each in signals}
    places = {each.id: (whose[each.handle], _target(world, each)) for each in past if each.handle in whose}
    found = []
    for (account, _), together in _by(
        [each for each in past if each.id in places], lambda each: places[each.id]
    ).items():
        for place, each in enumerate(together):
            since = each.at - rule.within_days * DAY
            before = {other.handle for other in together[:place] if other.at > since}
            if each.id in fresh and each.handle not in before and len(before) + 1 == rule.times:
                made = _candidate(world, rule, each, count=rule.times)
                found.append(replace(made, subject=f"account {account}"))
    return found


def _hot(world: World, rule: Rule, signals: Sequence[Signal], _until: int) -> list[Candidate]:
    """Whose score was below the mark before the minute of an act and is not below it afterwards.

    Both scores are made by the same model of the same events, so that another model never sets anything off.
    """
    found = []
    for minute, acts in _by(signals, lambda each: each.at // _MINUTE).items():
        last = {each.handle: each for each in acts}
        handles = sorted(last)
        before, after = world.scores(handles, minute * _MINUTE), world.scores(handles, (minute + 1) * _MINUTE)
        for handle in handles:
            if before.get(handle, 0) < rule.score <= after.get(handle, -1):
                told: dict[str, object] = {"score": after[handle], "mark": rule.score}
                told["reasons"] = world.reasons(handle, (minute + 1) * _MINUTE)
                made = _candidate(world, rule, last[handle], **told)
                found.append(replace(made, key=event_id("hot", handle, minute)))
    return found


def has_cooled(world: World, rule: Rule, handle: Handle, *, since: int, until: int) -> bool:
    """Whether a score fell far enough below the mark after one time, up to the act at another.

    Without acts a score only falls, so that it is lowest just before one.
    """
    acts = world.history([handle], since=since, until=until)
    starts = sorted({each.at // _MINUTE * _MINUTE for each in acts if each.at > since} | {until // _MINUTE * _MINUTE})
    lows = (world.scores([handle], start).get(handle, 0) for start in starts if start > since)
    return any(low < rule.score - rule.hysteresis for low in lows)


def _silence(world: World, rule: Rule, *, since: int, until: int) -> list[Candidate]:
    gap = rule.days * DAY
    rows = world.events.ask("rule_silence", gap=gap, since=since, until=until, sends=rule.sends)
    found = []
    for row in rows:
        handle, at = Handle(row["recipient"]), Micros(row["quiet_from"] + gap)
        facts = {"trigger": rule.trigger.value, "at": row["quiet_from"], "days": rule.days, "count": row["sends"]}
        found.append(
            Candidate(
                rule=rule, key=event_id("silence", handle, row["quiet_from"], rule.days), handle=handle,
                subject=f"person {handle}", at=at, rests_on=None, facts=facts,
            )
        )  # fmt: skip
    return sorted(found, key=lambda each: (each.at, each.key))


_Kind = Callable[[World, Rule, Sequence[Signal], int], list[Candidate]]
_KINDS: Mapping[Trigger, _Kind] = {
    Trigger.CLICK: _single, Trigger.BOUNCE: _single, Trigger.REPLY: _single, Trigger.COMPLAINT: _single,
    Trigger.RETURN: _return, Trigger.ACCOUNT: _account, Trigger.HOT: _hot,
}  # fmt: skip


def _candidate(world: World, rule: Rule, signal: Signal, **more: object) -> Candidate:
    link = world.letters.link(signal)
    facts = {
        "trigger": rule.trigger.value,
        "at": signal.at,
        "p_human": signal.p_human,
        "mail": world.letters.campaign(signal.campaign),
        "campaign": signal.campaign,
        "delivery": signal.delivery,
        "label": link.label if link else None,
        "href": link.href if link else None,
        "role": signal.role or None,
        "reason": signal.reason[:200] or None,
        **more,
    }
    return Candidate(
        rule=rule,
        key=signal.id,
        handle=signal.handle,
        subject=f"person {signal.handle}",
        at=signal.at,
        rests_on=signal.id if signal.type == "clicked" else None,
        facts={name: value for name, value in facts.items() if value is not None},
    )


def _past(
    world: World, rule: Rule, handles: Iterable[Handle], signals: Sequence[Signal], *, until: int
) -> list[Signal]:
    """What these people did that the rule is about, back to where it still counts."""
    since = min(each.at for each in signals) - rule.within_days * DAY
    found = world.history(sorted(handles), since=since, until=until)
    return [each for each in found if concerns(world, rule, each) and not unfit(rule, each, now=until)]


def _by(signals: Iterable[Signal], key: Callable[[Signal], K]) -> dict[K, list[Signal]]:
    found: dict[K, list[Signal]] = defaultdict(list)
    for each in signals:
        found[key(each)].append(each)
    return found


def _day(signal: Signal, zone: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(signal.at / SECOND, zone):%Y-%m-%d}"


def _target(world: World, signal: Signal) -> str:
    """What a link leads to, so that the same one in another letter is the same."""
    link = world.letters.link(signal)
    return link.href if link else f"{signal.template} {signal.link}"
