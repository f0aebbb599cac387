"""Which of several shares is the highest, and what is lost by taking another for it.

A belief, not a test: looking at it again and again until it is high makes false winners; show `sequential` beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import asin, cos, exp, lgamma, log, pi, sin, sqrt

from mailwake.errors import NotEnoughData
from mailwake.language import say
from mailwake.stats.beta import beta_cdf
from mailwake.stats.quadrature import nodes
from mailwake.stats.rates import Interval
from mailwake.stats.shrinkage import Prior
from mailwake.stats.tails import student_critical
from mailwake.trials.sequential import passing


@dataclass(frozen=True, kw_only=True, slots=True)
class Chance:
    """Of one arm."""

    #: probability that its share is the highest; over all arms they sum to 1
    best: float
    #: how much lower than the highest its share is, on average over what is believed
    loss: float


def chances(beliefs: Sequence[Prior]) -> list[Chance]:
    """How likely each share is the highest, and what taking it would lose.

    Args:
        beliefs: Beta(a, b) of each arm after its counts: prior.a + successes, prior.b + failures; one or more.

    Raises:
        ValueError: a parameter is not above 0.

    Source: one integral over the share, f·ΠF for the best and F·(1 - ΠF) for the loss, on the arcsine scale, where all
    beliefs are about normal (Bartlett 1947, Biometrics 3, 39-52).
    """
    if any(not (each.a > 0 and each.b > 0) for each in beliefs):
        raise ValueError("a belief needs parameters above 0")
    best, loss = [0.0] * len(beliefs), [0.0] * len(beliefs)
    for angle, weight in _angles(beliefs):
        x = sin(angle) ** 2
        below = [beta_cdf(x, each.a, each.b) for each in beliefs]
        for i, each in enumerate(beliefs):
            others = 1.0
            for j, chance in enumerate(below):
                others *= chance if j != i else 1.0
            best[i] += weight * _density(angle, each) * others
            loss[i] += weight * below[i] * (1 - others) * 2 * sin(angle) * cos(angle)
    whole = sum(best)  # 1 but for the places: beliefs without an event on one side rise steeply at an end
    return [Chance(best=p / whole, loss=lost) for p, lost in zip(best, loss, strict=True)]


def _angles(beliefs: Sequence[Prior]) -> list[tuple[float, float]]:
    """Places and weights, dense where any of the beliefs is."""
    cuts = {0.0, pi / 2}
    for each in beliefs:
        middle, sd = asin(sqrt(each.a / (each.a + each.b))), 0.5 / sqrt(each.a + each.b)
        cuts |= {middle + step * sd for step in range(-9, 10, 2) if 0 < middle + step * sd < pi / 2}
    ends = sorted(cuts)
    return [node for low, high in pairwise(ends) for node in nodes(low, high, 10)]


def _density(angle: float, belief: Prior) -> float:
    front = lgamma(belief.a + belief.b) - lgamma(belief.a) - lgamma(belief.b)
    return 2 * exp(front + (2 * belief.a - 1) * log(sin(angle)) + (2 * belief.b - 1) * log(cos(angle)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Pooled:
    """What several experiments say together of one effect."""

    #: average over experiments of the kind, in the unit of the effects
    mean: float
    interval: Interval
    #: standard deviation of true effects between experiments
    between: float


def pooled(effects: Sequence[tuple[float, float]], *, confidence: float = 0.95) -> Pooled:
    """The average effect of experiments that need not all have the same.

    Args:
        effects: (effect, its variance) of each, variance above 0.
        confidence: of the interval, between 0 and 1.

    Raises:
        NotEnoughData: fewer than three.

    Source: Paule and Mandel 1982, J. Res. NBS 87, 377-385, for the spread between; Hartung and Knapp 2001, Stat. Med.
    20, 3875-3889, for the interval.
    """
    count = len(effects)
    if count < 3:
        raise NotEnoughData(say("how much effects differ between experiments takes three of them"))

    def around(between: float) -> tuple[float, float, float]:
        weights = [1 / (variance + between) for _, variance in effects]
        mean = sum(w * x for w, (x, _) in zip(weights, effects, strict=True)) / sum(weights)
        return mean, sum(weights), sum(w * (x - mean) ** 2 for w, (x, _) in zip(weights, effects, strict=True))

    most = count * (max(x for x, _ in effects) - min(x for x, _ in effects)) ** 2
    excess = around(0.0)[2] > count - 1
    between = passing(lambda square: count - 1 - around(square)[2], 0.0, most) if excess else 0.0
    mean, weight, squares = around(between)
    variance = max(1.0, squares / (count - 1)) / weight  # never narrower than if all effects were one
    reach = student_critical(confidence, count - 1) * sqrt(variance)
    return Pooled(mean=mean, interval=Interval(low=mean - reach, high=mean + reach), between=sqrt(between))
