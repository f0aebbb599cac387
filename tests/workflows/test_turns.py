"""Rules over real stores: what sets them off, what is wished for, and what keeps them back."""

import json

from tests.insight.seeding import sending
from tests.workflows.house import (
    CAMPAIGN,
    CLICK,
    DAY,
    FALLBACK,
    HOUR,
    MACHINE,
    MINUTE,
    OWNER,
    START,
    House,
    at,
    contact,
    individual,
)

from mailwake.events import Class, EventType
from mailwake.store.events import Judgement
from mailwake.store.workflows import Decision
from mailwake.store.workflows.switches import ALL
from mailwake.workflows.turns import Turned

DONE = 20 * MINUTE


def reasons(house: House) -> list[str]:
    return [each.why for each in reversed(house.entries())]


def test_a_click_of_a_person_becomes_a_task_with_evidence_on_its_owner_once(house: House) -> None:
    house.rule("call", CLICK)
    house.turn(-60)
    house.click(0, 100)
    assert house.turn(100 + DONE) == Turned(entered=1)
    (task,) = house.wishes("Task")
    assert task["Subject"] == "Call Person 0 about See the autumn range"
    assert (task["OwnerId"], task["WhoId"], task["Status"]) == (OWNER, "003000000000000AAA", "Not Started")
    assert task["ActivityDate"] == "2026-11-17"
    assert "probability of 95 %" in task["Description"]
    assert "https://shop.example.com/autumn" in task["Description"]
    house.fulfil(at(HOUR))
    assert house.turn(2 * HOUR) == Turned()
    assert house.turn(2 * HOUR, fresh=True) == Turned()
    assert house.wishes("Task") == []


def test_no_machine_no_other_role_and_nothing_before_the_rule_sets_it_off(house: House) -> None:
    house.click(0, -30 * MINUTE)
    house.rule("call", CLICK)
    house.turn(0)
    house.click(1, 100, **MACHINE)
    house.click(2, 101, link=3, role="text")
    house.click(3, 102, p_human=0.79, klass=Class.HUMAN)
    house.click(4, 103, p_human=0.9, klass=Class.MPP)
    assert house.turn(DONE) == Turned()
    assert house.entries() == []


def test_what_is_not_final_waits_and_what_was_learned_late_or_judged_again_never_acts(house: House) -> None:
    house.rule("call", CLICK)
    house.turn(0)
    waiting = house.click(0, 100, settled=False)
    house.click(1, 101, received_at=at(101 + 25 * HOUR))
    judged = house.click(2, 102, **MACHINE)
    house.click(3, 103)
    assert house.turn(104) == Turned()  # four minutes are missing
    swapped = Judgement(
        id=judged, p_human=0.99, klass=Class.HUMAN, reasons="", ruleset="other", settled=True, changed_at=at(200)
    )
    house.stores.events.stage([swapped])
    house.stores.events.swap(ruleset="other", at=at(200))
    assert house.turn(DONE) == Turned(entered=1)
    settled = Judgement(id=waiting, p_human=0.99, klass=Class.HUMAN, reasons="", ruleset="", settled=True)
    house.stores.events.write(rejudged=[settled])
    assert house.turn(DONE + 60) == Turned(entered=1)
    assert {each.handle for each in house.entries()} == {house.handle(0), house.handle(3)}
    assert house.turn(30 * HOUR) == Turned()


def test_an_event_that_is_two_days_old_when_it_is_first_seen_never_acts(house: House) -> None:
    house.rule("call", CLICK)
    house.turn(0)
    house.click(0, 100)
    assert house.turn(2 * DAY + 200) == Turned()


def test_a_rule_that_was_off_or_changed_does_not_make_up_for_it(house: House) -> None:
    house.rule("call", CLICK)
    house.turn(0)
    house.store.switch("call", is_on=False, why="", now=at(10))
    house.click(0, 100)
    assert house.turn(DONE) == Turned()
    house.store.switch("call", is_on=True, why="", now=at(DONE))
    assert house.turn(DONE + 60) == Turned()
    house.store.switch(ALL, is_on=False, why="", now=at(DONE))
    house.click(1, DONE + 100)
    assert house.turn(DONE * 2) == Turned()
    house.store.switch(ALL, is_on=True, why="", now=at(DONE * 2))
    assert house.turn(DONE * 3) == Turned()
    house.click(2, DONE * 3 + 1)
    house.rule("call", CLICK + "due_days = 3\n")
    assert house.turn(DONE * 4) == Turned()
    house.click(3, DONE * 4 + 1)
    assert house.turn(DONE * 5) == Turned(entered=1)


