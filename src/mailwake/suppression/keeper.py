"""What the pipeline does about refusals: suppresses dead addresses, counts the others, sees storms and our own faults.

All that is decided follows from the set of refusals that are written down, so that reading them again, or in another
order, ends in the same list. What somebody took back by hand stays taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import structlog

from mailwake.bounces.counting import DAY, HOUR, Strike, Thresholds
from mailwake.bounces.decide import Decision
from mailwake.events import CampaignId, EventType, Handle, Micros, event_id
from mailwake.store.events import EventStore
from mailwake.store.state import Incident, IncidentKind, Refusal, StateStore, Suppression
from mailwake.suppression.storms import Burst, bursts

log = structlog.get_logger()

#: Who acted, where it was no person.
MAILWAKE = "mailwake"
NOW, COUNTED = "suppress_now", "suppress_after_n"
#: Words of the other side that are kept with a decision.
MAX_QUOTED = 1_000


class Trouble(NamedTuple):
    """One copy that was refused for good."""

    #: id of the event
    event: int
    handle: Handle
    at: Micros
    decision: Decision
    #: the other side's words, without local parts of addresses
    quoted: str
    campaign: CampaignId | None
    #: who reported it
    source: str


class Keeper:
    """Keeps the suppression list by what comes back.

    Args:
        state: where refusals, incidents and suppressions are.
        events: knows what was sent and what arrived.
        thresholds: the numbers.
        told: a recipient domain as the event store has it.
    """

    def __init__(
        self, state: StateStore, events: EventStore, thresholds: Thresholds, *, told: Callable[[str], str]
    ) -> None:
        self._state, self._events, self._thresholds, self._told = state, events, thresholds, told

    def take(self, troubles: Sequence[Trouble]) -> None:
        """Write refusals down and do what follows from them."""
        if not troubles:
            return
        domains = self._state.domains({each.handle for each in troubles})
        places = self._state.places(domains.values())
        rows = {
            each.event: _refusal(each, domain := domains.get(each.handle), places.get(domain or ""))
            for each in troubles
        }
        known = self._state.put_refusals(rows.values())
        new = sorted((rows[event] for event in known), key=lambda row: (row.at, row.event))
        self._suppress_dead([row for row in new if row.action == NOW])
        for row in new:
            if row.action == COUNTED:
                self._count(row)
        for category in dict.fromkeys(row.category for row in new):
            self._sound_alarm(category, [row for row in new if row.category == category])

    def sweep(self, now: Micros) -> None:
        """Let end what ends by itself."""
        if expired := self._state.expire(now, by=MAILWAKE):
            log.info("suppressions.expired", count=expired)
        quiet = {IncidentKind.STORM: self._thresholds.storm.quiet, IncidentKind.ALARM: self._thresholds.alarm_quiet}
        for each in self._state.incidents(only_open=True):
            if each.kind in quiet and each.last_at + quiet[each.kind] < now:
                self._state.close_incident(each.id, now, by=MAILWAKE, why="nothing more came")

    def _suppress_dead(self, rows: Sequence[Refusal]) -> None:
        """Each at once, but for those of a storm, which takes back what it brought before it was one."""
        stormy: set[int] = set()
        for place in dict.fromkeys(row.place for row in rows if row.place is not None):
            mine = [row for row in rows if row.place == place]
            reach = self._thresholds.storm.quiet
            since, until = Micros(mine[0].at - reach), Micros(mine[-1].at + reach)
            near = self._state.refusals_at(place, action=NOW, since=since, until=until)
            for run in bursts(near, self._thresholds.storm):
                stormy |= self._weather(place, run)
        self._state.put_suppressions(_suppression(row) for row in rows if row.event not in stormy)

    def _weather(self, place: str, run: Burst) -> set[int]:
        """The events of a run of refusals if it is a storm, which suppresses nobody; none if it is not."""
        storm, (first, last) = self._thresholds.storm, (run.rows[0], run.rows[-1])
        since = Micros(first.at - storm.quiet)
        known = self._state.incidents(kind=IncidentKind.STORM, place=place, since=since)
        known = [each for each in known if each.opened_at <= last.at + storm.quiet]
        is_one = run.dead >= storm.least and storm.is_one(dead=run.dead, sent=self._sent_to(run.rows))
        if not known and not is_one:
            return set()
        incident = known[0].id if known else event_id("storm", place, first.event)
        events = {row.event for row in run.rows}
        self._state.join_incident(events, incident)
        self._put_storm(place, incident)
        why = f"part of a storm at {place}, which is an outage of theirs"
        lifted = self._state.lift_events(events, last.at, incident=incident, by=MAILWAKE, why=why)
        log.warning("suppressions.storm", refusals=len(events), lifted=lifted)
        return events

    def _put_storm(self, place: str, incident: int) -> None:
        rows = self._state.refusals_in(incident)
        first, last = rows[0], rows[-1]
        self._state.put_incident(
            Incident(
                id=incident,
                kind=IncidentKind.STORM,
                place=place,
                opened_at=first.at,
                last_at=last.at,
                count=len(rows),
                quoted=first.quoted,
            )
        )

    def _sent_to(self, rows: Sequence[Refusal]) -> int:
        """Copies that were sent to these recipients' domains in the day before."""
        until = rows[-1].at
        domains = {row.domain for row in rows if row.domain is not None}
        answers = [
            self._events.ask("sent_to", domain=self._told(each), since=until - DAY, until=until) for each in domains
        ]
        return sum(answer["n"] for (answer,) in answers)

    def _count(self, row: Refusal) -> None:
        """One refusal more of an address that may come to life again."""
        strikes = [Strike(each.at, each.category) for each in self._state.refusals_of(row.handle)]
        if self._thresholds.reached(row.category, strikes) is None:
            return
        (arrived,) = self._events.ask("arrived", recipient=row.handle, before=row.at, day=DAY)
        reached = self._thresholds.reached(row.category, strikes, since=arrived["at"])
        if reached is not None:
            expires_at = Micros(reached.last_at + self._thresholds.soft_expiry)
            self._state.put_suppressions([replace(_suppression(row), days=reached.days, expires_at=expires_at)])

    def _sound_alarm(self, category: str, rows: Sequence[Refusal]) -> None:
        """Refusals that blame the sender: many within an hour are an incident, which suppresses nobody."""
        enough, last = self._thresholds.alarm.get(category), rows[-1]
        if enough is None or self._state.refusal_count(category, since=Micros(last.at - HOUR), until=last.at) < enough:
            return
        since = Micros(rows[0].at - self._thresholds.alarm_quiet)
        known = self._state.incidents(kind=IncidentKind.ALARM, category=category, since=since, only_open=True)
        opened_at = min([rows[0].at, *(each.opened_at for each in known)])
        last_at = max([last.at, *(each.last_at for each in known)])
        self._state.put_incident(
            Incident(
                id=known[0].id if known else event_id("alarm", category, rows[0].event),
                kind=IncidentKind.ALARM,
                category=category,
                opened_at=opened_at,
                last_at=last_at,
                count=self._state.refusal_count(category, since=Micros(opened_at - HOUR), until=last_at),
                quoted=last.quoted,
            )
        )
        if not known:
            log.error("suppressions.alarm", category=category)


def _refusal(trouble: Trouble, domain: str | None, place: str | None) -> Refusal:
    decision = trouble.decision
    return Refusal(
        event=trouble.event,
        handle=trouble.handle,
        at=trouble.at,
        category=decision.category,
        klass=decision.klass,
        action=decision.action,
        rule=decision.rule,
        quoted=trouble.quoted[:MAX_QUOTED],
        domain=domain,
        place=place,
        campaign=trouble.campaign,
        source=trouble.source,
    )


def _suppression(row: Refusal) -> Suppression:
    return Suppression(
        handle=row.handle,
        reason=str(EventType.BOUNCED),
        source=row.source,
        at=row.at,
        category=row.category,
        rule=row.rule,
        quoted=row.quoted,
        event=row.event,
    )
