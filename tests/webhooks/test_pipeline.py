"""Webhooks through the real pipeline: whatever the order and however often, the same rows and the same suppressions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.ingest.notices import HOST, KEYS, url
from tests.pipeline.house import TEMPLATE, House, dropped, sent
from tests.webhooks.calls import SIGNED, bounce, reader, secrets

from mailwake.copies import Copies
from mailwake.events import Event, EventType, Micros, Note, Source
from mailwake.modes import INDIVIDUAL, Mode, Modes
from mailwake.pipeline.item import Drop
from mailwake.store.events import EventRow
from mailwake.tokens import LinkToken, MessageToken, Minter, Purpose
from mailwake.webhooks.reporting import Hook, event_of, raw_event, verify_and_read

COPY = MessageToken(modes=INDIVIDUAL, template=TEMPLATE, delivery=1, recipient=101, issued=date(2026, 11, 2))
COPIES = Copies(reader())
NOW = Micros(1_795_000_000_000_000)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    opened = House(tmp_path, now=NOW)
    yield opened
    opened.close()


def events(esp: str, body: Any, *, at: Micros = NOW) -> list[Event]:
    """What a receiver without an eye for modes would put into the log for a body; the pipeline has to cope with it."""
    hook, call = Hook(esp=esp, name="main", secrets=secrets(esp)), SIGNED[esp](body, NOW)
    reading = verify_and_read(hook, call)
    told = [event_of(hook, each, COPIES, received_at=at) for each in reading.told]
    return [raw_event(hook, call, problem=reading.problem), *told]


def ours(token: MessageToken = COPY) -> str:
    return url(token=token)


def known(house: House, address: str = "ann@example.com") -> int:
    return house.state.handles([address], now=NOW)[address]


def suppressed(house: House, handle: int) -> list[tuple[str, str | None]]:
    return sorted((each.reason, each.stream) for each in house.state.suppressions(handle))  # type: ignore[arg-type]


#: two in each run; what each of them sends is read in `test_read.py`
EVERY_ESP = pytest.mark.parametrize(
    "esp", [esp if esp in ("postmark", "ses") else pytest.param(esp, marks=pytest.mark.long) for esp in sorted(SIGNED)]
)


@EVERY_ESP
def test_a_dead_address_that_an_esp_reports_gets_no_more_mail(house: House, esp: str) -> None:
    handle = known(house)
    done = house.work(*events(esp, bounce(esp)))
    assert suppressed(house, handle) == [("bounced", None)]
    assert dropped(done) == {Drop.RAW: 1}
    assert (done.records, done.written) == (2, 1)


@EVERY_ESP
def test_a_full_mailbox_stays_on_the_list(house: House, esp: str) -> None:
    handle = known(house)
    house.work(*events(esp, bounce(esp, soft=True)))
    assert suppressed(house, handle) == []


def test_an_address_reaches_no_store_and_no_row(house: House, tmp_path: Path) -> None:
    handle = known(house)
    house.work(*events("sendgrid", bounce("sendgrid")))
    row = house.row(EventType.BOUNCED)
    assert (row.recipient, row.source, row.delivery) == (handle, Source.ESP, None)
    house.close()
    assert b"ann@example.com" not in (tmp_path / "events.duckdb").read_bytes()


def test_a_token_ties_a_report_to_its_copy(house: House) -> None:
    house.work(sent(1), *events("mailgun", bounce("mailgun", haystack=ours())))
    row = house.row(EventType.BOUNCED)
    assert (row.delivery, row.recipient, row.template, row.campaign) == (1, 101, TEMPLATE, 1)
    assert suppressed(house, 101) == [("bounced", None)]


def test_somebody_whom_we_never_mailed_is_noted_only_to_keep_us_from_it(house: House) -> None:
    body = [{"event": "delivered", "email": "new@example.com"}, {"event": "spamreport", "email": "cross@example.com"}]
    house.work(*events("sendgrid", body))
    assert house.state.known_handles(["new@example.com", "cross@example.com"]).keys() == {"cross@example.com"}


@pytest.mark.parametrize(
    ("event", "streams"),
    [
        ({"event": "unsubscribe"}, ["marketing", "outbound"]),
        ({"event": "spamreport"}, ["marketing", "outbound"]),
        ({"event": "dropped", "reason": "Unsubscribed Address"}, ["marketing", "outbound"]),
        ({"event": "dropped", "reason": "Bounced Address"}, [None]),
        ({"event": "dropped", "reason": "Invalid"}, [None]),
        ({"event": "dropped", "reason": "Invalid SMTPAPI header"}, []),
        ({"event": "dropped", "reason": "Recipient List over Package Quota"}, []),
        ({"event": "deferred", "response": "550 5.1.1 no such user"}, []),
        ({"event": "something_new", "reason": "550 5.1.1 no such user"}, []),
    ],
)
def test_what_follows_from_an_esps_own_list(house: House, event: dict[str, str], streams: list[str | None]) -> None:
    handle = known(house)
    house.work(*events("sendgrid", [{"email": "ann@example.com", **event}]))
    assert [stream for _, stream in suppressed(house, handle)] == streams


def test_an_open_of_an_esp_is_judged_and_marked(house: House) -> None:
    body = [
        {"event": "open", "sg_event_id": "o", "timestamp": 1_794_990_000, "ip": "203.0.113.9", "useragent": "curl/8"}
    ]
    house.work(sent(1), *events("sendgrid", [{**body[0], "mailwake": ours()}]))
    row = house.row(EventType.OPENED)
    assert (row.source, row.delivery) == (Source.ESP, 1)
    assert row.p_human is not None
    assert row.agent is not None


def test_a_click_on_a_link_of_ours_has_its_number(house: House) -> None:
    minter = Minter(KEYS, HOST)
    link = minter.link(LinkToken(template=TEMPLATE, number=1, target="https://example.com/"))
    clicked = f"https://{HOST}/c/{minter.message(Purpose.READ, COPY)}/{link}"
    house.work(sent(1), *events("sendgrid", [{"event": "click", "sg_event_id": "c", "url": clicked}]))
    row = house.row(EventType.CLICKED)
    assert (row.link, row.role, row.delivery) == (1, "cta", 1)


def test_a_link_of_another_template_has_no_number(house: House) -> None:
    minter = Minter(KEYS, HOST)
    link = minter.link(LinkToken(template=8, number=1, target="https://example.com/"))
    clicked = f"https://{HOST}/c/{minter.message(Purpose.READ, COPY)}/{link}"
    house.work(sent(1), *events("sendgrid", [{"event": "click", "sg_event_id": "c", "url": clicked}]))
    assert house.row(EventType.CLICKED).link is None


@pytest.mark.parametrize("haystack", ["", "aggregate"])
def test_a_hit_that_no_mode_allows_becomes_no_row(house: House, haystack: str) -> None:
    """Without a token nothing is known of the mode; in mode aggregate our own counters have it already."""
    known(house)
    modes = Modes(opens=Mode.AGGREGATE, clicks=Mode.AGGREGATE)
    text = ours(COPY._replace(modes=modes)) if haystack else ""
    done = house.work(*events("sendgrid", [{"event": "open", "email": "ann@example.com", "mailwake": text}]))
    assert dropped(done) == {Drop.RAW: 1, Drop.NOT_COUNTED if haystack else Drop.MODE_OFF: 1}


def test_a_body_that_cannot_be_read_is_set_aside_where_somebody_looks(house: House, tmp_path: Path) -> None:
    done = house.work(*events("postmark", {"RecordType": "Inbound"}))
    assert dropped(done) == {Drop.UNREADABLE: 1}
    (letter,) = (tmp_path / "dead").glob("*.json")
    assert "inbound mail" in json.loads(letter.read_text())["problem"]


def test_a_raw_record_stays_out_of_every_store(house: House) -> None:
    house.work(*events("sendgrid", []))
    assert house.rows() == []


BODIES: tuple[tuple[str, Any], ...] = (
    *((esp, bounce(esp)) for esp in sorted(SIGNED)),
    *((esp, bounce(esp, soft=True, haystack=ours())) for esp in sorted(SIGNED)),
    ("sendgrid", [{"event": "delivered", "sg_event_id": "d", "timestamp": 1_794_980_000, "mailwake": ours()}]),
    ("sendgrid", [{"event": "spamreport", "sg_event_id": "s", "timestamp": 1_794_990_000, "email": "ann@example.com"}]),
    ("postmark", {"RecordType": "Delivery", "Recipient": "bob@example.com", "DeliveredAt": "2026-11-18T10:00:00Z"}),
    ("mailgun", {"event": "unsubscribed", "id": "u", "timestamp": 1_794_990_001, "recipient": "bob@example.com"}),
)  # fmt: skip


def _outcome(
    order: Sequence[int], batches: int
) -> tuple[list[tuple[object, ...]], dict[str, list[tuple[str, str | None]]]]:
    with TemporaryDirectory() as folder:
        house = House(Path(folder), now=NOW)
        try:
            handles = house.state.handles(["ann@example.com", "bob@example.com"], now=NOW)
            names = {handle: name for name, handle in handles.items()}
            house.work(sent(1))
            step = max(1, len(order) // batches)
            for start in range(0, len(order), step):
                house.work(*(event for n in order[start : start + step] for event in events(*BODIES[n])))
            rows = sorted(_row(row, names) for row in house.rows())
            return rows, {name: suppressed(house, handle) for name, handle in [*handles.items(), ("copy", 101)]}
        finally:
            house.close()


def _row(row: EventRow, names: dict[Any, str]) -> tuple[object, ...]:
    who = names.get(row.recipient, str(row.recipient))
    return (row.id, row.type, row.at, row.source, row.delivery or 0, who, row.note, row.reason, row.campaign or 0)


@cache
def wanted() -> tuple[list[tuple[object, ...]], dict[str, list[tuple[str, str | None]]]]:
    return _outcome(range(len(BODIES)), 1)


@settings(max_examples=4, phases=[Phase.generate], suppress_health_check=[HealthCheck.too_slow])
@given(
    order=st.permutations(range(len(BODIES))),
    again=st.lists(st.integers(0, len(BODIES) - 1), max_size=12),
    batches=st.integers(1, 5),
)
@pytest.mark.long
def test_any_order_and_any_repetition_end_the_same(order: list[int], again: list[int], batches: int) -> None:
    assert _outcome([*order, *again], batches) == wanted()


def test_there_is_something_to_be_the_same() -> None:
    rows, suppressions = wanted()
    assert len(rows) == 1 + len(BODIES)
    assert suppressions["ann@example.com"] == [
        ("bounced", None),
        ("complained", "marketing"),
        ("complained", "outbound"),
    ]
    assert suppressions["bob@example.com"] == [("unsubscribed", "marketing"), ("unsubscribed", "outbound")]
    assert suppressions["copy"] == []


def test_the_note_is_on_the_raw_record_alone() -> None:
    raw, *told = events("sendgrid", bounce("sendgrid"))
    assert raw.note is Note.WEBHOOK
    assert {each.note for each in told} == {Note.NONE}
