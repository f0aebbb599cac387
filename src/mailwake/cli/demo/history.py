"""Eleven weeks of earlier newsletters, so that comparisons, forecasts and alarms have something to hold a week against.

They are written as settled facts before anything runs: no mail was sent for them, and the judge learns nothing from
them, because nobody judged them; the reasons that stand with their verdicts say what was made up. From one of them a
fifth of the readers were held out, and some of both parts bought something later.
"""

from __future__ import annotations

import json
import math
import random
from collections import Counter
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mailwake.events import (
    SECOND,
    CampaignId,
    Class,
    DeliveryId,
    EventType,
    Handle,
    Micros,
    NetworkKind,
    Source,
    TemplateId,
    event_id,
)
from mailwake.goals.claims import Claim
from mailwake.modes import INDIVIDUAL
from mailwake.simulate.people import Person
from mailwake.store.events import EventRow, open_events
from mailwake.store.state import LinkRow, open_state

#: Name of each and how many days ago it went out; the last one met a provider in a bad mood.
LETTERS = (*((f"Larkspur letter {number}", 84 - 7 * number) for number in range(1, 11)), ("Autumn reminder", 10))
#: the letter that a fifth of its readers did not get, and how many of a hundred bought something within its window
HELD_LETTER, _HELD_OF = LETTERS[8][0], 5
_BOUGHT, _BOUGHT_WITHOUT, _DAYS_TO_BUY = 0.09, 0.03, 10
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


@dataclass(frozen=True, kw_only=True)
class _Verdict:
    """Who did it, and by what made-up evidence."""

    p_human: float
    klass: Class
    network: NetworkKind
    #: code, weight and fact as the judge spells them; the last takes what is left of the log-odds
    reasons: tuple[tuple[str, float, str], ...]

    @property
    def told(self) -> str:
        """As the store keeps them."""
        *most, (code, _, fact) = self.reasons
        rest = math.log(self.p_human / (1 - self.p_human)) - sum(weight for _, weight, _ in most)
        return json.dumps([*most, (code, round(rest, 3), fact)])


_SCANNER = _Verdict(
    p_human=0.02,
    klass=Class.SCANNER,
    network=NetworkKind.SCANNER,
    reasons=(("delay", -2.17, "5 s after delivery"), ("network", 0, "from a network of mail security")),
)
_READER = _Verdict(
    p_human=0.94,
    klass=Class.HUMAN,
    network=NetworkKind.RESIDENTIAL,
    reasons=(("network", 0.53, "from a residential network"), ("delay_from", 0, "such a delay from such a network")),
)


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
            held = {handles[each.address] for each in readers[::_HELD_OF]} if name == HELD_LETTER else set[Handle]()
            state.put_holdouts(campaign.id, dict.fromkeys(held, True), now=at)
            if held:
                rows += _bought(letter, [handles[each.address] for each in readers], held, draw)
            for number, person in enumerate(readers):
                if handles[person.address] not in held:
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

    def event(kind: EventType, after: float, *, by: _Verdict | None = None, link: int | None = None) -> EventRow:
        at = Micros(letter.sent_at + int((begun + after) * SECOND))
        return EventRow(
            id=event_id("demo history", letter.campaign, number, kind, int(after)),
            type=kind,
            at=at,
            received_at=at,
            source=Source.SEND if by is None else Source.EDGE,
            campaign=letter.campaign,
            template=letter.template,
            delivery=delivery,
            recipient=handle,
            modes=INDIVIDUAL.to_byte(),
            links=len(_LINKS),
            domain=domain,
            link=link,
            role="cta" if link else None,
            country=person.country.code if by is _READER else None,
            network_kind=NetworkKind.UNKNOWN if by is None else by.network,
            p_human=None if by is None else by.p_human,
            klass=None if by is None else by.klass,
            reasons="" if by is None else by.told,
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
        yield event(EventType.CLICKED, 9, by=_SCANNER, link=draw.choice((1, 2)))
    if draw.random() < _OPENED:
        opened = draw.lognormvariate(9.4, 1.4)
        yield event(EventType.OPENED, opened, by=_READER)
        if draw.random() < _CLICKED / _OPENED:
            yield event(EventType.CLICKED, opened + 30, by=_READER, link=draw.choice((1, 1, 2)))


def _bought(
    letter: _Letter, readers: Sequence[Handle], held: Container[Handle], draw: random.Random
) -> Iterator[EventRow]:
    """What those who got it bought, and those who were held out, as a shop's server tells."""
    for number, handle in enumerate(readers):
        if draw.random() >= (_BOUGHT_WITHOUT if handle in held else _BOUGHT):
            continue
        at = Micros(letter.sent_at + draw.randrange(_HOUR, _DAYS_TO_BUY * _DAY) * SECOND)
        made = Claim(goal="purchase", value=draw.randint(900, 24_900), currency="EUR", order=number)
        yield EventRow(
            id=event_id("demo history", "bought", letter.campaign, number),
            type=EventType.CONVERTED,
            at=at,
            received_at=at,
            source=Source.API,
            recipient=handle,
            modes=INDIVIDUAL.to_byte(),
            reason=made.line,
            settled=True,
        )
