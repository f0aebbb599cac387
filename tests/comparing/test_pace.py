"""How fast reactions come: counted by hand at equal age, and said to be unknown where copies are too young."""

import random
from math import prod

import pytest
from tests.insight import seeding

from mailwake.comparing.pace import (
    DAY,
    HOUR,
    Group,
    _shape,
    _Told,
    at_age,
    earlier_campaigns,
    groups_of,
    pace,
    sums,
    watch,
)
from mailwake.events import Class, EventType
from mailwake.insight.report import campaign_report, find, overview
from mailwake.insight.stores import Stores
from mailwake.stats.uncertain import Expected


def send(stores: Stores, name: str, people: int, opens: dict[int, float], *, days_ago: float = 0) -> None:
    """A campaign whose copies were all sent at one moment; `opens` is person to age in seconds."""
    sending = seeding.sending(stores, name)
    sending.people([f"p{n}-{name}@example.com" for n in range(people)])
    start = -days_ago * DAY
    for number in range(people):
        sending.add(EventType.SENT, number, start)
        sending.add(EventType.DELIVERED, number, start + 1)
    for number, age in opens.items():
        sending.add(EventType.OPENED, number, start + age, p_human=1.0, klass=Class.HUMAN)
    sending.write()


@pytest.mark.parametrize("seed", range(4))
def test_what_is_told_of_an_age_is_what_events_until_then_say(stores: Stores, seed: int) -> None:
    """By hand: of each visitor the best, and 1 - the product over visitors; of four events in no order, some alike."""
    dice = random.Random(seed)
    sending = seeding.sending(stores, "News")
    sending.people([f"p{n}@example.com" for n in range(20)])
    came: dict[int, list[tuple[int, int | None, float]]] = {}
    for number in range(20):
        sending.add(EventType.SENT, number, 0)
        sending.add(EventType.DELIVERED, number, 1)
        came[number] = [
            (600 * dice.randrange(1, 9) + 30, dice.choice([1, 2, None]), dice.choice([0.0, 0.2, 0.45, 0.5, 0.93, 1.0]))
            for _ in range(dice.randrange(5))
        ]
        for age, agent, p_human in came[number]:
            sending.add(EventType.OPENED, number, age, p_human=p_human, klass=Class.UNKNOWN, agent=agent)
    sending.write()
    groups = groups_of(stores, find(stores, "News").id)["opened"]
    for age in (600, 1_800, 3_600, 9_000):
        chances = [_chance([(who, p) for at, who, p in events if at <= age]) for events in came.values()]
        told, base = sums(groups, age, seeding.micros(20_000) / 1e6)
        assert base == 20
        assert told.mean == pytest.approx(sum(chances), abs=20 * 1e-4)
        assert told.variance == pytest.approx(sum(p * (1 - p) for p in chances), abs=20 * 1e-4)
    (row,) = stores.events.ask("campaign_counts", campaign=find(stores, "News").id)
    assert (round(told.mean * 1e4), round(told.variance * 1e8)) == (row["opened_expected"], row["opened_doubt"])


def _chance(events: list[tuple[int | None, float]]) -> float:
    best: dict[int | None, float] = {}
    for who, p in events:
        best[who] = max(best.get(who, 0.0), p)
    return 1 - prod(1 - p for p in best.values())


def test_at_equal_age_every_copy_counts_that_is_so_old(stores: Stores) -> None:
    send(stores, "News", 10, {0: 600, 1: 3_000, 2: 20 * HOUR, 3: 50 * HOUR})
    told = pace(stores, find(stores, "News"), now=seeding.micros(100 * HOUR))
    hour, day, three, week = told.opened.checkpoints
    assert (hour.count, hour.base, hour.rate) == (2, 10, 0.2)
    assert (day.count, day.base) == (3, 10)
    assert three.count == 4
    assert (week.rate, week.cannot_say) == (None, "cannot say: no copy is that old")
    assert told.clicked.half_life is None
    assert told.clicked.ending.cannot_say == "cannot say: 0 responses do not tell when the others come"


def test_the_last_checkpoint_is_the_rate_of_the_report(stores: Stores) -> None:
    send(stores, "News", 30, {n: 100.0 * (n + 1) for n in range(12)})
    told = pace(stores, find(stores, "News"), now=seeding.micros(30 * DAY))
    (rate,) = (
        each
        for each in campaign_report(stores, find(stores, "News")).rates
        if each.metric == "human_open_rate__delivered_trackable"
    )
    last = told.opened.checkpoints[-1]
    assert (last.rate, last.low, last.high) == (rate.rate, rate.low, rate.high)


