"""What can go wrong with the records of an org, one test each: the list of contract tests worth their weight."""

from pathlib import Path

import pytest
from tests.crm.house import DAY, NOW
from tests.pushing.days import SUMS, crowd, rows, sync
from tests.pushing.orgs import USER, Place, opened

from mailwake.crm.audience import campaign_audience
from mailwake.errors import BadInput, Unavailable
from mailwake.events import Micros
from mailwake.pushing import sending
from mailwake.pushing.sending import one_sender
from mailwake.salesforce import bulk
from mailwake.store.crm import Lane

ANN, BOB = "ann@example.com", "bob@example.com"


def test_a_push_writes_once_and_an_undo_leaves_nothing(place: Place) -> None:
    ids = crowd(place)
    before = place.snapshot()
    done = sync(place)
    assert (done.written, done.created, done.refused, done.postponed) == (6, 3, 0, 0)
    assert [place.value(each, SUMS) for each in ids] == ["Active"] * 3
    again = sync(place)
    assert (again.written, again.calls) == (0, 0), "the org holds what we know"
    undone = place.desk.undo(done.job)
    assert (undone.changed, undone.deleted, undone.kept, undone.refused) == (3, 3, [], [])
    assert place.snapshot() == before
    assert place.desk.is_paused
    with pytest.raises(BadInput, match="nothing of a run"):
        place.desk.undo(done.job)


def test_what_somebody_changed_since_stays_when_a_run_is_taken_back(place: Place) -> None:
    one, two, _ = crowd(place)
    done = sync(place)
    place.change(one, Engagement_Status__c="Dormant")
    undone = place.desk.undo(done.job)
    assert undone.kept == [("Contact", one, (SUMS,))]
    assert (place.value(one, SUMS), place.value(two, SUMS)) == ("Dormant", None)


@pytest.mark.long
def test_a_hidden_opt_out_field_stops_nothing_and_is_told(place: Place) -> None:
    (one,) = crowd(place, 1)
    place.order("access", user=USER, hide=["Contact.HasOptedOutOfEmail"])
    place.house.state.suppress(place.house.handle("reader0@example.com"), reason="unsubscribed", source="edge", at=NOW)
    assert "Contact.HasOptedOutOfEmail" in place.desk.look().reading.hidden
    place.desk.follow()
    assert place.desk.push().refused == 0
    assert place.value(one, SUMS) == "Opted out"
    assert any("HasOptedOutOfEmail" in line for line in place.desk.plan().missing)


def test_a_field_hidden_after_we_looked_is_left_out_and_the_rest_written(place: Place) -> None:
    (one,) = crowd(place, 1)
    place.desk.look()
    place.desk.follow()
    place.desk.plan()
    place.order("access", user=USER, hide=["Contact.Last_Human_Click__c"])
    done = place.desk.push()
    assert "Contact.Last_Human_Click__c" in done.hidden
    assert (place.value(one, SUMS), done.refused) == ("Active", 0)


@pytest.mark.long
def test_a_lead_converted_on_the_way_is_told_of_on_its_contact(place: Place) -> None:
    lead = place.add("Lead", LastName="Ann", Company="A", Email=ANN)
    place.house.happened(ANN, "sent", ago=3 * DAY)
    place.house.happened(ANN, "clicked", ago=2 * DAY)
    place.desk.look()
    place.desk.follow()
    contact = place.order("convert", lead=lead)["contactId"]
    place.later(600)
    first = place.desk.push()
    assert first.refused == 0
    place.desk.push()
    assert place.value(contact, SUMS) == "Active"
    (row,) = place.org.query("SELECT Contact__c, Lead__c FROM Email_Engagement__c")
    assert (row["Contact__c"], row["Lead__c"]) == (contact, None)


@pytest.mark.long
def test_who_went_while_nobody_asked_for_weeks_is_gone_here_too(place: Place) -> None:
    """The recycle bin forgets after fifteen days; what a stream of changes would call a gap."""
    first, second, _ = crowd(place)
    sync(place)
    place.org.delete([second])
    place.later(20 * 86_400)
    place.order("empty_bin")
    sync(place)
    people = place.desk.store.people_of([first, second])
    assert (people[first].is_deleted, people[second].is_deleted) == (False, True)
    assert not [each for each in place.desk.store.waiting() if each.key == second]


@pytest.mark.long
def test_after_a_short_pause_nobody_is_taken_for_gone(place: Place) -> None:
    first, *_ = crowd(place)
    sync(place)
    place.later(86_400)
    before = place.desk.org.wire.calls
    sync(place)
    assert place.desk.org.wire.calls - before < 20
    assert not place.desk.store.people_of([first])[first].is_deleted


