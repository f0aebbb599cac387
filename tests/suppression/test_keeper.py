"""Dead addresses are suppressed, living ones are not, and nothing depends on order or on reading again."""

import json
import random
from pathlib import Path

import msgspec
import pytest
from tests.pipeline.house import House, after
from tests.suppression.conftest import crowd, mailed, refused

from mailwake.events import Event, EventType, Handle
from mailwake.store.state import IncidentKind

DAY = 86_400.0
DMARC = "550 5.7.26 unauthenticated email from example.com is not accepted due to domain's DMARC policy"
FULL = "552 5.2.2 mailbox full"
INACTIVE = "550 5.2.1 this account has been disabled"


def suppressed(house: House, *handles: Handle) -> set[Handle]:
    return set(house.state.suppressed(handles))


def test_a_dead_address_is_suppressed_with_what_it_was_decided_on(house: House) -> None:
    (ann,) = crowd(house, "a.example", 1)
    house.work(refused(ann, 5))
    held = house.state.suppressed([ann])[ann]
    assert (held.reason, held.category, held.quoted) == ("bounced", "bad_mailbox", "550 5.1.1 user unknown")
    assert held.rule
    assert held.event is not None
    assert held.expires_at is None


def test_one_full_mailbox_a_week_apart_four_times_over_two_weeks_is_enough(house: House) -> None:
    (ann,) = crowd(house, "a.example", 1)
    for week in range(3):
        house.work(refused(ann, week * 7 * DAY + 5, FULL))
        assert not suppressed(house, ann)
    house.work(refused(ann, 21 * DAY + 5, FULL))
    held = house.state.suppressed([ann])[ann]
    assert (held.category, held.days) == ("mailbox_full", 4)
    assert held.expires_at == after((21 + 180) * DAY + 5)


def test_many_full_mailboxes_on_one_day_are_one(house: House) -> None:
    (ann,) = crowd(house, "a.example", 1)
    house.work(*(refused(ann, 5 + n, FULL) for n in range(50)))
    assert not suppressed(house, ann)


def test_mail_that_arrived_in_between_starts_the_count_anew(house: House) -> None:
    (ann,) = crowd(house, "a.example", 1)
    house.work(refused(ann, 5, INACTIVE))
    house.work(mailed(ann, 2 * DAY, EventType.DELIVERED))
    house.work(refused(ann, 4 * DAY, INACTIVE))
    assert not suppressed(house, ann)
    house.work(refused(ann, 6 * DAY, INACTIVE))
    assert suppressed(house, ann)


def test_delivered_and_then_bounced_is_no_success(house: House) -> None:
    (ann,) = crowd(house, "a.example", 1)
    house.work(refused(ann, 5, INACTIVE))
    arrived = mailed(ann, 2 * DAY, EventType.DELIVERED)
    assert arrived.delivery is not None
    house.work(arrived)
    house.work(refused(ann, 2 * DAY + 60, INACTIVE, delivery=arrived.delivery))
    assert suppressed(house, ann)


def test_a_suppression_by_count_ends_by_itself(house: House) -> None:
    (ann,) = crowd(house, "a.example", 1)
    house.work(refused(ann, 5, INACTIVE), refused(ann, 2 * DAY, INACTIVE))
    (held,) = house.state.suppressions(ann)
    assert held.expires_at is not None
    house.desk.keeper.sweep(held.expires_at)
    (held,) = house.state.suppressions(ann)
    assert (held.lifted_by, held.lift_why) == ("mailwake", "expired")


@pytest.mark.long
def test_five_thousand_dmarc_rejections_in_a_minute_suppress_nobody_and_raise_one_alarm(house: House) -> None:
    people = crowd(house, "gmail.example", 5_000)
    house.work(*(refused(who, 5 + n * 60 / 5_000, DMARC) for n, who in enumerate(people)))
    assert not suppressed(house, *people)
    (alarm,) = house.state.incidents()
    assert (alarm.kind, alarm.category, alarm.count) == (IncidentKind.ALARM, "auth_failure", 5_000)
    assert "DMARC" in alarm.quoted


@pytest.mark.long
def test_an_outage_that_declares_everybody_dead_suppresses_nobody(house: House) -> None:
    people = crowd(house, "gmail.example", 200)
    house.work(*(mailed(who, 1) for who in people))
    for start in range(0, 200, 10):
        house.work(*(refused(who, 60 + start) for who in people[start : start + 10]))
    assert not suppressed(house, *people)
    (storm,) = house.state.incidents()
    assert (storm.kind, storm.place, storm.count) == (IncidentKind.STORM, "gmail.example", 200)


def test_twenty_dead_addresses_among_a_thousand_are_no_storm(house: House) -> None:
    people = crowd(house, "gmail.example", 1_000)
    house.work(*(mailed(who, 1) for who in people))
    house.work(*(refused(who, 60) for who in people[:20]))
    assert suppressed(house, *people) == set(people[:20])


