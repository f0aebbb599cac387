"""Comparisons and click maps of a segment's people alone."""

from datetime import timedelta

import pytest
from tests.insight import seeding
from tests.insight.seeding import HOUR, HUMAN, START

from mailwake.comparing.compare import compare
from mailwake.events import EventType
from mailwake.insight.click_map import Asked, click_map
from mailwake.insight.report import find
from mailwake.insight.stores import Stores
from mailwake.segments import keeper
from mailwake.segments.keeper import NoSuchSegment
from mailwake.segments.within import within

NOW = seeding.micros(48 * HOUR)


def mail(stores: Stores, name: str, days_ago: int, clicks: tuple[int, ...]) -> None:
    """Ten copies to the same ten people, clicked by some."""
    sending = seeding.sending(stores, name, start=START - timedelta(days=days_ago))
    sending.people([f"p{number}@example.com" for number in range(10)])
    for number in range(10):
        sending.add(EventType.SENT, number, 0)
        sending.add(EventType.DELIVERED, number, 1)
        if number in clicks:
            sending.add(EventType.CLICKED, number, HOUR, link=2, role="cta", **HUMAN | {"p_human": 1.0})
    sending.write()


def test_only_copies_of_its_people_count(stores: Stores) -> None:
    mail(stores, "First", 20, clicks=(0, 1, 2, 3))
    mail(stores, "Second", 10, clicks=(0, 1, 9))
    keeper.add(stores, "Warm", 'clicked in campaign "First"', is_live=True, now=NOW, by="test")
    warm = within(stores, "Warm", now=NOW)
    campaigns = [find(stores, "First"), find(stores, "Second")]
    told = compare(warm, campaigns, now=NOW, segment="Warm")
    clicked = [next(each for each in side.figures if each.metric == "clicked") for side in told.sides]
    assert [(each.count, each.base) for each in clicked] == [(4, 4), (2, 4)]
    assert told.segment == "Warm"
    whole = compare(stores, campaigns, now=NOW)
    assert [next(each.base for each in side.figures if each.metric == "clicked") for side in whole.sides] == [10, 10]
    found = click_map(warm, campaigns[1], Asked(segment="Warm"))
    assert (found.mail.base, {spot.number: spot.people for spot in found.spots if spot.people}) == (4, {2: 2.0})


def test_no_name_is_everybody_and_a_wrong_one_is_refused(stores: Stores) -> None:
    assert within(stores, "", now=NOW) is stores
    with pytest.raises(NoSuchSegment):
        within(stores, "Nobody knows", now=NOW)


def test_a_segment_of_nobody_is_not_everybody(stores: Stores) -> None:
    mail(stores, "First", 20, clicks=(0,))
    keeper.add(stores, "Empty", "complained", is_live=False, now=NOW, by="test")
    assert click_map(within(stores, "Empty", now=NOW), find(stores, "First"), Asked()).mail.base == 0
