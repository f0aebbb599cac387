"""Quiet is measured by the events; the wall clock takes over only when nothing comes."""

from mailwake.events import SECOND, Micros
from mailwake.pipeline.clock import EventClock
from mailwake.pipeline.desk import make_clock
from mailwake.sections import Demo

LAG, IDLE = 10 * SECOND, 2 * SECOND


def at(seconds: float) -> Micros:
    return Micros(round(seconds * SECOND))


def test_nothing_is_settled_before_the_first_event() -> None:
    assert EventClock().settled_until() < 0


def test_it_follows_the_latest_event_at_a_distance() -> None:
    clock = EventClock(lag=LAG, idle=IDLE)
    for seconds in (100, 300, 200):
        clock.saw(at(seconds))
    assert clock.settled_until() == at(290)


def test_a_pause_shorter_than_idle_changes_nothing() -> None:
    clock = EventClock(lag=LAG, idle=IDLE)
    clock.saw(at(100))
    clock.nothing_came(wall=at(5_000), quiet=IDLE - 1)
    assert clock.settled_until() == at(90)


def test_a_long_pause_hands_over_to_the_wall() -> None:
    clock = EventClock(lag=LAG, idle=IDLE)
    clock.saw(at(100))
    clock.nothing_came(wall=at(5_000), quiet=IDLE)
    assert clock.settled_until() == at(4_990)


def test_a_wall_clock_that_goes_back_moves_nothing_back() -> None:
    clock = EventClock(lag=LAG, idle=IDLE)
    clock.saw(at(5_000))
    clock.nothing_came(wall=at(100), quiet=IDLE)
    assert clock.settled_until() == at(4_990)


def test_a_demo_waits_longer_because_its_hours_are_milliseconds() -> None:
    plain, demo = make_clock(Demo()), make_clock(Demo(event_clock=True))
    for clock in (plain, demo):
        clock.saw(at(100_000))
    assert demo.settled_until() < plain.settled_until()
