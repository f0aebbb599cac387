"""How long after delivery it happened, in that stream, from that kind of network."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from mailwake.events import SECOND, Micros
from mailwake.judge.rules import Cell, Rules, cell_of

#: Seconds after delivery at which a new cell begins.
EDGES = (2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1_800, 7_200, 21_600, 86_400)
_COARSE = (10, 30, 60, 300, 1_800, 21_600)
_NAMES = ("under_2", *(f"from_{edge}" for edge in EDGES))
_COARSE_NAMES = ("under_10", *(f"from_{edge}" for edge in _COARSE))
#: Seconds after the first hit on the same copy, which tell something where no delivery was reported.
_AFTER_FIRST = (2, 10, 60, 600, 7_200)
_AFTER_FIRST_NAMES = ("under_2", *(f"from_{edge}" for edge in _AFTER_FIRST))
_DELAY = {
    stream: tuple(f"delay.{stream}_{name}" for name in _NAMES) for stream in ("marketing", "transactional", "outbound")
}
_FROM = {
    group: tuple(Cell(f"delay_from.{group}_{name}") for name in _COARSE_NAMES)
    for group in ("consumer", "shared", "rented", "microsoft", "scanner", "unknown", "withheld")
}


def cells(rules: Rules, stream: str, at: Micros, anchor: Micros | None, *, first: Micros, group: str) -> Sequence[Cell]:
    """The cells of a delay.

    Args:
        anchor: when it was delivered, else sent.
        first: when the first hit on this copy came.
        group: of the network, as `Own` has it.
    """
    seconds = delay(rules, at, anchor)
    if seconds is None:
        return () if at <= first else (_after_first((at - first) / SECOND),)
    names = _DELAY.get(stream) or _DELAY["marketing"]
    words = "{} after delivery" if seconds >= 0 else "{} before delivery"
    said = cell_of((names[bisect_right(EDGES, seconds)], words, (span(abs(seconds)),)))
    return said, _FROM[group][bisect_right(_COARSE, seconds)]


def _after_first(seconds: float) -> Cell:
    place = _AFTER_FIRST_NAMES[bisect_right(_AFTER_FIRST, seconds)]
    return Cell(f"after_first.{place}", "{} after the first hit on this copy", (span(seconds),))


def delay(rules: Rules, at: Micros, anchor: Micros | None) -> float | None:
    """Seconds from delivery; None without a delivery time, or when the clocks cannot both be right."""
    if anchor is None:
        return None
    seconds = (at - anchor) / SECOND
    return seconds if seconds >= -rules.numbers["combination.clock_slack_seconds"] else None


def span(seconds: float) -> str:
    """Seconds as people say a duration; below zero is none."""
    if seconds < 10:
        return f"{seconds:.1f} s" if seconds > 0 else "0.0 s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h" if seconds < 172_800 else f"{seconds / 86_400:.0f} days"
