"""What the pipeline does about who left: writes it down, holds bursts of a machine's network, decides in the end.

Whoever is held gets no mail meanwhile: that is the safe side for the recipient. After `HOLD` of the events' own time
the verdict on each press decides: what may be a person's applies, so an operator who looks away never keeps anybody on
a list. What is most likely a machine's waits for an operator, and is taken back after `WAIT`, so that nobody stays off
a list because a scanner pressed. Why so: docs/decisions/0064
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import structlog

from mailwake.events import SECOND, CampaignId, Event, EventType, Micros, Note, Source, Verdict, event_id
from mailwake.leaving.bursts import WINDOW, bursts
from mailwake.store.events import EventStore
from mailwake.store.state import Leave, StateStore, Unsubscribe

log = structlog.get_logger()

#: Long enough for somebody to look and to decide, short against the days in which the law wants it done.
HOLD = 15 * 60 * SECOND
#: Long enough for an operator who was away; nobody gets mail meanwhile, so no wish to leave is passed over.
WAIT = 7 * 86_400 * SECOND
#: Below this a press is most likely a machine's. Source: machine-events research of 2026-11, section 4
LIKELY_MACHINE = 0.2
#: Held presses that are decided on at a time; a few milliseconds each.
AT_ONCE = 200
#: What a network did longer ago than this says little of who sits there now.
HISTORY = 30 * 86_400 * SECOND
#: So many links of one copy within so long are no person's: they are read one after the other.
BURST_LINKS, BURST_MICROS = 3, 5 * SECOND
#: A network most of whose judged clicks are a machine's is one's, if there are at least so many of those.
LEAST_CLICKS = 3
#: Nobody finds, reads and presses a button sooner than this after the page was first shown.
READING_MICROS = 1 * SECOND
#: Words that are kept with an unsubscription.
MAX_PROOF = 200
_QUICK = "in a burst, pressed within a second of the page being first shown"
_PERSONS = "the time to take it back was over, and a person may have pressed"
_MACHINES = "most likely a machine pressed; somebody has to decide"
_UNDECIDED = "most likely a machine pressed, and nobody decided in time; every mail to them has a way out"
#: Who held and decided, where it was no person.
MAILWAKE = "mailwake"


#: What a complaint says that comes to an unsubscription (RFC 5965 section 7.3).
_OPT_OUT = ("opt-out", "opt-out-list")


def how(event: Event) -> str:
    """The way somebody left: one_click, button, complaint, reply, esp, crm; nothing where that is not known."""
    if event.note in (Note.ONE_CLICK, Note.BUTTON):
        return str(event.note)
    if event.source is Source.BOUNCE:
        return "complaint" if event.reason in _OPT_OUT else "reply"
    return {Source.ESP: "esp", Source.API: "crm"}.get(event.source, "")


def _proof(event: Event) -> str | None:
    """The words that came with it; a press needs none, its event says all."""
    return event.reason[:MAX_PROOF] or None


class Holding:
    """Looks after everybody who leaves.

    Args:
        state: where it is written down and suppressed.
        events: knows what the networks have done before.
        holds: False: every unsubscription counts at once.
    """

    def __init__(self, state: StateStore, events: EventStore, *, holds: bool = True) -> None:
        self._state, self._events, self._holds = state, events, holds

    def put(
        self, event: Event, *, id: int, at: Micros, campaign: CampaignId | None, domain: str | None,  # noqa: A002
        network: int | None, streams: Collection[str], verdict: Verdict | None = None,
    ) -> bool:  # fmt: skip
        """Somebody asked to stop: they are suppressed; says whether that is news. Any other event is passed over.

        Args:
            event: as it was reported.
            id: of the event.
            at: when it happened.
            campaign: that the mail belonged to.
            domain: of the recipient.
            network: keyed hash of where the request came from; None: not known, so it can be no part of a burst.
            streams: that they get nothing more of.
            verdict: what the judge makes of it.
        """
        if event.type is not EventType.UNSUBSCRIBED or event.recipient is None:
            return False
        row = Unsubscribe(
            id=id, handle=event.recipient, at=at, how=how(event), campaign=campaign, domain=domain, network=network,
            template=event.template, delivery=event.delivery, link=event.link, proof=_proof(event),
            p_human=None if verdict is None else verdict.p_human, verdict=None if verdict is None else verdict.klass,
        )  # fmt: skip
        in_doubt = event.note is Note.BUTTON and domain is not None and network is not None
        return self._state.put_unsubscribe(row, source=str(event.source), streams=streams, is_looked_at=not in_doubt)

    def look(self, now: Micros) -> None:
        """Hold the bursts among what is new, and apply what was held for long enough.

        Args:
            now: nothing that happened before this is still to come.
        """
        new = self._state.new_unsubscribes()
        if self._holds:
            for domain, network in dict.fromkeys((row.domain, row.network) for row in new):
                if domain is not None and network is not None:
                    group = [row.at for row in new if (row.domain, row.network) == (domain, network)]
                    self._hold_bursts(domain, network, Micros(min(group) - WINDOW), Micros(max(group) + WINDOW))
        # What gives a machine away may come just after, so each is looked at until its window is over.
        if over := [row.id for row in new if row.at + WINDOW < now]:
            self._state.looked_at(over)
        if due := self._state.held_unsubscribes(due_at=now)[:AT_ONCE]:
            self._decide(due, now)

    def _decide(self, due: list[Unsubscribe], now: Micros) -> None:
        """What becomes of presses whose time is over: of people's, of machines', of those that waited long enough."""
        people = [row for row in due if not self._is_machines(row)]
        machines = [row for row in due if row not in people]
        waited = [row for row in machines if row.held_until is not None and row.held_until - row.at > HOLD]
        waiting = [replace(row, held_until=Micros(row.at + HOLD + WAIT)) for row in machines if row not in waited]
        state = self._state
        applied = state.apply_unsubscribes(people, at=now, by=MAILWAKE, why=_PERSONS)
        state.hold_unsubscribes(waiting, at=now, by=MAILWAKE, why=_MACHINES)
        restored = state.restore_unsubscribes(waited, at=now, by=MAILWAKE, why=_UNDECIDED)
        log.info("unsubscribes.decided", applied=applied, waiting=len(waiting), restored=restored)

    def _is_machines(self, row: Unsubscribe) -> bool:
        """Whether a press is most likely a machine's, by all that is known of its copy by now."""
        if row.network is not None and self._too_quick(row.network, [row]):
            return True
        verdict = row.p_human
        if row.campaign is not None and row.delivery is not None:
            copy = self._events.ask("timeline", campaign=row.campaign, delivery=row.delivery)
            verdict = next((line["p_human"] for line in copy if line["id"] == row.id), verdict)
        return verdict is not None and verdict < LIKELY_MACHINE

    def _hold_bursts(self, domain: str, network: int, since: Micros, until: Micros) -> None:
        near = self._state.unsubscribes_near(Note.BUTTON, domain=domain, network=network, since=since, until=until)
        for burst in bursts(near):
            fresh = [row for row in burst if row.state is Leave.APPLIED and row.incident is None]
            if not fresh:
                continue
            why = self._history(network, burst[0].at)
            if why is None:
                fresh, why = self._too_quick(network, fresh), _QUICK
            if not fresh:
                continue
            known = (row.incident for row in burst if row.incident is not None)
            incident = next(known, event_id("incident", burst[0].id))
            held = [replace(row, incident=incident, held_until=Micros(row.at + HOLD)) for row in fresh]
            self._state.hold_unsubscribes(held, at=burst[-1].at, by=MAILWAKE, why=why)
            log.warning("unsubscribes.held", count=len(held))

    def _history(self, network: int, at: Micros) -> str | None:
        """What the network has done that no person does; None: nothing."""
        (seen,) = self._events.ask(
            "network_history", network=network, since=at - HISTORY, links=BURST_LINKS, within=BURST_MICROS
        )
        told = []
        if seen["decoys"]:
            told.append(f"followed hidden links ({seen['decoys']})")
        if seen["copies"]:
            told.append(f"followed {BURST_LINKS} links at once (in {seen['copies']} of the copies)")
        if seen["by_machines"] >= LEAST_CLICKS and 2 * seen["by_machines"] > seen["judged"]:
            told.append(f"clicked as machines do ({seen['by_machines']} of {seen['judged']} clicks)")
        return f"a burst from a network that {', '.join(told)}" if told else None

    def _too_quick(self, network: int, rows: list[Unsubscribe]) -> list[Unsubscribe]:
        """Those of one network that were pressed sooner than anybody can have read the page."""
        answer = self._events.ask(
            "quick_presses", network=network, since=rows[0].at, until=rows[-1].at, within=READING_MICROS
        )
        quick = {line["id"] for line in answer}
        return [row for row in rows if row.id in quick]
