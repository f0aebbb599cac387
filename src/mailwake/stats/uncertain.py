"""Counts of things of which each is known with a probability only.

A threshold would count what is doubtful as certain, and always in the same direction; the sum of the probabilities does
not. What the sum leaves open is its variance.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from math import hypot, prod, sqrt
from statistics import NormalDist

from mailwake.stats.rates import Interval, wilson_interval

#: By how much a whole group may be misjudged together, in log-odds: the standard deviation of an error that all of its
#: members share. Half a nat turns 0.90 into 0.85 or 0.94. An assumption, until judged groups have been audited.
GROUP_ERROR_NATS = 0.5
#: Intervals that are kept: a list of campaigns asks for thirteen of each, and for the same ones at each visit.
_KEPT = 20_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Expected:
    """How many there are, as far as probabilities tell."""

    #: sum of the probabilities
    mean: float = 0.0
    #: of the true number around it, in units squared
    variance: float = 0.0

    def __add__(self, other: Expected) -> Expected:
        """Two counts that share no unit and no error."""
        return Expected(mean=self.mean + other.mean, variance=self.variance + other.variance)


def any_of(probabilities: Iterable[float]) -> float:
    """The probability that at least one of several independent claims is true; of none it is 0.

    Args:
        probabilities: 0-1 each.
    """
    return 1 - prod(1 - each for each in probabilities)


def with_group_error(doubts: Iterable[tuple[float, float]], *, error_nats: float = GROUP_ERROR_NATS) -> Expected:
    """The sum over groups whose members may be misjudged in common.

    The common error shifts the log-odds of all members of a group; to first order the group's sum moves by the shift
    times Σp(1-p). Its variance is what a wild bootstrap over the groups tends to, without its dice: the same groups
    give the same answer each time. Resampling whole groups would count their different sizes as error.

    Args:
        doubts: (Σp, Σp(1-p)) of each group.
        error_nats: standard deviation of the common error in log-odds, 0 or more.

    Source: Le Cam 1960, Pacific J. Math. 10, 1181-1197, for mean Σp and variance Σp(1-p) of independent units; Cameron,
    Gelbach, Miller 2008, Rev. Econ. Stat. 90, 414-427, for the wild cluster bootstrap.
    """
    mean, variance = 0.0, 0.0
    for total, doubt in doubts:
        mean += total
        variance += doubt + (error_nats * doubt) ** 2
    return Expected(mean=mean, variance=variance)


def count_interval(expected: Expected, most: float, *, confidence: float = 0.9) -> Interval:
    """Between which numbers the true count is; normal, cut to what is possible.

    Args:
        expected: its mean and variance.
        most: how many there can be.
        confidence: two-sided coverage, between 0 and 1.

    Returns:
        Both ends as counts, 0 ≤ low ≤ high ≤ `most`.

    Raises:
        ValueError: the confidence cannot be.
    """
    reach = critical(confidence) * sqrt(expected.variance)
    return Interval(low=min(max(0.0, expected.mean - reach), most), high=min(max(0.0, expected.mean + reach), most))


@lru_cache(maxsize=_KEPT)
def rate_interval(expected: Expected, trials: int, *, confidence: float = 0.95) -> Interval:
    """Wilson's interval for a rate, made wider by the doubt about successes that are expected ones.

    Args:
        expected: mean from 0 to `trials`, and its variance.
        trials: how many could have.
        confidence: two-sided coverage, between 0 and 1.

    Returns:
        Both ends, as rates 0-1; without variance exactly `wilson_interval`.

    Raises:
        NotEnoughData: trials is 0.
        ValueError: the counts or the confidence cannot be.

    Source: Zou and Donner 2008, Stat. Med. 27, 1693-1702: limits of a sum are squared and added on either side. Fewer
    trials instead of it would make the interval widest where next to nothing is expected.
    """
    sure = wilson_interval(expected.mean, trials, confidence=confidence)
    rate, doubt = expected.mean / trials, critical(confidence) * sqrt(expected.variance) / trials
    if not doubt:
        return sure
    return Interval(
        low=max(0.0, rate - hypot(rate - sure.low, doubt)), high=min(1.0, rate + hypot(sure.high - rate, doubt))
    )


def discounted(expected: Expected, trials: int) -> tuple[float, float]:
    """Successes and trials that say as much without doubt as these say with it: the same rate of fewer trials."""
    if not 0 < expected.mean < trials:
        return expected.mean, trials
    drawn = expected.mean * (1 - expected.mean / trials)
    shrink = drawn / (drawn + expected.variance)
    return expected.mean * shrink, trials * shrink


@lru_cache(maxsize=64)
def critical(confidence: float) -> float:
    """Half the width of a two-sided normal interval, in standard deviations.

    Raises:
        ValueError: the confidence cannot be.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"a confidence of {confidence} is not between 0 and 1")
    return NormalDist().inv_cdf((1 + confidence) / 2)
