"""How many there will be in the end, from how many there are early on.

Some never respond; those who do, do so after a time that is log-normal or Weibull: each is believed the
more, the better it explains what was seen. What two hours cannot tell of that time is taken from earlier populations,
as far as those agree with each other; what is left open is in the interval. Day and night are not in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from math import ceil, exp, expm1, inf, log, log1p, pi, sqrt
from typing import NamedTuple

from mailwake.errors import NotEnoughData
from mailwake.language import say
from mailwake.stats.quadrature import Point, top
from mailwake.stats.rates import Interval
from mailwake.stats.shrinkage import JEFFREYS, Prior
from mailwake.stats.survival import Watched
from mailwake.stats.tails import below, gamma_tail, student_critical

#: Fewer responses than this say nothing of when the others come, with and without earlier populations. Judgement.
LEAST_SEEN, LEAST_SEEN_ALONE = 5, 20
#: Without earlier populations no more than this part of the final count may be still to come. Judgement.
LEAST_PART_SEEN = 0.7
#: Ages, and times of response, are put together so that so many remain.
_AGES, _TIMES = 30, 40
#: A family's evidence counts by this power: the truth is neither. Source: judgement, simulated in the tests.
_TRUST = 0.25
#: Earlier shapes are held so much looser: the same median and spread mean other things in another family. Simulated.
_LOOSER = 1.25
#: Places on each axis, in standard deviations; steps of one are exact to 1e-3 for a normal hill.
_STEPS = (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """When those respond who do, and how much populations differ in that."""

    #: natural logarithm of the median time
    location: float
    location_sd: float
    #: natural logarithm of the standard deviation of log time
    spread: float
    spread_sd: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Forecast:
    """How many there will be."""

    #: that responded until now
    seen: float
    #: that will have responded by the horizon, and between which numbers that is
    mean: float
    interval: Interval
    #: of the response times of this population, with what is not known of them
    shape: Shape


@dataclass(frozen=True, slots=True)
class _Data:
    """(log time, weight) of the responses and (log age, units) of the others."""

    times: Sequence[tuple[float, float]]
    ages: Sequence[tuple[float, float]]

    @property
    def count(self) -> float:
        return sum(weight for _, weight in self.times)


class _Family(NamedTuple):
    """Of log time, with median 0 and standard deviation 1 so that all families share one shape."""

    log_density: Callable[[float], float]
    by: Callable[[float], float]


#: Standard deviation, and log-log of the half, of the logarithm of an exponential time. Source: DLMF 5.15.
_EXTREME, _HALF = pi / sqrt(6), log(log(2))
_FAMILIES = (
    _Family(lambda z: -(z * z + log(2 * pi)) / 2, below),
    _Family(
        lambda z: log(_EXTREME) + _EXTREME * z + _HALF - exp(min(_EXTREME * z + _HALF, 600.0)),
        lambda z: -expm1(-exp(min(_EXTREME * z + _HALF, 600.0))),
    ),
)
#: A place in the belief: how much of it, in which family, and location, log spread and log-odds of responding at all.
_Place = tuple[float, _Family, Point]


def forecast(
    units: Iterable[Watched],
    *,
    horizon: float = inf,
    shape: Shape | None = None,
    rate: Prior = JEFFREYS,
    confidence: float = 0.9,
) -> Forecast:
    """How many of the units will have responded when each is as old as the horizon.

    Args:
        units: responses with their time, and those still waiting with their age, above 0; in any one unit.
        horizon: in the same unit.
        shape: of earlier populations, such as `usual` makes it; None: this population has to tell it alone.
        rate: share that responds at all, of earlier populations.
        confidence: probability of the interval, between 0 and 1.

    Raises:
        NotEnoughData: cannot say: too few responses, or without earlier populations too many of them still to come.
        ValueError: a time, a weight or the confidence cannot be.

    Source: mixture cure model, Boag 1949, JRSS B 11, 15-53; predictive distribution by quadrature around the mode,
    Naylor and Smith 1982, Appl. Stat. 31, 214-225.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"a confidence of {confidence} is not between 0 and 1")
    data = _data(units)
    if data.count < (LEAST_SEEN if shape else LEAST_SEEN_ALONE):
        raise NotEnoughData(say("%(count)s responses do not tell when the others come", count=f"{data.count:g}"))
    cloud = _cloud(data, shape or _vague(data), rate)
    rest = [(weight, *_to_come(data, family, point, horizon)) for weight, family, point in cloud]
    mean = sum(weight * more for weight, more, _ in rest)
    if not shape and data.count < LEAST_PART_SEEN * (data.count + mean):
        raise NotEnoughData(say("most responses are still to come, and no earlier population tells when"))
    tail, most = (1 - confidence) / 2, sum(units for _, units in data.ages)
    low, high = (data.count + _quantile(rest, part, most) for part in (tail, 1 - tail))
    mean += data.count
    told = Interval(
        low=min(low, mean), high=max(high, mean)
    )  # where hardly one is to come, both ends are what was seen
    return Forecast(seen=data.count, mean=mean, interval=told, shape=_told(cloud))


