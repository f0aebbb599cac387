"""Why a rule does not act, although something set it off: asked in one order, the first that says no is kept.

A decision is a function of the candidate, the person and what rules did before. Days are those of the time when it may
be acted upon, where its owner is, so that caps hold whatever order events come in and however often this is asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from mailwake.events import SECOND, Handle, Micros
from mailwake.language import noted
from mailwake.rules.people import Person
from mailwake.rules.rule import Rule, Trigger
from mailwake.rules.signals import DAY, HOUR, OWN_CAMPAIGN
from mailwake.rules.triggers import Candidate
from mailwake.store.workflows import Decision, RuleEntry

#: each reason in words
REASONS: Mapping[str, str] = {
    "": noted("nothing was in the way"),
    "machine": noted("it is not as sure as the rule wants that a person did it"),
    "replayed": noted("it counts as a person's only because history was judged again"),
    "late": noted("it was learned of too long after it happened, as from an import"),
    "unsettled": noted("its verdict is not final yet; it is looked at again"),
    "before": noted("it happened before the rule was there, was changed or was switched on"),
    "old": noted("it happened more than two days ago"),
    "other": noted("the rule is about something else"),
    "off": noted("the rule is switched off"),
    "own_mail": noted("it is about a mail that a rule sent, and rules do not answer themselves"),
    "suppressed": noted("this person is not mailed, and is not to be bothered"),
    "silent": noted("this person wants no tracking"),
    "unprofiled": noted("this person wants no profile"),
    "no_record": noted("this person is no contact, lead or person account of the org"),
    "no_owner": noted("the record has no active owner, and workflows.fallback_owner names nobody"),
    "not_chosen": noted("the rule's query does not choose this person"),
    "again": noted("the rule acted for them, and may not again yet"),
    "not_cooled": noted("the score had not fallen far enough since the last time"),
    "person_full": noted("rules acted for this person often enough that day"),
    "day_full": noted("rules acted often enough that day"),
    "hour_full": noted("the rule acted so often within an hour that it switched itself off"),
    "owner_full": noted("the owner had enough tasks that day; it stands in the day's digest"),
    "not_yet": noted("it counts, but did not set the rule off"),
    "withdrawn": noted("what it rested on was taken for a machine's since"),
}


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What all rules together keep to."""

    person_per_day: int = 2
    owner_per_day: int = 15
    per_day: int = 500
    #: minutes of the day when quiet hours begin and end; None: there are none
    quiet: tuple[int, int] | None = (20 * 60, 8 * 60)


@dataclass(kw_only=True)
class Ledger:
    """What rules did before, as far as the guards ask."""

    _seen: set[tuple[str, int]] = field(default_factory=set)
    _acted: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    _days: Counter[str] = field(default_factory=Counter)
    _people: Counter[tuple[Handle, str]] = field(default_factory=Counter)
    _owners: Counter[tuple[str, str]] = field(default_factory=Counter)
    _times: dict[str, list[int]] = field(default_factory=dict)

    def add(self, entries: Iterable[RuleEntry]) -> None:
        """Take note of decisions; those that were noted before, and refusals, change nothing."""
        for each in entries:
            if each.decision is Decision.REFUSED or (each.rule, each.event) in self._seen:
                continue
            self._seen.add((each.rule, each.event))
            self._acted.setdefault((each.rule, each.subject), []).append(each.at)
            self._days[each.day] += 1
            self._people[each.handle, each.day] += 1
            self._times.setdefault(each.rule, []).append(each.due_at)
            if each.owner is not None and "task" in each.actions and each.why != "owner_full":
                self._owners[each.owner, each.day] += 1

    def last(self, rule: str, subject: str) -> int | None:
        """When what a rule last acted upon for a subject happened; None: it never did."""
        return max(self._acted.get((rule, subject), ()), default=None)

    def within(self, rule: str, subject: str, at: int, span: float) -> bool:
        """Whether what a rule acted upon for a subject happened less than a span before a moment, or after it."""
        return any(abs(each - at) < span for each in self._acted.get((rule, subject), ()))

    def on(self, day: str) -> int:
        """How often rules acted on a day."""
        return self._days[day]

    def for_person(self, handle: Handle, day: str) -> int:
        """How often for one person."""
        return self._people[handle, day]

    def for_owner(self, owner: str, day: str) -> int:
        """How many tasks of their own an owner got."""
        return self._owners[owner, day]

    def within_the_hour(self, rule: str, at: int) -> int:
        """How often a rule acted in the hour around a moment."""
        return sum(abs(each - at) < HOUR for each in self._times.get(rule, ()))


