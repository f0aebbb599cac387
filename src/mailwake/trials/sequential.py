"""Looking before the end without fooling oneself.

Two ways: a schedule of looks that spends the error bit by bit (narrow, but only these looks count), and an interval
that holds at all times together (wider, and one may look whenever one likes).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from math import ceil, e, exp, log, log1p, sqrt
from statistics import NormalDist

from mailwake.errors import NotEnoughData
from mailwake.stats.difference import Standing, spread, standing
from mailwake.stats.quadrature import nodes
from mailwake.stats.rates import Interval
from mailwake.stats.tails import below, normal_density
from mailwake.stats.uncertain import Expected

#: Fewer successes or failures than this on a side, and the sum is not near enough to normal. Judgement, simulated.
LEAST_EACH = 10
#: So many standard deviations away there is nobody.
_FAR = 8.0
#: Of the plan: the integral needs more places the closer looks are, and time by the square of them and more.
CLOSEST = 0.005
#: A bound nobody passes: beyond it a probability is no double any more.
_NEVER = 38.0


class Spending(StrEnum):
    """How the error is spent over the looks."""

    #: hardly any early, nearly all at the end; after O'Brien and Fleming
    LATE = "late"
    #: about evenly; after Pocock
    EVEN = "even"


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedule:
    """When one looks, and what then is enough."""

    #: share of the planned units at each look, rising to 1
    fractions: tuple[float, ...]
    #: |z| that is enough at each look
    bounds: tuple[float, ...]


@lru_cache(maxsize=256)
def schedule(fractions: tuple[float, ...], kind: Spending = Spending.LATE, *, alpha: float = 0.05) -> Schedule:
    """Bounds for |z| at planned looks, so that a true zero is called a difference with probability alpha at most.

    Args:
        fractions: share of the planned units at each look, rising, the last one 1.
        kind: how the error is spent.
        alpha: two-sided; half of it is spent on either side.

    Raises:
        ValueError: fractions or alpha cannot be.

    Source: Lan and DeMets 1983, Biometrika 70, 659-663; recursive integration, Armitage, McPherson and Rowe 1969,
    JRSS A 132, 235-244.
    """
    if not fractions or fractions[-1] != 1 or any(b <= a for a, b in zip((0.0, *fractions), fractions, strict=False)):
        raise ValueError("looks come at rising shares of the plan, and the last one at its end")
    if any(b - a < CLOSEST for a, b in zip((0.0, *fractions), fractions, strict=False)):
        raise ValueError(f"looks are at least {CLOSEST:.1%} of the plan apart; leave out those in between")
    if not 0 < alpha < 1:
        raise ValueError(f"an error of {alpha} is not between 0 and 1")
    path, bounds, spent = _Path(0.0), [], 0.0
    for fraction in fractions:
        allowed = _spent(kind, fraction, alpha / 2)
        bounds.append(path.bound(fraction, allowed - spent))
        path.look(fraction, bounds[-1])
        spent = allowed
    return Schedule(fractions=fractions, bounds=tuple(bounds))


def crossings(plan: Schedule, drift: float = 0.0) -> list[float]:
    """Probability of stopping above the bound at each look.

    Args:
        plan: looks and bounds.
        drift: expected z at the end; 0: no difference.
    """
    path = _Path(drift)
    return [path.look(fraction, bound) for fraction, bound in zip(plan.fractions, plan.bounds, strict=True)]


def inflation(plan: Schedule, *, alpha: float = 0.05, power: float = 0.8) -> tuple[float, float]:
    """How many units the plan takes, as multiples of what a single look at the end takes.

    Returns:
        At most, and on average where the difference is as large as planned.

    Source: Jennison and Turnbull 2000, Group Sequential Methods, section 2.3.
    """
    single = NormalDist().inv_cdf(1 - alpha / 2) + NormalDist().inv_cdf(power)
    drift = passing(lambda each: sum(crossings(plan, each)) - power, 0.0, 3 * single)
    most = (drift / single) ** 2
    stops = crossings(plan, drift)
    stops[-1] = 1 - sum(stops[:-1])
    return most, most * sum(share * stop for share, stop in zip(plan.fractions, stops, strict=True))


def always_valid_radius(units: float, tuned_at: float, *, sd: float = 1.0, alpha: float = 0.05) -> float:
    """Half the width of an interval for a mean that holds at all numbers of units together.

    Args:
        units: seen so far, above 0.
        tuned_at: number of units at which it shall be narrowest, above 0.
        sd: of one unit.
        alpha: probability that it fails ever, between 0 and 1.

    Source: Waudby-Smith et al. 2024, Ann. Stat. 52, 2613-2640, formula 9 of arXiv:2103.06476.
    """
    rho = _rho_squared(tuned_at, alpha)
    return sd * sqrt(2 * (units * rho + 1) / (units * units * rho) * (log1p(units * rho) / 2 - log(alpha)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Watch:
    """A difference of two rates that may be looked at as often as one likes."""

    #: second less first
    value: float
    #: holds the true difference at all looks together
    interval: Interval
    #: smallest alpha at which the interval leaves out 0; may be looked at as often
    p_value: float

    @property
    def standing(self) -> Standing:
        """In a word, at all looks together."""
        return standing(self.interval)


def watch(
    first: tuple[Expected, int],
    second: tuple[Expected, int],
    *,
    tuned_at: float,
    seen: float | None = None,
    alpha: float = 0.05,
) -> Watch:
    """How much higher the second rate is, said so that looking again and again makes no false winner.

    Args:
        first: successes, with a variance where they are expected ones, and trials.
        second: the same of the other.
        tuned_at: units of both together at which the interval shall be narrowest.
        seen: how much was seen so far, in the measure of `tuned_at`; None: the units. Where all units are there from
            the start and their successes come in over time, it is not units that grow: see `ripened`.
        alpha: probability that an interval fails ever.

    Raises:
        NotEnoughData: too few successes or failures on a side; it is valid from there on.
        ValueError: the counts, the tuning or alpha cannot be.

    Source: as `always_valid_radius`, with the variance of the difference; p by the same mixture, Johari, Koomen,
    Pekelis and Walsh 2022, Oper. Res. 70, 1806-1821.
    """
    if not 0 < alpha < 1 or not tuned_at > 0 or not (seen is None or seen >= 0):
        raise ValueError("an error is between 0 and 1, and a tuning above 0")
    for count, trials in (first, second):
        if not 0 <= count.mean <= trials:
            raise ValueError(f"{count.mean} of {trials} cannot be")
        if min(count.mean, trials - count.mean) < LEAST_EACH:
            raise NotEnoughData(f"{count.mean:g} of {trials} are too few to look at")
    seen = first[1] + second[1] if seen is None else seen
    value = second[0].mean / second[1] - first[0].mean / first[1]
    variance = spread(*first) + spread(*second)
    reach = always_valid_radius(seen, tuned_at, sd=sqrt(seen * variance), alpha=alpha)
    grown = seen * _rho_squared(tuned_at, alpha)
    evidence = value * value / variance * grown / (2 * (grown + 1)) - log1p(grown) / 2
    interval = Interval(low=max(-1.0, value - reach), high=min(1.0, value + reach))
    return Watch(value=value, interval=interval, p_value=min(1.0, exp(-evidence)))


def ripened(units: float, rate: float) -> float:
    """How much was seen of units of which a share has succeeded so far, whether units or successes still come in.

    With the units fixed, the difference of two shares as they grow is a Brownian bridge over the share, and over its
    odds a Brownian motion; with the rate fixed it grows with the units. Counting units alone would look at the first
    successes as if it were over, and again and again so, with no bound on false winners.

    Args:
        units: of both sides together, above 0.
        rate: of both together, between 0 and 1.

    Source: Doob 1949, Ann. Math. Stat. 20, 393-403, for the bridge; simulated in tests/experiments.
    """
    return units * rate / (1 - rate)


def _rho_squared(tuned_at: float, alpha: float) -> float:
    return (-2 * log(alpha) + log(1 - 2 * log(alpha))) / tuned_at


def _spent(kind: Spending, fraction: float, side: float) -> float:
    """Of one side's error, until a share of the plan."""
    if kind is Spending.EVEN:
        return side * log1p((e - 1) * fraction)
    return 2 * below(NormalDist().inv_cdf(side / 2) / sqrt(fraction))


