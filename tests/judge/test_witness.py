"""Decoys and broken seals."""

import pytest
from tests.judge.world import (
    HOUR,
    MICROSOFT,
    NOTHING,
    PERSON,
    clicked,
    codes,
    decoy,
    delivered,
    judged,
    opened,
    p,
    refused,
)


def test_the_same_visitor_weighs_most_and_a_stranger_far_off_least() -> None:
    scene = [
        delivered(),
        decoy(1, 43, **MICROSOFT),
        clicked(2, 44, link=1, **MICROSOFT),
        clicked(3, 50, link=1, **PERSON),
        clicked(4, 5 * HOUR, link=1, **PERSON),
    ]
    verdicts = judged(scene)
    assert "decoy_same_visitor" in codes(verdicts[2])
    assert "decoy_near" in codes(verdicts[3])
    assert "decoy_elsewhere" in codes(verdicts[4])
    assert p(verdicts[4]) > 0.9


def test_visitors_that_are_not_known_are_not_the_same() -> None:
    verdicts = judged([delivered(), decoy(1, 100, **NOTHING), clicked(2, 5 * HOUR, **NOTHING)])
    assert "decoy_elsewhere" in codes(verdicts[2])


def test_two_decoys_are_no_screen_reader() -> None:
    hits = [decoy(1, 2 * HOUR, link=98, **PERSON), decoy(2, 2 * HOUR + 5, link=99, **PERSON)]
    verdicts = judged([delivered(), *hits, clicked(3, 2 * HOUR + 20, **PERSON)])
    assert "decoy_same_visitor" in codes(verdicts[3])
    assert p(verdicts[3]) < 0.5


def test_a_decoy_in_the_same_second_is_no_screen_reader() -> None:
    verdicts = judged([delivered(), decoy(1, 2 * HOUR, **PERSON), clicked(2, 2 * HOUR + 1, **PERSON)])
    assert "decoy_assistive" not in codes(verdicts[2])


def test_the_decoy_hit_itself_is_judged() -> None:
    assert p(judged([delivered(), decoy(1, 43, **MICROSOFT)])[1]) < 0.01


@pytest.mark.parametrize(("seconds", "told"), [(59, True), (61, False)])
def test_an_altered_link_speaks_for_a_minute(seconds: float, told: bool) -> None:
    facts = MICROSOFT | {"agent": 9}
    verdicts = judged([delivered(), refused(1, 100, **MICROSOFT), clicked(2, 100 + seconds, **facts)])
    assert ("refused_same_network" in codes(verdicts[2])) is told


def test_an_altered_link_from_elsewhere_says_nothing_of_a_person() -> None:
    verdicts = judged([delivered(), refused(1, 2 * HOUR, **MICROSOFT), clicked(2, 2 * HOUR + 1, **PERSON)])
    assert not {"refused_same_network", "refused_near"} & codes(verdicts[2])


def test_an_open_beside_a_decoy_is_suspected_less_than_a_click() -> None:
    verdicts = judged([delivered(), decoy(1, 43, **NOTHING), opened(2, 44, **NOTHING), clicked(3, 44, **NOTHING)])
    weight = {n: next(r.weight for r in verdicts[n].reasons if r.code == "decoy_near") for n in (2, 3)}
    assert weight[3] < weight[2] < 0
