"""Delay after delivery, per stream, and how it is told."""

import pytest
from tests.judge.world import at, rules

from mailwake.judge.families.timing import Span, delay, weigh
from mailwake.judge.rules import Scope, Term


def timing(seconds: float, *, stream: str = "marketing", consumer: bool = False, scope: Scope = Scope.CLICK) -> Term:
    found = weigh(rules(), scope, stream, at=at(seconds), anchor=at(0), consumer=consumer)
    assert found is not None
    return found


def test_quick_speaks_for_a_machine_and_slow_for_a_person() -> None:
    assert timing(5).weight < -2
    assert timing(40_000).weight > 2


def test_streams_are_never_mixed() -> None:
    assert timing(40, stream="transactional").weight > timing(40).weight + 2


def test_a_stream_we_do_not_know_is_judged_as_marketing() -> None:
    assert timing(40, stream="carrier pigeon") == timing(40)


def test_a_quick_person_on_a_device_of_their_own_is_hardly_held_against() -> None:
    assert timing(5, consumer=True).weight == -1.0


@pytest.mark.parametrize("scope", Scope)
@pytest.mark.parametrize("stream", ["marketing", "transactional", "outbound"])
def test_every_delay_has_a_weight(scope: Scope, stream: str) -> None:
    assert all(abs(timing(10.0**power, scope=scope, stream=stream).weight) < 4 for power in range(-3, 9))


def test_without_a_delivery_time_there_is_no_term() -> None:
    assert weigh(rules(), Scope.CLICK, "marketing", at=at(5), anchor=None, consumer=False) is None


def test_a_minute_before_delivery_is_slack_and_more_is_a_wrong_clock() -> None:
    assert delay(rules(), at(-59), at(0)) == -59
    assert delay(rules(), at(-61), at(0)) is None
    assert timing(-30).say() == "0.0 s after delivery"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (3.14, "3.1 s"),
        (43, "43 s"),
        (119, "119 s"),
        (300, "5 min"),
        (7200, "2 h"),
        (259_200, "3 days"),
    ],
)
def test_durations_are_told_as_people_tell_them(seconds: float, text: str) -> None:
    assert f"{Span(seconds)}" == text
