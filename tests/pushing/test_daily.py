"""What the org is asked once a day decides who of several is written to, and how long rows stay."""

from pathlib import Path

import pytest
from tests.crm.house import DAY
from tests.pushing.orgs import USER, Place, opened

from mailwake.crm import daily

ANN = "ann@example.com"


def twice(place: Place) -> tuple[str, str]:
    """Two contacts with one address, who clicked."""
    first, second = (place.add("Contact", LastName=each, Email=ANN) for each in ("A", "B"))
    place.house.happened(ANN, "sent", ago=3 * DAY)
    place.house.happened(ANN, "clicked", ago=2 * DAY)
    return first, second


def deal(place: Place, contact: str) -> str:
    told = {"Name": "Deal", "StageName": "Prospecting", "CloseDate": "2026-12-31"}
    made = place.add("Opportunity", **told)
    place.add("OpportunityContactRole", OpportunityId=made, ContactId=contact)
    return made


def owner_of_row(place: Place) -> str:
    (row,) = place.org.query("SELECT Contact__c FROM Email_Engagement__c")
    return str(row["Contact__c"])


def test_rows_go_to_who_has_an_open_deal_as_long_as_it_is_open(place: Place) -> None:
    first, second = twice(place)
    place.desk.look()
    place.desk.sweep()
    place.desk.push()
    assert owner_of_row(place) == first
    made = deal(place, second)
    place.later(25 * 3_600)
    place.desk.look()
    place.desk.sweep()
    place.desk.push()
    assert owner_of_row(place) == second
    place.change(made, StageName="Closed Won", IsClosed=True)
    place.later(25 * 3_600)
    place.desk.look()
    place.desk.sweep()
    place.desk.push()
    assert owner_of_row(place) == first


def test_deals_are_kept_when_a_person_is_read_again(place: Place) -> None:
    first, second = twice(place)
    deal(place, second)
    place.desk.look()
    place.org.change("Contact", [{"Id": second, "LastName": "C"}])
    place.desk.reader.read()
    known = place.house.store.people_of([first, second])
    assert (known[first].has_open_deal, known[second].has_open_deal, known[second].name) == (False, True, "C")


def test_nobody_has_a_deal_where_they_are_hidden(place: Place) -> None:
    first, second = twice(place)
    deal(place, second)
    place.order("access", user=USER, forbid=["Opportunity", "OpportunityContactRole"])
    place.desk.look()
    assert not any(each.has_open_deal for each in place.house.store.people_of([first, second]).values())


def test_of_people_without_a_double_nothing_is_asked(place: Place) -> None:
    place.add("Contact", LastName="A", Email=ANN)
    place.desk.look()
    before = place.org.wire.calls
    place.desk.look()
    seen = place.org.wire.calls - before
    twice(place)
    place.desk.look()
    before = place.org.wire.calls
    place.desk.look()
    assert place.org.wire.calls - before == seen + 1, "those who share an address, because they have just changed"


@pytest.mark.parametrize(("theirs", "days"), [(30, 30), (0, 180), (400, 180)])
def test_rows_stay_as_long_as_whoever_wants_less_says(place: Place, theirs: int, days: int) -> None:
    put_setting(place, theirs)
    place.desk.look()
    assert daily.row_days(place.house.store, 180) == days


def test_rows_older_than_the_org_wants_are_deleted_and_not_written_again(place: Place) -> None:
    place.add("Contact", LastName="A", Email=ANN)
    place.house.happened(ANN, "sent", ago=40 * DAY)
    place.house.happened(ANN, "clicked", ago=39 * DAY)
    place.desk.look()
    place.desk.sweep()
    place.desk.push()
    assert len(list(place.org.query("SELECT Id FROM Email_Engagement__c"))) == 1
    put_setting(place, 30)
    place.later(25 * 3_600)
    place.desk.look()
    assert place.desk.repair().purged == 1
    place.desk.sweep()
    place.desk.push()
    assert list(place.org.query("SELECT Id FROM Email_Engagement__c")) == []


def test_a_setting_that_is_hidden_says_nothing(tmp_path: Path) -> None:
    with opened(tmp_path, bare=True) as place:
        place.desk.look()
        assert daily.row_days(place.house.store, 180) == 180


def put_setting(place: Place, days: int) -> None:
    """Somebody at the org sets for how long rows stay."""
    (row,) = place.org.query("SELECT Id FROM Engagement_Setting__mdt")
    place.change(row["Id"], Retention_Days__c=days)