def usual(shapes: Sequence[Shape]) -> Shape:
    """What the next population will be like, from the shapes of earlier ones; the fewer they are, the wider.

    Raises:
        NotEnoughData: fewer than two.

    Source: predictive distribution of a normal sample, Gelman et al., Bayesian Data Analysis, 3rd ed., section 3.2; its
    middle 68 % stand for a standard deviation.
    """
    count = len(shapes)
    if count < 2:
        raise NotEnoughData("how populations differ takes two of them")
    factor = student_critical(0.6827, count - 1) * sqrt(1 + 1 / count)
    found = []
    for values in zip(*((each.location, each.spread) for each in shapes), strict=True):
        mean = sum(values) / count
        found += [mean, max(0.05, factor * sqrt(sum((x - mean) ** 2 for x in values) / (count - 1)))]
    return Shape(location=found[0], location_sd=found[1], spread=found[2], spread_sd=found[3])


def _data(units: Iterable[Watched]) -> _Data:
    times: list[tuple[float, float]] = []
    ages: list[tuple[float, float]] = []
    for time, happened, weight in units:
        if not (time > 0 and weight > 0):
            raise ValueError("a response takes time, and nobody counts for nothing")
        (times if happened else ages).append((log(time), weight))
    return _Data(_binned(sorted(times), _TIMES), _binned(sorted(ages), _AGES))


def _binned(places: Sequence[tuple[float, float]], most: int) -> list[tuple[float, float]]:
    """Neighbours put together, about equally many; the few at either end stay as they are."""
    bins: list[tuple[float, float]] = []
    share, passed = sum(weight for _, weight in places) / most, 0.0
    for number, (place, weight) in enumerate(places):
        is_end = min(number, len(places) - 1 - number) < most // 6
        if bins and (place == bins[-1][0] or (not is_end and passed + weight <= share)):
            before = bins[-1][1]
            bins[-1] = ((bins[-1][0] * before + place * weight) / (before + weight), before + weight)
            passed += weight
        else:
            bins.append((place, weight))
            passed = share if is_end else weight
    return bins


def _vague(data: _Data) -> Shape:
    middle = sum(time * weight for time, weight in data.times) / data.count
    return Shape(location=middle, location_sd=3.0, spread=log(1.5), spread_sd=1.0)


def _height(data: _Data, family: _Family, belief: tuple[Shape, Prior], point: Point) -> float:
    """Log-posterior, but for what is the same in all families."""
    (location, spread, odds), (shape, rate) = point, belief
    if abs(spread) > 5 or abs(odds) > 30:
        return -inf
    share, sd = 1 / (1 + exp(-odds)), exp(spread)
    height = (data.count + rate.a) * log(share) - rate.b * log1p(exp(odds)) - data.count * spread
    for time, weight in data.times:
        height += weight * family.log_density((time - location) / sd)
    for age, units in data.ages:
        height += units * log1p(-share * min(family.by((age - location) / sd), 1 - 1e-15))
    off = ((location - shape.location) / shape.location_sd, (spread - shape.spread) / shape.spread_sd)
    return height - (off[0] ** 2 + off[1] ** 2) / (2 * _LOOSER**2)


def _cloud(data: _Data, shape: Shape, rate: Prior) -> list[_Place]:
    """Places over which the belief is spread; the weights sum to 1."""
    odds = (data.count + rate.a) / (sum(units for _, units in data.ages) + rate.b)
    start, found = (shape.location, shape.spread, log(odds)), list[_Place]()
    for family in _FAMILIES:
        hill = list(_around(partial(_height, data, family, (shape, rate)), family, start))
        peak = max(height for height, _, _ in hill)
        evidence = peak + log(sum(exp(height - peak) for height, _, _ in hill))
        found += [(height - (1 - _TRUST) * evidence, family, point) for height, _, point in hill]
    highest = max(height for height, _, _ in found)
    weighed = [(exp(height - highest), family, point) for height, family, point in found]
    whole = sum(weight for weight, _, _ in weighed)
    return [(weight / whole, family, point) for weight, family, point in weighed if weight > 1e-7 * whole]