@dataclass(frozen=True, kw_only=True)
class Guards:
    """Decides about candidates.

    Args:
        limits: of all rules.
        ledger: what was done before.
        is_chosen: whether a rule's query chooses somebody at a moment.
        has_cooled: whether a score fell far enough between two times.
        zone: of the installation.
    """

    limits: Limits
    ledger: Ledger
    is_chosen: Callable[[Rule, Handle, Micros], bool]
    has_cooled: Callable[[Rule, Handle, int, int], bool]
    zone: ZoneInfo

    def decide(self, candidate: Candidate, person: Person, *, now: Micros) -> RuleEntry:
        """What a rule does about a candidate; noted in the ledger."""
        rule = candidate.rule
        zone = person.zone if rule.needs_record else self.zone
        due_at = loud(now, zone, self.limits.quiet) if rule.quiet else now
        day = f"{datetime.fromtimestamp(due_at / SECOND, zone):%Y-%m-%d}"
        why = self._no(candidate, person, day=day, due_at=due_at)
        decision = Decision.REFUSED if why else Decision.DEFERRED if due_at > now else Decision.ENTERED
        if not why and "task" in rule.actions and self._is_full(person.owner, day):
            why = "owner_full"
        entry = RuleEntry(
            rule=rule.name,
            version=rule.version,
            event=candidate.key,
            subject=candidate.subject,
            handle=candidate.handle,
            at=candidate.at,
            decided_at=now,
            decision=decision,
            why=why,
            due_at=due_at,
            day=day,
            owner=person.owner,
            rests_on=candidate.rests_on,
            facts=candidate.facts,
            actions={} if decision is Decision.REFUSED else {kind: {"state": "waiting"} for kind in rule.actions},
            is_open=decision is Decision.ENTERED,
        )
        self.ledger.add([entry])
        return entry

    def _no(self, candidate: Candidate, person: Person, *, day: str, due_at: int) -> str:
        """The first guard that says no; empty: none does."""
        rule = candidate.rule
        return (
            (
                self.about(candidate, person)
                or self._repeated(candidate)
                or ("" if self._fits(candidate) else "not_chosen")
                or self._full(candidate, day=day, due_at=due_at)
            )
            if rule.enabled
            else "off"
        )

    def about(self, candidate: Candidate, person: Person) -> str:
        """What keeps back by the person alone; asked again when quiet hours end."""
        rule = candidate.rule
        holds = person.suppressed - ({"bounced"} if rule.trigger is Trigger.BOUNCE else set())
        if rule.trigger is Trigger.COMPLAINT:
            holds -= {"complained", "unsubscribed"}
        if str(candidate.facts.get("mail", "")).startswith(OWN_CAMPAIGN) and rule.letter is not None:
            return "own_mail"
        if person.is_silent and rule.trigger not in (Trigger.BOUNCE, Trigger.COMPLAINT):
            return "silent"
        if holds or (person.is_opted_out and not _is_about_leaving(rule)):
            return "suppressed"
        if person.is_unprofiled and rule.trigger is Trigger.HOT:
            return "unprofiled"
        if rule.needs_record and person.record is None:
            return "no_record"
        return "no_owner" if "task" in rule.actions and person.owner is None else ""

    def _fits(self, candidate: Candidate) -> bool:
        rule = candidate.rule
        return not rule.who or self.is_chosen(rule, candidate.handle, Micros(candidate.at + 1))

    def _repeated(self, candidate: Candidate) -> str:
        rule = candidate.rule
        last = self.ledger.last(rule.name, candidate.subject)
        if last is None:
            return ""
        if self.ledger.within(rule.name, candidate.subject, candidate.at, rule.again_days * DAY):
            return "again"
        is_hot = rule.trigger is Trigger.HOT
        cooled = not is_hot or self.has_cooled(rule, candidate.handle, last, candidate.at)
        return "" if cooled else "not_cooled"

    def _full(self, candidate: Candidate, *, day: str, due_at: int) -> str:
        ledger, limits, rule = self.ledger, self.limits, candidate.rule
        if ledger.within_the_hour(rule.name, due_at) >= rule.most_per_hour:
            return "hour_full"
        if ledger.for_person(candidate.handle, day) >= limits.person_per_day:
            return "person_full"
        return "day_full" if ledger.on(day) >= limits.per_day else ""

    def _is_full(self, owner: str | None, day: str) -> bool:
        return owner is not None and self.ledger.for_owner(owner, day) >= self.limits.owner_per_day


def _is_about_leaving(rule: Rule) -> bool:
    return rule.trigger in (Trigger.BOUNCE, Trigger.COMPLAINT)


def loud(at: int, zone: ZoneInfo, quiet: tuple[int, int] | None) -> Micros:
    """The moment itself, or the end of the quiet hours that it lies in."""
    if quiet is None:
        return Micros(at)
    begins, ends = quiet
    local = datetime.fromtimestamp(at / SECOND, zone)
    minute = local.hour * 60 + local.minute
    is_quiet = begins <= minute < ends if begins < ends else minute >= begins or minute < ends
    if not is_quiet:
        return Micros(at)
    day = local.date() + timedelta(days=int(minute >= ends))
    end = datetime(day.year, day.month, day.day, ends // 60, ends % 60, tzinfo=zone)
    return Micros(round(end.timestamp()) * SECOND)
