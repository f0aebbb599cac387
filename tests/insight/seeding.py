"""Real rows in real stores: a small campaign counted by hand, and a larger one for pages to show."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests.blank import lay_out

from mailwake.events import (
    SECOND,
    AgentKind,
    CampaignId,
    Class,
    DeliveryId,
    EventType,
    Handle,
    Micros,
    Note,
    Source,
    TemplateId,
    event_id,
)
from mailwake.insight.stores import Stores
from mailwake.modes import INDIVIDUAL, Mode, Modes
from mailwake.store.answers.remembered import Remembered
from mailwake.store.events import CounterRow, EventRow, open_events
from mailwake.store.state import Campaign, LinkRow, open_state

START = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
MINUTE, HOUR = 60, 3_600
AGGREGATE = Modes(opens=Mode.AGGREGATE, clicks=Mode.AGGREGATE)

LINKS = (
    LinkRow(number=1, href="https://shop.example.com/", label="Example Shop", role="image", tracked=True),
    LinkRow(
        number=2, href="https://shop.example.com/autumn?a=1&b=2", label="See the autumn range", role="cta", tracked=True
    ),
    LinkRow(
        number=3, href="https://shop.example.com/blog/wool", label="How we choose our wool", role="text", tracked=True
    ),
    LinkRow(number=4, href="https://shop.example.com/autumn?a=1&b=2", label="Shop now", role="cta", tracked=True),
    LinkRow(
        number=5, href="mailto:hello@example.com", label="Write to us", role="text", tracked=False, why_not="not http"
    ),
    LinkRow(number=6, href="https://shop.example.com/imprint", label="Imprint", role="legal", tracked=True),
    LinkRow(number=7, href="mailwake:unsubscribe", label="Unsubscribe", role="unsubscribe", tracked=True),
)


def micros(seconds: float = 0, start: datetime = START) -> Micros:
    """So many seconds after the start."""
    return Micros(int((start.timestamp() + seconds) * SECOND))


def open_stores(folder: Path, zone: str = "UTC") -> Stores:
    """Empty stores in a folder, under the names that an installation gives them; answers are kept as it keeps them.

    None is slow, however busy the machine is, so that none is ever behind.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lay_out(folder)
    return Stores(
        state=open_state(folder / "state.sqlite"),
        events=Remembered(open_events(folder / "events.duckdb", threads=1), cost=lambda: 0.0),
        zone=ZoneInfo(zone),
    )


def close(stores: Stores) -> None:
    """Let go of both."""
    stores.events.close()
    stores.state.close()


@dataclass
class Sending:
    """A campaign being written, event by event."""

    stores: Stores
    campaign: Campaign
    template: TemplateId
    links: tuple[LinkRow, ...]
    start: datetime = START
    rows: list[EventRow] = field(default_factory=list)
    counters: list[CounterRow] = field(default_factory=list)

    def add(self, kind: EventType, delivery: int, after: float, **more: Any) -> None:
        """One event of one delivery, so many seconds after the start."""
        at = micros(after, self.start)
        row: dict[str, Any] = {
            "id": event_id(self.campaign.id, len(self.rows), kind, delivery),
            "type": kind,
            "at": at,
            "received_at": at,
            "source": Source.SEND if kind in (EventType.SENT, EventType.DELIVERED) else Source.EDGE,
            "campaign": CampaignId(self.campaign.id),
            "template": self.template,
            "delivery": DeliveryId(self.campaign.id * 1_000_000 + delivery),
            "recipient": Handle(self._handles[delivery]),
            "modes": INDIVIDUAL.to_byte(),
            "stream": self.campaign.stream,
            "settled": True,
            "agent": 1 if kind is EventType.OPENED else None,
        }
        self.rows.append(EventRow(**{**row, **more}))

    def people(self, addresses: list[str]) -> None:
        """Whose copies these are; the first is number 0."""
        found = self.stores.state.handles(addresses, now=micros(start=self.start))
        self._handles = [found[address] for address in addresses]

    def count(self, kind: EventType, number: int, *, link: int = 0, after: float = 0) -> None:
        """Hits that are only counted."""
        hour = micros(after, self.start)
        self.counters.append(
            CounterRow(
                campaign=CampaignId(self.campaign.id), template=self.template, link=link, hour=hour, type=kind, n=number
            )
        )

    def write(self) -> None:
        """Put all of it into the event store."""
        self.stores.events.write(rows=self.rows, counters=self.counters)
        self.rows.clear()
        self.counters.clear()


