"""A dry run meets the same candidates and decides alike; and every question "why not" has its answer."""

import random
from typing import Any

import pytest
from tests.workflows.house import CLICK, DAY, HOUR, MACHINE, MINUTE, House, at, contact

from mailwake.errors import BadInput
from mailwake.events import Class, EventType
from mailwake.store.events import Judgement
from mailwake.workflows import answers
from mailwake.workflows.answers import Asked
from mailwake.workflows.trial import trial

RULES = {
    "call": 'who = "not bounced"\n' + CLICK,
    "back": 'trigger = "return"\ntimes = 2\nwithin_days = 5\nquiet = false\n[task]\n',
    "firm": 'trigger = "account"\ntimes = 2\nwithin_days = 5\nquiet = false\n[task]\n',
    "silent": 'trigger = "silence"\ndays = 2\nsends = 1\nquiet = false\n[task]\n',
    "reply": 'trigger = "reply"\nagain = "once"\nquiet = false\n[task]\n',
}


def decisions(entries: object) -> set[tuple[object, ...]]:
    return {(each.event, each.handle, each.decision, each.why) for each in entries}  # type: ignore[attr-defined]


@pytest.mark.long
def test_a_dry_run_over_the_same_events_equals_what_was_done_in_whatever_order_they_settled(house: House) -> None:
    """Each rule alone, because a dry run knows no other rules' shares; verdicts come hours later, in any order."""
    draw = random.Random(7)
    house.more = {"person_per_day": 100, "owner_per_day": 100}
    for name, text in RULES.items():
        house.rule(name, text)
    house.crm.put_people([contact(5)])
    house.turn(0)
    open_ids: list[tuple[int, bool]] = []
    for hour in range(1, 5 * 24, 3):
        number, is_person = draw.randrange(5), draw.random() < 0.6
        verdict: dict[str, Any] = {"p_human": 0.5, "klass": Class.UNKNOWN}
        open_ids.append((house.click(number, hour * HOUR, settled=False, **verdict), is_person))
        if draw.random() < 0.2:
            house.mail.add(EventType.REPLIED, draw.randrange(5), hour * HOUR + 1)
            house.mail.write()
        draw.shuffle(open_ids)
        for event, human in [open_ids.pop() for _ in range(min(len(open_ids), draw.randrange(3)))]:
            told: dict[str, Any] = {"p_human": 0.97, "klass": Class.HUMAN} if human else MACHINE
            house.stores.events.write(rejudged=[Judgement(id=event, reasons="", ruleset="", settled=False, **told)])
        if hour % 12 == 10:
            house.stores.events.write(settle_before=at(hour * HOUR + HOUR))
            open_ids.clear()
            house.turn(hour * HOUR + 2 * HOUR - 60)
    end = 5 * DAY
    house.turn(end)
    desk, machines = house.desk(), 0
    for name in RULES:
        dry = trial(desk, desk.rule(name), days=5, now=at(end))
        live = [each for each in house.entries(rule=name, limit=1_000) if each.decision.value != "refused"]
        assert decisions(dry.entered) == decisions(live), name
        assert live, name
        assert all(each.facts.get("p_human", 1) >= 0.8 for each in live)
        machines += dry.unfit["machine"]
    assert machines > 10


def test_why_tells_of_machines_and_of_what_came_too_early(house: House) -> None:
    house.click(0, -HOUR / 2)
    house.rule("call", CLICK)
    house.turn(0)
    house.click(0, 100, **MACHINE)
    house.click(0, 200)
    house.click(0, 201)
    house.click(0, 202, settled=False)
    house.turn(20 * MINUTE)
    told = answers.explained(house.desk(), "person0@example.com", "", now=at(20 * MINUTE))
    assert [(each.decision, each.why) for each in told.answers] == [
        ("", "unsettled"), ("refused", "again"), ("entered", ""), ("", "machine"), ("", "before"),
    ]  # fmt: skip
    assert told.answers[2].actions == {"task": "done"}
    house.store.switch("call", is_on=False, why="", now=at(21 * MINUTE))
    told = answers.explained(house.desk(), "person0@example.com", "call", now=at(22 * MINUTE))
    assert told.answers[0].why == "off"
    with pytest.raises(BadInput, match="no mail was ever sent"):
        answers.explained(house.desk(), "nobody@example.com", "", now=at(0))
    with pytest.raises(BadInput, match="there are: call"):
        answers.explained(house.desk(), "person0@example.com", "cal", now=at(0))


def test_answers_name_addresses_and_can_be_narrowed(house: House) -> None:
    house.rule("call", CLICK)
    house.rule("broken", "trigger = 3")
    house.turn(0)
    house.click(0, 100)
    house.click(5, 101)
    house.turn(20 * MINUTE)
    whole = answers.everything(house.desk(), Asked())
    (rule,) = whole.rules
    assert (rule.entered, rule.refused, rule.is_on, rule.acts_from is not None) == (1, 1, True, True)
    assert [each.file for each in whole.bad] == ["broken.toml"]
    assert {each.address for each in whole.entries} == {"person0@example.com", "person5@example.com"}
    assert answers.everything(house.desk(), Asked(why="no_record")).total == 1
    assert answers.everything(house.desk(), Asked(address="PERSON0@example.com")).total == 1
    assert answers.everything(house.desk(), Asked(address="nobody@example.com")).total == 0
    with pytest.raises(BadInput, match="no reason"):
        answers.everything(house.desk(), Asked(why="because"))
    tried = answers.tried(house.desk(), "call", days=1, now=at(20 * MINUTE))
    assert [each.address for each in tried.entered] == ["person0@example.com"]
    assert tried.refused == {"no_record": 1}
    with pytest.raises(BadInput):
        answers.tried(house.desk(), "call", days=91, now=at(0))
