"""Campaigns at equal age: counted by hand, and a difference whose causes add up to it."""

from datetime import timedelta

import pytest
from tests.insight import seeding

from mailwake.comparing.compare import OTHERS, compare, oldest_first, one_before, part_of_week
from mailwake.comparing.pace import DAY, HOUR
from mailwake.errors import BadInput
from mailwake.events import Class, EventType
from mailwake.insight.report import find, overview
from mailwake.insight.stores import Stores
from mailwake.store.state import Campaign


def send(
    stores: Stores,
    name: str,
    domains: dict[str, tuple[int, int]],
    *,
    days_ago: float = 0,
    machines: int = 0,
    hidden: bool = False,
) -> Campaign:
    """Domain to (copies, of them opened after ten minutes by people); some of the others by machines.

    Hidden: as the event store has domains that few people share.
    """
    sending = seeding.sending(stores, name)
    people = [(domain, n < opened) for domain, (copies, opened) in domains.items() for n in range(copies)]
    sending.people([f"p{n}-{name}@{domain}" for n, (domain, _) in enumerate(people)])
    start = -days_ago * DAY
    for number, (name_of, opens) in enumerate(people):
        domain = f"~{name_of}" if hidden else name_of
        sending.add(EventType.SENT, number, start, domain=domain)
        sending.add(EventType.DELIVERED, number, start + 1, domain=domain)
        if opens:
            sending.add(EventType.OPENED, number, start + 600, p_human=1.0, klass=Class.HUMAN, domain=domain)
        elif machines:
            machines -= 1
            sending.add(EventType.OPENED, number, start + 5, p_human=0.0, klass=Class.SCANNER, domain=domain)
    sending.write()
    return find(stores, name)


NOW = seeding.micros(2 * DAY)


def test_a_later_open_does_not_count_against_a_younger_campaign(stores: Stores) -> None:
    old = send(stores, "Old", {"a.example": (100, 20)}, days_ago=30)
    late = seeding.sending(stores, "Late")
    late.people([f"l{n}@a.example" for n in range(100)])
    for number in range(100):
        late.add(EventType.SENT, number, -30 * DAY)
        late.add(EventType.DELIVERED, number, -30 * DAY + 1)
        late.add(EventType.OPENED, number, -30 * DAY + (600 if number < 20 else 20 * DAY), p_human=1.0)
    late.write()
    told = compare(stores, [old, find(stores, "Late")], now=NOW, age=DAY)
    first, second = (side.figures[0] for side in told.sides)
    assert (first.rate, second.rate) == (0.2, 0.2)
    assert second.step is not None
    assert second.step.standing == "not distinguishable"


def test_what_may_have_been_a_person_early_is_not_taken_from_whoever_surely_came_late(stores: Stores) -> None:
    """Half of the old campaign's readers opened on the second day, after a fetch that could have been either's."""
    sides = []
    for name, start in (("Old", -10 * DAY), ("Young", 2 * DAY - 2 * HOUR)):
        sending = seeding.sending(stores, name)
        sending.people([f"{name}{n}@a.example" for n in range(100)])
        for number in range(100):
            sending.add(EventType.SENT, number, start)
            sending.add(EventType.DELIVERED, number, start + 1)
            sending.add(EventType.OPENED, number, start + 60, p_human=0.45, klass=Class.MPP)
            if name == "Old" and number < 50:
                sending.add(EventType.OPENED, number, start + 2 * DAY, p_human=0.93, klass=Class.HUMAN)
        sending.write()
        sides.append(find(stores, name))
    told = compare(stores, sides, now=NOW, age=HOUR)
    old, young = (side.figures[0] for side in told.sides)
    assert old.count == young.count == pytest.approx(45)
    assert young.step is not None
    assert (young.step.value, young.step.standing) == (0, "not distinguishable")
    assert [each.people for each in told.why] == [0, 0]


def test_what_a_machine_did_first_stays_a_machines_when_a_person_comes_later(stores: Stores) -> None:
    """The older campaign had its people on the second day; at an hour's age both had been scanned alike."""
    young = send(stores, "Young", {"a.example": (100, 0)}, machines=40)
    old = send(stores, "Old", {"a.example": (100, 0)}, days_ago=28, machines=40)
    late = seeding.sending(stores, "Old")
    late.people([f"p{n}-Old@a.example" for n in range(30)])
    for number in range(30):
        late.add(EventType.OPENED, number, -26 * DAY, p_human=1.0, klass=Class.HUMAN, domain="a.example")
    late.write()
    (opened, _) = compare(stores, [old, young], now=NOW, age=HOUR).why
    assert (opened.raw, opened.people) == (0, 0)
    (opened, _) = compare(stores, [old, young], now=NOW, age=DAY).why
    assert (opened.raw, opened.people) == (0, 0)
    assert {each.value for each in opened.causes} == {0}


