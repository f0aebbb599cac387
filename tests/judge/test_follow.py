"""Opens before, returns, pre-checks, replies, conversions."""

import pytest
from tests.every import every
from tests.judge.world import (
    APPLE,
    GMAIL,
    HOUR,
    MICROSOFT,
    NOTHING,
    PERSON,
    cells,
    clicked,
    delivered,
    event,
    judged,
    opened,
    p,
)

from mailwake.events import EventType


@every(
    ("facts", "gap", "cell"),
    [
        (PERSON, 20, "opened.same_from_10"),
        (PERSON | {"agent": 99}, 20, "opened.network_recent"),
        (GMAIL, 30, "opened.proxy_minute"),
        (APPLE, 30, "opened.privacy_minute"),
        (MICROSOFT, 3000, "opened.other_older"),
    ],
)
def test_the_nearest_open_before_is_told(facts: dict[str, object], gap: float, cell: str) -> None:
    found = cells([delivered(), opened(1, HOUR, **facts), clicked(2, HOUR + gap, **PERSON)])
    assert cell in found[2]


def test_no_open_and_an_open_that_comes_later_are_two_things() -> None:
    assert "opened.never" in cells([delivered(), clicked(2, HOUR, **PERSON)])[2]
    assert "opened.later" in cells([delivered(), clicked(2, HOUR, **PERSON), opened(3, HOUR + 9, **PERSON)])[2]


def test_an_open_hears_of_the_click_after_it() -> None:
    found = cells([delivered(), opened(1, HOUR, **PERSON), clicked(2, HOUR + 20, **PERSON)])
    assert "clicked_after.same_from_10" in found[1]


def test_images_fetched_at_once_are_told_of_others() -> None:
    found = cells([delivered(), opened(1, 9, **MICROSOFT), clicked(2, 43, **MICROSOFT), clicked(3, HOUR, **PERSON)])
    assert "quick_open.same_network" in found[2]
    assert "quick_open.other" in found[3]


def test_whoever_comes_back_after_ten_minutes_is_told() -> None:
    found = cells([delivered(), clicked(1, HOUR, **PERSON), clicked(2, HOUR + 700, **PERSON)])
    assert "returned.minutes" in found[1]
    assert "returned.minutes" in found[2]


def test_a_gateways_look_just_before_a_persons_click_is_told_apart() -> None:
    scene = [delivered(), clicked(1, HOUR, link=3, **MICROSOFT), clicked(2, HOUR + 1, link=3, **PERSON)]
    assert "pair.first_microsoft" in cells(scene)[1]
    assert "pair.second_consumer" in cells(scene)[2]
    verdicts = judged(scene)
    assert p(verdicts[1]) < 0.3
    assert p(verdicts[2]) > 0.9


def test_a_look_at_another_link_is_no_pair() -> None:
    found = cells([delivered(), clicked(1, HOUR, link=3, **MICROSOFT), clicked(2, HOUR + 1, link=4, **PERSON)])
    assert not any(name.startswith("pair") for name in found[2])


@pytest.mark.parametrize(("gap", "width"), [(0.2, ""), (3, ""), (3.1, "_minute"), (59, "_minute")])
def test_a_gateway_may_look_because_somebody_followed(gap: float, width: str) -> None:
    found = cells([delivered(), clicked(1, HOUR, link=3, **PERSON), clicked(2, HOUR + gap, link=3, **MICROSOFT)])
    assert f"pair.first{width}_consumer" in found[1]
    assert f"pair.second{width}_microsoft" in found[2]


@pytest.mark.parametrize("gap", [0.1, 60, 4_000])
def test_what_comes_at_once_or_long_after_is_no_pair(gap: float) -> None:
    found = cells([delivered(), clicked(1, HOUR, link=3, **PERSON), clicked(2, HOUR + gap, link=3, **MICROSOFT)])
    assert not any(name.startswith("pair") for name in found[1] | found[2])


def test_whoever_looks_because_a_person_followed_is_a_machine_and_the_person_stays_one() -> None:
    verdicts = judged([delivered(), clicked(1, HOUR, link=3, **PERSON), clicked(2, HOUR + 20, link=3, **MICROSOFT)])
    assert p(verdicts[1]) > 0.9
    assert p(verdicts[2]) < 0.3


def test_a_conversion_vouches_for_the_last_visitor_before_it_alone() -> None:
    scene = [delivered(), clicked(1, HOUR, **MICROSOFT), clicked(2, HOUR + 60, link=2, **PERSON)]
    found = cells([*scene, event(3, EventType.CONVERTED, HOUR + 200)])
    assert "converted.after" not in found[1]
    assert "converted.after" in found[2]


def test_a_reply_vouches_for_what_went_before_and_not_for_what_came_after() -> None:
    scene = [delivered(), clicked(1, 500, **NOTHING), event(9, EventType.REPLIED, 600), clicked(2, 700, **NOTHING)]
    found = cells(scene)
    assert "replied.after" in found[1]
    assert "replied.after" not in found[2]


def test_a_reply_does_not_clear_a_sweep() -> None:
    sweep = [clicked(n, 43 + n / 10, link=n, **MICROSOFT) for n in range(1, 6)]
    verdicts = judged([delivered(), *sweep, event(9, EventType.REPLIED, 600)])
    assert p(verdicts[2]) < 0.1


def test_a_reply_is_a_persons() -> None:
    assert p(judged([delivered(), event(9, EventType.REPLIED, 600)])[9]) > 0.99