@pytest.mark.long
def test_the_one_that_is_left_of_two_merged_records_is_told(place: Place) -> None:
    winner, loser, _ = crowd(place)
    sync(place)
    place.later(600)
    place.order("merge", winner=winner, losers=[loser])
    place.house.happened("reader1@example.com", "clicked", ago=DAY, delivery=2, link=2)
    done = sync(place)
    assert done.refused == 0
    assert place.desk.store.people_of([loser])[loser].merged_into == winner
    assert not [each for each in place.desk.store.waiting() if each.key == loser]
    keys = [row["Message_Key__c"] for row in place.org.query("SELECT Message_Key__c FROM Email_Engagement__c")]
    assert len(set(keys)) == len(keys) == 3, "no row twice"
    assert place.value(winner, SUMS) == "Active"


@pytest.mark.long
def test_the_same_address_on_two_records_opts_both_out_and_rows_stand_on_one(place: Place) -> None:
    contact = place.add("Contact", LastName="Ann", Email=ANN)
    lead = place.add("Lead", LastName="Ann", Company="A", Email=ANN.upper())
    place.house.happened(ANN, "sent", ago=3 * DAY)
    place.house.happened(ANN, "clicked", ago=2 * DAY)
    place.house.state.suppress(place.house.handle(ANN), reason="unsubscribed", source="edge", at=NOW)
    sync(place)
    assert place.value(contact, "HasOptedOutOfEmail") is place.value(lead, "HasOptedOutOfEmail") is True
    assert place.value(contact, "Engagement_Shared_Email__c") is place.value(lead, "Engagement_Shared_Email__c") is True
    (row,) = place.org.query("SELECT Contact__c, Lead__c FROM Email_Engagement__c")
    assert (row["Contact__c"], row["Lead__c"]) == (contact, None)


@pytest.mark.parametrize("kind", ["validation", pytest.param("trigger", marks=pytest.mark.long)])
def test_rules_of_the_org_refuse_single_rows(place: Place, kind: str) -> None:
    ids = crowd(place, 5)
    rule = {"object": "Contact", "kind": kind, "when": {"field": "LastName", "matches": "[13]$"}, "message": "not now"}
    place.order("rule", **rule)
    done = sync(place)
    assert (done.written, done.refused) == (8, 2)
    dead = place.desk.store.dead()
    assert {each.wish.key for each in dead} == {ids[1], ids[3]}
    assert all("not now" in each.message for each in dead)
    place.order("clear", what=["rules"])
    assert place.desk.store.revive(now=Micros(place.desk.wall())) == 2
    assert place.desk.push().written == 2


@pytest.mark.long
def test_a_flow_that_overwrites_us_is_found_at_night_and_not_fought_for_ever(place: Place) -> None:
    (one,) = crowd(place, 1)
    sync(place)
    place.change(one, Engagement_Status__c="Dormant")
    place.later(600)
    place.desk.look()
    assert place.desk.repair().drifted == 1
    assert place.desk.push().written == 1
    assert place.value(one, SUMS) == "Active"


@pytest.mark.long
def test_writes_are_remembered_for_as_long_as_agreed(place: Place) -> None:
    crowd(place)
    done = sync(place)
    place.later(29 * 86_400)
    place.desk.repair()
    assert [each.job for each in place.desk.store.runs()] == [done.job]
    place.later(2 * 86_400)
    place.desk.repair()
    assert place.desk.store.runs() == []


def test_an_opt_out_taken_back_there_stays_here(place: Place) -> None:
    contact = place.add("Contact", LastName="Ann", Email=ANN, HasOptedOutOfEmail=True)
    sync(place)
    handle = place.house.handle(ANN)
    assert place.house.state.suppressed([handle], stream="marketing")
    place.change(contact, HasOptedOutOfEmail=False)
    place.later(600)
    sync(place)
    assert place.house.state.suppressed([handle], stream="marketing")
    assert place.value(contact, "HasOptedOutOfEmail") is False, "what the org said is not said back to it"


@pytest.mark.long
def test_an_opt_out_that_we_told_the_org_does_not_come_back_as_its_own(place: Place) -> None:
    (one,) = crowd(place, 1)
    handle = place.house.handle("reader0@example.com")
    place.house.state.suppress(handle, reason="complained", source="esp", at=NOW)
    sync(place)
    assert place.value(one, "HasOptedOutOfEmail") is True
    place.later(600)
    sync(place)
    assert {row.source for row in place.house.state.suppressions(handle)} == {"esp"}
    assert place.house.state.unsubscribes_by(handle) == []