def _around(height: Callable[[Point], float], family: _Family, start: Point) -> Iterator[_Place]:
    """Places around the top of one family's hill, with the logarithm of the belief that each stands for."""
    peak = top(
        height, top(height, start, 0.3, close=1e-2), 0.1, close=1e-3
    )  # climbing once more frees it from where it stuck
    axes = _axes(height, peak)
    size = sum(log(axis[i]) for i, axis in enumerate(axes))  # the axes are triangular
    for place in product(_STEPS, repeat=3):
        point = tuple(x + sum(z * axes[j][i] for j, z in enumerate(place)) for i, x in enumerate(peak))
        yield height(point) + size, family, point


def _axes(height: Callable[[Point], float], peak: Point) -> list[Point]:
    """One standard deviation each way, as far as the hill is a normal one: a frame in which its curvature is 1."""
    size, best = range(len(peak)), height(peak)

    def at(i: int, a: float, j: int, b: float) -> float:
        return height(tuple(x + a * (k == i) + b * (k == j) for k, x in enumerate(peak)))

    steps = [0.05 for _ in size]
    for _ in range(3):
        falls = [max(2 * best - at(i, steps[i], i, 0) - at(i, -steps[i], i, 0), 1e-9) for i in size]
        steps = [min(max(step / sqrt(fall), 1e-4), 1.0) for step, fall in zip(steps, falls, strict=True)]
    bends = [
        [
            (at(i, a, j, -b) + at(i, -a, j, b) - at(i, a, j, b) - at(i, -a, j, -b)) / (4 * a * b)
            for j, b in enumerate(steps)
        ]
        for i, a in enumerate(steps)
    ]
    axes: list[Point] = []
    for i in size:
        axis = [float(i == j) for j in size]
        for other in axes:
            share = sum(bends[i][j] * other[j] for j in size)
            axis = [x - share * y for x, y in zip(axis, other, strict=True)]
        bend = sum(axis[j] * bends[j][k] * axis[k] for j in size for k in size)
        axes.append(tuple(x / sqrt(max(bend, 1e-2)) for x in axis))
    return axes


def _to_come(data: _Data, family: _Family, point: Point, horizon: float) -> tuple[float, float]:
    """Mean and variance of the responses between now and the horizon, if the population is like this."""
    location, spread, odds = point
    share, sd, mean, variance = 1 / (1 + exp(-odds)), exp(spread), 0.0, 0.0
    end = family.by((log(horizon) - location) / sd)
    for age, units in data.ages:
        by_now = family.by((age - location) / sd)
        chance = share * max(0.0, end - by_now) / max(1 - share * by_now, 1e-15)
        mean, variance = mean + units * chance, variance + units * chance * (1 - chance)
    return mean, variance


def _quantile(rest: Sequence[tuple[float, float, float]], probability: float, most: float) -> float:
    """Of a mixture of counts, by halving."""
    low, high = -1, ceil(most)
    while high - low > 1:
        middle = (low + high) // 2
        if sum(weight * _at_most(middle, mean, variance) for weight, mean, variance in rest) < probability:
            low = middle
        else:
            high = middle
    return min(max(0, high), most)


def _at_most(count: int, mean: float, variance: float) -> float:
    """Probability of no more than so many: of a Poisson count where it is a rare one, of a normal one elsewhere."""
    if mean < 30 and variance > 0.8 * mean:
        return gamma_tail(mean, count + 1)
    return below((count + 0.5 - mean) / sqrt(variance)) if variance > 0 else float(count >= mean)


def _told(cloud: Sequence[_Place]) -> Shape:
    means = [sum(weight * point[i] for weight, _, point in cloud) for i in (0, 1)]
    sds = [sqrt(sum(weight * (point[i] - means[i]) ** 2 for weight, _, point in cloud)) for i in (0, 1)]
    return Shape(location=means[0], location_sd=sds[0], spread=means[1], spread_sd=sds[1])
