"""A rate for all units, where only some of them can be seen: post-stratified, with an interval.

The seen ones of a stratum stand for all of it; strata are put together by their sizes, not by how many are seen of
them. That is right as far as within a stratum seeing a unit says nothing of it.

Source: Holt and Smith 1979, "Post Stratification", JRSS A 142, 33-46: R = Σ W_h r_h with W_h = N_h / N,
var R = Σ W_h² var r_h.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt

from mailwake.errors import NotEnoughData
from mailwake.stats.rates import Interval
from mailwake.stats.uncertain import Expected, critical

#: Of a stratum with fewer seen ones nothing is said by itself; such strata are put together.
LEAST_IN_STRATUM = 5
#: Fewer seen ones, or a smaller part of all, tell nothing of the others.
LEAST_SEEN, LEAST_SHARE = 50, 0.1
#: Strata of which nobody is seen may hold this part of all; the interval then reaches from none to all of them.
MOST_UNSEEN = 0.05


@dataclass(frozen=True, kw_only=True, slots=True)
class Stratum:
    """Units that are alike."""

    name: str
    #: all of them
    size: int
    #: those that can be seen, at most `size`
    seen: int
    #: how many of the seen ones have it, and the variance of that number
    having: Expected


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """A rate of all units."""

    #: 0-1
    rate: float
    interval: Interval
    #: all units, and those of them that were seen
    size: int
    seen: int


class TooFewSeen(NotEnoughData):
    """So few are seen, of all or in part, that nothing can be said."""

    def __init__(self, seen: int, size: int) -> None:
        super().__init__(f"{seen} of {size} are seen")
        self.seen, self.size = seen, size


class Unseen(NotEnoughData):
    """Too large a part of all is in strata of which nobody is seen."""

    def __init__(self, name: str, size: int) -> None:
        super().__init__(f"nobody of {name} is seen, and these are {size}")
        self.name, self.size = name, size


def poststratified(strata: Iterable[Stratum], *, confidence: float = 0.95) -> Estimate:
    """The rate of all units.

    Args:
        strata: each unit is in one of them.
        confidence: two-sided coverage, between 0 and 1.

    Returns:
        The rate and its interval, Wilson's of as many units as say as much (their number is R(1-R) / var R). It is
        widened by the strata of which nobody is seen.

    Raises:
        TooFewSeen: fewer than `LEAST_SEEN`, or less than `LEAST_SHARE`.
        Unseen: strata of which nobody is seen hold more than `MOST_UNSEEN`.
    """
    known = _together([each for each in strata if each.size])
    size, seen = sum(each.size for each in known), sum(each.seen for each in known)
    if seen < LEAST_SEEN or seen < LEAST_SHARE * size:
        raise TooFewSeen(seen, size)
    unseen = [each for each in known if not each.seen]
    missing = sum(each.size for each in unseen)
    if missing > MOST_UNSEEN * size:
        largest = max(unseen, key=lambda each: each.size)
        raise Unseen(largest.name, missing)
    rate, trials = _weighed([each for each in known if each.seen], size - missing)
    interval, part = _wilson(rate, trials, critical(confidence)), missing / size
    widened = Interval(low=interval.low * (1 - part), high=interval.high * (1 - part) + part)
    return Estimate(rate=rate, interval=widened, size=size, seen=seen)


def _together(strata: Sequence[Stratum]) -> list[Stratum]:
    """Thin strata become one; where that is thin too, it joins none: it says so by its interval."""
    thin = [each for each in strata if each.seen < LEAST_IN_STRATUM]
    if not thin:
        return list(strata)
    largest = max(thin, key=lambda each: (each.size, each.name))
    rest = Stratum(
        name=largest.name,
        size=sum(each.size for each in thin),
        seen=sum(each.seen for each in thin),
        having=sum((each.having for each in thin), start=Expected()),
    )
    return [*(each for each in strata if each.seen >= LEAST_IN_STRATUM), rest]


def _weighed(strata: Iterable[Stratum], size: int) -> tuple[float, float]:
    """The weighted rate, and how many units all alike would say as much.

    For the variance one half is added to both sides of each stratum, so that none of five is no proof of none.
    """
    rate = near_rate = variance = 0.0
    for each in strata:
        weight, near = each.size / size, (each.having.mean + 0.5) / (each.seen + 1)
        rate += weight * each.having.mean / each.seen
        near_rate += weight * near
        variance += weight**2 * (near * (1 - near) / each.seen + each.having.variance / each.seen**2)
    return min(max(rate, 0.0), 1.0), near_rate * (1 - near_rate) / variance


def _wilson(rate: float, trials: float, z: float) -> Interval:
    """Wilson's interval, of a number of trials that need not be whole."""
    shrink = z * z / trials
    middle = (rate + shrink / 2) / (1 + shrink)
    reach = z * sqrt((rate * (1 - rate) + shrink / 4) / trials) / (1 + shrink)
    return Interval(low=min(rate, max(0.0, middle - reach)), high=max(rate, min(1.0, middle + reach)))
