"""How much there is per unit, most of which have nothing, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from mailwake.errors import NotEnoughData
from mailwake.stats.tails import student_critical

#: Fewer units with an amount say next to nothing of the spread: the interval of the mean would be a fancy.
LEAST = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Amounts:
    """Amounts of many units, those without any included."""

    #: units, 0 or more
    units: int
    #: of them: with an amount above 0
    with_some: int
    total: float
    #: sum of the squares of the amounts
    squares: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Mean:
    """An amount per unit, or a difference of two."""

    value: float
    #: None: too few units have an amount to say how sure it is
    low: float | None
    high: float | None


def amounts(units: int, some: list[int]) -> Amounts:
    """From the amounts of those that have one.

    Raises:
        ValueError: more have one than there are.
    """
    if len(some) > units:
        raise ValueError(f"{len(some)} of {units} units cannot have an amount")
    above = sum(1 for each in some if each > 0)
    return Amounts(
        units=units, with_some=above, total=float(sum(some)), squares=float(sum(each * each for each in some))
    )


def mean(given: Amounts, *, confidence: float = 0.95) -> Mean:
    """Amount per unit.

    Raises:
        NotEnoughData: there is no unit.

    Source: Student's t for the mean of all units, zeros among them; that it covers as it says for skewed amounts once
    some dozens of units have one is checked by simulation in tests/stats/test_means.py.
    """
    if not given.units:
        raise NotEnoughData("nothing per nothing cannot be told")
    value = given.total / given.units
    if given.with_some < LEAST or given.units < 2:
        return Mean(value=value, low=None, high=None)
    reach = student_critical(confidence, given.units - 1) * sqrt(_variance(given) / given.units)
    return Mean(value=value, low=max(0.0, value - reach), high=value + reach)


def mean_difference(first: Amounts, second: Amounts, *, confidence: float = 0.95) -> Mean:
    """How much more the second has per unit than the first.

    Raises:
        NotEnoughData: one of them has no unit.

    Source: Welch 1947, Biometrika 34, 28-35, with the degrees of freedom of Satterthwaite 1946, Biometrics 2, 110-114.
    """
    if not first.units or not second.units:
        raise NotEnoughData("nothing per nothing cannot be compared")
    value = second.total / second.units - first.total / first.units
    if min(first.with_some, second.with_some) < LEAST:
        return Mean(value=value, low=None, high=None)
    one, other = _variance(first) / first.units, _variance(second) / second.units
    if not one + other:
        return Mean(value=value, low=value, high=value)
    freedom = (one + other) ** 2 / (one**2 / (first.units - 1) + other**2 / (second.units - 1))
    reach = student_critical(confidence, freedom) * sqrt(one + other)
    return Mean(value=value, low=value - reach, high=value + reach)


def _variance(given: Amounts) -> float:
    return max(0.0, given.squares - given.total**2 / given.units) / (given.units - 1)
