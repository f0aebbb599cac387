"""Decoys and broken seals."""

import pytest
from tests.judge.world import HOUR, MICROSOFT, NOTHING, PERSON, cells, clicked, decoy, delivered, judged, p, refused


def test_the_same_visitor_a_neighbour_and_a_stranger_are_told_apart() -> None:
    found = cells(
        [
            delivered(),
            decoy(1, 43, **MICROSOFT),
            clicked(2, 44, link=1, **MICROSOFT),
            clicked(3, 50, link=1, **PERSON),
            clicked(4, 5 * HOUR, link=1, **PERSON),
            clicked(5, 50, link=2, **MICROSOFT | {"agent": 66}),
        ]
    )
    assert "decoy.same_visitor" in found[2]
    assert "decoy.near" in found[3]
    assert "decoy.elsewhere" in found[4]
    assert "decoy.same_network_near" in found[5]


def test_a_person_long_after_a_scanners_decoy_stays_a_person() -> None:
    scene = [delivered(), decoy(1, 43, **MICROSOFT), clicked(2, 5 * HOUR, link=1, **PERSON)]
    assert p(judged(scene)[2]) > 0.9


def test_visitors_that_are_not_known_are_not_the_same() -> None:
    assert "decoy.elsewhere" in cells([delivered(), decoy(1, 100, **NOTHING), clicked(2, 5 * HOUR, **NOTHING)])[2]


def test_one_decoy_apart_from_all_is_a_screen_reader_and_two_are_not() -> None:
    one = [delivered(), decoy(1, 2 * HOUR, link=98, **PERSON), clicked(3, 2 * HOUR + 20, **PERSON)]
    two = [*one, decoy(2, 2 * HOUR + 5, link=99, **PERSON)]
    assert "decoy.apart" in cells(one)[3]
    assert "decoy.same_visitor" in cells(two)[3]


def test_a_decoy_in_the_same_second_is_no_screen_reader() -> None:
    found = cells([delivered(), decoy(1, 2 * HOUR, **PERSON), clicked(2, 2 * HOUR + 1, **PERSON)])
    assert "decoy.same_visitor" in found[2]


def test_the_decoy_hit_itself_is_judged() -> None:
    assert p(judged([delivered(), decoy(1, 43, **MICROSOFT)])[1]) < 0.05


@pytest.mark.parametrize(("seconds", "told"), [(59, True), (61, False)])
def test_an_altered_link_speaks_for_a_minute(seconds: float, told: bool) -> None:
    facts = MICROSOFT | {"agent": 9}
    found = cells([delivered(), refused(1, 100, **MICROSOFT), clicked(2, 100 + seconds, **facts)])
    assert ("altered.same_network" in found[2]) is told


def test_an_altered_link_from_elsewhere_is_only_near() -> None:
    found = cells([delivered(), refused(1, 2 * HOUR, **MICROSOFT), clicked(2, 2 * HOUR + 1, **PERSON)])
    assert "altered.near" in found[2]
