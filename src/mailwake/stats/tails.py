"""Probabilities at the ends of the normal, chi-square, gamma and Student's distributions."""

from __future__ import annotations

from math import erfc, exp, lgamma, log, pi, sqrt

from mailwake.stats.beta import beta_quantile

_ENOUGH = 1e-16
_TINY = 1e-300
#: Series and fraction arrive within about the square root of the parameter (Numerical Recipes, section 6.2).
_MAX_STEPS = 100_000


def normal_density(z: float) -> float:
    """Of the standard normal distribution at z."""
    return exp(-z * z / 2) / sqrt(2 * pi)


def below(z: float) -> float:
    """Probability that a standard normal number is below z; exact also where it is next to nothing."""
    return erfc(-z / sqrt(2)) / 2


def two_sided(z: float) -> float:
    """Probability of a standard normal number at least so far from 0, on either side."""
    return erfc(abs(z) / sqrt(2))


def chi_square_tail(value: float, freedom: int) -> float:
    """Probability that chi-square with so many degrees of freedom is at least so large; as `gamma_tail` refuses."""
    return gamma_tail(value / 2, freedom / 2)


def gamma_tail(x: float, shape: float) -> float:
    """Probability that a gamma number of scale 1 is above x: the upper regularized incomplete gamma function.

    Raises:
        ValueError: x is below 0, or the shape not above it.

    Source: DLMF 8.11.4 (series) and 8.9.2 (continued fraction), https://dlmf.nist.gov/8; Lentz 1976 for the fraction.
    """
    if not x >= 0 or not shape > 0:
        raise ValueError(f"a gamma number of shape {shape} above {x} cannot be")
    if x == 0:
        return 1.0
    front = exp(shape * log(x) - x - lgamma(shape))
    if x < shape + 1:
        term = total = 1 / shape
        for step in range(1, _MAX_STEPS):
            term *= x / (shape + step)
            total += term
            if term < total * _ENOUGH:
                break
        return max(0.0, 1 - front * total)
    bottom = x + 1 - shape
    upper, lower = 1 / _TINY, 1 / bottom
    value = lower
    for step in range(1, _MAX_STEPS):
        part, bottom = -step * (step - shape), bottom + 2
        lower = 1 / ((part * lower + bottom) or _TINY)
        upper = (bottom + part / upper) or _TINY
        value *= upper * lower
        if abs(upper * lower - 1) < 10 * _ENOUGH:
            break
    return front * value


def student_critical(confidence: float, freedom: float) -> float:
    """Half the width of a two-sided interval of Student's distribution, in standard errors.

    Source: DLMF 8.17; freedom / (freedom + t²) is a beta number.
    """
    x = beta_quantile(1 - confidence, freedom / 2, 0.5)
    return sqrt(freedom * (1 - x) / x)