@pytest.mark.long
def test_storage_that_is_full_stops_new_rows_and_sums_go_on(place: Place) -> None:
    ids = crowd(place)
    place.order("settings", max_records=1)
    done = sync(place)
    assert [place.value(each, SUMS) for each in ids] == ["Active"] * 3
    assert (rows(place), "Email_Engagement__c" in done.stopped, done.refused) == (0, True, 0)
    place.order("settings", max_records=None)
    place.later(1_000)
    assert place.desk.push().written == 3


def test_locked_rows_are_tried_again_and_the_others_are_written(place: Place) -> None:
    one, *_ = crowd(place)
    place.order("lock", ids=[one], seconds=60)
    done = sync(place)
    assert done.refused == 0
    assert done.postponed >= 1
    place.later(1_000)
    place.desk.push()
    assert (place.value(one, SUMS), rows(place)) == ("Active", 3)


@pytest.mark.long
def test_parallel_batches_that_meet_on_an_account_end_with_every_row_written(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bulk job of many small batches over two accounts, in an org whose triggers are slow."""
    for room in (bulk, sending):
        monkeypatch.setattr(room, "WORTH_IT", 2)
    accounts = [place.add("Account", Name=name) for name in ("Acme", "Bell")]
    ids = crowd(place, 24)
    for number, each in enumerate(ids):
        place.change(each, AccountId=accounts[number % 2])
    place.order("settings", bulk_chunk_seconds=15, bulk_batch_rows=5)
    done = sync(place)
    assert done.postponed > 0, "batches met"
    for _ in range(8):
        place.later(1_000)
        place.desk.push()
    assert place.desk.store.dead() == []
    assert place.desk.store.waiting() == []
    assert [place.value(each, SUMS) for each in ids] == ["Active"] * 24
    assert rows(place) == 24


def test_ids_of_15_characters_are_those_of_18(place: Place) -> None:
    """As reports and people's own sheets have them."""
    campaign = place.add("Campaign", Name="May")
    place.add("CampaignMember", CampaignId=campaign, ContactId=place.add("Contact", LastName="Ann", Email=ANN))
    short = campaign_audience(place.org, campaign[:15])
    assert short.rows == campaign_audience(place.org, campaign).rows
    assert [row["email"] for row in short.rows] == [ANN]


@pytest.mark.long
def test_an_org_without_marketing_is_an_org(place: Place) -> None:
    """Its global describe lists no campaigns at all."""
    place.order("access", features={"marketing": False, "individuals": False})
    assert "CampaignMember" not in place.org.objects()
    ids = crowd(place, 1)
    assert sync(place).refused == 0
    assert place.value(ids[0], SUMS) == "Active"


def test_clocks_that_differ_by_minutes_lose_nobody(place: Place) -> None:
    place.add("Contact", LastName="Ann", Email=ANN)
    place.desk.look()
    place.order("clock", advance=-240)
    place.add("Contact", LastName="Bob", Email=BOB)
    place.order("clock", advance=240)
    place.desk.look()
    assert place.desk.store.count_people() == {"Contact": 2}


@pytest.mark.long
def test_an_org_without_campaigns_or_individuals_is_an_org(place: Place) -> None:
    place.order("access", user=USER, forbid=["CampaignMember", "Individual", "Campaign"])
    ids = crowd(place, 1)
    assert sync(place).refused == 0
    assert place.value(ids[0], SUMS) == "Active"


@pytest.mark.long
def test_person_accounts_are_told_on_the_account(tmp_path: Path) -> None:
    with opened(tmp_path, person_accounts=True) as place:
        account = place.add("Account", LastName="Ann", PersonEmail=ANN)
        place.house.happened(ANN, "sent", ago=3 * DAY)
        place.house.happened(ANN, "clicked", ago=2 * DAY)
        assert sync(place).refused == 0
        assert place.value(account, "Engagement_Status__pc") == "Active"
        (row,) = place.org.query("SELECT Contact__c FROM Email_Engagement__c")
        assert row["Contact__c"].startswith("003")


def test_an_org_without_our_package_is_told_what_is_missing_and_nothing_breaks(tmp_path: Path) -> None:
    with opened(tmp_path, bare=True) as place:
        crowd(place)
        done = sync(place)
        assert (done.written, done.refused) == (0, 0)
        assert any("Email_Engagement__c: there is no such object" in line for line in place.desk.plan().missing)


def test_two_processes_do_not_send_at_once(place: Place) -> None:
    with one_sender(place.desk.folder), pytest.raises(Unavailable, match="another process"):
        place.desk.push()


def test_what_waits_goes_in_the_order_of_its_urgency(place: Place) -> None:
    crowd(place)
    place.house.state.suppress(place.house.handle("reader2@example.com"), reason="complained", source="esp", at=NOW)
    place.desk.look()
    place.desk.follow()
    done = place.desk.push(lane=Lane.CONSENT)
    assert done.written == 1, "the others wait for their turn"
