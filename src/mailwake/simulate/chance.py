"""Draws from the distributions that `agents.toml` speaks in."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from math import log
from random import Random


def dice(*parts: str | int) -> Random:
    """Draws that are the same for the same parts, on every machine."""
    return Random("/".join(str(part) for part in parts))  # noqa: S311 - a crowd to repeat, not a secret


def log_normal(rng: Random, median: float, sigma: float) -> float:
    """A duration in seconds whose logarithm is normal; `sigma` is that of the logarithm."""
    return rng.lognormvariate(log(median), sigma)


def geometric(rng: Random, chance: float) -> int:
    """How often something succeeds before it first fails."""
    count = 0
    while rng.random() < chance:
        count += 1
    return count


def between(rng: Random, limits: Sequence[float]) -> float:
    """Anywhere between two limits."""
    return rng.uniform(limits[0], limits[1])


def from_quantiles(rng: Random, table: Sequence[Sequence[float]]) -> float:
    """A value from rows of (value, share up to here), straight lines between them and from 0."""
    draw = rng.random() * table[-1][1]
    place = bisect_left([share for _, share in table], draw)
    high_value, high = table[place]
    low_value, low = table[place - 1] if place else (0.0, 0.0)
    return low_value + (high_value - low_value) * (draw - low) / (high - low)


def favourite(rng: Random, things: Sequence[str]) -> str:
    """One of several links, the first ones far more often: Zipf with exponent 1.1 over document order."""
    return rng.choices(things, [1 / (rank**1.1) for rank in range(1, len(things) + 1)])[0]


def part_of(rng: Random, things: Sequence[str], share: float) -> list[str]:
    """A share of several things, at least one, in their order."""
    count = min(len(things), max(1, round(share * len(things))))
    return [things[place] for place in sorted(rng.sample(range(len(things)), count))] if things else []
