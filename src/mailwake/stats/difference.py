"""Whether one rate is higher than another, by how much, and how sure that is.

The counts may be expected ones. The doubts of the two counts are taken as independent; where both were judged by the
same hand their errors largely cancel, so that the interval is rather too wide than too narrow.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import exp, log, sqrt

from mailwake.errors import NotEnoughData
from mailwake.stats.rates import Interval
from mailwake.stats.tails import two_sided
from mailwake.stats.uncertain import Expected, critical, rate_interval


class Standing(StrEnum):
    """How the second of two rates stands to the first, by the interval of their difference."""

    HIGHER = "higher"
    LOWER = "lower"
    #: both signs can be
    NOT_DISTINGUISHABLE = "not distinguishable"


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """The second rate less the first."""

    #: -1 to 1
    value: float
    #: of the value, -1 to 1; holds it
    interval: Interval
    #: second / first; None: the first is 0
    ratio: float | None
    #: of the ratio; None: one of the rates is 0
    ratio_interval: Interval | None
    #: how likely so large a difference is if there is none; 1 if both are 0 or both 1 without doubt
    p_value: float

    @property
    def standing(self) -> Standing:
        """In a word, by the interval that is shown."""
        return standing(self.interval)


def standing(interval: Interval) -> Standing:
    """What an interval of a difference says of its sign."""
    if interval.low > 0:
        return Standing.HIGHER
    return Standing.LOWER if interval.high < 0 else Standing.NOT_DISTINGUISHABLE


def difference(
    first: Expected, first_trials: int, second: Expected, second_trials: int, *, confidence: float = 0.95
) -> Difference:
    """How much higher the second rate is than the first, in rates and as a ratio.

    Args:
        first: successes, 0 to trials; with a variance where they are expected ones.
        first_trials: how many could have, units counted once each.
        second: the same of the other.
        second_trials: the same of the other.
        confidence: two-sided coverage of both intervals, between 0 and 1.

    Raises:
        NotEnoughData: one of the trials is 0.
        ValueError: the counts or the confidence cannot be.

    Source: Newcombe 1998, Stat. Med. 17, 873-890, method 10; ratio by the delta method on its logarithm, Katz et al.
    1978, Biometrics 34, 469-474; p of the pooled z, two-sided, without correction. Doubt about a count is added to the
    variance of each.
    """
    if not first_trials or not second_trials:
        raise NotEnoughData("a rate of nothing out of nothing cannot be compared")
    one, other = first.mean / first_trials, second.mean / second_trials
    around_one = rate_interval(first, first_trials, confidence=confidence)
    around_other = rate_interval(second, second_trials, confidence=confidence)
    value = other - one
    down = sqrt(_reach(other, around_other.low) ** 2 + _reach(around_one.high, one) ** 2)
    up = sqrt(_reach(around_other.high, other) ** 2 + _reach(one, around_one.low) ** 2)
    return Difference(
        value=value,
        interval=Interval(low=max(-1.0, value - down), high=min(1.0, value + up)),
        ratio=other / one if one else None,
        ratio_interval=_ratio(first, first_trials, second, second_trials, confidence=confidence),
        p_value=_pooled(first, first_trials, second, second_trials),
    )


def spread(count: Expected, trials: int) -> float:
    """Variance of a rate: of being drawn, and of being counted in doubt."""
    rate = count.mean / trials
    return rate * (1 - rate) / trials + count.variance / trials**2


def _reach(high: float, low: float) -> float:
    return max(0.0, high - low)  # a rate at the end of its interval may be off by a rounding


def _pooled(first: Expected, first_trials: int, second: Expected, second_trials: int) -> float:
    rate = (first.mean + second.mean) / (first_trials + second_trials)
    variance = rate * (1 - rate) * (1 / first_trials + 1 / second_trials)
    variance += first.variance / first_trials**2 + second.variance / second_trials**2
    value = second.mean / second_trials - first.mean / first_trials
    return two_sided(value / sqrt(variance)) if variance > 0 else 1.0


def _ratio(
    first: Expected, first_trials: int, second: Expected, second_trials: int, *, confidence: float
) -> Interval | None:
    found = log_ratio(first, first_trials, second, second_trials)
    if found is None:
        return None
    middle, variance = found
    reach = critical(confidence) * sqrt(variance)
    return Interval(low=exp(middle - reach), high=exp(middle + reach))


def log_ratio(first: Expected, first_trials: int, second: Expected, second_trials: int) -> tuple[float, float] | None:
    """The logarithm of the second rate over the first, and its variance; None: one of them is 0.

    Source: as `difference`, the delta method.
    """
    if not first.mean or not second.mean:
        return None
    one, other = first.mean / first_trials, second.mean / second_trials
    return log(other / one), spread(first, first_trials) / one**2 + spread(second, second_trials) / other**2
