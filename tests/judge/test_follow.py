"""Opens before, returns, pre-checks, replies, conversions."""

from tests.judge.world import (
    GMAIL,
    HOUR,
    MICROSOFT,
    NOTHING,
    PERSON,
    clicked,
    codes,
    delivered,
    event,
    judged,
    opened,
    p,
)

from mailwake.events import EventType, NetworkKind

HOSTED = PERSON | {"network_kind": NetworkKind.HOSTING, "asn": 24940, "network": 77}


def test_an_open_by_the_same_visitor_vouches_for_the_click_and_back() -> None:
    verdicts = judged([delivered(), opened(1, HOUR, **PERSON), clicked(2, HOUR + 20, **PERSON)])
    assert "open_before" in codes(verdicts[2])
    assert "click_after" in codes(verdicts[1])


def test_an_image_proxy_open_shortly_before_vouches_too() -> None:
    verdicts = judged([delivered(), opened(1, HOUR, **GMAIL), clicked(2, HOUR + 30, **PERSON)])
    assert "proxied_open_before" in codes(verdicts[2])


def test_two_machines_do_not_vouch_for_each_other() -> None:
    verdicts = judged(
        [delivered(), opened(1, 9, **MICROSOFT), clicked(2, 43, **MICROSOFT), clicked(3, 5000, **MICROSOFT)]
    )
    assert not {"open_before", "returned", "click_after"} & (
        codes(verdicts[1]) | codes(verdicts[2]) | codes(verdicts[3])
    )


def test_whoever_comes_back_after_ten_minutes_is_likelier_a_person() -> None:
    verdicts = judged([delivered(), clicked(1, HOUR, **PERSON), clicked(2, HOUR + 700, **PERSON)])
    assert "returned" in codes(verdicts[1])
    assert "returned" in codes(verdicts[2])


def test_rented_machines_that_come_back_are_scanning_again() -> None:
    verdicts = judged([delivered(), clicked(1, HOUR, **HOSTED), clicked(2, HOUR + 700, **HOSTED)])
    assert "returned" not in codes(verdicts[1])


def test_a_gateways_look_just_before_a_persons_click_is_told_apart() -> None:
    verdicts = judged([delivered(), clicked(1, HOUR, link=3, **MICROSOFT), clicked(2, HOUR + 1, link=3, **PERSON)])
    assert "pair_precheck" in codes(verdicts[1])
    assert "pair_person" in codes(verdicts[2])
    assert p(verdicts[1]) < 0.1
    assert p(verdicts[2]) > 0.95


def test_a_look_at_another_link_is_no_pair() -> None:
    verdicts = judged([delivered(), clicked(1, HOUR, link=3, **MICROSOFT), clicked(2, HOUR + 1, link=4, **PERSON)])
    assert "pair_person" not in codes(verdicts[2])


def test_a_conversion_vouches_for_the_last_click_before_it_alone() -> None:
    scene = [delivered(), clicked(1, HOUR, **NOTHING), clicked(2, HOUR + 60, link=2, **NOTHING)]
    verdicts = judged([*scene, event(3, EventType.CONVERTED, HOUR + 200)])
    assert "converted" not in codes(verdicts[1])
    assert "converted" in codes(verdicts[2])
    assert p(verdicts[3]) > 0.99


def test_a_reply_does_not_vouch_for_a_sweep() -> None:
    sweep = [clicked(n, 43 + n / 10, link=n, **MICROSOFT) for n in range(1, 6)]
    verdicts = judged([delivered(), *sweep, event(9, EventType.REPLIED, 600)])
    assert "replied" not in codes(verdicts[2])


def test_a_reply_says_nothing_of_what_came_after() -> None:
    verdicts = judged([delivered(), event(9, EventType.REPLIED, 600), clicked(1, 700, **NOTHING)])
    assert "replied" not in codes(verdicts[1])
