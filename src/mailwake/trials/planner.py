"""How many units a comparison of two rates takes, and what it can find with those there are."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist

from mailwake.errors import NotEnoughData
from mailwake.language import say
from mailwake.trials.sequential import always_valid_radius, passing


def units_each(base: float, other: float, *, alpha: float = 0.05, power: float = 0.8) -> float:
    """Units on each of two equal sides that find a difference of rates; round up.

    Args:
        base: rate, between 0 and 1.
        other: the rate that shall be told from it.
        alpha: two-sided probability of a false difference.
        power: probability of finding the true one.

    Raises:
        ValueError: a rate or probability cannot be, or the rates are equal.

    Source: Fleiss, Levin and Paik 2003, Statistical Methods for Rates and Proportions, 3rd ed., formula 4.14, without
    correction for continuity. Times `sequential.inflation` for a plan with looks.
    """
    if not all(0 < each < 1 for each in (base, other, alpha, power)) or base == other:
        raise ValueError("rates and probabilities are between 0 and 1, and two equal rates cannot be told apart")
    middle, spread = (base + other) / 2, base * (1 - base) + other * (1 - other)
    wanted = _z(alpha) * sqrt(2 * middle * (1 - middle)) + NormalDist().inv_cdf(power) * sqrt(spread)
    return (wanted / (other - base)) ** 2


def least_difference(base: float, each: float, *, alpha: float = 0.05, power: float = 0.8) -> float:
    """The smallest rise of a rate that so many units on each side find with a probability.

    Args:
        base: rate, between 0 and 1.
        each: units on each side, above 0; after division by `always_valid_inflation` or that of a schedule.
        alpha: as for `units_each`.
        power: as for `units_each`.

    Raises:
        NotEnoughData: none could be found.
    """
    most = 1 - base - 1e-9
    if units_each(base, base + most, alpha=alpha, power=power) > each:
        raise NotEnoughData(say("with %(count)s units on each side no rise could be found", count=f"{each:g}"))
    least = base * 1e-9
    return passing(lambda rise: each - units_each(base, base + rise, alpha=alpha, power=power), least, most)


def always_valid_inflation(*, alpha: float = 0.05, power: float = 0.8) -> float:
    """How many times as many units `sequential.watch` takes at most, tuned at that number, as one look at the end does.

    Source: the radius at the tuned number in place of the two-sided critical value.
    """
    beyond = NormalDist().inv_cdf(power)
    return ((always_valid_radius(1.0, 1.0, alpha=alpha) + beyond) / (_z(alpha) + beyond)) ** 2


def _z(alpha: float) -> float:
    return NormalDist().inv_cdf(1 - alpha / 2)
