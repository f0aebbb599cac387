"""How a campaign's opens and clicks by people came in over time, as columns that every mail program shows.

Columns are cells of tables: mail programs show no SVG, and pictures late or never. Their sums are those of the page.
Whoever gets the mail may know of no single person, so columns of few people are drawn alike (`sampling.cells`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from mailwake.drawing import figures
from mailwake.insight.series import Series
from mailwake.sampling.cells import LEAST

#: Gmail cuts off a mail of more than 102 kB; with so many columns of so few campaigns, one of 20 campaigns is below it.
#: Source: `tests/bulletins`, which measures it
COLUMNS, CAMPAIGNS = 24, 3
HEIGHT_PIXELS = 40
_MARKS = " .:-=+*#"
#: A curve of fewer says nothing. Judgement.
LEAST_IN_ALL = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Curve:
    """One reaction over time."""

    label: str
    #: of each column, oldest first; 0: nothing happened, 1: some, fewer than `LEAST`
    pixels: tuple[int, ...]
    begins: str
    ends: str
    #: "at most 31 in 2 hours"
    most: str
    #: for text, a sign per column
    drawn: str


def curves(series: Series | None, zone: ZoneInfo) -> tuple[Curve, ...]:
    """Opens and clicks by people over time; those of which too little happened are left out."""
    if series is None or len(series.points) < 2:
        return ()
    width = -(-len(series.points) // COLUMNS)
    columns = [series.points[start : start + width] for start in range(0, len(series.points), width)]
    told = (
        ("Opened by people", [sum(each.opened.human for each in some) for some in columns]),
        ("Clicked by people", [sum(each.clicked.human for each in some) for some in columns]),
    )
    span = figures.moment(series.points[0].start, zone), figures.moment(series.points[-1].start, zone)
    step = _step(series.step_seconds * width)
    return tuple(_curve(label, counts, step, span) for label, counts in told if sum(counts) >= LEAST_IN_ALL)


def _curve(label: str, counts: Sequence[int], step: str, span: tuple[str, str]) -> Curve:
    most = max(counts)
    return Curve(
        label=label,
        pixels=tuple(_height(count, most, HEIGHT_PIXELS) for count in counts),
        begins=span[0],
        ends=span[1],
        most=f"{figures.count(sum(counts))} in all, at most {figures.count(max(most, LEAST))} in {step}",
        drawn="".join(_MARKS[_height(count, most, len(_MARKS) - 1)] for count in counts),
    )


def _height(count: int, most: int, full: int) -> int:
    return min(count, 1) if count < LEAST else -(-count * full // most)


def _step(seconds: int) -> str:
    for unit, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= unit and seconds % unit == 0:
            number = seconds // unit
            return f"one {name}" if number == 1 else f"{number} {name}s"
    return f"{seconds} seconds"
