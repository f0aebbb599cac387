"""Integrals over an interval, and the top of a hill."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from math import cos, pi

Point = tuple[float, ...]


@lru_cache(maxsize=512)
def legendre(count: int) -> tuple[tuple[float, float], ...]:
    """(place, weight) of Gauss and Legendre's rule on -1 to 1; exact for polynomials up to twice as many degrees.

    Source: DLMF 3.5(v), https://dlmf.nist.gov/3.5#v; the places by Newton's steps.
    """
    rule = []
    for number in range(count):
        x, slope = cos(pi * (number + 0.75) / (count + 0.5)), 0.0
        for _ in range(50):
            before, value = 1.0, x
            for degree in range(2, count + 1):
                before, value = value, ((2 * degree - 1) * x * value - (degree - 1) * before) / degree
            slope = count * (x * value - before) / (x * x - 1)
            step, x = value / slope, x - value / slope
            if abs(step) < 1e-15:
                break
        rule.append((x, 2 / ((1 - x * x) * slope * slope)))
    return tuple(rule)


def nodes(low: float, high: float, count: int) -> Iterator[tuple[float, float]]:
    """(place, weight) of the rule with so many places, on an interval; `count` is 2 or more."""
    half = (high - low) / 2
    return ((low + half * (1 + place), half * weight) for place, weight in legendre(count))


def top(height: Callable[[Point], float], start: Sequence[float], step: float = 0.5, *, close: float = 1e-6) -> Point:
    """Where a smooth hill of few dimensions is highest.

    Args:
        height: of a point; -inf where there is no ground.
        start: a point on the hill.
        step: how far the first looks around go.
        close: how near to the top is near enough.

    Source: Nelder and Mead 1965, Comput. J. 7, 308-313.
    """
    size = len(start)

    def between(middle: Sequence[float], end: Point, share: float) -> tuple[float, Point]:
        point = tuple(m + share * (e - m) for m, e in zip(middle, end, strict=True))
        return height(point), point

    around = [tuple(x + step * (i == j) for j, x in enumerate(start)) for i in range(-1, size)]
    found = sorted(((height(point), point) for point in around), reverse=True)
    for _ in range(1_000):
        reach = max(abs(x - y) for _, point in found for x, y in zip(point, found[0][1], strict=True))
        if found[0][0] - found[-1][0] < 10 * close * close and reach < close:
            break
        worst = found[-1][1]
        middle = [sum(point[i] for _, point in found[:-1]) / size for i in range(size)]
        best = turned = between(middle, worst, -1.0)
        if turned[0] > found[0][0]:
            best = max(turned, between(middle, worst, -2.0))
        elif turned[0] <= found[-2][0]:
            best = max(turned, between(middle, worst, -0.5 if turned[0] > found[-1][0] else 0.5))
        if best[0] > found[-1][0]:
            found[-1] = best
        else:
            found[1:] = [between(found[0][1], point, 0.5) for _, point in found[1:]]
        found.sort(reverse=True)
    return found[0][1]
