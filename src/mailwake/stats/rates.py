"""How sure a rate is.

Counts in, intervals out. Units are counted once each; what they are is not known here.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

from mailwake.errors import NotEnoughData


@dataclass(frozen=True, kw_only=True, slots=True)
class Interval:
    """Two ends of what a rate may be."""

    #: 0-1
    low: float
    #: 0-1, never below `low`
    high: float


def wilson_interval(successes: float, trials: float, *, confidence: float = 0.95) -> Interval:
    """Interval for a rate that stays inside 0-1, also near the ends.

    Args:
        successes: how many did it, 0 ≤ successes ≤ trials; a fraction where the count is an expected one.
        trials: how many could have. Units counted once each.
        confidence: two-sided coverage, between 0 and 1.

    Returns:
        Both ends, as rates 0-1. They hold the observed rate; with no success the low end is exactly 0, with nothing but
        successes the high end is exactly 1.

    Raises:
        NotEnoughData: trials is 0. Nothing out of nothing is not 0 %.
        ValueError: the counts or the confidence cannot be.

    Source: Wilson 1927, JASA 22, 209-212, without continuity correction.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"a confidence of {confidence} is not between 0 and 1")
    if trials == 0 and successes == 0:
        raise NotEnoughData("a rate of nothing out of nothing cannot be told")
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} of {trials} cannot be")
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    rate, shrink = successes / trials, z * z / trials
    middle = (rate + shrink / 2) / (1 + shrink)
    reach = z * sqrt((rate * (1 - rate) + shrink / 4) / trials) / (1 + shrink)
    return Interval(
        low=0.0 if successes == 0 else max(0.0, middle - reach),
        high=1.0 if successes == trials else min(1.0, middle + reach),
    )
