"""What is done every minute: take back, finish, let quiet hours end, and decide about what is new.

Everything is found again from what is stored: a decision is kept before anything is done about it, and what was begun
is done again. So a turn may be cut off anywhere, and the next one does the rest, and nothing twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from mailwake.events import SECOND, Micros
from mailwake.rules.guards import Ledger
from mailwake.rules.rule import Rule, Trigger
from mailwake.rules.signals import DAY, FRESH, HOUR, Signal, read, unfit, untimely
from mailwake.rules.triggers import Candidate, World, candidates
from mailwake.store.alone import alone
from mailwake.store.workflows import Decision, RuleEntry, RuleState
from mailwake.store.workflows.switches import ALL
from mailwake.workflows import mailing, reversing
from mailwake.workflows.acting import act
from mailwake.workflows.desk import Desk
from mailwake.workflows.gathering import Gathering
from mailwake.workflows.mailing import Run

log = structlog.get_logger(__name__)

PERIOD_SECONDS = 60.0
#: refusals are kept so long; what was acted on is kept for good
_REFUSED_KEPT = 90 * DAY
_SILENCE_EVERY = HOUR
#: why a rule switched itself off
TRIPPED = "it acted too often within an hour"


@dataclass(kw_only=True)
class Turned:
    """What came of a turn."""

    entered: int = 0
    deferred: int = 0
    refused: int = 0
    reversed: int = 0


class Turns:
    """One after the other; remembers what was looked at, so that nothing is looked at twice without need.

    Args:
        desk: the rules and all around them.
        run: runs `mailwake send` with these words, and gives its exit code.
    """

    def __init__(self, desk: Desk, *, run: Run) -> None:
        self._desk, self._run_command = desk, run
        self._seen: set[int] = set()
        self._versions: dict[str, str] = {}
        self._silence_at: dict[str, int] = {}

    def turn(self, *, now: Micros) -> Turned:
        """Do what is due.

        Raises:
            Unavailable: a store is away, or another process does it just now.
        """
        with one_at_a_time(self._desk.data):
            done = Turned()
            found = self._desk.rules()
            for file, problem in found.bad.items():
                log.warning("workflow.unreadable", file=file, problem=problem)
            acting = active(self._desk, found.good, now=now)
            self._take_back(found.good, now, done)
            self._finish(found.good, acting, is_whole=not found.bad, now=now)
            self._wake(found.good, acting, now, done)
            self._decide({name: found.good[name] for name in acting}, acting, now, done)
            mailing.mail(self._desk, found.good, acting, self._run_command, now=now)
            self._desk.store.forget_refused(Micros(now - _REFUSED_KEPT))
            return done

    def _take_back(self, rules: Mapping[str, Rule], now: Micros, done: Turned) -> None:
        desk = self._desk
        entries = reversing.withdrawn(desk.store, desk.stores.events, rules, now=now)
        reversing.begin(desk.store, entries)
        done.reversed += len(entries)

    def _finish(
        self, rules: Mapping[str, Rule], acting: Mapping[str, RuleState], *, is_whole: bool, now: Micros
    ) -> None:
        """What was begun, or taken back, and is not done."""
        desk = self._desk
        entries = desk.store.unfinished(now=now)
        for each in entries:
            if each.decision is Decision.REVERSED:
                reversing.take_back(desk.means, each, now=now)
        going = [each for each in entries if each.decision is Decision.ENTERED]
        # A rule whose file cannot be read just now has not gone; one that is off waits.
        going = [each for each in going if each.rule in acting or (is_whole and each.rule not in rules)]
        self._act(going, rules, now)

    def _act(self, entries: Iterable[RuleEntry], rules: Mapping[str, Rule], now: Micros) -> None:
        wanted = list(entries)
        people = self._desk.office.people(each.handle for each in wanted)
        gathered = Gathering.of(self._desk.means)
        for each in wanted:
            if "webhook" in each.actions:
                gathered.flush(now)
                act(self._desk.means, rules.get(each.rule), each, people[each.handle], now=now)
                continue
            act(gathered, rules.get(each.rule), each, people[each.handle], now=now)
            if gathered.is_full:
                gathered.flush(now)
        gathered.flush(now)

    def _wake(self, rules: Mapping[str, Rule], acting: Mapping[str, RuleState], now: Micros, done: Turned) -> None:
        """Where quiet hours are over, ask again what may have changed meanwhile, and act."""
        desk = self._desk
        entries = [each for each in desk.store.deferred(now=now) if each.rule in acting]
        people = desk.office.people(each.handle for each in entries)
        guards = desk.guards(desk.world(), Ledger())
        for each in entries:
            why = guards.about(_again(rules[each.rule], each), people[each.handle])
            if why:
                desk.store.change_entry(each.id, decision=Decision.REFUSED, why=why, actions={}, decided_at=now)
                done.refused += 1
            else:
                desk.store.change_entry(each.id, decision=Decision.ENTERED, is_open=True, decided_at=now)
                done.entered += 1
        self._finish(rules, acting, is_whole=False, now=now)

    def _decide(self, rules: Mapping[str, Rule], acting: Mapping[str, RuleState], now: Micros, done: Turned) -> None:
        desk, world = self._desk, self._desk.world()
        versions = {name: rule.version for name, rule in rules.items()}
        if versions != self._versions:
            self._seen, self._versions = set(), versions
        signals = list(read(world.events, since=now - FRESH, until=now))
        found = self._new(world, rules, acting, signals=signals, now=now)
        if found:
            guards = desk.guards(world, ledger_for(desk, found, now=now))
            people = desk.office.people(each.handle for each in found)
            entries = [guards.decide(each, people[each.handle], now=now) for each in found]
            desk.store.put_entries(entries)
            for each in entries:
                setattr(done, each.decision.value, getattr(done, each.decision.value) + 1)
            self._trip(entries, now)
        # Only now: whoever is cut off before has decided nothing, and looks at the same again.
        self._seen = _final(signals, rules, now)
        self._silence_at |= {name: now for name in rules if self._is_due(name, now)}
        self._finish(rules, acting, is_whole=False, now=now)

    def _trip(self, entries: Iterable[RuleEntry], now: Micros) -> None:
        for name in sorted({each.rule for each in entries if each.why == "hour_full"}):
            self._desk.store.switch(name, is_on=False, why=TRIPPED, now=now)
            log.warning("workflow.switched_off", rule=name)

    def _is_due(self, name: str, now: int) -> bool:
        return now - self._silence_at.get(name, 0) >= _SILENCE_EVERY

    def _new(
        self,
        world: World,
        rules: Mapping[str, Rule],
        acting: Mapping[str, RuleState],
        *,
        signals: Sequence[Signal],
        now: Micros,
    ) -> list[Candidate]:
        """Candidates of all rules that nothing was decided about, in order of time."""
        touched = {each.handle for each in signals if each.id not in self._seen}
        found: list[Candidate] = []
        for name, rule in rules.items():
            if rule.trigger is Trigger.SILENCE and not self._is_due(name, now):
                continue
            started_at = acting[name].started_at
            news = [each for each in signals if not untimely(each.at, started_at=started_at, now=now)]
            # One click of one colleague may concern another's, who was looked at before.
            by_account = rule.trigger is Trigger.ACCOUNT and bool(touched)
            news = news if by_account else [each for each in news if each.handle in touched]
            made = candidates(world, rule, news, since=max(started_at, now - FRESH), until=now)
            known = self._desk.store.decided(name, [each.key for each in made])
            found += [each for each in made if each.key not in known]
        return in_order(found)


def _final(signals: Iterable[Signal], rules: Mapping[str, Rule], now: int) -> set[int]:
    """What is not to be looked at again by itself: no rule waits for its verdict."""
    told = list(rules.values())
    return {each.id for each in signals if all(unfit(rule, each, now=now) != "unsettled" for rule in told)}


def in_order(found: Iterable[Candidate]) -> list[Candidate]:
    """By time, so that caps fall on whoever came last."""
    return sorted(found, key=lambda each: (each.at, each.key, each.rule.name))


def ledger_for(desk: Desk, found: Iterable[Candidate], *, now: Micros) -> Ledger:
    """What rules did before, as far as it matters to these."""
    ledger = Ledger()
    today = datetime.fromtimestamp(now / SECOND, UTC).date()
    ledger.add(desk.store.acted_on(f"{today + timedelta(days=each)}" for each in range(-1, 3)))
    subjects: dict[str, set[str]] = {}
    for each in found:
        subjects.setdefault(each.rule.name, set()).add(each.subject)
    for rule, whom in subjects.items():
        ledger.add(desk.store.acted(rule, sorted(whom)))
    return ledger


def active(desk: Desk, rules: Mapping[str, Rule], *, now: Micros) -> dict[str, RuleState]:
    """The rules that act, each with the time that it acts from; new ones and changed ones start now."""
    known = desk.store.rule_states()
    everything = known.get(ALL)
    if not desk.enabled or (everything is not None and not everything.is_on):
        return {}
    found = {}
    for name, rule in rules.items():
        state = known.get(name)
        if state is None or state.version != rule.version:
            state = desk.store.meet(name, rule.version, now=now)
        if state.is_on and rule.enabled:
            found[name] = state
    if everything is not None:
        since = everything.started_at
        found = {name: _not_before(state, since) for name, state in found.items()}
    return found


def _not_before(state: RuleState, since: Micros) -> RuleState:
    return replace(state, started_at=max(state.started_at, since))


def _again(rule: Rule, entry: RuleEntry) -> Candidate:
    return Candidate(
        rule=rule, key=entry.event, handle=entry.handle, subject=entry.subject, at=entry.at, rests_on=entry.rests_on,
        facts=entry.facts,
    )  # fmt: skip


def one_at_a_time(folder: Path) -> AbstractContextManager[None]:
    """Be the only one of this installation whose rules act.

    Raises:
        Unavailable: another process does.
    """
    return alone(folder / "workflows.lock", "runs its rules")