def test_the_age_is_the_latest_checkpoint_that_all_have_reached(stores: Stores) -> None:
    old = send(stores, "Old", {"a.example": (20, 5)}, days_ago=30)
    new = send(stores, "New", {"a.example": (20, 5)})
    told = compare(stores, [old, new], now=NOW)
    assert (told.age, told.ages) == (DAY, (HOUR, DAY))
    assert compare(stores, [old, new], now=seeding.micros(1_200)).ages == (1_170,)


def test_a_clear_difference_is_told_in_a_word_and_a_small_one_is_not(stores: Stores) -> None:
    first = send(stores, "First", {"a.example": (400, 40)})
    second = send(stores, "Second", {"a.example": (400, 120)})
    third = send(stores, "Third", {"a.example": (400, 44)})
    told = compare(stores, [first, second, third], now=NOW)
    standings = [side.figures[0].step and side.figures[0].step.standing for side in told.sides]
    assert standings == [None, "higher", "not distinguishable"]
    assert told.why == ()


def test_causes_add_up_to_the_difference_and_name_what_changed(stores: Stores) -> None:
    first = send(stores, "First", {"loyal.example": (100, 50), "cold.example": (100, 10)}, machines=10)
    second = send(stores, "Second", {"loyal.example": (180, 90), "cold.example": (20, 2)}, machines=50)
    (why, _) = compare(stores, [first, second], now=NOW).why
    causes = {each.what: each.value for each in why.causes}
    assert sum(causes.values()) == pytest.approx(why.raw, abs=1e-12)
    assert why.people == pytest.approx(92 / 200 - 60 / 200)
    assert causes["audience"] == pytest.approx(why.people)
    assert causes["within"] == pytest.approx(0, abs=1e-12)
    assert causes["machines"] == pytest.approx(40 / 200)
    assert {each.name for each in why.groups} == {"loyal.example", "cold.example"}


def test_a_change_inside_an_audience_is_no_change_of_it(stores: Stores) -> None:
    first = send(stores, "First", {"a.example": (100, 10), "b.example": (100, 10)})
    second = send(stores, "Second", {"a.example": (100, 40), "b.example": (100, 10)})
    (why, _) = compare(stores, [first, second], now=NOW).why
    causes = {each.what: each for each in why.causes}
    assert causes["within"].value == pytest.approx(0.15)
    assert causes["within"].low is not None
    assert causes["within"].low < 0.15
    assert why.groups[0].name == "a.example"


def test_mail_of_other_days_leaves_timing_and_content_together(stores: Stores) -> None:
    first = send(stores, "Friday", {"a.example": (100, 10), "b.example": (100, 10)}, days_ago=3)
    second = send(stores, "Monday", {"a.example": (100, 40), "b.example": (100, 10)})
    (why, _) = compare(stores, [first, second], now=NOW).why
    causes = {each.what: each for each in why.causes}
    assert list(causes) == ["audience", "timing_or_within", "machines"]
    assert sum(each.value for each in why.causes) == pytest.approx(why.raw, abs=1e-12)
    both = causes["timing_or_within"]
    assert both.value == pytest.approx(0.15)
    assert both.low is not None
    assert both.high is not None
    assert (both.low < 0.08, both.high > 0.22) == (True, True), "as wide as the rates of 200 copies are"
    assert why.groups[0].by_rate == pytest.approx(0.15)


def test_stragglers_of_another_day_do_not_tell_timing_and_content_apart(stores: Stores) -> None:
    first = send(stores, "Friday", {"a.example": (100, 10)}, days_ago=3)
    second = send(stores, "Monday", {"a.example": (100, 40)})
    for name, day in (("Friday", 0), ("Monday", -3)):
        odd = seeding.sending(stores, name)
        odd.people([f"odd{n}-{name}@a.example" for n in range(101)])
        odd.add(EventType.SENT, 100, day * DAY, domain="a.example")
        odd.add(EventType.DELIVERED, 100, day * DAY + 1, domain="a.example")
        odd.write()
    (why, _) = compare(stores, [first, second], now=NOW, age=DAY).why
    assert [each.what for each in why.causes] == ["audience", "timing_or_within", "machines"]