def test_half_of_those_who_opened_had_done_so_by_the_half_life(stores: Stores) -> None:
    send(stores, "News", 40, {n: 60.0 * (n + 1) for n in range(21)})
    told = pace(stores, find(stores, "News"), now=seeding.micros(2 * DAY))
    assert told.opened.half_life == pytest.approx(11 * 60, abs=61)


def test_young_copies_make_no_rate_look_low() -> None:
    old = Group(0.0, 600.0, 50, Expected(mean=50.0))
    waiting = Group(0.0, None, 50, Expected())
    young = Group(90_000.0, None, 1_000, Expected())
    assert at_age([old, waiting, young], HOUR, 91_000.0).rate == 0.5


def test_every_copy_is_watched_once() -> None:
    groups = [Group(0.0, 600.0, 10, Expected(mean=7.5)), Group(0.0, None, 90, Expected())]
    watched = watch(groups, 7_200.0)
    assert sum(each.weight for each in watched) == pytest.approx(100)
    assert sum(each.weight for each in watched if each.happened) == pytest.approx(7.5)


def test_the_curve_never_falls_and_ends_where_everything_is_in(stores: Stores) -> None:
    dice = random.Random(5)
    send(stores, "News", 300, {n: dice.lognormvariate(9, 1.5) for n in range(120)})
    told = pace(stores, find(stores, "News"), now=seeding.micros(30 * DAY)).opened
    rates = [each.rate or 0 for each in told.curve]
    assert rates == sorted(rates)
    assert rates[-1] == pytest.approx(0.4)


def test_a_forecast_rests_on_earlier_campaigns_of_the_stream(stores: Stores) -> None:
    dice = random.Random(6)
    for week in range(3, 6):
        opens = {n: dice.lognormvariate(9.2, 1.3) for n in range(160)}
        send(stores, f"Week {week}", 400, opens, days_ago=7.0 * week)
    truth = {n: dice.lognormvariate(9.2, 1.3) for n in range(160)}
    send(stores, "Now", 400, {n: age for n, age in truth.items() if age < 2 * HOUR})
    now = seeding.micros(2 * HOUR)
    assert len(earlier_campaigns(stores, find(stores, "Now"), now=now)) == 3
    ending = pace(stores, find(stores, "Now"), now=now).opened.ending
    assert ending.earlier == 3
    assert ending.low is not None
    assert ending.high is not None
    assert ending.low <= 0.4 <= ending.high


def test_the_groups_that_a_shape_is_told_from_are_not_kept_for_it() -> None:
    groups = [Group(0.0, float(minute * 60), 5, Expected(mean=1.0)) for minute in range(1, 200)]
    first, again = _Told(groups), _Told([*groups])
    shape = _shape(first, 20)
    assert shape is not None
    assert first.take() == ()
    assert _shape(again, 20) is shape
    assert again.take() == groups, "it was not looked at"
    assert _shape(_Told(groups[1:]), 20) is not shape


def test_without_earlier_ones_two_hours_do_not_tell_the_end(stores: Stores) -> None:
    send(stores, "Now", 400, {n: 60.0 * n + 30 for n in range(100)})
    ending = pace(stores, find(stores, "Now"), now=seeding.micros(2 * HOUR)).opened.ending
    assert ending.rate is None
    assert ending.cannot_say is not None
    assert "no earlier population tells when" in ending.cannot_say


def test_a_campaign_without_mail_has_no_pace(stores: Stores) -> None:
    seeding.sending(stores, "Empty")
    told = pace(stores, find(stores, "Empty"), now=seeding.micros(0))
    assert (told.sent_from, told.opened.curve, told.opened.base) == (None, (), 0)
    assert groups_of(stores, find(stores, "Empty").id) == {"opened": [], "clicked": []}


def test_a_campaign_was_sent_from_when_its_list_says(stores: Stores) -> None:
    seeding.crowd(stores, "News", people=40)
    (line,) = overview(stores).campaigns
    assert pace(stores, find(stores, "News"), now=seeding.micros(86_400)).sent_from == line.sent_from is not None
