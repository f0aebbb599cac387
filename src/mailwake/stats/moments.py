"""Sums, products and shares of things that are not known exactly: mean and variance in, mean and variance out.

All that goes in is taken as independent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import exp, log, log1p, sqrt
from statistics import NormalDist

from mailwake.errors import NotEnoughData


@dataclass(frozen=True, kw_only=True, slots=True)
class Moments:
    """A number that is not known exactly."""

    mean: float
    #: 0 or more
    variance: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """A share, and how sure it is."""

    #: 0-1
    mean: float
    #: lower end of the interval, 0-1
    low: float
    #: upper end, 0-1
    high: float


def counted(trials: int, chance: Moments) -> Moments:
    """How many of so many trials will succeed, when their common chance is itself not known exactly.

    Args:
        trials: 0 or more.
        chance: mean 0-1, and its variance.

    Source: mean and variance of the beta-binomial distribution; Johnson, Kemp and Kotz, Univariate Discrete
    Distributions, 3rd ed., section 6.2.2, written with the variance of the chance.
    """
    spread = chance.mean * (1 - chance.mean) - chance.variance
    return Moments(mean=trials * chance.mean, variance=trials * spread + trials * trials * chance.variance)


def scaled(factor: float, number: Moments) -> Moments:
    """So many times as much."""
    return Moments(mean=factor * number.mean, variance=factor * factor * number.variance)


def product(one: Moments, other: Moments) -> Moments:
    """One times the other. Source: Goodman 1960, JASA 55, 708-713, formula 2."""
    variance = (
        one.mean**2 * other.variance + other.mean**2 * one.variance + one.variance * other.variance
    )  # exact for independent numbers
    return Moments(mean=one.mean * other.mean, variance=variance)


def total(numbers: Iterable[Moments]) -> Moments:
    """All of them together."""
    every = list(numbers)
    return Moments(mean=sum(each.mean for each in every), variance=sum(each.variance for each in every))


def share(part: Moments, rest: Moments, *, confidence: float = 0.95) -> Estimate:
    """Which share of the whole one part is, when neither part nor rest is known exactly.

    Args:
        part: 0 or more.
        rest: the whole without it, 0 or more.
        confidence: of the interval, between 0 and 1.

    Returns:
        The share, with an interval made on the scale of log-odds, so that it stays inside 0-1.

    Raises:
        NotEnoughData: part and rest are both 0.
        ValueError: something is below 0, or the confidence cannot be.

    Source: delta method on log(part / rest); Agresti, Categorical Data Analysis, 3rd ed., section 16.1.
    """
    if part.mean < 0 or rest.mean < 0 or not 0 < confidence < 1:
        raise ValueError("a part of a whole cannot be below nothing, nor a confidence outside 0-1")
    whole = part.mean + rest.mean
    if not whole:
        raise NotEnoughData("a share of nothing cannot be told")
    mean = part.mean / whole
    if mean in (0, 1):
        return Estimate(mean=mean, low=mean, high=mean)
    return _on_log_odds(mean, part.variance / part.mean**2 + rest.variance / rest.mean**2, confidence)


def part_of(part: Moments, whole: float, *, confidence: float = 0.95) -> Estimate:
    """Which share of a whole that is known exactly one part is.

    Args:
        part: mean from 0 to the whole.
        whole: above 0.
        confidence: of the interval, between 0 and 1.

    Raises:
        NotEnoughData: the whole is 0.
        ValueError: the part is no part of it, or the confidence cannot be.

    Source: delta method on the log-odds, as in `share`.
    """
    if not whole:
        raise NotEnoughData("a share of nothing cannot be told")
    if not 0 <= part.mean <= whole or not 0 < confidence < 1:
        raise ValueError("a part is between nothing and the whole, and a confidence between 0 and 1")
    mean, rest = part.mean / whole, whole - part.mean
    if mean in (0, 1):
        return Estimate(mean=mean, low=mean, high=mean)
    return _on_log_odds(mean, part.variance * (whole / (part.mean * rest)) ** 2, confidence)


def _on_log_odds(mean: float, spread: float, confidence: float) -> Estimate:
    """A share whose log-odds have a variance."""
    reach = NormalDist().inv_cdf((1 + confidence) / 2) * sqrt(spread)
    middle = log(mean) - log1p(-mean)
    return Estimate(mean=mean, low=min(mean, _share_of(middle - reach)), high=max(mean, _share_of(middle + reach)))


def _share_of(log_odds: float) -> float:
    """Of log-odds, without overflow at either end."""
    if log_odds >= 0:
        return 1 / (1 + exp(-log_odds))
    return exp(log_odds) / (1 + exp(log_odds))
