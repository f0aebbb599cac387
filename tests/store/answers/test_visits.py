"""What goes on beside rests while somebody looks at a page, and never for good."""

import threading

from mailwake.store.answers.line import Line
from mailwake.store.answers.visits import FIRST_SECONDS, RESTS, Visits


class World:
    """A clock that moves on by sleeping alone, and somebody who opens a page now and then."""

    def __init__(self, *, opens_every: float | None = None) -> None:
        self.now, self.slept, self._opens_every = 100.0, 0.0, opens_every
        self.visits = Visits(lambda: self.now, self.sleep)

    def sleep(self, seconds: float) -> None:
        steps = seconds if self._opens_every is None else min(seconds, self._opens_every)
        self.now += steps
        self.slept += steps
        if self._opens_every is not None:
            self.visits.begin()


def test_nobody_looks_and_nothing_rests() -> None:
    world = World()
    world.visits.give_way(1_000.0)
    assert world.slept == 0.0
    world.visits.begin()
    world.now += FIRST_SECONDS
    world.visits.give_way(1_000.0)
    assert world.slept == 0.0, "what takes longer than that waits for something to be counted"


def test_a_page_comes_first_for_a_second() -> None:
    world = World()
    world.visits.begin()
    world.visits.give_way(1_000.0)
    assert world.slept == FIRST_SECONDS


def test_who_works_little_rests_little() -> None:
    world = World()
    world.visits.begin()
    world.visits.give_way(0.01)
    assert abs(world.slept - RESTS * 0.01) < 1e-6


def test_pages_without_a_pause_leave_a_tenth_of_the_time() -> None:
    world = World(opens_every=0.3)
    world.visits.begin()
    world.visits.give_way(2.0)
    assert abs(world.slept - RESTS * 2.0) < 1e-6


def test_small_steps_rest_when_they_come_to_something() -> None:
    world = World(opens_every=0.01)
    rest = world.visits.pacer()
    world.visits.begin()
    for _ in range(1_000):
        world.now += 0.0001
        rest()
    assert abs(world.slept - RESTS * 0.1) < RESTS * 0.004


def test_what_is_asked_anew_waits_for_who_looks() -> None:
    world, done = World(), threading.Event()
    line, slept = Line(world.visits), list[float]()

    def task() -> None:
        slept.append(world.slept)
        done.set()

    world.visits.begin()
    line(task)
    assert done.wait(timeout=30)
    assert slept[0] > 0.5
