"""A whole small installation in a folder: log, state, events, tables, judge; nothing is faked but the time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from tests.blank import lay_out
from tests.silence import silent

from mailwake.bounces.counting import Thresholds
from mailwake.bounces.decide import Bounces
from mailwake.eventlog.sqlite import SqliteReader, append_now
from mailwake.events import (
    SECOND,
    CampaignId,
    DeliveryId,
    Event,
    EventType,
    Handle,
    Micros,
    Note,
    Request,
    Source,
    TemplateId,
    encode_event,
)
from mailwake.inert.entries import Before
from mailwake.inert.keeper import InertKeeper
from mailwake.judge import Judge
from mailwake.judge.rules import Rules, load_rules
from mailwake.judge.verdicts import StreamJudge
from mailwake.leaving.holding import Holding
from mailwake.modes import INDIVIDUAL, Mode, Modes
from mailwake.origins.networks import Networks
from mailwake.pipeline.dead import DeadLetters
from mailwake.pipeline.desk import Desk, make_clock
from mailwake.pipeline.evidence import EvidenceReader
from mailwake.pipeline.inert import StoredRefusals
from mailwake.pipeline.item import Drop
from mailwake.pipeline.lookups import Lookups
from mailwake.pipeline.raw import RawFiles
from mailwake.pipeline.worker import Pass, Worker
from mailwake.sections import Demo, Enrich
from mailwake.store.events import EventRow, EventStore, open_events
from mailwake.store.state import LinkRow, StateStore, open_state
from mailwake.store.withdrawals import Withdrawals, open_withdrawals
from mailwake.suppression.keeper import Keeper

#: 2026-11-02 10:00 UTC
START = Micros(1_793_613_600 * SECOND)
AGGREGATE = Modes(opens=Mode.AGGREGATE, clicks=Mode.AGGREGATE)
DELIVERABILITY = Modes(opens=Mode.DELIVERABILITY, clicks=Mode.AGGREGATE)
KEY = b"k" * 32
TEMPLATE = TemplateId(7001)
CHROME = (
    b"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)
LINKS = (
    LinkRow(number=1, href="https://example.com/", label="Shop", role="cta", tracked=True),
    LinkRow(number=2, href="", label="", role="decoy", tracked=True),
    LinkRow(number=3, href="mailwake:unsubscribe", label="Stop", role="unsubscribe", tracked=True),
)


@cache
def tables() -> Networks:
    """The address databases take a while to open and never change."""
    return Networks(Enrich(), KEY)


@cache
def bounces() -> Bounces:
    return Bounces.load()


@cache
def rules() -> Rules:
    return load_rules(None)


def new_judge() -> Judge:
    return StreamJudge(rules())


def after(seconds: float) -> Micros:
    return Micros(START + round(seconds * SECOND))


def request(path: str = "/c/x/y", *, clock: Micros | None = None, agent: bytes = CHROME) -> Request:
    headers = [(b"User-Agent", agent), (b"Accept-Language", b"en"), (b"Sec-Fetch-Mode", b"navigate")]
    if clock is not None:
        headers.append((b"X-Mailwake-Clock", str(clock).encode()))
    return Request("GET", path.encode(), "203.0.113.9", tuple(headers))


def hit(
    type_: EventType, seconds: float, *, delivery: int = 1, link: int | None = None, modes: Modes = INDIVIDUAL,
    note: Note = Note.NONE, recipient: int | None = None, key: str = "", reason: str = "",
) -> Event:  # fmt: skip
    """An event of one delivery, `seconds` after the start; its recipient's handle is the delivery's number + 100."""
    mode = modes.opens if type_ is EventType.OPENED else modes.clicks
    seen = mode is Mode.INDIVIDUAL or type_ not in (EventType.OPENED, EventType.CLICKED)
    named = seen or (mode is Mode.DELIVERABILITY and type_ is EventType.OPENED)
    return Event(
        type=type_,
        received_at=after(seconds),
        source=Source.EDGE,
        modes=modes.to_byte(),
        template=TEMPLATE,
        delivery=DeliveryId(delivery) if seen else None,
        recipient=Handle(recipient or delivery + 100) if named else None,
        link=link,
        note=note,
        key=key,
        reason=reason,
        request=request() if seen else None,
    )


def sent(delivery: int, seconds: float = 0) -> Event:
    return Event(
        type=EventType.SENT,
        received_at=after(seconds),
        source=Source.SEND,
        key=f"sent:{delivery}",
        modes=INDIVIDUAL.to_byte(),
        campaign=CampaignId(1),
        template=TEMPLATE,
        delivery=DeliveryId(delivery),
        recipient=Handle(delivery + 100),
        message_bytes=2_000,
    )


@dataclass
class House:
    """The stores of one folder, and a worker on them."""

    folder: Path
    demo: Demo = field(default_factory=Demo)
    batch_records: int = 8_192
    events_file: str = "events.duckdb"
    now: Micros = START
    report: Path | None = None
    holds: bool = True
    keep_raw_days: int = 0
    #: of those whom a test made known
    handles: list[Handle] = field(default_factory=list)
    state: StateStore = field(init=False)
    withdrawals: Withdrawals = field(init=False)
    events: EventStore = field(init=False)
    worker: Worker = field(init=False)
    desk: Desk = field(init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        lay_out(self.folder, events=self.events_file)
        self.state = open_state(self.folder / "state.sqlite")
        self.withdrawals = open_withdrawals(self.folder / "state.sqlite")
        campaign = self.state.campaign("Autumn", stream="marketing", now=START)
        self.state.put_template(campaign.id, TEMPLATE, subject="Hello", html=b"<p>", links=LINKS, now=START)
        self.events = open_events(self.folder / self.events_file, threads=1)
        lookups = Lookups(self.state, KEY)
        self.desk = Desk(
            state=self.state,
            events=self.events,
            evidence=EvidenceReader(tables(), KEY),
            lookups=lookups,
            bounces=bounces(),
            dead=DeadLetters(self.folder / "dead"),
            inert=InertKeeper(self.folder / "inert.bin", StoredRefusals(self.withdrawals), wall=lambda: self.now),
            withdrawals=self.withdrawals,
            raw=RawFiles(self.folder / "raw", self.keep_raw_days),
            keeper=Keeper(self.state, self.events, Thresholds.load(), told=lookups.told),
            holding=Holding(self.state, self.events, holds=self.holds),
            demo=self.demo,
            judge=new_judge(),
            clock=make_clock(self.demo),
        )
        self.worker = Worker(
            SqliteReader(self.folder / "log"),
            self.desk,
            make_judge=new_judge,
            wall=lambda: self.now,
            batch_records=self.batch_records,
            report=self.report,
        )

    def log(self, *events: Event, writer: str = "edge-0", at: Micros | None = None) -> None:
        self.log_raw([encode_event(event) for event in events], writer=writer, at=at or events[-1].received_at)

    def log_raw(self, records: Sequence[bytes], *, writer: str = "edge-0", at: Micros = START) -> None:
        append_now(self.folder / "log", writer, records, clock=lambda: at)

    def work(self, *events: Event) -> Pass:
        if events:
            self.log(*events)
        return self.worker.drain()

    def rows(self) -> list[EventRow]:
        return self.events.provisional()

    def row(self, type_: EventType) -> EventRow:
        (found,) = [row for row in self.rows() if row.type is type_]
        return found

    def inert(self) -> dict[int, Before]:
        return silent(self.folder / "inert.bin")

    def close(self) -> None:
        self.worker.close()
        self.events.close()


def dropped(done: Pass) -> dict[Drop, int]:
    return dict(done.dropped)
