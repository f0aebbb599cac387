"""Eleven weeks of earlier newsletters, so that comparisons, forecasts and alarms have something to hold a week against.

They are written as settled facts before anything runs: no mail was sent for them, and the judge learns nothing from
them, because nobody judged them.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mailwake.events import (
    SECOND,
    CampaignId,
    DeliveryId,
    EventType,
    Handle,
    Micros,
    Source,
    TemplateId,
    event_id,
)
from mailwake.modes import INDIVIDUAL
from mailwake.simulate.people import Person
from mailwake.store.events import EventRow, open_events
from mailwake.store.state import LinkRow, open_state

#: Name of each and how many days ago it went out; the last one met a provider in a bad mood.
LETTERS = (*((f"Larkspur letter {number}", 84 - 7 * number) for number in range(1, 11)), ("Autumn reminder", 10))
_MOST_PEOPLE = 700
_DAY, _HOUR = 86_400, 3_600
_LINKS = (
    LinkRow(number=1, href="https://larkspur.example/plans", label="See the plans", role="cta", tracked=True),
    LinkRow(number=2, href="https://larkspur.example/call", label="Book a call", role="cta", tracked=True),
)
_HTML = b'<h1>Larkspur</h1><a href="https://larkspur.example/plans">See the plans</a>'
#: how likely each copy is deferred, bounced, opened and clicked by a person, clicked by a machine
_USUAL, _MOODY = 0.01, 0.35
_BOUNCED, _OPENED, _CLICKED, _SCANNED = 0.008, 0.3, 0.06, 0.07


@dataclass(frozen=True, kw_only=True)
class _Letter:
    campaign: CampaignId
    template: TemplateId
    sent_at: Micros
    #: a domain that puts mail off this time; empty: none
    moody: str


def write_history(data: Path, people: Sequence[Person], *, now: Micros, seed: int) -> None:
    """Put the earlier newsletters into stores that nobody has opened yet."""
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    readers = people[:_MOST_PEOPLE]
    draw = random.Random(seed)  # noqa: S311 - a made-up crowd
    domains = Counter(person.address.partition("@")[2] for person in readers)
    state, events = open_state(data / "state.sqlite"), open_events(data / "events.duckdb")
    try:
        handles = state.handles([person.address for person in readers], now=Micros(now - 90 * _DAY * SECOND))
        rows: list[EventRow] = []
        for name, days in LETTERS:
            at = Micros(now - days * _DAY * SECOND)
            campaign = state.campaign(name, stream="marketing", now=at)
            template = TemplateId(event_id("demo history", name) % (1 << 32))
            state.put_template(campaign.id, template, subject=name, html=_HTML, links=_LINKS, now=at)
            moody = domains.most_common(1)[0][0] if name == LETTERS[-1][0] else ""
            letter = _Letter(campaign=campaign.id, template=template, sent_at=at, moody=moody)
            for number, person in enumerate(readers):
                rows += _copy(letter, number, person, handles[person.address], draw)
        events.write(rows=rows)
    finally:
        events.close()
        state.close()


def _copy(  # noqa: PLR0917 - what one is made of
    letter: _Letter, number: int, person: Person, handle: Handle, draw: random.Random
) -> Iterator[EventRow]:
    """What became of one person's copy."""
    domain = person.address.partition("@")[2]
    delivery = DeliveryId(event_id("demo history", letter.campaign, number))
    begun = number / 10

    def event(kind: EventType, after: float, *, p_human: float | None = None, link: int | None = None) -> EventRow:
        at = Micros(letter.sent_at + int((begun + after) * SECOND))
        return EventRow(
            id=event_id("demo history", letter.campaign, number, kind, int(after)),
            type=kind,
            at=at,
            received_at=at,
            source=Source.EDGE if p_human is not None else Source.SEND,
            campaign=letter.campaign,
            template=letter.template,
            delivery=delivery,
            recipient=handle,
            modes=INDIVIDUAL.to_byte(),
            links=len(_LINKS),
            domain=domain,
            link=link,
            role="cta" if link else None,
            country=person.country.code if p_human and p_human > 1 / 2 else None,
            p_human=p_human,
            settled=True,
        )

    yield event(EventType.SENT, 0)
    if draw.random() < (_MOODY if domain == letter.moody else _USUAL):
        yield event(EventType.DEFERRED, 2)
    if draw.random() < _BOUNCED:
        yield event(EventType.BOUNCED, 3)
        return
    yield event(EventType.DELIVERED, 4)
    if draw.random() < _SCANNED:
        yield event(EventType.CLICKED, 9, p_human=0.02, link=draw.choice((1, 2)))
    if draw.random() < _OPENED:
        opened = draw.lognormvariate(9.4, 1.4)
        yield event(EventType.OPENED, opened, p_human=0.94)
        if draw.random() < _CLICKED / _OPENED:
            yield event(EventType.CLICKED, opened + 30, p_human=0.93, link=draw.choice((1, 1, 2)))
