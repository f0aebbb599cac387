"""The Beta distribution: what is believed of a share.

Only what is needed to state a share with an interval; no library, because one function does not pay for one.
"""

from __future__ import annotations

from functools import lru_cache
from math import exp, lgamma, log, log1p

#: A step of the continued fraction smaller than this changes nothing any more.
_EPSILON = 1e-15
_TINY = 1e-300
#: Converges within about the square root of the larger parameter (Numerical Recipes, section 6.4).
_MAX_STEPS = 20_000
#: A quantile is given to so many parts of itself.
_CLOSE = 1e-12
#: Halving alone reaches the smallest share that a count can lead to in so many.
_MOST_TRIES = 200
#: e to this is about the largest double.
_LARGEST_EXPONENT = 700.0


def beta_cdf(x: float, a: float, b: float) -> float:
    """Probability that a share distributed as Beta(a, b) is at most x: the regularized incomplete beta function.

    Args:
        x: a share, 0-1.
        a: above 0.
        b: above 0.

    Raises:
        ValueError: x or a parameter cannot be.

    Source: DLMF 8.17.22 (continued fraction), https://dlmf.nist.gov/8.17; evaluated after Lentz 1976, Applied
    Optics 15, 668-671.
    """
    if not 0 <= x <= 1 or not a > 0 or not b > 0:
        raise ValueError(f"Beta({a}, {b}) at {x} cannot be")
    if x in (0, 1):
        return float(x)
    if x <= (a + 1) / (a + b + 2):
        return min(1.0, _lower_tail(x, a, b))
    return max(0.0, 1 - _lower_tail(1 - x, b, a))  # the fraction converges quickly on one side of the mean alone


def _lower_tail(x: float, a: float, b: float) -> float:
    return exp(_log_density(x, a, b) + log(x) + log1p(-x)) / (a * _fraction(x, a, b))


def _log_density(x: float, a: float, b: float) -> float:
    return lgamma(a + b) - lgamma(a) - lgamma(b) + (a - 1) * log(x) + (b - 1) * log1p(-x)


def _fraction(x: float, a: float, b: float) -> float:
    """1 + d1/(1 + d2/(1 + ...)), with d of DLMF 8.17.23, from the front."""
    value, upper, lower = 1.0, 1.0, 0.0
    for step in range(1, _MAX_STEPS):
        m = step // 2
        if step % 2:
            term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            term = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        lower = 1 / _not_zero(1 + term * lower)
        upper = _not_zero(1 + term / upper)
        value *= upper * lower
        if abs(upper * lower - 1) < _EPSILON:
            break
    return value


def _not_zero(number: float) -> float:
    return number if abs(number) > _TINY else _TINY


@lru_cache(maxsize=65_536)
def beta_quantile(probability: float, a: float, b: float) -> float:
    """The share below which Beta(a, b) lies with a probability.

    Newton's steps, kept inside a bracket that is halved where a step would leave it, so that it always arrives.

    Args:
        probability: 0-1.
        a: above 0.
        b: above 0.

    Raises:
        ValueError: an argument cannot be.
    """
    if not 0 <= probability <= 1:
        raise ValueError(f"a probability of {probability} is not between 0 and 1")
    if probability in (0, 1):
        return float(probability)
    low, high, x = 0.0, 1.0, a / (a + b)
    for _ in range(_MOST_TRIES):
        off = beta_cdf(x, a, b) - probability
        if off < 0:
            low = x
        else:
            high = x
        stepped = x - off * exp(-max(_log_density(x, a, b), -_LARGEST_EXPONENT))
        following = stepped if low < stepped < high else (low + high) / 2
        if abs(following - x) <= _CLOSE * x or following in (0, 1):
            return following
        x = following
    return x