def test_people_who_want_no_mail_or_are_unknown_to_the_org_are_left_alone_with_the_reason(house: House) -> None:
    house.rule("call", CLICK)
    house.turn(0)
    house.stores.state.suppress(house.handle(0), reason="unsubscribed", source="edge", at=at(1))
    house.crm.put_people([contact(1, is_opted_out=True), contact(2, individual="0PK000000000002AAA")])
    house.crm.put_individuals([individual(2, no_tracking=True)])
    house.crm.put_people([contact(3, owner=None)])
    for number in range(6):
        house.click(number, 100 + number)
    house.turn(DONE)
    assert reasons(house) == ["suppressed", "suppressed", "silent", "", "", "no_record"]
    assert [each["OwnerId"] for each in house.wishes("Task")] == [FALLBACK, FALLBACK]


def test_a_query_chooses_for_whom(house: House) -> None:
    house.rule("call", "who = 'clicked \"blog\" >= 1 in 7d'\n" + CLICK)
    house.turn(0)
    house.click(1, 50, link=3, role="text")
    house.click(0, 100)
    house.click(1, 101)
    house.turn(DONE)
    assert [(each.handle, each.why) for each in reversed(house.entries())] == [
        (house.handle(0), "not_chosen"),
        (house.handle(1), ""),
    ]


def test_it_acts_again_only_as_it_says(house: House) -> None:
    house.more = {"person_per_day": 9}
    for again in ("once", "every", "after 1d"):
        house.rule(again.replace(" ", "-"), f'again = "{again}"\n' + CLICK)
    house.turn(0)
    for hour in (1, 2, 26):
        house.click(0, hour * HOUR)
        house.turn(hour * HOUR + DONE)
    entered = [each.rule for each in house.entries(decision="entered")]
    assert {name: entered.count(name) for name in entered} == {"once": 1, "every": 3, "after-1d": 2}
    assert house.store.reasons_counted() == {("once", "again"): 2, ("after-1d", "again"): 1}


def test_caps_hold_and_what_is_too_much_for_an_owner_stands_in_one_digest(house: House) -> None:
    house.more = {"owner_per_day": 1, "per_day": 3}
    house.rule("call", CLICK)
    house.turn(0)
    for number in range(5):
        house.click(number, 100 + number)
    house.turn(DONE)
    assert reasons(house) == ["", "owner_full", "owner_full", "day_full", "day_full"]
    tasks = {each["Subject"]: each for each in house.wishes("Task")}
    assert set(tasks) == {"Call Person 0 about See the autumn range", "2 more people to look at today"}
    assert "Person 1: call, See the autumn range" in tasks["2 more people to look at today"]["Description"]


def test_a_rule_that_acts_too_often_within_an_hour_switches_itself_off(house: House) -> None:
    house.rule("call", "most_per_hour = 2\n" + CLICK)
    house.turn(0)
    for number in range(4):
        house.click(number, 100 + number)
    house.turn(DONE)
    assert reasons(house) == ["", "", "hour_full", "hour_full"]
    assert not house.store.rule_states()["call"].is_on


def test_quiet_hours_defer_where_the_owner_is_and_ask_again_when_they_end(house: House) -> None:
    """The start is four in the morning in New York, where quiet hours end at eight."""
    house.rule("call", CLICK.replace("quiet = false", ""))
    house.turn(0)
    house.click(0, 100)
    house.click(1, 101)
    house.click(4, 102)  # whose owner is away; the one who stands in is in Berlin
    assert house.turn(DONE) == Turned(entered=1, deferred=2)
    assert house.turn(4 * HOUR - 60) == Turned()
    house.stores.state.suppress(house.handle(1), reason="complained", source="arf", at=at(1))
    assert house.turn(4 * HOUR) == Turned(entered=1, refused=1)
    assert len(house.wishes("Task")) == 2


