"""How many there are in all, where in a part of the population a mark means nothing.

In the *open* part the number comes from marks and sightings (`recapture`). In the *veiled* part everything is marked
whether it is there or not, so marks are left out; two other estimates are put together, each by the inverse of its
variance:

- *by sightings*: as many stand behind each one seen as in the open part;
- *by likeness*: the share is that of the open part.

Neither is quite true, so each has an error of its own between the parts. Where they contradict each other by more than
all their errors, likeness yields, because the veiled part may hold those who are there more often than others.

Everything is done within strata, as far as they have enough sightings, because strata differ in how likely a mark is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import exp, log1p, sqrt

from mailwake.stats.rates import Interval
from mailwake.stats.recapture import NOTHING, Recapture, Sums, recapture
from mailwake.stats.uncertain import critical

#: fewer seen in the open part than this say nothing of how likely a mark is
LEAST_SEEN = 20
#: fewer seen and marked than this neither
LEAST_BOTH = 5
#: standard deviation of the share between the two parts, 0-1
LIKENESS_ERROR = 0.05
#: standard deviation of what stands behind one seen between the two parts, as a share of it
SIGHTING_ERROR = 0.12
#: standard deviation of the share of those that were taken to be none of them, and are, or the other way round, beyond
#: what each probability says of itself: what misleads one judgement misleads many. Fitted to simulated populations
JUDGING_ERROR = 0.01


@dataclass(frozen=True, kw_only=True, slots=True)
class Stratum:
    """Units that are alike in how likely a mark is."""

    #: where a mark means that the unit is there
    open: Sums = NOTHING
    #: where a mark means nothing
    veiled: Sums = NOTHING

    def __add__(self, other: Stratum) -> Stratum:
        """Both as one."""
        return Stratum(open=self.open + other.open, veiled=self.veiled + other.veiled)

    @property
    def is_enough(self) -> bool:
        """Whether its own sightings tell how likely a mark is."""
        return self.open.seen >= LEAST_SEEN and self.open.both >= LEAST_BOTH


@dataclass(frozen=True, kw_only=True, slots=True)
class Prior:
    """What earlier populations make likely, as a beta distribution."""

    #: the share that is there, between 0 and 1
    rate: float
    #: so many units' worth of evidence, above 0
    units: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """How many there are."""

    #: units in all
    units: int
    #: how many of them are there
    size: float
    #: of `size`, in units squared
    variance: float
    #: between which numbers the true one is; never fewer than were found for certain, never more than `units`
    interval: Interval
    #: two-sided coverage of the interval
    confidence: float
    #: share of the estimate by sightings in the veiled part, 0-1; None: there is no such part
    sighting_weight: float | None
    #: probability that one in the open part is marked
    mark_rate: float
    #: in so many strata
    strata: int
    #: True: it says more about earlier populations than about this one
    leans_on_prior: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class _Part:
    """One stratum, worked out."""

    stratum: Stratum
    caught: Recapture

    @property
    def share(self) -> float:
        """Of the open part that is there."""
        units = self.stratum.open.units
        return min(1.0, self.caught.size / units) if units else 0.0

    @property
    def times(self) -> float:
        """How many veiled units there are for each open one."""
        return self.stratum.veiled.units / self.stratum.open.units if self.stratum.open.units else 0.0

    @property
    def by_sightings(self) -> float:
        return self.stratum.veiled.seen * self.caught.per_seen

    @property
    def by_likeness(self) -> float:
        return self.stratum.veiled.units * self.share

    @property
    def sightings_variance(self) -> float:
        """Of those seen among the veiled: that they were seen, and that they were rightly taken for it."""
        drawn = (self.stratum.veiled.seen + 1) * (1 - self.caught.seen_rate)
        return self.caught.per_seen**2 * (drawn + self.stratum.veiled.seen_doubt)

    @property
    def likeness_variance(self) -> float:
        return self.stratum.veiled.units * self.share * (1 - self.share) * (1 + self.times)


def estimate(
    strata: Iterable[Stratum], *, prior: Prior | None = None, odds_ratio: float = 1.0, confidence: float = 0.9
) -> Estimate | None:
    """How many are there, with an interval.

    Args:
        strata: the population in parts; thin ones are put together.
        prior: pulls the share towards what earlier populations had, by as much as this one leaves open.
        odds_ratio: see `recapture`.
        confidence: two-sided coverage, between 0 and 1.

    Returns:
        None: cannot say, because there is nobody, or too few were seen and there is no prior to fall back to.

    Raises:
        ValueError: the confidence, the odds ratio or the prior cannot be.

    Source: inverse-variance weights with a between-part variance after DerSimonian and Laird 1986, Control. Clin.
    Trials 7, 177-188; log-normal interval of the part not found after Chao 1987, Biometrics 43, 783-791.
    """
    z = critical(confidence)
    together = pooled(strata)
    whole = sum(together, start=Stratum())
    units = whole.open.units + whole.veiled.units
    if not units or not (whole.is_enough or prior is not None):
        return None
    parts = [_Part(stratum=each, caught=recapture(each.open, odds_ratio=odds_ratio)) for each in together]
    weight, excess = _weigh(parts)
    size = sum(_size(part, weight) for part in parts)
    misjudged = _misjudged(whole)
    found = Estimate(
        units=units,
        size=min(size, units),
        variance=_between(parts, weight, excess)
        + sum(_variance(part, weight) for part in parts)
        + (misjudged * size) ** 2,
        interval=Interval(low=0.0, high=0.0),
        confidence=confidence,
        sighting_weight=weight if whole.veiled.units else None,
        mark_rate=recapture(whole.open).mark_rate,
        strata=len(parts),
    )
    if prior is not None:
        found = _shrunk(found, prior, trusted=bool(whole.open.units))
    least = (whole.open.found + whole.veiled.seen) * max(0.0, 1 - z * misjudged)
    return replace(found, interval=_interval(found, least, z))


def pooled(strata: Iterable[Stratum]) -> list[Stratum]:
    """The strata that can stand alone, and all others as one; if that is too thin as well, it joins the thinnest."""
    given = [each for each in strata if each.open.units or each.veiled.units]
    alone = sorted((each for each in given if each.is_enough), key=lambda each: each.open.seen)
    thin = [each for each in given if not each.is_enough]
    if not thin:
        return alone
    rest = sum(thin, start=Stratum())
    if rest.is_enough or not alone:
        return [*alone, rest]
    return [alone[0] + rest, *alone[1:]]


def _weigh(parts: Sequence[_Part]) -> tuple[float, float]:
    """Weight of the estimate by sightings, and the variance that likeness has beyond its own.

    The variance by sightings is taken as if likeness held: at its own size it would be trusted the more, the smaller it
    came out by chance, and the sum would be too small.
    """
    sightings, likeness = sum(part.by_sightings for part in parts), sum(part.by_likeness for part in parts)
    by_sightings, by_likeness = _sightings_variance(parts, likeness, sightings), _likeness_variance(parts)
    excess = max(0.0, (sightings - likeness) ** 2 - by_sightings - by_likeness)
    whole = by_sightings + by_likeness + excess
    return ((by_likeness + excess) / whole if whole else 0.0), excess


def _sightings_variance(parts: Sequence[_Part], size: float, found: float) -> float:
    """Of the estimate by sightings in the veiled part, if that part is of a size other than the one it found."""
    one = max(part.caught.per_seen for part in parts)
    times = (size + one) / (found + one)  # by one each, so that none seen is not taken for a certain nobody
    drawn = times * sum(part.sightings_variance for part in parts)
    shared = sum(part.by_sightings**2 * part.caught.per_seen_relative_variance for part in parts)
    return drawn + times**2 * shared + (SIGHTING_ERROR * size) ** 2


def _likeness_variance(parts: Sequence[_Part]) -> float:
    veiled = sum(part.stratum.veiled.units for part in parts)
    own = sum(part.likeness_variance + part.by_likeness**2 * part.caught.relative_variance for part in parts)
    return own + (LIKENESS_ERROR * veiled) ** 2


def _misjudged(whole: Stratum) -> float:
    """Standard deviation of the estimate from judgements that are wrong in common, as a share of it.

    The estimate grows with those seen, and with those marked in the open part, as long as those that were both stay.
    """
    seen, marked = whole.open.seen + whole.veiled.seen, whole.open.marked
    others_seen = max(0.0, whole.open.any_seen + whole.veiled.any_seen - seen)
    others_marked = max(0.0, whole.open.any_marked - marked)
    return JUDGING_ERROR * sqrt((others_seen / (seen + 1)) ** 2 + (others_marked / (marked + 1)) ** 2)


def _size(part: _Part, weight: float) -> float:
    return part.caught.size + weight * part.by_sightings + (1 - weight) * part.by_likeness


def _between(parts: Sequence[_Part], weight: float, excess: float) -> float:
    """Variance from what differs between open and veiled; taken to be the same difference in every stratum."""
    veiled = sum(part.stratum.veiled.units for part in parts)
    sightings = sum(part.by_sightings for part in parts)
    return (weight * SIGHTING_ERROR * sightings) ** 2 + (1 - weight) ** 2 * ((LIKENESS_ERROR * veiled) ** 2 + excess)


def _variance(part: _Part, weight: float) -> float:
    """Of one stratum's size, by the delta method; both estimates of the veiled part rest on the same open part.

    With S the size and Q what stands behind one seen, Cov(log S, log Q) = Var(log S): S is the number seen times Q, and
    whether somebody was seen has nothing to do with whether they were marked.
    """
    caught, counts = part.caught, part.stratum.open
    behind = weight * part.stratum.veiled.seen * caught.per_seen
    scaled = (1 + (1 - weight) * part.times) * caught.size
    drawn = (scaled**2 + 2 * scaled * behind) * caught.relative_variance
    drawn += behind**2 * caught.per_seen_relative_variance
    drawn += weight**2 * part.sightings_variance + (1 - weight) ** 2 * part.likeness_variance
    by_marked = (scaled + behind) / (counts.marked + 1)
    return drawn + counts.doubt(by_marked, scaled / (counts.seen + 1), -(scaled + behind) / (counts.both + 1))


def _shrunk(found: Estimate, prior: Prior, *, trusted: bool) -> Estimate:
    """Beta-binomial: the estimate weighs as many units as would leave a share as open as it does."""
    if not (0 < prior.rate < 1 and prior.units > 0):
        raise ValueError(f"{prior} is no prior")
    share = min(max(found.size / found.units, 1e-6), 1 - 1e-6)
    worth = share * (1 - share) * found.units**2 / max(found.variance, 1e-9) if trusted else 0.0
    both = worth + prior.units
    rate = (worth * share + prior.units * prior.rate) / both
    return replace(
        found,
        size=rate * found.units,
        variance=rate * (1 - rate) / (both + 1) * found.units**2,
        leans_on_prior=worth < prior.units,
    )


def _interval(found: Estimate, least: float, z: float) -> Interval:
    """Log-normal in those that were not found, so that it never falls below those that were."""
    hidden = found.size - least
    if hidden <= 0:  # a prior below what was found, or more found than there are
        reach = z * sqrt(found.variance)
        return Interval(low=max(0.0, found.size - reach), high=min(float(found.units), found.size + reach))
    factor = exp(z * sqrt(log1p(found.variance / hidden**2)))
    low, high = least + hidden / factor, least + hidden * factor
    return Interval(low=min(low, found.units), high=min(high, float(found.units)))
