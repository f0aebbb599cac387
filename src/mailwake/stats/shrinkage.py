"""Shares of many groups, the small ones drawn towards what is usual.

Three of four in a small group is no 75 %: what the other groups show is known as well. How far a share is drawn follows
from how much the groups differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mailwake.errors import NotEnoughData
from mailwake.stats.beta import beta_quantile
from mailwake.stats.moments import Estimate, Moments

#: Correlation inside a group where the data cannot tell it: a prior that weighs as much as three trials.
_UNTOLD_CORRELATION = 0.25
#: Groups are never taken for wholly alike (a prior of 1,000 trials), nor for wholly different.
_CORRELATIONS = (0.001, 0.9)


@dataclass(frozen=True, kw_only=True, slots=True)
class Prior:
    """What is believed of a group's share before it is looked at: Beta(a, b)."""

    #: above 0; a / (a + b) is the usual share
    a: float
    #: above 0; a + b is how many trials the belief weighs
    b: float


#: Says next to nothing. Source: Jeffreys 1946; for intervals of a share, Brown, Cai and DasGupta 2001, Stat. Sci. 16.
JEFFREYS = Prior(a=0.5, b=0.5)


def posterior(successes: float, trials: float, prior: Prior = JEFFREYS) -> Moments:
    """The share of one group as a number that is not known exactly: mean and variance of `shrink`, without interval.

    Raises:
        ValueError: the counts cannot be.
    """
    a, b = _updated(successes, trials, prior)
    return Moments(mean=a / (a + b), variance=a * b / ((a + b) ** 2 * (a + b + 1)))


def shrink(successes: float, trials: float, prior: Prior = JEFFREYS, *, confidence: float = 0.95) -> Estimate:
    """The share of one group: the mean of Beta(a + successes, b + trials - successes), with equal tails cut off.

    Args:
        successes: 0 ≤ successes ≤ trials; sums of probabilities may be fractions.
        trials: 0 or more; with none the estimate is the prior's.
        prior: what is usual.
        confidence: of the interval, between 0 and 1.

    Raises:
        ValueError: the counts or the confidence cannot be.

    Source: Gelman et al., Bayesian Data Analysis, 3rd ed., section 2.4.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"a confidence of {confidence} is not between 0 and 1")
    a, b = _updated(successes, trials, prior)
    tail, mean = (1 - confidence) / 2, a / (a + b)
    low, high = beta_quantile(tail, a, b), beta_quantile(1 - tail, a, b)
    return Estimate(mean=mean, low=min(mean, low), high=max(mean, high))


def _updated(successes: float, trials: float, prior: Prior) -> tuple[float, float]:
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} of {trials} cannot be")
    return prior.a + successes, prior.b + trials - successes


def fit_prior(groups: Sequence[tuple[float, float]]) -> Prior:
    """What is usual among groups, by the method of moments.

    Each group counts by what it adds: a large one hardly more than a middling one, because it is still one group.

    Args:
        groups: successes and trials of each; those without trials say nothing.

    Returns:
        A prior whose weight, a + b, is 1 / correlation - 1.

    Raises:
        NotEnoughData: no group has a trial.
        ValueError: the counts cannot be.

    Source: Kleinman 1973, JASA 68, 46-54 (weights of the mean); Ridout, Demetrio and Firth 1999, Biometrics 55, 137-148
    (analysis-of-variance estimator of the correlation).
    """
    told = [(successes, trials) for successes, trials in groups if trials]
    if any(not 0 <= successes <= trials for successes, trials in groups):
        raise ValueError("a group has more successes than trials, or fewer than none")
    if not told:
        raise NotEnoughData("nothing was tried in any group")
    correlation = _correlation(told)
    weights = [trials / (1 + (trials - 1) * correlation) if trials > 1 else trials for _, trials in told]
    mean = sum(w * s / n for w, (s, n) in zip(weights, told, strict=True)) / sum(weights)
    least = 1 / (2 * (sum(trials for _, trials in told) + 1))  # that nothing happened yet does not say it never will
    mean = min(max(mean, least), 1 - least)
    weight = 1 / correlation - 1
    return Prior(a=mean * weight, b=(1 - mean) * weight)


def _correlation(groups: Sequence[tuple[float, float]]) -> float:
    """How alike two trials of one group are, beyond two of different groups."""
    count, total = len(groups), sum(trials for _, trials in groups)
    if count < 2 or total <= count:
        return _UNTOLD_CORRELATION
    overall = sum(successes for successes, _ in groups) / total
    between = sum(n * (s / n - overall) ** 2 for s, n in groups) / (count - 1)
    within = sum(s * (1 - s / n) for s, n in groups) / (total - count)
    size = (total - sum(n * n for _, n in groups) / total) / (count - 1)
    spread = between + (size - 1) * within
    if spread <= 0:
        return _UNTOLD_CORRELATION
    return min(max((between - within) / spread, _CORRELATIONS[0]), _CORRELATIONS[1])
