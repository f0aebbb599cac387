"""Logistic regression on a few numbers per case, for as many cases as there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from mailwake.errors import NotEnoughData
from mailwake.stats.logistic import probability


@dataclass(frozen=True, kw_only=True, slots=True)
class Fitted:
    """A line in log-odds."""

    intercept: float
    #: one for each number of a case
    slopes: tuple[float, ...]
    #: mean of each number over the cases that it was fitted to
    means: tuple[float, ...]

    def log_odds(self, numbers: Sequence[float]) -> float:
        """Of one case."""
        return self.intercept + sum(slope * each for slope, each in zip(self.slopes, numbers, strict=True))

    def shares(self, numbers: Sequence[float]) -> tuple[float, ...]:
        """What each number adds to the log-odds of the average case."""
        return tuple(slope * (each - mean) for slope, each, mean in zip(self.slopes, numbers, self.means, strict=True))


def fit(cases: Sequence[Sequence[float]], happened: Sequence[bool], *, penalty: float, passes: int = 60) -> Fitted:
    """The line under which what happened is likeliest, its slopes held near 0.

    Args:
        cases: numbers of each, all of the same length.
        happened: to each.
        penalty: above 0, on half the sum of squares of the slopes, each for its number divided by its spread; the
            intercept is free.
        passes: at most.

    Raises:
        NotEnoughData: it happened to all, or to none.

    Source: iteratively reweighted least squares with a ridge: Le Cessie and Van Houwelingen 1992, Applied Statistics
    41, 191-201. The penalised likelihood is concave, so there is one highest point; long steps are shortened, so that
    none overshoots.
    """
    if all(happened) or not any(happened):
        raise NotEnoughData("it happened to all or to none, so nothing can be learned")
    size = len(cases[0])
    means = [sum(case[n] for case in cases) / len(cases) for n in range(size)]
    spreads = [sqrt(sum((case[n] - means[n]) ** 2 for case in cases) / len(cases)) or 1.0 for n in range(size)]
    rows = [(1.0, *((case[n] - means[n]) / spreads[n] for n in range(size))) for case in cases]
    found = _climb(rows, happened, penalty, passes)
    slopes = tuple(found[n + 1] / spreads[n] for n in range(size))
    middle = sum(slope * mean for slope, mean in zip(slopes, means, strict=True))
    return Fitted(intercept=found[0] - middle, slopes=slopes, means=tuple(means))


def _climb(rows: Sequence[Sequence[float]], happened: Sequence[bool], penalty: float, passes: int) -> list[float]:
    found = [0.0] * len(rows[0])
    for _ in range(passes):
        step = solved(*_slope_and_curve(rows, happened, found, penalty))
        reach = max(1.0, max(map(abs, step)) / 2)  # a whole step may overshoot far from the end
        found = [each + move / reach for each, move in zip(found, step, strict=True)]
        if max(map(abs, step)) < 1e-10:
            break
    return found


def _slope_and_curve(
    rows: Sequence[Sequence[float]], happened: Sequence[bool], found: Sequence[float], penalty: float
) -> tuple[list[list[float]], list[float]]:
    size = len(found)
    slope = [0.0, *(-penalty * each for each in found[1:])]
    curve = [[penalty if n == m and n else 0.0 for m in range(size)] for n in range(size)]
    for row, was in zip(rows, happened, strict=True):
        p = probability(sum(weight * each for weight, each in zip(found, row, strict=True)))
        bend = p * (1 - p)
        for n in range(size):
            slope[n] += (was - p) * row[n]
            for m in range(n + 1):
                curve[n][m] += bend * row[n] * row[m]
    for n in range(size):
        for m in range(n):
            curve[m][n] = curve[n][m]
    return curve, slope


def solved(matrix: Sequence[Sequence[float]], right: Sequence[float]) -> list[float]:
    """The x of matrix · x = right, by elimination with the largest pivot of each column."""
    rows = [[*line, value] for line, value in zip(matrix, right, strict=True)]
    size = len(rows)
    for n in range(size):
        largest = max(range(n, size), key=lambda place: abs(rows[place][n]))
        rows[n], rows[largest] = rows[largest], rows[n]
        for m in range(n + 1, size):
            factor = rows[m][n] / rows[n][n]
            rows[m] = [each - factor * mine for each, mine in zip(rows[m], rows[n], strict=True)]
    found = [0.0] * size
    for n in reversed(range(size)):
        found[n] = (rows[n][size] - sum(rows[n][m] * found[m] for m in range(n + 1, size))) / rows[n][n]
    return found
