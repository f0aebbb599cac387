"""What the org is to hold of people, made of real stores: only what people did, and what they want."""

from collections.abc import Callable, Iterator
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from tests.crm.house import DAY, NOW, House, open_house

from mailwake.crm import following
from mailwake.crm.consenting import follow_wishes
from mailwake.crm.fields import SEEN
from mailwake.crm.following import follow, follow_people, sweep
from mailwake.crm.identity import heirs, primary
from mailwake.crm.telling import gather, wishes
from mailwake.events import Class, Micros
from mailwake.modes import Mode, Modes
from mailwake.store.crm import CrmCampaign, Individual, Lane, Member, Wish
from mailwake.store.state import Axis, Consent, Suppression

ANN, BOB = "ann@example.com", "bob@example.com"
CONTACT, LEAD, ACCOUNT = "0030000000000001AA", "00Q0000000000001AA", "0010000000000001AA"
HOUR = DAY // 24
MACHINE: dict[str, Any] = {"p_human": 0.02, "klass": Class.SCANNER}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = open_house(tmp_path)
    yield made
    made.close()


def told(house: House, *addresses: str) -> dict[tuple[str, Lane], Wish]:
    handles = [house.handle(each) for each in addresses or (ANN,)]
    found = wishes(house.around, gather(house.around, handles, NOW))
    return {(each.key, each.lane): each for each in found}


def sums(house: House, record: str = CONTACT) -> dict[str, Any]:
    return dict(told(house)[record, Lane.SUMS].fields)


def test_only_people_count_and_only_what_is_old_enough(house: House) -> None:
    house.person(CONTACT, ANN)
    house.happened(ANN, "sent", ago=3 * DAY)
    house.happened(ANN, "delivered", ago=3 * DAY)
    house.happened(ANN, "clicked", ago=2 * DAY)
    house.happened(ANN, "clicked", ago=2 * DAY, link=2, **MACHINE)
    house.happened(ANN, "opened", ago=DAY, **MACHINE)
    house.happened(ANN, "clicked", ago=60_000_000, link=3)
    fields = sums(house)
    assert fields["Human_Clicks_30d__c"] == 1
    assert fields["Human_Opens_30d__c"] == 0
    assert fields["Last_Human_Open__c"] is None
    assert fields["Last_Human_Click__c"] == "2026-05-26T20:26:40.000+0000"
    assert fields["Last_Clicked_Link__c"] == "Book a call"
    assert fields["Engagement_Status__c"] == "Active"
    row = next(each for (_, lane), each in told(house).items() if lane is Lane.ROWS)
    assert (row.fields["Human_Click_Count__c"], row.fields["Machine_Click_Count__c"]) == (1, 1)
    assert (row.fields["Contact__c"], row.fields["Lead__c"]) == (CONTACT, None)
    assert row.fields["Message_Name__c"] == "Spring news"


def test_a_copy_that_nobody_reacted_to_gets_no_row(house: House) -> None:
    house.person(CONTACT, ANN)
    house.happened(ANN, "sent", ago=3 * DAY)
    house.happened(ANN, "clicked", ago=DAY, **MACHINE)
    assert not [lane for _, lane in told(house) if lane is Lane.ROWS]


