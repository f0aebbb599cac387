"""Amounts that fade with age, fill up towards a limit, and count no further than a cap."""

from __future__ import annotations

from collections.abc import Sequence


def remaining(age: float, half_life: float) -> float:
    """The share of an amount that is left, 0-1: one half after each half-life.

    Args:
        age: in any unit; below 0 nothing has faded yet.
        half_life: in the same unit, above 0; infinity: it never fades.
    """
    return float(0.5 ** (max(age, 0.0) / half_life))


def filled(amount: float, half: float) -> float:
    """How far an amount fills something up, 0-1: one half at `half`, three quarters at twice that, never all of it.

    Args:
        amount: at 0 and below nothing is filled.
        half: above 0.

    Source: 1 - exp(-amount / k) with k = half / ln 2.
    """
    return 1.0 - remaining(amount, half)


def granted(amounts: Sequence[int], cap: int) -> list[int]:
    """What is left of each amount when together they may come to no more than a cap; the first are served first.

    Args:
        amounts: 0 or more each.
        cap: 0 or more.
    """
    left, found = cap, []
    for amount in amounts:
        found.append(min(amount, left))
        left -= found[-1]
    return found