def page_of(links: tuple[LinkRow, ...]) -> bytes:
    """A mail in which these links stand, each in a paragraph."""
    lines = "".join(f'<p><a href="{escape(link.href)}">{escape(link.label)}</a></p>' for link in links)
    return f"<h1>Hello</h1>{lines}".encode()


def sending(
    stores: Stores,
    name: str,
    *,
    links: tuple[LinkRow, ...] = LINKS,
    start: datetime = START,
    stream: str = "marketing",
    subject: str = "Wool, weather and a warm offer",
    html: bytes | None = None,
) -> Sending:
    """A new campaign with one template, nothing sent yet."""
    campaign = stores.state.campaign(name, stream=stream, now=micros(start=start))
    template = TemplateId(1_000 + campaign.id)
    stores.state.put_template(
        campaign.id,
        template,
        subject=subject,
        html=page_of(links) if html is None else html,
        links=links,
        now=micros(start=start),
    )
    return Sending(stores=stores, campaign=campaign, template=template, links=links, start=start)


HUMAN: dict[str, Any] = {"p_human": 0.93, "klass": Class.HUMAN}
MPP: dict[str, Any] = {"p_human": 0.45, "klass": Class.MPP, "agent_kind": AgentKind.PRIVACY_PROXY}
SCANNER: dict[str, Any] = {"p_human": 0.02, "klass": Class.SCANNER}
SCANNED: dict[str, Any] = {**SCANNER, "country": "US", "reasons": '[["delay",-2.9,"3 s after delivery"]]'}
ON_DESKTOP: dict[str, Any] = {"client": "Outlook", "device": "desktop", "country": "DE"}
ON_PHONE: dict[str, Any] = {"client": "Apple Mail", "device": "mobile", "country": "FR"}


def by_hand(stores: Stores, name: str = "By hand") -> Campaign:
    """Ten copies, counted on the fingers.

    0 opened and clicked by a person twice · 1 opened by Apple's proxy · 2 scanned, opened and clicked · 3 scanned, then
    opened by a person · 4 delivered, complained · 5 delivered, unsubscribed through the mail's own link · 6 deferred,
    delivered · 7 deferred, bounced · 8 bounced · 9 nobody knows. Besides: 3 hits counted without looking at anybody.
    """
    mail = sending(stores, name)
    mail.people([f"person{number}@example.com" for number in range(10)])
    for number in range(10):
        mail.add(EventType.SENT, number, number, message_bytes=20_000)
    for number in range(6):
        mail.add(EventType.DELIVERED, number, 10 + number)
    mail.add(EventType.OPENED, 0, 2 * HOUR, **HUMAN, **ON_DESKTOP)
    mail.add(EventType.OPENED, 0, 3 * HOUR, **HUMAN, **ON_PHONE)
    mail.add(EventType.CLICKED, 0, 2 * HOUR + 5, link=2, role="cta", **HUMAN, **ON_DESKTOP)
    mail.add(EventType.CLICKED, 0, 2 * HOUR + 9, link=2, role="cta", **HUMAN, **ON_DESKTOP)
    mail.add(EventType.OPENED, 1, 60, client="Apple Mail", **MPP)
    mail.add(EventType.OPENED, 2, 61, **SCANNER)
    mail.add(EventType.CLICKED, 2, 62, link=1, role="image", **SCANNER)
    mail.add(EventType.CLICKED, 2, 62, link=2, role="cta", **SCANNER)
    mail.add(EventType.OPENED, 3, 63, **SCANNER)
    mail.add(EventType.OPENED, 3, 26 * HOUR, **HUMAN, **ON_PHONE)
    mail.add(EventType.COMPLAINED, 4, 4 * HOUR)
    mail.add(EventType.CLICKED, 5, 5 * HOUR, link=7, role="unsubscribe", **HUMAN, **ON_PHONE)
    mail.add(EventType.UNSUBSCRIBED, 5, 5 * HOUR + 4, note=Note.BUTTON)
    mail.add(EventType.DEFERRED, 6, 20, reason="451 4.7.1 greylisted")
    mail.add(EventType.DELIVERED, 6, 900)
    mail.add(EventType.DEFERRED, 7, 21, reason="452 4.2.2 mailbox full")
    mail.add(EventType.BOUNCED, 7, 50 * HOUR, reason="5.2.2 mailbox full", source=Source.BOUNCE)
    mail.add(EventType.BOUNCED, 8, 30, reason="550 5.1.1 no such user", source=Source.SEND)
    mail.count(EventType.OPENED, 2)
    mail.count(EventType.CLICKED, 1, link=2)
    mail.write()
    return mail.campaign


