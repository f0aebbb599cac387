"""Kept for fifty times as long as it took; behind only where it took long; made once at a time."""

import threading
from array import array

import pytest

from mailwake.errors import Unavailable
from mailwake.events import Micros
from mailwake.scoring.keeping import TIMES, Keeper
from mailwake.scoring.ranking import Ranking


def ranking(at: int) -> Ranking:
    none = array("q")
    return Ranking(
        handles=none, scores=none, bands=none, best=none, listed=(), counts={}, best_from=1, as_of=Micros(at)
    )


class World:
    """A clock, and rankings that take so long by it."""

    def __init__(self, seconds: float) -> None:
        self.now, self.seconds, self.made = 0.0, seconds, 0
        self.done, self.may_go_on, self.is_away = threading.Event(), threading.Event(), False
        self.may_go_on.set()
        self.keeper = Keeper(lambda: self.now)

    def make(self) -> Ranking:
        self.may_go_on.wait(5)
        self.done.set()
        if self.is_away:
            raise Unavailable("away")
        self.now += self.seconds
        self.made += 1
        return ranking(self.made)

    def ask(self) -> int:
        return self.keeper.answer(self.make).as_of


def test_a_short_one_is_never_behind() -> None:
    world = World(0.1)
    assert [world.ask(), world.ask()] == [1, 1]
    world.now += 0.1 * TIMES
    assert world.ask() == 2
    world.is_away, world.now = True, world.now + 100
    with pytest.raises(Unavailable):
        world.ask()


def test_a_long_one_is_given_while_another_is_made_once() -> None:
    world = World(10)
    assert world.ask() == 1
    world.now += 10 * TIMES
    world.may_go_on.clear()
    world.done.clear()
    assert [world.ask() for _ in range(5)] == [1] * 5
    world.may_go_on.set()
    threads = [each for each in threading.enumerate() if each.name == "ranking"]
    assert len(threads) <= 1
    for thread in threads:
        thread.join(5)
    assert (world.ask(), world.made) == (2, 2)


def test_what_cannot_be_made_leaves_the_last_one_and_is_tried_again() -> None:
    world = World(10)
    assert world.ask() == 1
    world.now, world.is_away = world.now + 1_000, True
    for is_away, expected in ((True, 1), (False, 1), (False, 2)):
        world.is_away = is_away
        assert world.ask() == expected
        for thread in [each for each in threading.enumerate() if each.name == "ranking"]:
            thread.join(5)


def test_who_comes_first_waits_and_all_get_the_same() -> None:
    world = World(10)
    world.may_go_on.clear()
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(world.ask())) for _ in range(4)]
    for thread in threads:
        thread.start()
    world.may_go_on.set()
    for thread in threads:
        thread.join(5)
    assert (found, world.made) == ([1] * 4, 1)


def test_a_first_one_that_takes_long_is_not_waited_for_where_nobody_has_to() -> None:
    world = World(10)
    world.may_go_on.clear()
    assert [world.keeper.soon(world.make, 0.0) for _ in range(3)] == [None] * 3
    world.may_go_on.set()
    soon = world.keeper.soon(world.make, 30.0)
    assert soon is not None
    assert (soon.as_of, world.made) == (1, 1)
    assert world.keeper.soon(world.make, 0.0) is soon
    assert world.ask() == 1


def test_one_that_cannot_be_made_soon_is_tried_again() -> None:
    world = World(10)
    world.is_away = True
    assert world.keeper.soon(world.make, 0.05) is None
    for thread in [each for each in threading.enumerate() if each.name == "ranking"]:
        thread.join(5)
    world.is_away = False
    assert world.keeper.soon(world.make, 30.0) is not None
