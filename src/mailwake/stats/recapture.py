"""How many there are in all, when each is seen twice at most and either sighting may fail.

Of a hidden number some are *marked* and, independently, some are *seen*; the share of the seen that carry a mark tells
how likely a mark is, and so how many have neither. Sightings come as probabilities, not as certainties: all counts are
expected ones, and the doubt in them is part of the variance.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from math import sqrt


@dataclass(frozen=True, kw_only=True, slots=True)
class Sums:
    """What is kept of a set of units: sums that add. With p the probability of a mark, q of a sighting, r of both."""

    #: units
    units: int = 0
    #: Σp
    marked: float = 0.0
    #: Σq
    seen: float = 0.0
    #: Σr
    both: float = 0.0
    #: Σp²
    marked_marked: float = 0.0
    #: Σq²
    seen_seen: float = 0.0
    #: Σr²
    both_both: float = 0.0
    #: Σpq
    marked_seen: float = 0.0
    #: Σpr
    marked_both: float = 0.0
    #: Σqr
    seen_both: float = 0.0
    #: units with p > 0, with q > 0: marked or seen by anybody, rightly or not
    any_marked: float = 0.0
    any_seen: float = 0.0

    def __add__(self, other: Sums) -> Sums:
        """The sums of both sets together."""
        return Sums(**{each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(Sums)})

    @property
    def found(self) -> float:
        """Units marked or seen, as expected."""
        return self.marked + self.seen - self.both

    @property
    def seen_doubt(self) -> float:
        """Variance of the number seen."""
        return max(0.0, self.seen - self.seen_seen)

    def doubt(self, by_marked: float, by_seen: float, by_both: float) -> float:
        """Variance of a weighted sum of the three counts, from the doubt about each unit.

        Args:
            by_marked: weight of the number marked.
            by_seen: weight of the number seen.
            by_both: weight of the number of both.
        """
        own = by_marked**2 * (self.marked - self.marked_marked)
        own += by_seen**2 * (self.seen - self.seen_seen) + by_both**2 * (self.both - self.both_both)
        shared = by_marked * by_seen * (self.both - self.marked_seen)
        shared += by_marked * by_both * (self.both - self.marked_both)
        shared += by_seen * by_both * (self.both - self.seen_both)
        return max(0.0, own + 2 * shared)


NOTHING = Sums()


def both_of(marked: float, seen: float) -> float:
    """The probability that a unit was marked and seen, both 0-1.

    The smaller of the two: what makes one of them doubtful makes the other doubtful as well. The product, which holds
    for doubts that have nothing to do with each other, would find too few of both and so too many in all.
    """
    return min(marked, seen)


def sums(units: Iterable[tuple[float, float]]) -> Sums:
    """The sums over units.

    Args:
        units: (probability of a mark, probability of a sighting) of each, 0-1.

    Raises:
        ValueError: something is no probability.
    """
    total = [0.0] * 11
    number = 0
    for p, q in units:
        if not (0 <= p <= 1 and 0 <= q <= 1):
            raise ValueError(f"{p} and {q} are not both between 0 and 1")
        r = both_of(p, q)
        number += 1
        for place, value in enumerate((p, q, r, p * p, q * q, r * r, p * q, p * r, q * r, p > 0, q > 0)):
            total[place] += value
    return Sums(units=number, **dict(zip([each.name for each in fields(Sums)][1:], total, strict=True)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Recapture:
    """What two sightings tell of a hidden number."""

    #: how many there are in all
    size: float
    #: how many stand behind each one seen
    per_seen: float
    #: probability that one of them is marked, between 0 and 1 but neither
    mark_rate: float
    #: probability that one of them is seen, between 0 and 1 but neither
    seen_rate: float
    #: variance of `size` as a share of its square, were every unit certain
    relative_variance: float
    #: the same for `per_seen`
    per_seen_relative_variance: float

    @property
    def error(self) -> float:
        """Standard error of `size`, were every unit certain."""
        return self.size * sqrt(self.relative_variance)


def recapture(counts: Sums, *, odds_ratio: float = 1.0) -> Recapture:
    """The hidden number, nearly without bias also where little is seen.

    Args:
        counts: of the units.
        odds_ratio: how marks and sightings go together among those there are; 1: not at all, and the estimate is
            Chapman's. Above 1: the seen are more readily marked, and there are more in all. Data of two sightings
            cannot tell it.

    Returns:
        All of it is defined also where nothing was seen; its variance is large then.

    Raises:
        ValueError: the odds ratio is not above 0.

    Source: Chapman 1951, Univ. Calif. Publ. Stat. 1, 131-160; variance Seber 1970, Biometrics 26, 13-22; dependence
    as in Gerritse, van der Heijden, Bakker 2015, J. Off. Stat. 31, 357-379.
    """
    if odds_ratio <= 0:
        raise ValueError(f"an odds ratio of {odds_ratio} is not above 0")
    both = min(counts.both, counts.marked, counts.seen)
    neither = odds_ratio * (counts.marked - both) * (counts.seen - both) / (both + 1)
    size = counts.marked + counts.seen - both + neither
    mark_rate, seen_rate = (both + 0.5) / (counts.seen + 1), (both + 0.5) / (counts.marked + 1)
    return Recapture(
        size=size,
        per_seen=(size + 1) / (counts.seen + 1),
        mark_rate=mark_rate,
        seen_rate=seen_rate,
        relative_variance=(1 - seen_rate) * (1 - mark_rate) / (both + 1),
        per_seen_relative_variance=(1 - seen_rate) / (both + 1),
    )