CLIENTS = (
    ("Apple Mail", "mobile", 5),
    ("Gmail", None, 6),
    ("Outlook", "desktop", 4),
    ("Thunderbird", "desktop", 1),
    ("Samsung Email", "mobile", 1),
    ("Yahoo Mail", None, 1),
    (None, None, 1),
)
COUNTRIES = ("DE", "DE", "DE", "FR", "AT", "CH", "NL", "US", "US", "GB", "SE", "IT", "PL", "ES", None)


def crowd(stores: Stores, name: str, *, people: int, seed: int = 1, start: datetime = START, **more: Any) -> Campaign:
    """A campaign read by a crowd of people and machines over several days; the same for the same seed."""
    draw = random.Random(seed)
    mail = sending(stores, name, start=start, **more)
    mail.people([f"reader{number}.of{seed}@example.com" for number in range(people)])
    for number in range(people):
        _one(mail, draw, number)
    mail.count(EventType.OPENED, people // 9, after=HOUR)
    mail.count(EventType.CLICKED, people // 60, link=2, after=HOUR)
    mail.write()
    return mail.campaign


def _one(mail: Sending, draw: random.Random, number: int) -> None:
    sent = number * 0.2
    consents = draw.random() < 0.9
    modes = (INDIVIDUAL if consents else AGGREGATE).to_byte()
    mail.add(EventType.SENT, number, sent, message_bytes=31_000, modes=modes)
    if draw.random() < 0.06:
        mail.add(EventType.DEFERRED, number, sent + 1, reason="451 4.7.1 try again later", modes=modes)
    if draw.random() < 0.03:
        mail.add(EventType.BOUNCED, number, sent + 90, reason="550 5.1.1 no such user here", source=Source.BOUNCE)
        return
    mail.add(EventType.DELIVERED, number, sent + 2, modes=modes)
    if not consents:
        return
    client, device, _ = draw.choices(CLIENTS, [weight for _, _, weight in CLIENTS])[0]
    kind = AgentKind.IMAGE_PROXY if client in ("Gmail", "Yahoo Mail") else AgentKind.MAIL_CLIENT
    place = {"agent_kind": kind, "client": client, "device": device, "country": draw.choice(COUNTRIES)}
    if draw.random() < 0.22:
        _scan(mail, draw, number, sent)
    if client == "Apple Mail" and draw.random() < 0.7:
        mail.add(EventType.OPENED, number, sent + draw.uniform(20, 4_000), **MPP, client=client, country="US")
    if draw.random() < 0.34:
        _read(mail, draw, number, sent=sent, place=place)


def _scan(mail: Sending, draw: random.Random, number: int, sent: float) -> None:
    seen = sent + draw.uniform(3, 30)
    mail.add(EventType.OPENED, number, seen, **SCANNER, client=None, country="US")
    if draw.random() < 0.6:
        for link in mail.links:
            if link.tracked:
                mail.add(EventType.CLICKED, number, seen + 1, link=link.number, role=link.role, **SCANNED)


def _read(mail: Sending, draw: random.Random, number: int, *, sent: float, place: dict[str, Any]) -> None:
    opened = sent + draw.lognormvariate(9.2, 1.3)
    mail.add(EventType.OPENED, number, opened, **HUMAN, **place)
    if draw.random() < 0.2:
        link = draw.choice([link for link in mail.links if link.tracked and link.role != "unsubscribe"])
        mail.add(EventType.CLICKED, number, opened + 20, link=link.number, role=link.role, **HUMAN, **place)
    if draw.random() < 0.015:
        mail.add(EventType.UNSUBSCRIBED, number, opened + 40, note=Note.ONE_CLICK)
    if draw.random() < 0.003:
        mail.add(EventType.COMPLAINED, number, opened + 60)
