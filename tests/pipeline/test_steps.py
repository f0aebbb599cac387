"""Each step keeps its promise, on real stores and a real log."""

import re
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.pipeline.house import (
    AGGREGATE,
    DELIVERABILITY,
    START,
    TEMPLATE,
    House,
    after,
    dropped,
    hit,
    request,
    sent,
)

from mailwake.events import CampaignId, Class, Event, EventType, Handle, Micros, Note, Source, TemplateId, encode_event
from mailwake.inert.entries import EVER, SILENT, Before, day_after
from mailwake.modes import INDIVIDUAL, OFF, Mode, Modes
from mailwake.pipeline.item import Drop
from mailwake.pipeline.lookups import Sent
from mailwake.pipeline.steps import STEPS
from mailwake.reduced import axis_mode
from mailwake.sections import Demo
from mailwake.store.days import open_days
from mailwake.store.state import Consent

HUMAN_WEEK = Micros(7 * 86_400 * 1_000_000)


def test_the_list_names_every_step_by_what_it_does() -> None:
    names = [step.__name__ for step in STEPS]
    assert all(name.startswith(("put_", "drop_", "apply_")) or name == "write" for name in names)
    assert names[-2:] == ["write", "apply_holds"], "what a network has done has to be stored before it is looked at"


def test_the_page_on_the_pipeline_tells_the_same_steps_in_the_same_order() -> None:
    page = (Path(__file__).parents[2] / "docs" / "explain" / "pipeline.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == [step.__name__ for step in STEPS]


def test_an_open_becomes_a_row_with_evidence_and_a_verdict(house: House) -> None:
    done = house.work(sent(1), hit(EventType.OPENED, 60))
    row = house.row(EventType.OPENED)
    assert (done.records, done.written, done.added) == (2, 2, 2)
    assert (row.campaign, row.template, row.delivery, row.recipient) == (1, TEMPLATE, 1, 101)
    assert (row.links, row.stream, row.at) == (2, "marketing", after(60))
    assert row.client is not None
    assert row.network is not None
    assert row.p_human is not None
    assert row.ruleset
    assert msgspec.json.decode(row.reasons)


def test_a_template_that_nobody_knows_is_asked_for_once_in_a_batch(house: House) -> None:
    asked, ask = list[TemplateId](), house.desk.lookups.template

    def counting(template: TemplateId) -> Sent | None:
        asked.append(template)
        return ask(template)

    house.desk.lookups.template = counting  # type: ignore[method-assign]  # counts, and asks all the same
    lost = TemplateId(4711)
    hits = [msgspec.structs.replace(hit(EventType.OPENED, n, delivery=n), template=lost) for n in range(1, 9)]
    assert house.work(*hits[:4]).written == 4
    assert house.work(*hits[4:]).written == 4
    assert asked == [lost, lost]


def test_neither_address_nor_user_agent_reaches_a_store(house: House, tmp_path: Path) -> None:
    house.work(sent(1), hit(EventType.CLICKED, 60, link=1), hit(EventType.OPENED, 61))
    house.close()
    stores = [path for path in tmp_path.iterdir() if path.name.startswith(("events", "state", "inert"))]
    assert len(stores) >= 3
    for path in stores:
        content = path.read_bytes()
        assert b"203.0.113.9" not in content
        assert b"Chrome/142" not in content


def test_records_that_are_no_events_are_kept_aside_and_counted(house: House, tmp_path: Path) -> None:
    house.log_raw([b"\xff\x00nonsense", encode_event(sent(1)), b""])
    done = house.work()
    assert dropped(done) == {Drop.UNREADABLE: 2}
    assert done.records == done.written + 2 == 3
    letters = sorted((tmp_path / "dead").iterdir())
    assert [letter.name for letter in letters] == ["edge-0-000000000001-00000.json", "edge-0-000000000001-00002.json"]
    assert msgspec.json.decode(letters[0].read_bytes())["reason"] == "unreadable"


@pytest.mark.parametrize(
    "change",
    [
        {"modes": 0x77},
        {"modes": 4_711},
        {"modes": -1},
        {"delivery": 1 << 63},
        {"recipient": -5},
        {"link": 70_000},
        {"at": Micros(-1)},
        {"received_at": Micros(1 << 62)},
        {"message_bytes": -1},
    ],
)
def test_numbers_that_no_store_can_hold_are_kept_aside(house: House, change: dict[str, int]) -> None:
    done = house.work(msgspec.structs.replace(hit(EventType.OPENED, 1), **change), sent(2))
    assert dropped(done) == {Drop.UNREADABLE: 1}
    assert done.added == 1


def test_a_second_report_of_the_same_fact_changes_nothing(house: House) -> None:
    assert dropped(house.work(sent(1), sent(1))) == {Drop.DUPLICATE: 1}
    assert dropped(house.work(sent(1))) == {Drop.DUPLICATE: 1}
    assert len(house.rows()) == 1


def test_a_repetition_that_was_forgotten_is_known_to_the_store(house: House) -> None:
    house.work(sent(1))
    house.desk.seen.clear()
    done = house.work(sent(1))
    assert (done.written, done.added) == (1, 0)


def test_aggregate_moves_a_counter_and_keeps_nothing_else(house: House) -> None:
    done = house.work(*(hit(EventType.CLICKED, 60 * n, link=1, modes=AGGREGATE) for n in range(3)))
    house.work(hit(EventType.OPENED, 4_000, modes=AGGREGATE))
    assert dropped(done) == {Drop.COUNTED: 3}
    assert house.rows() == []
    counted = house.events.ask("counters", campaign=1)
    assert sorted((row["type"], row["link"], row["n"]) for row in counted) == [("clicked", 1, 3), ("opened", 0, 1)]


def test_an_aggregate_event_that_says_too_much_still_only_counts(house: House) -> None:
    told = msgspec.structs.replace(hit(EventType.OPENED, 5), modes=AGGREGATE.to_byte())
    assert told.delivery
    assert told.request
    assert dropped(house.work(told)) == {Drop.COUNTED: 1}
    assert house.rows() == []


def test_a_click_whose_reader_was_sent_elsewhere_is_counted_like_any(house: House) -> None:
    done = house.work(hit(EventType.CLICKED, 1, link=1, modes=AGGREGATE, note=Note.DETOUR))
    assert dropped(done) == {Drop.COUNTED: 1}
    assert [(row["link"], row["type"]) for row in house.events.ask("counters", campaign=1)] == [(1, "clicked")]


@pytest.mark.parametrize("link", [2, 3])
def test_links_that_nobody_clicks_are_not_counted(house: House, link: int) -> None:
    assert dropped(house.work(hit(EventType.CLICKED, 1, link=link, modes=AGGREGATE))) == {Drop.NOT_COUNTED: 1}


def test_deliverability_keeps_the_day_and_nothing_else(house: House) -> None:
    later, earlier = hit(EventType.OPENED, 86_400, modes=DELIVERABILITY), hit(EventType.OPENED, 0, modes=DELIVERABILITY)
    done = house.work(later, earlier)
    assert dropped(done) == {Drop.DAY_KEPT: 2}
    with closing(open_days(house.folder / "state.sqlite")) as days:
        assert days.not_opened_since([Handle(101)], date(2026, 11, 3)) == []
        assert days.not_opened_since([Handle(101)], date(2026, 11, 4)) == [101]
    assert house.rows() == []
    assert house.events.ask("counters", campaign=1) == []


def test_off_keeps_nothing_at_all(house: House) -> None:
    told = msgspec.structs.replace(hit(EventType.OPENED, 5), modes=OFF.to_byte())
    assert dropped(house.work(told)) == {Drop.MODE_OFF: 1}
    assert house.rows() == []


def test_a_hit_without_delivery_stays_under_the_ceiling_it_was_recorded_with(house: House) -> None:
    bare = msgspec.structs.replace(hit(EventType.OPENED, 1), delivery=None, recipient=None, request=None)
    day = msgspec.structs.replace(hit(EventType.OPENED, 1), delivery=None, request=None)
    assert dropped(house.work(bare, day)) == {Drop.COUNTED: 1, Drop.DAY_KEPT: 1}


def test_a_look_at_a_page_belongs_to_the_stricter_axis() -> None:
    event = hit(EventType.UNKNOWN, 1, note=Note.UNSUBSCRIBE_VIEWED)
    mixed = Modes(opens=Mode.INDIVIDUAL, clicks=Mode.AGGREGATE)
    assert axis_mode(event) is Mode.INDIVIDUAL
    assert axis_mode(msgspec.structs.replace(event, modes=mixed.to_byte())) is Mode.AGGREGATE


def test_an_unsubscribe_under_a_lower_mode_leaves_no_evidence_behind(house: House) -> None:
    told = msgspec.structs.replace(hit(EventType.UNSUBSCRIBED, 5, note=Note.BUTTON), modes=AGGREGATE.to_byte())
    house.work(told)
    row = house.row(EventType.UNSUBSCRIBED)
    assert (row.network, row.agent, row.client) == (None, None, None)


def test_a_followed_decoy_is_no_click(house: House) -> None:
    house.work(hit(EventType.CLICKED, 5, link=2), hit(EventType.UNKNOWN, 6, link=2, note=Note.DECOY))
    assert [(row.type, row.note, row.role) for row in house.rows()] == [(EventType.UNKNOWN, Note.DECOY, "decoy")] * 2


def test_a_scanner_that_follows_every_link_is_told_from_a_person(house: House) -> None:
    house.work(sent(1), sent(2), *(hit(EventType.CLICKED, 3 + n / 10, link=n) for n in (1, 3)))
    house.work(hit(EventType.UNKNOWN, 3.5, link=2, note=Note.DECOY))
    house.work(hit(EventType.OPENED, 7_200, delivery=2), hit(EventType.CLICKED, 7_230, delivery=2, link=1))
    machine = [row for row in house.rows() if row.delivery == 1 and row.type is EventType.CLICKED]
    person = [row for row in house.rows() if row.delivery == 2 and row.type is EventType.CLICKED]
    assert all(row.p_human is not None and row.p_human < 0.2 for row in machine)
    assert all(row.p_human is not None and row.p_human > 0.8 for row in person)
    assert person[0].klass is Class.HUMAN


def test_a_shared_domain_is_kept_and_any_other_stands_behind_a_key(house: House) -> None:
    at = house.state.handles(["ann@gmail.com", "bob@example.com", "cy@example.com"], now=START)
    people = list(at.values())
    house.work(*(hit(EventType.OPENED, n, delivery=n + 1, recipient=who) for n, who in enumerate(people)))
    domains = [row.domain for row in house.rows()]
    assert domains[0] == "gmail.com"
    assert domains[1] == domains[2]
    assert domains[1] is not None
    assert "example" not in domains[1]


def test_words_of_another_server_lose_the_addresses_in_them(house: House) -> None:
    house.work(hit(EventType.BOUNCED, 5, reason="550 5.1.1 <ann@example.com>: user unknown"))
    assert house.row(EventType.BOUNCED).reason == "550 5.1.1 <…@example.com>: user unknown"


def test_an_event_of_a_template_nobody_knows_is_kept_with_what_it_says(house: House) -> None:
    stranger = Event(type=EventType.SENT, received_at=START, source=Source.SEND, campaign=CampaignId(1), key="k")
    house.work(stranger)
    row = house.row(EventType.SENT)
    assert (row.campaign, row.template, row.links) == (1, None, None)


def test_the_crowds_clock_is_believed_in_a_demo_only(tmp_path: Path) -> None:
    event = msgspec.structs.replace(hit(EventType.OPENED, 60), request=request(clock=after(-3_600)))
    for name, demo, told in (
        ("plain", Demo(), after(60)),
        ("demo", Demo(event_clock=True, shift_seconds=-100), after(-3_600)),
    ):
        house = House(tmp_path / name, demo=demo)
        house.work(event)
        assert house.row(EventType.OPENED).at == told
        house.close()


def test_a_demo_shifts_what_has_no_clock(tmp_path: Path) -> None:
    house = House(tmp_path, demo=Demo(event_clock=True, shift_seconds=-604_800))
    house.work(sent(1, 5), msgspec.structs.replace(hit(EventType.OPENED, 6), request=request(clock=Micros(1 << 62))))
    assert [row.at for row in house.rows()] == [after(5) - HUMAN_WEEK, after(6) - HUMAN_WEEK]
    house.close()


def test_a_withdrawal_reaches_the_edge_and_the_ledger(house: House) -> None:
    house.work(hit(EventType.CONSENT_WITHDRAWN, 10, reason="both"))
    assert house.inert() == {101: SILENT}
    assert [line.state for line in house.state.consents(Handle(101))] == [Consent.WITHDRAWN]
    house.work(hit(EventType.CONSENT_GIVEN, 20, reason="both"))
    day = day_after(after(20))
    assert house.inert() == {101: Before(day, day)}, "mail that they had by then stays silent for ever"


def test_a_withdrawal_of_one_axis_is_written_down_as_such(house: House) -> None:
    house.work(hit(EventType.CONSENT_WITHDRAWN, 10, reason="opens"))
    assert [line.axis for line in house.state.consents(Handle(101))] == ["opens"]
    assert house.inert() == {101: Before(EVER, 0)}


def test_withdrawing_opens_leaves_clicks_as_they_are(house: House) -> None:
    house.work(hit(EventType.CONSENT_WITHDRAWN, 10, reason="opens"))
    done = house.work(hit(EventType.OPENED, 11), hit(EventType.CLICKED, 12, link=1))
    assert dropped(done) == {Drop.LATE_INERT: 1}
    assert house.row(EventType.CLICKED).recipient == 101


def test_a_look_at_a_page_belongs_to_both_axes(house: House) -> None:
    house.work(hit(EventType.CONSENT_WITHDRAWN, 10, reason="clicks"))
    done = house.work(hit(EventType.UNKNOWN, 11, note=Note.PREFERENCES_VIEWED))
    assert dropped(done) == {Drop.LATE_INERT: 1}


def test_a_withdrawal_is_in_the_set_before_it_is_in_the_ledger(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A flood of them takes longer to write down than readers may wait."""
    found: list[dict[int, Before]] = []
    house.worker.run_once()
    put = house.state.put_consents

    def slow(*given: Any, **named: Any) -> None:
        found.append(house.inert())
        put(*given, **named)

    monkeypatch.setattr(house.state, "put_consents", slow)
    house.work(hit(EventType.CONSENT_WITHDRAWN, 10, reason="both"))
    assert found == [{101: SILENT}]


def test_a_withdrawal_that_is_older_than_a_consent_changes_nothing(house: House) -> None:
    house.state.set_consent(Handle(101), axis="both", state="granted", at=after(50), source="api")
    house.work(hit(EventType.CONSENT_WITHDRAWN, 10, reason="both"))
    day = day_after(after(50))
    assert house.inert() == {101: Before(day, day)}


def test_the_erased_stay_silent_whatever_is_said_later(house: House) -> None:
    house.withdrawals.forget([Handle(101)], at=after(1))
    house.work()
    assert house.inert() == {101: SILENT}
    house.work(hit(EventType.CONSENT_GIVEN, 20, reason="both"), hit(EventType.CONSENT_WITHDRAWN, 10, reason="both"))
    assert house.inert() == {101: SILENT}


def test_a_hit_after_the_withdrawal_is_dropped_wherever_it_stands_in_the_log(house: House) -> None:
    house.log(hit(EventType.OPENED, 9), hit(EventType.OPENED, 11), hit(EventType.CLICKED, 12, link=1))
    house.log(hit(EventType.CONSENT_WITHDRAWN, 10), writer="edge-1")
    done = house.work()
    assert dropped(done) == {Drop.LATE_INERT: 2}
    assert house.row(EventType.OPENED).at == after(9)


def test_a_new_consent_does_not_bring_back_what_was_refused_before_it(house: House) -> None:
    house.work(hit(EventType.CONSENT_WITHDRAWN, 10), hit(EventType.CONSENT_GIVEN, 20))
    done = house.work(hit(EventType.OPENED, 15), hit(EventType.OPENED, 25))
    assert dropped(done) == {Drop.LATE_INERT: 1}


def test_an_unsubscribe_reaches_suppression(house: House) -> None:
    house.work(hit(EventType.UNSUBSCRIBED, 5, note=Note.ONE_CLICK))
    assert Handle(101) in house.state.suppressed([Handle(101)], stream="marketing")
    assert Handle(101) in house.state.suppressed([Handle(101)], stream="outbound")
    assert Handle(101) not in house.state.suppressed([Handle(101)], stream="transactional")


_ids = st.none() | st.integers(min_value=-5, max_value=1 << 64)
_events = st.builds(
    Event,
    type=st.sampled_from(EventType),
    received_at=st.integers(min_value=-(1 << 40), max_value=1 << 60).map(Micros),
    source=st.sampled_from(Source),
    at=st.none() | st.integers(min_value=0, max_value=START).map(Micros),
    key=st.text(max_size=5),
    modes=st.sampled_from([INDIVIDUAL.to_byte(), AGGREGATE.to_byte(), DELIVERABILITY.to_byte(), 0, 200]),
    campaign=_ids,
    template=st.none() | st.just(TEMPLATE) | _ids,
    delivery=_ids,
    recipient=_ids,
    link=st.none() | st.integers(min_value=0, max_value=70_000),
    note=st.sampled_from(Note),
    reason=st.text(max_size=40),
    request=st.none() | st.just(request()),
    message_bytes=_ids,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=st.lists(_events, min_size=1, max_size=8))
def test_no_event_whatever_it_says_stops_the_log(house: House, events: list[Event]) -> None:
    records = []
    for event in events:
        try:
            records.append(encode_event(event))
        except OverflowError:
            records.append(b"too large for MessagePack")
    house.log_raw(records)
    done = house.work()
    assert done.records == len(records) == done.written + sum(n for _, n in done.dropped)


def test_the_end_of_a_mail_is_kept_beside_its_open_and_counts_as_none(house: House) -> None:
    house.work(hit(EventType.OPENED, 5), hit(EventType.UNKNOWN, 6, note=Note.END_PIXEL))
    assert [(row.type, row.note) for row in house.rows()] == [
        (EventType.OPENED, Note.NONE),
        (EventType.UNKNOWN, Note.END_PIXEL),
    ]


def test_the_end_of_a_mail_belongs_to_opens(house: House) -> None:
    house.work(hit(EventType.CONSENT_WITHDRAWN, 10, reason="opens"))
    assert dropped(house.work(hit(EventType.UNKNOWN, 11, note=Note.END_PIXEL))) == {Drop.LATE_INERT: 1}
