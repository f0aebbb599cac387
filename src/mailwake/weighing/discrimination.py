"""How well a number tells those to whom something happens from those to whom it does not."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple

from mailwake.errors import NotEnoughData

_Z95 = 1.959963984540054


class Gain(NamedTuple):
    """How much better one number tells than another, of the same cases."""

    #: area under the curve of the first, 0-1; one half is what a coin tells
    first: float
    second: float
    #: of the difference first - second, 95 %
    low: float
    high: float


def auc(numbers: Sequence[float], happened: Sequence[bool]) -> float:
    """The chance that of two cases the one to which it happened has the higher number, ties counting one half.

    Raises:
        NotEnoughData: it happened to all, or to none.

    Source: Mann and Whitney 1947; Hanley and McNeil 1982, Radiology 143, 29-36.
    """
    cases, _ = _placements(numbers, happened)
    return sum(cases) / len(cases)


def gain(first: Sequence[float], second: Sequence[float], happened: Sequence[bool]) -> Gain:
    """The difference of two such chances over the same cases, with its interval.

    Raises:
        NotEnoughData: it happened, or did not happen, to fewer than two.

    Source: DeLong, DeLong and Clarke-Pearson 1988, Biometrics 44, 837-845.
    """
    one, other = _placements(first, happened), _placements(second, happened)
    if min(len(one[0]), len(one[1])) < 2:
        raise NotEnoughData("of fewer than two cases of each kind nobody can say how well they are told apart")
    areas = [sum(cases) / len(cases) for cases, _ in (one, other)]
    spread = sum(
        _variance([a - b for a, b in zip(mine, theirs, strict=True)]) / len(mine)
        for mine, theirs in zip(one, other, strict=True)
    )
    reach, found = _Z95 * sqrt(spread), areas[0] - areas[1]
    return Gain(first=areas[0], second=areas[1], low=found - reach, high=found + reach)


def _placements(numbers: Sequence[float], happened: Sequence[bool]) -> tuple[list[float], list[float]]:
    """For each case the share of the other kind that it stands on the right side of."""
    cases = [number for number, was in zip(numbers, happened, strict=True) if was]
    others = [number for number, was in zip(numbers, happened, strict=True) if not was]
    if not cases or not others:
        raise NotEnoughData("it happened to all or to none, so nothing can be told apart")
    low, high = sorted(others), sorted(cases)
    below = [(bisect_left(low, each) + bisect_right(low, each)) / 2 / len(low) for each in cases]
    above = [1 - (bisect_left(high, each) + bisect_right(high, each)) / 2 / len(high) for each in others]
    return below, above


def _variance(values: Sequence[float]) -> float:
    mean = sum(values) / len(values)
    return sum((each - mean) ** 2 for each in values) / (len(values) - 1)