def test_without_domains_in_common_nothing_is_told_apart_but_machines(stores: Stores) -> None:
    first = send(stores, "First", {"a.example": (100, 10)})
    second = send(stores, "Second", {"b.example": (100, 40)}, machines=5)
    (why, _) = compare(stores, [first, second], now=NOW).why
    assert [each.what for each in why.causes] == ["people", "machines"]
    assert sum(each.value for each in why.causes) == pytest.approx(why.raw, abs=1e-12)
    assert why.causes[0].value == pytest.approx(0.3)
    assert why.causes[0].low is not None
    assert why.causes[0].low < 0.25
    assert why.groups == ()


def test_a_domain_that_has_a_stand_in_is_told_by_its_name(stores: Stores) -> None:
    first = send(stores, "First", {"a.example": (30, 10), "b.example": (30, 3)}, hidden=True)
    second = send(stores, "Second", {"a.example": (50, 17), "b.example": (10, 1)}, hidden=True)
    (why, _) = compare(stores, [first, second], now=NOW).why
    assert {each.name for each in why.groups} == {"a.example", "b.example"}


def test_domains_of_few_people_stand_together(stores: Stores) -> None:
    first = send(stores, "First", {"a.example": (2, 1), "b.example": (2, 1)}, hidden=True)
    second = send(stores, "Second", {"a.example": (2, 1), "c.example": (2, 1)}, hidden=True)
    (why, _) = compare(stores, [first, second], now=NOW).why
    assert [each.name for each in why.groups] == [OTHERS]


def test_nothing_sent_is_no_rate_and_no_reason(stores: Stores) -> None:
    first = send(stores, "First", {"a.example": (10, 5)})
    seeding.sending(stores, "Empty")
    told = compare(stores, [first, find(stores, "Empty")], now=NOW)
    empty = told.sides[1].figures[0]
    assert empty.rate is None
    assert empty.step is not None
    assert empty.step.standing is None
    assert told.why == ()


def test_one_campaign_is_no_comparison(stores: Stores) -> None:
    first = send(stores, "First", {"a.example": (10, 5)})
    for some in ([first], [first, first], [first] * 13):
        with pytest.raises(BadInput, match="2 to 12 different campaigns"):
            compare(stores, some, now=NOW)
    with pytest.raises(BadInput, match="between a minute and a year"):
        compare(stores, [first, send(stores, "Second", {"a.example": (1, 0)})], now=NOW, age=3)


def test_the_one_before_is_of_the_same_stream_and_sent_last_before_it(stores: Stores) -> None:
    send(stores, "Oldest", {"a.example": (2, 1)}, days_ago=9)
    older = send(stores, "Older", {"a.example": (2, 1)}, days_ago=5)
    orders = seeding.sending(stores, "Orders", stream="transactional", start=seeding.START - timedelta(days=2))
    orders.people(["p@a.example"])
    orders.add(EventType.SENT, 0, 0)
    orders.write()
    newest = send(stores, "Newest", {"a.example": (2, 1)})
    seeding.sending(stores, "Not sent")
    assert one_before(stores, newest) == older
    assert one_before(stores, find(stores, "Orders")) is None
    assert one_before(stores, find(stores, "Not sent")) is None


def test_campaigns_stand_in_the_order_of_sending(stores: Stores) -> None:
    new, old = send(stores, "New", {"a.example": (2, 1)}), send(stores, "Old", {"a.example": (2, 1)}, days_ago=5)
    seeding.sending(stores, "Not sent")
    some = [find(stores, "Not sent"), new, old]
    assert [each.name for each in oldest_first(some, overview(stores))] == ["Old", "New", "Not sent"]


def test_parts_of_the_week_have_names() -> None:
    assert (part_of_week(0), part_of_week(7), part_of_week(27)) == (
        "Monday night",
        "Tuesday evening",
        "Sunday evening",
    )


def test_when_mail_was_sent_follows_the_viewers_clock(stores: Stores) -> None:
    send(stores, "Monday", {"a.example": (10, 5)})
    asked: dict[str, int | str] = {"kind": "opened", "until": NOW, "age": 10**12}
    (row,) = stores.events.ask("mix", campaign=find(stores, "Monday").id, ahead=0, **asked)
    assert part_of_week(row["part"]) == "Monday morning"
    (row,) = stores.events.ask("mix", campaign=find(stores, "Monday").id, ahead=9 * 3_600, **asked)
    assert part_of_week(row["part"]) == "Monday evening"
