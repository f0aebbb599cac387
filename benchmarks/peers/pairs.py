"""Ratios of pairs measured one after the other, and how sure one can be of them."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

#: Student's t for 95 %, two-sided, by degrees of freedom from 1 on; Source: any table, such as NIST/SEMATECH 1.3.6.7.2
T = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
    2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
)  # fmt: skip


def ratio(values: Sequence[float]) -> dict[str, float]:
    """The geometric mean of ratios with its 95 % interval, and the least and the greatest.

    Args:
        values: one ratio per pair, each above zero.
    """
    logs = [math.log(value) for value in values]
    mean, low, high = statistics.fmean(logs), min(values), max(values)
    wide = (
        T[min(len(logs) - 1, len(T)) - 1] * statistics.stdev(logs) / math.sqrt(len(logs)) if len(logs) > 1 else math.inf
    )
    return {
        "mean": math.exp(mean),
        "from": math.exp(mean - wide),
        "to": math.exp(mean + wide) if wide < math.inf else math.inf,
        "low": low,
        "high": high,
        "pairs": len(values),
    }


def told(found: dict[str, float], digits: int = 2) -> str:
    """In words: ``0.41 (0.38 to 0.44, 5 pairs)``."""
    mean, low, high = (f"{found[name]:.{digits}f}" for name in ("mean", "from", "to"))
    return f"{mean} ({low} to {high}, {found['pairs']:.0f} pairs)"


def verdict(found: dict[str, float], budget: float) -> str:
    """Whether a budget is reached: surely, on the whole, or not."""
    if found["from"] >= budget:
        return f"budget {budget:g} reached"
    if found["mean"] >= budget:
        return f"budget {budget:g} reached on the whole, not surely"
    return f"budget {budget:g} missed"
