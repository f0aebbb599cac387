"""Logistic regression on sparse features around a prior, for few outcomes.

With no outcomes the answer is the prior; each outcome moves it as far as it proves it wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp
from typing import NamedTuple


class Outcome(NamedTuple):
    """One thing that was seen to be so or not."""

    #: names of what it has, each once; what it has not is left out
    features: tuple[str, ...]
    happened: bool
    #: how much it counts, above 0
    weight: float = 1.0


def probability(log_odds: float) -> float:
    """A probability, 0-1, from log-odds; never overflows."""
    return 1 / (1 + exp(-min(max(log_odds, -700.0), 700.0)))


def log_odds(coefficients: Mapping[str, float], features: Sequence[str]) -> float:
    """The sum of what the features contribute; one without a coefficient contributes nothing."""
    return sum(coefficients.get(each, 0.0) for each in features)


def fit_around(
    prior: Mapping[str, float],
    outcomes: Sequence[Outcome],
    *,
    deviation: float,
    passes: int = 100,
    tolerance: float = 1e-5,
) -> dict[str, float]:
    """The coefficients with the highest posterior density.

    Args:
        prior: the mean of each coefficient before anything was seen; features that are not in it begin at 0.
        outcomes: what was seen.
        deviation: of the normal prior, in log-odds, above 0: how far a coefficient may wander by itself.
        passes: over all coefficients, at most.
        tolerance: a pass that moves none farther than this is the last.

    Returns:
        Every coefficient of the prior and of the outcomes.

    Source: maximum a posteriori by Newton steps on one coordinate after the other, each step at most 1 (Genkin, Lewis
    and Madigan 2007, Technometrics 49, 291-304). The density is log-concave, so there is one highest point.
    """
    found = dict(prior)
    having: dict[str, list[int]] = {}
    for place, outcome in enumerate(outcomes):
        for feature in outcome.features:
            having.setdefault(feature, []).append(place)
            found.setdefault(feature, 0.0)
    sums = [log_odds(found, outcome.features) for outcome in outcomes]
    pull = 1 / (deviation * deviation)
    for _ in range(passes):
        farthest = 0.0
        for feature, places in having.items():
            slope, curve = pull * (prior.get(feature, 0.0) - found[feature]), pull
            for place in places:
                p, weight = probability(sums[place]), outcomes[place].weight
                slope += weight * (outcomes[place].happened - p)
                curve += weight * p * (1 - p)
            step = min(max(slope / curve, -1.0), 1.0)
            found[feature] += step
            for place in places:
                sums[place] += step
            farthest = max(farthest, abs(step))
        if farthest < tolerance:
            break
    return found
