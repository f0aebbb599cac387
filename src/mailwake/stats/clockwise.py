"""At which hour of the day or week something happens most, with next to nothing known of each unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import atan2, cos, exp, hypot, inf, lgamma, log, pi, sin, sqrt

from mailwake.errors import NotEnoughData
from mailwake.language import say
from mailwake.stats.quadrature import nodes, top
from mailwake.stats.tails import gamma_tail

#: Below this probability the best hour is not named. Judgement: it has to be likelier than all others together.
LEAST_SURE = 0.5


@dataclass(frozen=True, kw_only=True, slots=True)
class Direction:
    """Where times on a clock point to."""

    #: circular mean, 0 to the clock's turn
    mean: float
    #: length of the mean vector, 0: all around, 1: all at one time
    length: float
    #: how likely such a length is if no time is preferred
    p_value: float


def direction(times: Sequence[float], *, turn: float = 24.0) -> Direction:
    """Whether times on a clock prefer a time, and which; for those with more than one peak see `profile`.

    Raises:
        NotEnoughData: there are none.

    Source: Mardia and Jupp 2000, Directional Statistics, section 2.2; Rayleigh's p by Wilkie 1983, Appl. Stat. 32, 311.
    """
    count = len(times)
    if not count:
        raise NotEnoughData(say("no time is preferred by nobody"))
    x, y = (sum(wave(2 * pi * time / turn) for time in times) for wave in (cos, sin))
    size = min(hypot(x, y), float(count))
    p = exp(sqrt(1 + 4 * count + 4 * (count * count - size * size)) - (1 + 2 * count))
    return Direction(mean=atan2(y, x) / (2 * pi) * turn % turn, length=size / count, p_value=min(1.0, p))


def fit_weight(units: Sequence[Sequence[float]], usual: Sequence[float]) -> float:
    """How many events what is usual weighs: many where units are alike, few where each has hours of its own.

    Args:
        units: counts by bin of each, (units, bins); those with fewer than two events say nothing.
        usual: what to shrink to: a share of each bin, above 0; the scale does not matter.

    Raises:
        NotEnoughData: no unit has two events.

    Source: Minka 2000, Estimating a Dirichlet distribution: marginal likelihood of the Dirichlet-multinomial.
    """
    told = [counts for counts in units if sum(counts) >= 2]
    if not told:
        raise NotEnoughData("how units differ takes one with two events")
    shares = [share / sum(usual) for share in usual]

    def height(point: tuple[float, ...]) -> float:
        if not -3 < point[0] < 12:  # from a twentieth of an event to 160,000
            return -inf
        weight, found = exp(point[0]), 0.0
        for counts in told:
            found += lgamma(weight) - lgamma(weight + sum(counts))
            found += sum(lgamma(weight * s + n) - lgamma(weight * s) for n, s in zip(counts, shares, strict=True) if n)
        return found

    return exp(top(height, (log(10.0),), close=1e-4)[0])


def profile(
    counts: Sequence[float], usual: Sequence[float], weight: float, *, exposure: Sequence[float] | None = None
) -> list[tuple[float, float]]:
    """Belief of each bin's intensity, 1 on average where nothing is known: (shape, rate) of a gamma distribution.

    Args:
        counts: events by bin, 24 or 168 of them or any other number.
        usual: as for `fit_weight`.
        weight: from there.
        exposure: how much of it could have been in each bin, 0 or more, in any scale; None: as much in all.

    Raises:
        ValueError: a weight or share is not above 0, or nothing was exposed.

    Source: gamma-Poisson model, Gelman et al., Bayesian Data Analysis, 3rd ed., section 2.6; without exposure its means
    are those of a multinomial with a Dirichlet prior.
    """
    exposed = exposure or [1.0] * len(counts)
    if not weight > 0 or min(usual) <= 0 or min(exposed) < 0 or not sum(exposed):
        raise ValueError("bins need a usual share and a weight above 0, and some exposure")
    bins, shares = len(counts), [share / sum(usual) for share in usual]
    scale = sum(counts) / sum(share * bins * e for share, e in zip(shares, exposed, strict=True))
    return [(weight * s + n, weight / bins + scale * e) for n, s, e in zip(counts, shares, exposed, strict=True)]


def best(beliefs: Sequence[tuple[float, float]]) -> tuple[int, float]:
    """The bin with the highest intensity, and the probability that it is the highest.

    Args:
        beliefs: of `profile`.

    Raises:
        NotEnoughData: too little is known to name one.
    """
    means = [shape / rate for shape, rate in beliefs]
    leading = max(range(len(means)), key=means.__getitem__)
    shape, rate = beliefs[leading]
    low, high = (max(0.0, means[leading] + side * 9 * sqrt(shape) / rate) for side in (-1, 1.5))
    chance = 0.0
    for x, width in nodes(low, high, 80):
        density = exp(shape * log(rate * x) - rate * x - lgamma(shape)) / x
        for number, other in enumerate(beliefs):
            density *= 1.0 if number == leading else 1 - gamma_tail(other[1] * x, other[0])
        chance += width * density
    if chance < LEAST_SURE:
        raise NotEnoughData(
            say("too little is known: the likeliest is the best with %(chance)s%% only", chance=f"{chance * 100:.0f}")
        )
    return leading, min(1.0, chance)