class _Path:
    """Density of the sum over time, as far as it never was above a bound."""

    def __init__(self, drift: float) -> None:
        self._drift = drift
        self._fraction = 0.0
        self._places: Sequence[tuple[float, float]] = [(0.0, 1.0)]

    def _above(self, fraction: float, bound: float) -> float:
        step = fraction - self._fraction
        level, sd = bound * sqrt(fraction) - self._drift * step, sqrt(step)
        return sum(mass * below((place - level) / sd) for place, mass in self._places)

    def bound(self, fraction: float, probability: float) -> float:
        """The z above which the next look lies with a probability."""
        return passing(lambda z: probability - self._above(fraction, z), -_FAR, _NEVER)

    def look(self, fraction: float, bound: float) -> float:
        """Probability of stopping at this look; from then on only those who did not are followed."""
        stopped, step = self._above(fraction, bound), fraction - self._fraction
        sd, middle = sqrt(step), self._drift * fraction
        low, high = middle - _FAR * sqrt(fraction), min(bound * sqrt(fraction), middle + _FAR * sqrt(fraction))
        move, places = self._drift * step, self._places
        self._places = [
            (x, weight * sum(mass * normal_density((x - place - move) / sd) for place, mass in places) / sd)
            for x, weight in nodes(low, high, max(32, ceil(3 * (high - low) / sd)))
        ]
        self._fraction = fraction
        return stopped


def passing(rising: Callable[[float], float], low: float, high: float) -> float:
    """Where a rising function passes 0, between two places."""
    while high - low > 1e-10 * max(1.0, abs(high)):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < 0 else (low, middle)
    return (low + high) / 2
