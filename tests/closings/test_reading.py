"""Records of an emulated org become conversions, each once, about whoever they name."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.crm.house import DAY
from tests.pushing.orgs import USER, Place, opened

from mailwake.closings.reading import Found
from mailwake.eventlog.sqlite import SqliteReader
from mailwake.events import Event, EventType, Micros, Source, decode_event
from mailwake.goals.claims import goal_of, read_line
from mailwake.pushing.office import Office
from mailwake.pushing.planning import plan
from mailwake.pushing.standing import standing
from mailwake.settings import parse

ANN, BEN = "ann@example.com", "ben@example.com"
WON = {"where": {"IsWon": True}}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with opened(tmp_path, goals={"deal": WON}) as found:
        make_goal(found, currency="EUR")
        yield found


def make_goal(place: Place, name: str = "deal", **told: Any) -> None:
    place.house.state.put_goal(goal_of(name, window_days=30, now=Micros(1), by="test", **told))


def contact(place: Place, address: str, *, mailed: bool = True) -> str:
    if mailed:
        place.house.handle(address)
    return place.add("Contact", LastName=address[:3], Email=address)


def deal(place: Place, *contacts: str, primary: bool = True, **fields: Any) -> str:
    told = {"Name": "Deal", "StageName": "Closed Won", "CloseDate": "2026-05-27", "Amount": 1_250.5} | fields
    made = place.add_deal(**told)
    for number, each in enumerate(contacts):
        place.add("OpportunityContactRole", OpportunityId=made, ContactId=each, IsPrimary=primary and number == 0)
    place.change(made, IsWon=told["StageName"] == "Closed Won")
    return made


def look(place: Place) -> Found:
    return place.desk.look().closings


def told(place: Place) -> list[Event]:
    with closing(SqliteReader(place.desk.folder / "log")) as reader:
        records = [record for segment in reader.read({}, limit_records=1_000) for record in segment.records]
    return [decode_event(record) for record in records]


def states(place: Place) -> dict[str, str]:
    counted = place.house.store.count_closings()
    return {state: str(count) for (_, state), count in counted.items()}


def test_a_deal_that_is_won_is_a_conversion_of_its_primary_contact(place: Place) -> None:
    ann, ben = contact(place, ANN), contact(place, BEN)
    made = deal(place, ann, ben)
    assert look(place).told == 1
    (event,) = told(place)
    claim = read_line(event.reason)
    assert claim is not None
    assert (claim.goal, claim.value, claim.currency) == ("deal", 125_050, "EUR")
    assert (event.type, event.source, event.delivery) == (EventType.CONVERTED, Source.API, None)
    assert event.recipient == place.house.handle(ANN)
    assert event.at is not None
    assert event.at // DAY * DAY == 1_779_840_000_000_000, "the day it closed, 2026-05-27"
    assert made not in repr(event), "the record is known by a hash"


def test_each_record_is_told_once_whatever_becomes_of_it(place: Place) -> None:
    made = deal(place, contact(place, ANN))
    assert [look(place).told, look(place).told] == [1, 0]
    place.change(made, Amount=9_999, Name="Renamed")
    place.later(600)
    assert look(place).told == 0
    assert len(told(place)) == 1


def test_whoever_dies_before_it_was_noted_tells_the_same_event_again(place: Place) -> None:
    made = deal(place, contact(place, ANN))
    look(place)
    place.house.store.put_closings([], goal="deal", gone=[made], marks={"goal:deal": 0})
    assert look(place).told == 1
    first, second = told(place)
    assert (first.key, first.reason, first.recipient) == (second.key, second.reason, second.recipient)


def test_a_deal_is_told_when_it_is_won_and_not_before(place: Place) -> None:
    made = deal(place, contact(place, ANN), StageName="Prospecting")
    assert look(place).told == 0
    assert states(place) == {}
    place.change(made, StageName="Closed Won", IsWon=True)
    place.later(60)
    assert look(place).told == 1


def test_a_stage_moved_back_is_counted_and_not_taken_back(place: Place) -> None:
    made = deal(place, contact(place, ANN))
    look(place)
    place.change(made, StageName="Negotiation/Review", IsWon=False)
    assert look(place).told == 0
    assert states(place) == {"back": "1"}
    place.change(made, StageName="Closed Won", IsWon=True)
    assert look(place).told == 0
    assert states(place) == {"told": "1"}
    assert len(told(place)) == 1


def test_without_a_primary_role_the_only_one_counts_and_of_several_none(place: Place) -> None:
    ann, ben = contact(place, ANN), contact(place, BEN)
    deal(place, ben, primary=False)
    deal(place, ann, ben, primary=False)
    assert look(place).told == 1
    assert told(place)[0].recipient == place.house.handle(BEN)
    assert states(place) == {"told": "1", "waiting": "1"}


@pytest.mark.long
def test_a_role_given_later_is_found_within_a_day(place: Place) -> None:
    ann = contact(place, ANN)
    made = deal(place)
    assert look(place).told == 0
    place.add("OpportunityContactRole", OpportunityId=made, ContactId=ann, IsPrimary=True)
    place.later(3_600)
    assert look(place).told == 0
    place.later(25 * 3_600)
    assert look(place).told == 1


def test_what_waits_for_nobody_costs_one_call_a_day(place: Place) -> None:
    calls = []
    for _ in range(3):
        before = place.org.wire.calls
        look(place)
        calls.append(place.org.wire.calls - before)
        place.later(60)
    assert calls[1] == calls[2]
    deal(place)
    look(place)
    place.later(600)
    before = place.org.wire.calls
    look(place)
    assert place.org.wire.calls - before == calls[2]


def test_of_whom_we_never_mailed_nothing_is_told(place: Place) -> None:
    deal(place, contact(place, ANN, mailed=False))
    assert look(place).told == 0
    assert states(place) == {"unmailed": "1"}
    assert told(place) == []


def test_what_cannot_be_worth_anything_is_laid_aside_with_the_reason(place: Place) -> None:
    ann = contact(place, ANN)
    deal(place, ann, Amount=-5)
    deal(place, ann, CloseDate="2024-01-01")
    deal(place, ann)
    assert look(place).told == 1
    assert states(place) == {"refused": "2", "told": "1"}
    whys = place.house.store.why_refused("deal", limit=5)
    assert any("below zero" in each for each in whys)
    assert any("400 days" in each for each in whys)


def test_an_amount_left_open_is_worth_what_the_goal_says(tmp_path: Path) -> None:
    with opened(tmp_path, goals={"deal": WON}) as place:
        make_goal(place, value="99", currency="USD")
        deal(place, contact(place, ANN), Amount=None)
        look(place)
        claim = read_line(told(place)[0].reason)
    assert claim is not None
    assert (claim.value, claim.currency) == (9_900, "USD")


@pytest.mark.parametrize(
    ("goals", "currency", "problem"),
    [
        ({"deal": WON}, None, "there is no goal 'deal'"),
        ({"deal": WON}, "", "has no currency"),
        ({"deal": {"where": {"Stage": "Won"}}}, "EUR", "write StageName"),
        ({"deal": {"object": "Contract__c", "person": "Contact__c"}}, "EUR", "no such object"),
    ],
)
def test_what_keeps_a_goal_from_being_read_is_told_and_stops_nothing_else(
    tmp_path: Path, goals: dict[str, Any], currency: str | None, problem: str
) -> None:
    with opened(tmp_path, goals=goals) as place:
        if currency is not None:
            make_goal(place, currency=currency)
        contact(place, ANN)
        found = place.desk.look()
        assert found.reading.people == 1
        assert problem in found.closings.problems["deal"]


def test_opportunities_hidden_from_us_are_told(place: Place) -> None:
    deal(place, contact(place, ANN))
    place.order("access", user=USER, hide=["Opportunity.Amount"])
    assert "Opportunity.Amount: hidden or not there" in look(place).problems["deal"]
    place.order("access", user=USER, forbid=["Opportunity"])
    assert "no such object" in look(place).problems["deal"]
    assert told(place) == []


@pytest.mark.long
def test_another_condition_reads_everything_anew(tmp_path: Path) -> None:
    with opened(tmp_path, goals={"deal": WON}) as place:
        make_goal(place, currency="EUR")
        deal(place, contact(place, ANN), StageName="Prospecting")
        place.later(3_600)
        deal(place, contact(place, BEN))
        assert look(place).told == 1
        place.later(3_600)
        other = parse({"salesforce": {"login": "https://x.example"}, "salesforce_goals": {"deal": {}}}, root=tmp_path)
        place.desk.closings = replaced(place, other)
        assert look(place).told == 1, "every opportunity now, and the one that was told stays told"


def replaced(place: Place, settings: Any) -> Any:
    from dataclasses import replace

    from mailwake.closings.sources import sources_of

    assert place.desk.closings is not None
    return replace(place.desk.closings, sources=sources_of(settings))


def test_a_lead_that_is_converted_counts_for_its_address(tmp_path: Path) -> None:
    goals = {"meeting": {"object": "Lead", "where": {"Status": "Qualified"}, "date": "LastModifiedDate"}}
    with opened(tmp_path, goals=goals) as place:
        make_goal(place, "meeting")
        place.house.handle(ANN)
        made = place.add("Lead", LastName="Ann", Company="X", Email="Ann@Example.com")
        assert look(place).told == 0
        place.change(made, Status="Qualified")
        assert look(place).told == 1
        (event,) = told(place)
    assert (event.recipient, event.reason.split()[:3]) == (event.recipient, ["meeting", "-", "-"])


def test_a_field_with_an_address_leads_to_who_has_it(tmp_path: Path) -> None:
    goals = {"case": {"object": "Case", "person": "SuppliedEmail", "where": {"Status": ["Closed"]}}}
    with opened(tmp_path, goals=goals) as place:
        make_goal(place, "case")
        handle = place.house.handle(ANN)
        place.add("Case", SuppliedEmail=ANN, Status="Closed")
        place.add("Case", Status="Closed")
        place.add("Case", SuppliedEmail="stranger@example.com", Status="Closed")
        assert look(place).told == 1
        assert [event.recipient for event in told(place)] == [handle]
        assert states(place) == {"told": "1", "unmailed": "1", "waiting": "1"}


def test_a_person_account_is_behind_its_opportunity(tmp_path: Path) -> None:
    with opened(tmp_path, goals={"deal": WON}, person_accounts=True) as place:
        make_goal(place, currency="EUR")
        handle = place.house.handle(ANN)
        ann = place.add("Account", LastName="Ann", PersonEmail=ANN)
        company = place.add("Account", Name="Company")
        deal(place, AccountId=ann)
        deal(place, AccountId=company)
        assert look(place).told == 1
        assert [event.recipient for event in told(place)] == [handle]


def test_goals_are_in_what_the_reading_costs(place: Place) -> None:
    look(place)
    found = place.desk.plan()
    bare = plan(place.house.store, place.desk.reader.shape, {}, poll_minutes=place.desk.poll_minutes)
    assert found.calls_per_month - bare.calls_per_month == 8_640 * 2, "every five minutes, two calls"


@pytest.mark.long
def test_how_goals_stand_is_told_without_a_name(place: Place) -> None:
    ann = contact(place, ANN)
    made = deal(place, ann)
    deal(place)
    deal(place, ann, Amount=-5)
    settings = parse(
        {"data": ".", "salesforce": {"login": "https://x.example"}, "salesforce_goals": {"deal": WON}},
        root=place.desk.folder,
    )
    look(place)
    place.change(made, IsWon=False)
    office = Office(place.desk, pushes=False, report=place.desk.folder / "salesforce.json")
    office.turn()
    (found,) = standing(settings, place.house.store).goals
    assert (found.name, found.object, found.told, found.back) == ("deal", "Opportunity", 1, 1)
    assert (found.waiting, found.unmailed, found.refused, found.problem) == (1, 0, 1, "")
    assert "below zero" in found.why_refused[0]
    place.order("access", user=USER, forbid=["Opportunity"])
    look(place)
    office._tell()
    (found,) = standing(settings, place.house.store).goals
    assert "no such object" in found.problem