def test_several_days_several_colleagues_and_silence(house: House) -> None:
    house.rule("back", 'trigger = "return"\ntimes = 2\nquiet = false\n[task]\n')
    house.rule("firm", 'trigger = "account"\ntimes = 3\nwithin_days = 7\nquiet = false\n[task]\n')
    house.rule("quiet", 'trigger = "silence"\ndays = 3\nsends = 1\nquiet = false\n[task]\n')
    house.turn(0)
    house.click(0, 1 * HOUR)
    house.click(0, 2 * HOUR)
    house.click(1, 2 * HOUR)
    house.turn(3 * HOUR)
    assert house.entries() == []
    house.click(0, 25 * HOUR)
    house.click(2, 25 * HOUR, link=4)  # leads to the same place
    house.click(3, 25 * HOUR)
    house.turn(26 * HOUR)
    assert {(each.rule, each.handle) for each in house.entries()} == {
        ("back", house.handle(0)), ("firm", house.handle(2)),
    }  # fmt: skip
    house.turn(3 * DAY + HOUR)
    quiet = house.entries(rule="quiet")
    assert {each.handle for each in quiet} == {house.handle(4), house.handle(5)}  # the others clicked
    assert {each.why for each in quiet} == {"", "no_record"}


def test_a_score_sets_it_off_when_it_rises_over_the_mark_and_again_only_after_it_fell(house: House) -> None:
    house.rule("hot", 'trigger = "hot"\nscore = 60\nagain = "every"\nquiet = false\n[task]\n')
    house.crm.put_people([contact(1, individual="0PK000000000001AAA")])
    house.crm.put_individuals([individual(1, no_profiling=True)])
    house.turn(0)
    levels = [(1, 70), (1.5, 58), (2, 65), (2.5, 54), (3, 61)]
    house.scores[house.handle(0)] = [(at(hour * HOUR + 1), score) for hour, score in levels]
    house.scores[house.handle(1)] = [(at(HOUR + 1), 70)]
    for hour in (1, 2, 3):
        house.click(0, hour * HOUR + 1)
        house.click(1, hour * HOUR + 1)
        house.turn(hour * HOUR + DONE)
    mine = [each for each in reversed(house.entries()) if each.handle == house.handle(0)]
    assert [(each.decision, each.why) for each in mine] == [
        (Decision.ENTERED, ""), (Decision.REFUSED, "not_cooled"), (Decision.ENTERED, ""),
    ]  # fmt: skip
    assert [each.why for each in house.entries() if each.handle == house.handle(1)] == ["unprofiled"]


def test_bounces_and_answers_set_rules_off_although_the_address_is_suppressed(house: House) -> None:
    house.rule("dead", 'trigger = "bounce"\nquiet = false\n[task]\nsubject = "New address of {name}?"\n')
    house.rule("answer", 'trigger = "reply"\nquiet = false\n[task]\n')
    house.turn(0)
    house.mail.add(EventType.BOUNCED, 0, 100, reason="550 5.1.1 no such user\nX-Evil: 1")
    house.mail.add(EventType.REPLIED, 1, 100)
    house.mail.write()
    house.stores.state.suppress(house.handle(0), reason="bounced", source="bounce", at=at(100))
    house.turn(DONE)
    tasks = {each["Subject"]: each for each in house.wishes("Task")}
    assert set(tasks) == {"New address of Person 0?", "Person 1: answer"}
    assert "said: 550 5.1.1 no such user X-Evil: 1\n" in tasks["New address of Person 0?"]["Description"]


EVERYTHING = f"""trigger = "click"
quiet = false
[task]
[field]
name = "Contact.Rating__c"
value = "Hot"
[campaign_member]
campaign = "{CAMPAIGN}"
[platform_event]
[webhook]
endpoint = "crm"
"""


