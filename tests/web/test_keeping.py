"""A slow answer is kept for a while, a fast one for no time that anybody notices."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from mailwake.framing.asking import Remembered
from mailwake.serving.keeping import LEAST_SECONDS, TIMES, Kept
from mailwake.store.answers.glance import glancing, looking


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_an_answer_is_kept_as_many_times_as_long_as_it_took() -> None:
    clock, asked = Clock(), [0]

    def slow() -> int:
        clock.now += 2.0
        asked[0] += 1
        return asked[0]

    later: list[Callable[[], None]] = []
    kept = Kept(clock, later.append)
    assert kept.answer("a", slow) == 1
    clock.now += 2.0 * TIMES - 0.1
    assert kept.answer("a", slow) == 1
    assert kept.answer("b", slow) == 2
    assert not later
    clock.now += 0.2
    assert kept.answer("a", slow) == kept.answer("a", slow) == 1, "nobody waits"
    (task,) = later
    task()
    assert kept.answer("a", slow) == 3
    clock.now += 2 * 2.0 * TIMES
    assert kept.answer("a", slow) == 4, "too old for anybody"
    assert later == [task]


def test_who_comes_back_within_two_minutes_waits_for_nothing() -> None:
    clock = Clock()

    def slow() -> float:
        clock.now += 0.2
        return clock.now

    later: list[Callable[[], None]] = []
    kept = Kept(clock, later.append)
    first = kept.answer("a", slow)
    clock.now = LEAST_SECONDS
    assert kept.answer("a", slow) == first
    assert len(later) == 1
    clock.now = LEAST_SECONDS + 1
    assert kept.answer("a", slow) > first


def test_who_looks_at_a_page_of_a_large_store_waits_for_nothing_however_late_they_come() -> None:
    clock = Clock()

    def slow() -> float:
        clock.now += 0.2
        return clock.now

    later: list[Callable[[], None]] = []
    kept = Kept(clock, later.append)
    first = kept.answer("a", slow)
    clock.now += 100_000
    with glancing():
        assert kept.answer("a", slow) == first
        assert kept.age("a") > 99_000, "and the page says how old it is"
    (task,) = later
    task()
    with glancing():
        assert kept.answer("a", slow) > first


def test_what_is_kept_for_a_request_is_as_old_as_it_says_and_not_given_on_once_something_was_taken_out() -> None:
    clock, request = Clock(), SimpleNamespace(state=SimpleNamespace())
    kept, asked, old = Kept(clock, lambda _: None), list[int](), [{"received_at": 7}]

    def ask() -> int:
        clock.now += 1.0
        asked.append(1)
        glance = looking()
        if glance:
            glance.note(old)
        return len(asked)

    def given(overthrown: int) -> int:
        wanted: Any = request
        return Remembered(kept=kept, request=wanted, zone="UTC", overthrown=overthrown).answer("a", ask)

    with glancing() as first:
        assert given(0) == 1
        assert first.latest == old
    with glancing() as second:
        clock.now += 9.0
        assert given(0) == 1
        assert second.latest == old, "of what it was made of"
        assert request.state.seconds_old == 10.0
    with glancing():
        assert given(1) == 2


def test_a_page_of_a_large_store_is_made_of_what_was_kept_and_everything_else_of_what_is_true_now() -> None:
    clock = Clock()

    def quick() -> float:
        clock.now += 0.03
        return clock.now

    later: list[Callable[[], None]] = []
    wanted: Any = SimpleNamespace(state=SimpleNamespace())
    given = Remembered(kept=Kept(clock, later.append), request=wanted, zone="UTC", overthrown=0)
    assert given.glanced("a", quick) < given.glanced("a", quick)
    assert not later
    with glancing():
        first = given.glanced("a", quick)
        clock.now += 100_000
        assert given.glanced("a", quick) == first
        assert wanted.state.seconds_old > 99_000, "and the page says how old it is"
    (task,) = later
    task()
    with glancing():
        assert given.glanced("a", quick) > first


def test_what_took_no_time_is_asked_anew() -> None:
    clock = Clock()
    kept = Kept(clock)
    assert [kept.answer("a", lambda: clock.now), kept.answer("a", lambda: clock.now + 1)] == [0.0, 1.0]


def test_only_so_many_answers_are_kept() -> None:
    kept = Kept(Clock())
    for number in range(1_000):
        kept.answer(number, lambda: 1)
    assert len(kept._answers) <= 64


def test_what_nothing_was_written_to_stays_true_as_long_as_time_leaves_it() -> None:
    clock, asked = Clock(), [0]

    def slow() -> int:
        clock.now += 1.0
        asked[0] += 1
        return asked[0]

    kept = Kept(clock, lambda _: None)
    assert kept.answer("a", slow, mark=1, lasts=3_600.0) == 1
    clock.now += 3_500.0
    assert kept.answer("a", slow, mark=1, lasts=3_600.0) == 1
    assert kept.answer("a", slow, mark=2, lasts=3_600.0) == 2, "something was written"
    clock.now += 3_601.0
    assert kept.answer("a", slow, mark=2, lasts=3_600.0) == 3, "spans have moved on"
    clock.now += 3_000.0
    assert kept.answer("a", slow, lasts=3_600.0) == 4, "nobody knows whether something was written"
