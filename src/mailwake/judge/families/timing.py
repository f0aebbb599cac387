"""How long after delivery it happened, against how people and machines spread over time in that stream."""

from __future__ import annotations

from bisect import bisect_right

from mailwake.events import SECOND, Micros
from mailwake.judge.rules import Rules, Scope, Term


def weigh(rules: Rules, scope: Scope, stream: str, *, at: Micros, anchor: Micros | None, consumer: bool) -> Term | None:
    """The term for a delay, None when there is nothing to measure it against.

    Args:
        anchor: when it was delivered, else sent.
        consumer: the event looks like a person's own device; then being quick weighs little.
    """
    seconds = delay(rules, at, anchor)
    if seconds is None:
        return None
    weights = rules.timing.get((scope, stream)) or rules.timing[scope, "marketing"]
    weight = weights[bisect_right(rules.timing_edges, seconds)] * rules.numbers["combination.alpha"]
    if consumer:
        weight = max(weight, rules.numbers["combination.quick_floor"])
    return Term("timing", weight, "{} after delivery", (Span(max(seconds, 0.0)),))


def delay(rules: Rules, at: Micros, anchor: Micros | None) -> float | None:
    """Seconds from delivery; None without a delivery time, or when the clocks cannot both be right."""
    if anchor is None:
        return None
    seconds = (at - anchor) / SECOND
    return seconds if seconds >= -rules.numbers["combination.clock_slack_seconds"] else None


class Span(float):
    """Seconds that print as people say a duration."""

    __slots__ = ()

    def __format__(self, spec: str) -> str:
        if self < 10:
            return f"{float(self):.1f} s"
        if self < 120:
            return f"{float(self):.0f} s"
        if self < 7200:
            return f"{self / 60:.0f} min"
        return f"{self / 3600:.0f} h" if self < 172_800 else f"{self / 86_400:.0f} days"
