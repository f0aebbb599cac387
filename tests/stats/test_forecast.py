"""Checked by simulation: populations of which the end is known, cut off early."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest

from mailwake.errors import NotEnoughData
from mailwake.stats.forecast import Forecast, Shape, forecast, usual
from mailwake.stats.survival import Watched

#: In hours: of those who respond half do within three, give or take a third; most between half an hour and a day.
EARLIER = Shape(location=math.log(3), location_sd=0.3, spread=math.log(1.5), spread_sd=0.15)
WEEK = 168.0


@dataclass(frozen=True, kw_only=True)
class World:
    """One way a population can be; half of it is a fifth younger."""

    units: int
    rate: float
    age: float
    is_weibull: bool = False
    #: known from earlier populations, or to be found out alone
    earlier: Shape | None = EARLIER
    #: of log time, where nothing is known from earlier
    spread: float = 1.2


def played(world: World, draw: np.random.Generator) -> tuple[list[Watched], int]:
    """What is seen of it at its age, and how many there were in the end."""
    location, spread = math.log(3), world.spread
    if world.earlier:
        location = draw.normal(world.earlier.location, world.earlier.location_sd)
        spread = math.exp(draw.normal(world.earlier.spread, world.earlier.spread_sd))
    if world.is_weibull:  # of the same median and standard deviation of log time
        power = math.pi / math.sqrt(6) / spread
        times = math.exp(location) * (draw.exponential(1, world.units) / math.log(2)) ** (1 / power)
    else:
        times = np.exp(draw.normal(location, spread, world.units))
    times = np.where(draw.random(world.units) < world.rate, times, np.inf)
    ages = np.where(np.arange(world.units) % 2, world.age, 0.8 * world.age)
    seen = times <= ages
    units = [Watched(float(time), happened=True) for time in times[seen]]
    units += [Watched(age, False, float((~seen & (ages == age)).sum())) for age in (world.age, 0.8 * world.age)]
    return units, int((times <= WEEK).sum())


def outcomes(world: World, times: int) -> Iterator[tuple[Forecast, int]]:
    draw = np.random.default_rng(31)
    for _ in range(times):
        units, final = played(world, draw)
        try:
            yield forecast(units, horizon=WEEK, shape=world.earlier), final
        except NotEnoughData:
            continue


def coverage(world: World, times: int) -> tuple[int, int]:
    found = list(outcomes(world, times))
    return sum(each.interval.low <= final <= each.interval.high for each, final in found), len(found)


EARLY = [
    World(units=units, rate=rate, age=age, is_weibull=weibull)
    for units, rate, age in ((3_000, 0.05, 2.0), (20_000, 0.02, 2.0), (1_000, 0.3, 2.0), (1_500, 0.02, 6.0))
    for weibull in (False, True)
]
ALONE = [
    World(units=units, rate=rate, age=age, is_weibull=weibull, earlier=None, spread=spread)
    for units, rate, age, spread in ((3_000, 0.05, 48.0, 1.5), (1_000, 0.3, 12.0, 1.0), (20_000, 0.02, 24.0, 1.2))
    for weibull in (False, True)
]


@pytest.mark.long
def test_after_two_hours_the_interval_covers() -> None:
    """A short form of the long test below."""
    hits, said = coverage(EARLY[0], 24)
    assert said == 24
    assert hits / said >= 0.85


@pytest.mark.long
@pytest.mark.parametrize("world", EARLY, ids=str)
def test_after_hours_the_interval_covers_in_every_world(world: World) -> None:
    """300 seeded repetitions each; 1.8 points are one standard error."""
    hits, said = coverage(world, 300)
    assert said >= 200
    assert hits / said >= 0.85


@pytest.mark.long
def test_alone_the_interval_covers_over_all_worlds_together() -> None:
    """Where no earlier population tells the shape, 100 seeded repetitions of each."""
    found = [coverage(world, 100) for world in ALONE]
    assert sum(hits for hits, _ in found) / sum(said for _, said in found) >= 0.85


@pytest.mark.long
def test_the_forecast_is_right_on_average_and_narrower_than_everything() -> None:
    found = list(outcomes(EARLY[2], 8))
    assert np.mean([each.mean / final for each, final in found]) == pytest.approx(1, abs=0.25)
    assert all(each.seen <= each.interval.low <= each.mean <= each.interval.high < 800 for each, _ in found)


def test_when_all_is_over_it_is_what_was_seen() -> None:
    units = [Watched(1 + each / 50, happened=True) for each in range(100)]
    found = forecast([*units, Watched(5_000.0, False, 900.0)])
    assert found.interval.low == found.seen == 100
    assert found.mean < 101


def test_where_hardly_one_is_to_come_the_interval_still_holds_the_forecast() -> None:
    over = [Watched(float(n + 1), happened=True) for n in range(60)] + [Watched(900.0, happened=False, weight=900.0)]
    found = forecast(over, horizon=2_000.0)
    assert found.interval.low <= found.mean <= found.interval.high


def test_a_sooner_horizon_expects_no_more() -> None:
    units, _ = played(EARLY[0], np.random.default_rng(1))
    means = [forecast(units, shape=EARLIER, horizon=each).mean for each in (1.0, 12.0, WEEK, math.inf)]
    assert means == sorted(means)
    assert means[0] == forecast(units, shape=EARLIER, horizon=0.1).seen


def test_the_shape_of_a_population_that_is_over_is_found() -> None:
    units, _ = played(World(units=5_000, rate=0.2, age=2_000.0, earlier=None), np.random.default_rng(2))
    shape = forecast(units).shape
    assert shape.location == pytest.approx(math.log(3), abs=0.15)
    assert math.exp(shape.spread) == pytest.approx(1.2, abs=0.1)


def test_what_is_usual_is_the_wider_the_fewer_tell_it() -> None:
    one, other = (Shape(location=x, location_sd=0.1, spread=0.4 + x, spread_sd=0.1) for x in (0.0, 1.0))
    few, many = usual([one, other]), usual([one, other] * 20)
    assert few.location == many.location == 0.5
    assert few.location_sd > 2 * many.location_sd
    with pytest.raises(NotEnoughData):
        usual([one])


def test_what_cannot_be_said_is_not_said() -> None:
    young = [Watched(0.5, happened=True, weight=4.0), Watched(1.0, False, 1_000.0)]
    with pytest.raises(NotEnoughData, match="4 responses"):
        forecast(young, shape=EARLIER)
    times = [Watched(0.1 + each / 100, happened=True) for each in range(90)]
    with pytest.raises(NotEnoughData, match="still to come"):
        forecast([*times, Watched(1.0, False, 5_000.0)])
    with pytest.raises(ValueError, match="takes time"):
        forecast([Watched(0, happened=True)])
