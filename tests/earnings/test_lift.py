"""A holdout tells what a campaign added: by hand, and by simulation of how often its interval is right."""

from __future__ import annotations

import random

import pytest
from tests.earnings.conftest import DAY, NOW, Shop
from tests.insight.seeding import AGGREGATE, micros

from mailwake.earnings.answers import GroupAnswer
from mailwake.earnings.keeper import find
from mailwake.earnings.lift import lift
from mailwake.events import EventType, Handle
from mailwake.stats.difference import difference
from mailwake.stats.uncertain import Expected
from mailwake.store.state import Axis, Consent


def test_sides_are_counted_as_drawn_and_only_by_what_a_server_says(shop: Shop) -> None:
    """20 mailed, 10 held out. Of the mailed 6 bought in time, of the held 1; all else does not count."""
    shop.goal("purchase", window_days=10, value="5", currency="EUR")
    mailed = [f"m{number}@example.com" for number in range(22)]
    held = [f"h{number}@example.com" for number in range(11)]
    mail = shop.mail("Spring", mailed[:20])
    mail.people(mailed)
    for number in (20, 21):  # may not be told of: not in the base, and their orders are not there
        mail.add(EventType.SENT, number, number, modes=AGGREGATE.to_byte())
    handles = shop.stores.state.handles(held, now=micros())
    told = {Handle(handles[name]): name != held[10] for name in held}
    shop.stores.state.put_holdouts(mail.campaign.id, told, now=micros(5))
    for number in range(6):
        shop.buy(mailed[number], 2 * DAY + number, value=str(10 + number))
        shop.buy(mailed[number], 3 * DAY + number)  # a second order of the same person
    shop.buy(mailed[7], 11 * DAY)  # too late
    shop.buy(mailed[8], 100, picture=True)  # who was held out has no picture
    shop.buy(mailed[9], 2)  # before the copy was sent
    shop.buy(mailed[10], 100, copy=mail.rows[20].delivery)  # who was held out has no reference either
    shop.buy(held[3], DAY, copy=mail.rows[20].delivery)
    shop.buy(held[0], 9 * DAY)
    shop.buy(held[1], 10 * DAY + 6)  # too late
    shop.buy(held[2], 1)  # before the draw
    shop.buy(held[10], 2 * DAY)  # may not be told of
    shop.write(mail)
    found = lift(shop.stores, mail.campaign.id, find(shop.stores.state, "purchase"), now=NOW)
    assert found.held is not None
    assert found.mailed is not None
    assert (found.held.people, found.held.reached, found.mailed.people, found.mailed.reached) == (10, 1, 20, 6)
    expected = difference(Expected(mean=1), 10, Expected(mean=6), 20)
    assert (found.difference, found.low, found.high) == pytest.approx(
        (0.2, expected.interval.low, expected.interval.high)
    )
    assert (found.standing, found.is_open) == ("not distinguishable", False)
    assert found.extra == pytest.approx(4)
    (money,) = found.money
    assert money.value == pytest.approx((sum(range(1_000, 1_600, 100)) + 6 * 500) / 20 - 50)
    assert money.low is None  # one buyer on the other side says nothing of the spread


def test_without_a_holdout_nothing_can_be_said(shop: Shop) -> None:
    shop.goal("purchase")
    mail = shop.mail("Spring", ["a@example.com"])
    shop.write(mail)
    goal = find(shop.stores.state, "purchase")
    assert "--holdout" in (lift(shop.stores, mail.campaign.id, goal, now=NOW).cannot_say or "")
    shop.stores.state.put_holdouts(mail.campaign.id, {Handle(5): False}, now=micros())
    assert lift(shop.stores, mail.campaign.id, goal, now=NOW).cannot_say is not None


def test_a_window_that_is_not_over_is_said(shop: Shop) -> None:
    shop.goal("purchase", window_days=30)
    mail = shop.mail("Spring", ["a@example.com", "b@example.com"])
    shop.stores.state.put_holdouts(mail.campaign.id, {Handle(5): True}, now=micros())
    shop.write(mail)
    goal = find(shop.stores.state, "purchase")
    assert lift(shop.stores, mail.campaign.id, goal, now=micros(5 * DAY)).is_open
    assert not lift(shop.stores, mail.campaign.id, goal, now=micros(31 * DAY)).is_open


def test_the_last_window_is_that_of_whoever_came_last(shop: Shop) -> None:
    """Half of the list was mailed, or held out, ten days after the other half."""
    shop.goal("purchase", window_days=30)
    goal = find(shop.stores.state, "purchase")
    mail = shop.mail("Spring", ["a@example.com"])
    shop.stores.state.put_holdouts(mail.campaign.id, {Handle(5): True}, now=micros())
    shop.stores.state.put_holdouts(mail.campaign.id, {Handle(6): True}, now=micros(10 * DAY))
    shop.write(mail)
    assert lift(shop.stores, mail.campaign.id, goal, now=micros(31 * DAY)).is_open
    assert not lift(shop.stores, mail.campaign.id, goal, now=micros(40 * DAY)).is_open
    mail.people(["a@example.com", "b@example.com"])
    mail.add(EventType.SENT, 1, 12 * DAY)
    mail.add(EventType.SENT, 0, 20 * DAY)  # a second copy begins no window
    shop.write(mail)
    assert lift(shop.stores, mail.campaign.id, goal, now=micros(41 * DAY)).is_open
    assert not lift(shop.stores, mail.campaign.id, goal, now=micros(42 * DAY)).is_open


def test_who_withdrew_leaves_both_sides(shop: Shop) -> None:
    """What they bought is not known any more, of those held out no more than of those mailed."""
    shop.goal("purchase", window_days=10)
    mailed, held = ([f"{side}{number}@example.com" for number in range(10)] for side in "mh")
    mail = shop.mail("Spring", mailed)
    handles = shop.stores.state.handles(held, now=micros())
    shop.stores.state.put_holdouts(mail.campaign.id, {Handle(handles[name]): True for name in held}, now=micros())
    for number in range(4):
        shop.buy(mailed[number], DAY)
        shop.buy(held[number], DAY)
    shop.write(mail)
    everybody = shop.stores.state.known_handles([mailed[0], held[0], held[9]])
    for name, withdrew_at in ((mailed[0], 2 * DAY), (held[0], 2 * DAY), (held[9], 3 * DAY)):
        shop.stores.state.set_consent(
            everybody[name], axis=Axis.BOTH, state=Consent.WITHDRAWN, at=micros(withdrew_at), source="test"
        )
    found = lift(shop.stores, mail.campaign.id, find(shop.stores.state, "purchase"), now=NOW)
    assert (found.held, found.mailed) == (
        GroupAnswer(people=8, reached=3, share=3 / 8),
        GroupAnswer(people=9, reached=3, share=3 / 9),
    )


@pytest.mark.parametrize("truth", [0.0, 0.03])
def test_the_interval_holds_the_truth_as_often_as_it_says(truth: float) -> None:
    draw, inside, runs = random.Random(11), 0, 600
    for _ in range(runs):
        held = sum(draw.random() < 0.05 for _ in range(200))
        mailed = sum(draw.random() < 0.05 + truth for _ in range(1_200))
        found = difference(Expected(mean=held), 200, Expected(mean=mailed), 1_200).interval
        inside += found.low <= truth <= found.high
    assert inside / runs > 0.93