def test_another_place_goes_on_during_a_storm(house: House) -> None:
    stormy, calm = crowd(house, "gmail.example", 40), crowd(house, "b.example", 3)
    house.work(*(refused(who, 60) for who in stormy), refused(calm[0], 61))
    assert suppressed(house, *stormy, *calm) == {calm[0]}


def test_domains_with_one_exchanger_are_one_place(house: House) -> None:
    people = []
    for number in range(25):
        domain = f"company{number}.example"
        people += crowd(house, domain, 1)
        house.state.put_exchangers(domain, [f"company{number}.mail.protection.outlook.example"], now=after(0))
    house.work(*(refused(who, 60) for who in people))
    assert not suppressed(house, *people)
    assert [each.place for each in house.state.incidents()] == ["outlook.example"]


@pytest.mark.parametrize(
    ("host", "place"),
    [
        ("alt1.aspmx.l.google.com.", "google.com"),
        ("mx.host.co.uk", "host.co.uk"),
        ("MX1.Provider.com.br", "provider.com.br"),
        ("mail.example.de", "example.de"),
        ("mx", "mx"),
    ],
)
def test_a_place_is_the_exchangers_domain_and_no_countrys(house: House, host: str, place: str) -> None:
    (ann,) = crowd(house, "a.example", 1)
    house.state.put_exchangers("a.example", [host], now=after(0))
    house.work(refused(ann, 5))
    assert [row.place for row in house.state.refusals_of(ann)] == [place]


def test_after_an_hour_of_quiet_a_storm_is_over(house: House) -> None:
    people = crowd(house, "gmail.example", 41)
    house.work(*(refused(who, 60) for who in people[:40]))
    house.work(refused(people[40], 2 * 3_600 + 60))
    assert suppressed(house, *people) == {people[40]}
    house.desk.keeper.sweep(after(3 * 3_600))
    (storm,) = house.state.incidents()
    assert storm.closed_by == "mailwake"


def story(house: House) -> tuple[list[Handle], list[Event]]:
    """Dead addresses, a storm, full mailboxes and a fault of the sender's."""
    gmail, small = crowd(house, "gmail.example", 60), crowd(house, "b.example", 12)
    events = [mailed(who, 1) for who in (*gmail, *small)]
    events += [refused(who, 60 + n) for n, who in enumerate(gmail[:45])]
    events += [refused(who, 5 * 3_600) for who in gmail[50:52]]
    events += [refused(small[0], 70), refused(small[1], 80, DMARC)]
    events += [refused(small[2], day * DAY, FULL) for day in (1, 6, 10, 16)]
    return [*gmail, *small], events


@pytest.mark.parametrize("seed", [0, *(pytest.param(each, marks=pytest.mark.long) for each in (1, 2, 3))])
def test_order_and_repetition_change_nothing(house: House, seed: int) -> None:
    people, events = story(house)
    house.work(*events)
    expected = suppressed(house, *people)
    assert len(expected) == 4
    other = House(house.folder / "other")
    other_people, again = story(other)
    names = house.state.addresses(people)
    other_names = other.state.addresses(other_people)
    draw = random.Random(seed)
    again += draw.choices(again, k=20)
    draw.shuffle(again)
    while again:
        taken, again = again[:17], again[17:]
        other.work(*taken)
    assert {other_names[who] for who in suppressed(other, *other_people)} == {names[who] for who in expected}
    other.close()


def test_reading_the_log_again_does_not_undo_what_was_lifted(house: House) -> None:
    (ann,) = crowd(house, "a.example", 1)
    house.work(refused(ann, 5))
    assert house.state.lift(ann, after(60), by="eve", why="the address was corrected") == 1
    again = House(house.folder, events_file="again.duckdb")
    assert again.work().records == 1
    assert not suppressed(again, ann)
    again.close()


def test_a_refusal_after_the_lifting_holds(house: House) -> None:
    (ann,) = crowd(house, "a.example", 1)
    house.work(refused(ann, 5))
    house.state.lift(ann, after(60))
    house.work(refused(ann, 120))
    assert suppressed(house, ann)


def test_who_is_not_known_is_not_suppressed(house: House) -> None:
    house.work(msgspec.structs.replace(refused(Handle(77), 5), recipient=None))
    assert house.state.refusals_of(Handle(77)) == []


def test_what_waits_for_a_decision_is_told_to_the_monitor(house: House, tmp_path: Path) -> None:
    house.worker.close()
    told = House(tmp_path / "told", report=tmp_path / "pipeline.json")
    people = crowd(told, "gmail.example", 40)
    told.work(*(refused(who, 60) for who in people), refused(people[0], 70, DMARC))
    told.close()
    report = json.loads((tmp_path / "pipeline.json").read_text())
    assert (report["open_storms"], report["open_alarms"]) == (1, 1)