@pytest.mark.long
def test_wishes_are_the_same_whatever_came_first(tmp_path: Path) -> None:
    facts = [("sent", 3 * DAY), ("clicked", 2 * DAY), ("opened", DAY), ("bounced", DAY // 2)]
    found = []
    for number, order in enumerate(list(permutations(facts))[::4]):
        folder = tmp_path / str(number)
        folder.mkdir()
        house = open_house(folder)
        house.person(CONTACT, ANN)
        for type_, ago in order:
            house.happened(ANN, type_, ago=ago)
        drop = {"Engagement_Person_Key__c"}  # handles are random
        found.append([{n: v for n, v in each.fields.items() if n not in drop} for each in told(house).values()])
        house.close()
    assert all(each == found[0] for each in found)


def test_who_wants_no_tracking_is_told_nothing_of(house: House) -> None:
    house.person(CONTACT, ANN)
    house.happened(ANN, "sent", ago=3 * DAY)
    house.happened(ANN, "clicked", ago=2 * DAY)
    house.state.set_consent(house.handle(ANN), axis=Axis.BOTH, state=Consent.WITHDRAWN, at=NOW, source="test")
    fields = told(house)[CONTACT, Lane.CONSENT].fields
    names = ("Last_Human_Click__c", "Human_Clicks_30d__c", "Last_Clicked_Link__c", "Engagement_Score__c")
    assert [fields[name] for name in names] == [None] * 4
    assert not [lane for _, lane in told(house) if lane is Lane.ROWS]


def test_opt_outs_go_to_every_record_and_only_ever_tighten(house: House) -> None:
    house.person(CONTACT, ANN)
    house.person(LEAD, ANN)
    house.person("0030000000000002AA", ANN, is_opted_out=True)
    house.person("0030000000000003AA", ANN, is_opted_out=None)
    house.state.suppress(house.handle(ANN), reason="unsubscribed", source="edge", at=NOW, stream="marketing")
    found = {key for (key, lane) in told(house) if lane is Lane.CONSENT}
    assert found == {CONTACT, LEAD}
    wish = told(house)[CONTACT, Lane.CONSENT]
    assert wish.fields["HasOptedOutOfEmail"] is True
    assert "told by edge" in wish.fields["Opt_Out_Source__c"]
    house.state.lift(house.handle(ANN), NOW, by="ann", why="asked")
    assert not {key for (key, lane) in told(house) if lane is Lane.CONSENT}


def test_dead_addresses_say_why_once(house: House) -> None:
    house.person(CONTACT, ANN, held={"EmailBouncedReason": None})
    row = Suppression(handle=house.handle(ANN), reason="bounced", source="bounce", at=NOW, quoted="550 5.1.1 no\n such")
    house.state.put_suppressions([row])
    assert told(house)[CONTACT, Lane.CONSENT].fields["EmailBouncedReason"] == "550 5.1.1 no  such"
    house.person(CONTACT, ANN, held={"EmailBouncedReason": "somebody saw it before"})
    assert (CONTACT, Lane.CONSENT) not in told(house)


def test_person_accounts_have_names_of_their_own(house: House) -> None:
    house.person(ACCOUNT, ANN, account="0030000000000009AA")
    house.happened(ANN, "sent", ago=3 * DAY)
    house.happened(ANN, "clicked", ago=2 * DAY)
    assert sums(house, ACCOUNT)["Human_Clicks_30d__pc"] == 1
    row = next(each for (_, lane), each in told(house).items() if lane is Lane.ROWS)
    assert row.fields["Contact__c"] == "0030000000000009AA"


def test_one_record_stands_for_an_address(house: House) -> None:
    old = house.person("0030000000000005AA", ANN, active_at=Micros(5))
    new = house.person("0030000000000006AA", ANN, active_at=Micros(9))
    lead = house.person(LEAD, ANN, active_at=NOW)
    twin = house.person("0030000000000004AA", ANN, active_at=Micros(9))
    for order in permutations([old, new, lead, twin]):
        assert primary(order) is twin
    assert primary([lead]) is lead


def test_converted_and_merged_records_have_heirs(house: House) -> None:
    house.person(LEAD, ANN, converted_to="0030000000000001AA")
    house.person("0030000000000001AA", ANN)
    house.person("0030000000000002AA", ANN)
    house.store.bury(["0030000000000001AA"], merged={"0030000000000001AA": "0030000000000002AA"})
    assert heirs(house.store, [LEAD, "0030000000000002AA"]) == {LEAD: "0030000000000002AA"}
    assert {key for key, _ in told(house)} == {"0030000000000002AA"}


def test_members_only_go_forward_unless_the_facts_are_withdrawn(house: House) -> None:
    house.person(CONTACT, ANN)
    house.store.put_campaign(CrmCampaign(campaign=house.campaign, crm_id="7010000000000001AA", created_at=NOW))
    house.happened(ANN, "sent", ago=3 * DAY)
    key = house.around.names.member("7010000000000001AA", CONTACT)
    new = told(house)[key, Lane.ROWS]
    assert (new.key_field, new.fields["Status"], new.fields["ContactId"]) == ("Engagement_Key__c", "Sent", CONTACT)
    house.store.wish([new], now=NOW)
    house.store.fulfil([(house.store.waiting()[0], "00v0000000000001AA")], now=NOW)

    def member(status: str) -> str | None:
        house.store.put_members([Member(id="00v1", crm_campaign="7010000000000001AA", person=CONTACT, status=status)])
        wish = told(house).get(("00v1", Lane.ROWS))
        return wish.fields["Status"] if wish else None

    house.happened(ANN, "clicked", ago=2 * DAY)
    assert member("Sent") == "Clicked"
    assert member("Replied") is None, "somebody saw more than we did"
    assert member("Attended") is None, "a status of the org's own people"
    house.store.fulfil(
        [(Wish(object="CampaignMember", key="00v1", fields={"Status": "Replied"}, lane=Lane.ROWS, number=9), "00v1")],
        now=NOW,
    )
    assert member("Replied") == "Clicked", "we set it ourselves, and the facts are gone"


def test_what_the_org_wants_holds_here_and_stays(house: House) -> None:
    house.person(CONTACT, ANN, is_opted_out=True)
    house.person(LEAD, BOB, individual="0PK1")
    rules: dict[str, Any] = {"no_profiling": False, "no_marketing": False, "is_to_forget": False, "changed_at": NOW}
    house.store.put_individuals([Individual(id="0PK1", no_tracking=True, no_mail=True, **rules)])
    now = NOW

    def followed() -> Any:
        return follow_wishes(house.state, house.store, people=[CONTACT], individuals=["0PK1"], now=now)

    first = followed()
    assert (first.opted_out, first.untracked) == (2, 1)
    ann, bob = house.handle(ANN), house.handle(BOB)
    assert {row.stream for row in house.state.suppressions(ann)} == {"marketing", "outbound"}
    assert {row.stream for row in house.state.suppressions(bob)} == {None}
    assert house.state.inert() == [bob]
    house.person(CONTACT, ANN, is_opted_out=False)
    now = Micros(NOW + 1)
    again = followed()
    assert (again.opted_out, again.untracked) == (0, 0)
    assert set(house.state.suppressed([ann, bob])) == {ann, bob}, "cleared there, it stays here"
    everything = Modes(opens=Mode.INDIVIDUAL, clicks=Mode.INDIVIDUAL)
    assert house.state.modes([bob], ceiling=everything, unknown=everything)[bob].opens is Mode.OFF


def test_following_twice_wishes_once_and_a_day_later_nothing_new(house: House) -> None:
    house.person(CONTACT, ANN)
    house.happened(ANN, "sent", ago=3 * DAY)
    house.happened(ANN, "clicked", ago=2 * DAY)
    assert follow(house.around, now=NOW).people == 1
    waiting = house.store.waiting()
    house.store.fulfil([(each, each.key) for each in waiting], now=NOW)
    later = Micros(NOW + HOUR)
    assert follow(house.around, now=later).wishes == 0
    assert sweep(house.around, now=later).wishes == 0
    house.happened(ANN, "clicked", ago=0, link=2, delivery=1)
    assert follow(house.around, now=later).wishes == 2, "sums, and the row of the copy"
    house.store.fulfil([(each, each.key) for each in house.store.waiting()], now=later)
    month = Micros(NOW + 40 * DAY)
    assert sweep(house.around, now=month).wishes == 1, "counts of thirty days change with the time alone"


def test_who_is_suppressed_is_followed_by_the_list_itself(house: House) -> None:
    house.person(CONTACT, ANN)
    follow(house.around, now=NOW)
    house.state.suppress(house.handle(ANN), reason="complained", source="esp", at=NOW)
    follow(house.around, now=Micros(NOW + 1))
    first = house.store.waiting()[0]
    assert (first.lane, first.fields["HasOptedOutOfEmail"]) == (Lane.CONSENT, True)
    assert follow_people(house.around, [], now=NOW).people == 0


def test_a_withdrawal_empties_what_the_org_was_told_before_anything_else(house: House) -> None:
    """The sums on the person, and the row of each copy: that they got the mail stays, what was seen of them goes."""
    house.person(CONTACT, ANN)
    house.happened(ANN, "sent", ago=3 * DAY)
    house.happened(ANN, "clicked", ago=2 * DAY)
    follow(house.around, now=NOW)
    told_first = house.store.waiting()
    house.store.fulfil([(each, each.key) for each in told_first], now=NOW)
    (row,) = [each for each in told_first if each.lane is Lane.ROWS]
    house.state.set_consent(house.handle(ANN), axis=Axis.BOTH, state=Consent.WITHDRAWN, at=NOW, source="edge")
    follow(house.around, now=Micros(NOW + 1))
    waiting = {each.key: each for each in house.store.waiting()}
    assert {each.lane for each in waiting.values()} == {Lane.CONSENT}
    assert waiting[CONTACT].fields["Last_Human_Click__c"] is None
    emptied = waiting[row.key].fields
    assert set(emptied) <= set(SEEN)
    assert set(emptied.values()) == {None}
    assert {"First_Human_Click__c", "Human_Click_Count__c"} <= set(emptied)


def test_what_waits_to_be_told_of_who_withdraws_is_emptied_too(house: House) -> None:
    house.person(CONTACT, ANN)
    house.happened(ANN, "sent", ago=3 * DAY)
    house.happened(ANN, "clicked", ago=2 * DAY)
    follow(house.around, now=NOW)
    house.state.set_consent(house.handle(ANN), axis=Axis.BOTH, state=Consent.WITHDRAWN, at=NOW, source="edge")
    follow(house.around, now=Micros(NOW + 1))
    waiting = house.store.waiting()
    assert {name for each in waiting for name in SEEN if each.fields.get(name) is not None} == set()
    assert all(each.fields.get("Last_Human_Click__c") is None for each in waiting)


@pytest.mark.parametrize("work", [follow, sweep])
@pytest.mark.long
def test_who_asks_for_everybody_anew_while_some_are_followed_gets_everybody(
    house: House, work: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`mailwake salesforce refresh` is another process than the one that follows."""
    house.person(CONTACT, ANN)
    house.happened(ANN, "sent", ago=3 * DAY)
    sweep(house.around, now=NOW)
    house.happened(ANN, "clicked", ago=2 * DAY)

    def asked_meanwhile(*given: Any) -> Any:
        house.around.store.put_mark(following.FOLLOWED, 0)
        return gather(*given)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(following, "gather", asked_meanwhile)
        work(house.around, now=NOW)
    assert house.around.store.mark(following.FOLLOWED) == 0
    assert follow(house.around, now=NOW).people == 1
    assert house.around.store.mark(following.FOLLOWED)
