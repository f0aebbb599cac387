"""Whether a rate that always varied has changed: at once, or little by little."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp, inf, lgamma, log, sqrt

from mailwake.errors import NotEnoughData
from mailwake.stats.quadrature import nodes, top
from mailwake.stats.tails import below, normal_density

#: Fewer earlier counts than this do not tell how much they vary. Judgement.
LEAST_COUNTS = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class Usual:
    """How earlier counts came about: binomial, with a rate that varies itself."""

    #: 0-1
    rate: float
    #: correlation of two trials of one count, 0-1; 0 would be binomial
    correlation: float

    @property
    def beta(self) -> tuple[float, float]:
        """Parameters of the rate's distribution."""
        weight = 1 / self.correlation - 1
        return self.rate * weight, (1 - self.rate) * weight

    def residual(self, successes: float, trials: int) -> float:
        """How many standard deviations a count is above what is usual; trials above 0."""
        variance = trials * self.rate * (1 - self.rate) * (1 + (trials - 1) * self.correlation)
        return (successes - trials * self.rate) / sqrt(variance)

    def tail(self, successes: int, trials: int) -> float:
        """Probability of so many successes or more in the next count.

        Source: beta-binomial distribution; Johnson, Kemp and Kotz, Univariate Discrete Distributions, section 6.2.2.
        """
        a, b = self.beta
        if successes <= trials * self.rate:  # the shorter sum is that of the other side
            other = Usual(rate=1 - self.rate, correlation=self.correlation)
            return 1.0 if successes <= 0 else max(0.0, 1 - other.tail(trials - successes + 1, trials))
        term = exp(log_likelihood(successes, trials, a, b)) if successes <= trials else 0.0
        total = 0.0
        for k in range(successes, trials + 1):
            total += term
            if term <= 1e-17 * total:
                break
            term *= (trials - k) / (k + 1) * (k + a) / (trials - k - 1 + b) if k < trials else 0.0
        return min(1.0, total)


def log_likelihood(successes: int, trials: int, a: float, b: float) -> float:
    """Of a count whose rate is Beta(a, b)."""
    chosen = lgamma(trials + 1) - lgamma(successes + 1) - lgamma(trials - successes + 1)
    updated = lgamma(successes + a) + lgamma(trials - successes + b) - lgamma(trials + a + b)
    return chosen + updated + lgamma(a + b) - lgamma(a) - lgamma(b)


def fit_usual(counts: Sequence[tuple[int, int]]) -> Usual:
    """What is usual, by maximum likelihood.

    Args:
        counts: (successes, trials) of each.

    Raises:
        NotEnoughData: too few counts, or none with a success or none with a failure.

    Source: Griffiths 1973, Biometrics 29, 637-648.
    """
    total, tried = sum(k for k, _ in counts), sum(n for _, n in counts)
    if len(counts) < LEAST_COUNTS or not 0 < total < tried:
        raise NotEnoughData(f"{total} of {tried} in {len(counts)} counts do not tell how much they vary")

    def of(point: Sequence[float]) -> Usual:
        return Usual(rate=1 / (1 + exp(-point[0])), correlation=1 / (1 + exp(-point[1])))

    def height(point: tuple[float, ...]) -> float:
        if abs(point[0]) > 20 or not -14 < point[1] < 5:
            return -inf
        return sum(log_likelihood(k, n, *of(point).beta) for k, n in counts)

    return of(top(height, (log(total / (tried - total)), -4.0)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Cusum:
    """What has gathered on either side; starts at nothing.

    Source: Page 1954, Biometrika 41, 100-115; Montgomery, Introduction to Statistical Quality Control, section 9.1.
    """

    #: in standard deviations, 0 or more
    up: float = 0.0
    down: float = 0.0
    #: half of the shift to be found, in standard deviations, and how much has to gather for an alarm
    slack: float = 0.5
    limit: float = 5.0

    def after(self, residual: float) -> Cusum:
        """With one more residual."""
        up, down = max(0.0, self.up + residual - self.slack), max(0.0, self.down - residual - self.slack)
        return replace(self, up=up, down=down)

    @property
    def is_alarm(self) -> bool:
        """Whether too much has gathered; begin anew after it was seen to."""
        return max(self.up, self.down) > self.limit


def run_length(slack: float, limit: float, shift: float = 0.0) -> float:
    """How many counts it takes to an alarm on either side, on average, if residuals are normal around a shift.

    Source: Brook and Evans 1972, Biometrika 59, 539-549, with Gauss and Legendre's places as states; both sides
    together by Van Dobben de Bruyn 1968: the rates of alarms add.
    """
    return 1 / (1 / _one_sided(slack, limit, shift) + 1 / _one_sided(slack, limit, -shift))


def _one_sided(slack: float, limit: float, shift: float) -> float:
    """Run length L(0), of L(u) = 1 + P(back to 0) L(0) + integral of L over what may gather; solved by elimination."""
    places = [(0.0, 0.0), *nodes(0.0, limit, 30)]
    rows = []
    for i, (start, _) in enumerate(places):
        row = [float(i == j) - w * normal_density(x - start + slack - shift) for j, (x, w) in enumerate(places)]
        row[0] -= below(slack - shift - start)
        rows.append([*row, 1.0])
    for pivot in range(len(rows) - 1, 0, -1):
        for row in rows[:pivot]:
            factor = row[pivot] / rows[pivot][pivot]
            row[:] = [x - factor * y for x, y in zip(row, rows[pivot], strict=True)]
    return rows[0][-1] / rows[0][0]