def test_all_actions_and_all_of_it_taken_back_when_the_verdict_is_withdrawn(house: House) -> None:
    house.rule("all", EVERYTHING)
    house.turn(0)
    event = house.click(0, 100)
    house.turn(DONE)
    assert house.wishes("Contact") == [{"key": "003000000000000AAA", "Rating__c": "Hot"}]
    (member,) = house.wishes("CampaignMember")
    assert (member["Status"], member["ContactId"]) == ("Clicked", "003000000000000AAA")
    (signal,) = house.wishes("Email_Hot_Signal__e")
    assert (signal["Person_Id__c"], signal["Link_Label__c"]) == ("003000000000000AAA", "See the autumn range")
    told = json.loads(house.posted[0][2])
    assert (told["type"], told["data"]["address"]) == ("workflow.entered", "person0@example.com")
    house.fulfil(at(DONE))
    swapped = Judgement(id=event, p_human=0.01, klass=Class.SCANNER, reasons="", ruleset="other", settled=True)
    house.stores.events.stage([swapped])
    house.stores.events.swap(ruleset="other", at=at(HOUR))
    assert house.turn(HOUR) == Turned(reversed=1)
    (task,) = house.wishes("Task")
    assert task["Status"] == "Completed"
    assert task["Description"].startswith("Withdrawn: ")
    assert "probability of 95 %" in task["Description"]
    assert house.wishes("Contact") == [{"key": "003000000000000AAA", "Rating__c": "Cold"}]
    assert [each["Status"] for each in house.wishes("CampaignMember")] == ["Sent"]
    assert json.loads(house.posted[1][2])["type"] == "workflow.withdrawn"
    (entry,) = house.entries()
    states = {kind: told["state"] for kind, told in entry.actions.items()}
    assert states == {
        "task": "undone", "field": "undone", "campaign_member": "undone", "platform_event": "kept", "webhook": "undone",
    }  # fmt: skip
    assert house.turn(2 * HOUR) == Turned()


def test_a_field_that_somebody_changed_since_stays(house: House) -> None:
    house.rule("all", EVERYTHING)
    house.turn(0)
    event = house.click(0, 100)
    house.turn(DONE)
    house.fulfil(at(DONE))
    house.crm.hold({"003000000000000AAA": {"Rating__c": "Warm"}}, opted_out={})
    house.stores.events.stage(
        [Judgement(id=event, p_human=0.01, klass=Class.SCANNER, reasons="", ruleset="other", settled=True)]
    )
    house.stores.events.swap(ruleset="other", at=at(HOUR))
    house.turn(HOUR)
    assert house.wishes("Contact") == []
    assert house.entries()[0].actions["field"]["state"] == "kept"


def test_a_webhook_that_nobody_takes_is_tried_again_under_the_same_id(house: House) -> None:
    house.rule("tell", 'trigger = "click"\nquiet = false\n[webhook]\nendpoint = "crm"\n')
    house.turn(0)
    house.click(5, 100)  # in no org, which a webhook does not need
    house.status = 503
    house.turn(DONE)
    house.turn(DONE + 1)
    assert len(house.posted) == 1
    house.status = 200
    house.turn(DONE + 60)
    assert house.turn(DONE + 120) == Turned()
    assert len({headers["webhook-id"] for _, headers, _ in house.posted}) == 1
    assert len(house.posted) == 2


def test_a_letter_goes_by_a_run_of_send_and_waits_where_that_fails(house: House) -> None:
    house.rule("follow", 'trigger = "click"\nmail = true\nquiet = false\n[letter]\nfile = "more.html"\n')
    (house.folder / "workflows" / "more.html").write_text("<p>More</p>", encoding="utf-8")
    house.turn(0)
    house.click(0, 100)
    house.click(1, 101)
    house.exit_code = 1
    house.turn(DONE)
    house.turn(DONE + 60)
    assert len(house.ran) == 1
    house.exit_code = 0
    house.turn(DONE + 11 * MINUTE)
    house.turn(DONE + 30 * MINUTE)
    assert len(house.ran) == 2
    words = house.ran[1]
    assert words[0] == "send"
    assert "--campaign=Workflow follow" in words
    assert words[-1].splitlines() == [
        "email,clicked_link,about_mail",
        "person0@example.com,See the autumn range,Autumn",
        "person1@example.com,See the autumn range,Autumn",
    ]
    assert not list(house.folder.glob("workflow-*.csv"))


def test_rules_do_not_answer_mail_of_their_own(house: House) -> None:
    house.rule("follow", 'trigger = "click"\nmail = true\nquiet = false\n[letter]\nfile = "more.html"\n')
    (house.folder / "workflows" / "more.html").write_text("<p>More</p>", encoding="utf-8")
    house.mail = sending(house.stores, "Workflow other", start=START)
    house.mail.people(house.people)
    house.mail.add(EventType.SENT, 0, -HOUR)
    house.turn(0)
    house.click(0, 100)
    house.turn(DONE)
    assert reasons(house) == ["own_mail"]
    assert house.ran == []
