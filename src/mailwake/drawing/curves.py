"""A share that grows with age, as columns: solid as far as it is sure, hatched as far as it may be, a line between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log

from mailwake.comparing.pace import AtAge, Ending
from mailwake.drawing import figures
from mailwake.drawing.charts import Column, Part, Tick
from mailwake.language import noted, say

#: labels of the axis, in seconds
_LABELS = (
    (60, noted("1 min")),
    (600, noted("10 min")),
    (3_600, noted("1 h")),
    (21_600, noted("6 h")),
    (86_400, noted("1 d")),
    (259_200, noted("3 d")),
    (604_800, noted("7 d")),
    (2_592_000, noted("30 d")),
)
#: the room of a forecast, and of the gap before it, as shares of the curve's: its label stands beside that of 7 days
_WIDE, _GAP = 0.08, 0.04
#: labels nearer to that of the forecast are left out on narrow screens, as a share of the drawing
_NEAR = 0.1
#: of the line where the estimate is, as a share of the drawing: two pixels
_LINE = 0.012
#: ends of the upright axis, in any power of ten
_TOPS = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)


@dataclass(frozen=True, kw_only=True, slots=True)
class AgeRow:
    """A line of the table that says what the drawing says."""

    age: str
    percent: str
    span: str
    base: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AgeChart:
    """A share by age as a drawing, and as the table under it."""

    says: str
    columns: tuple[Column, ...]
    ticks: tuple[Tick, ...]
    #: labels of the upright axis, top to bottom
    levels: tuple[str, ...]
    rows: tuple[AgeRow, ...]
    #: the age that the last column forecasts; empty: there is no forecast
    forecast: str = ""


def by_age(points: Sequence[AtAge], what: str, ending: Ending | None = None) -> AgeChart:
    """Shares side by side by age; the axis gives every tenfold of time the same room, as the points do.

    Args:
        points: with a rate each, by age.
        what: what the share is of, for who hears the page.
        ending: what to draw at the end, where it is known and no point is as old.
    """
    last = points[-1] if points else None
    ahead = ending if ending and ending.rate is not None and last and last.age < ending.age else None
    top = _top(max((each or 0.0 for each in (*(point.high for point in points), ahead and ahead.high)), default=0.0))
    columns = len(points) * (1 + _GAP + _WIDE if ahead else 1)
    return AgeChart(
        says=say("%(what)s by age of the copies: %(rate)s in the end", what=what, rate=figures.percent(last.rate))
        if last
        else say("%(what)s by age of the copies", what=what),
        columns=(
            *(_column(place, columns, point, top) for place, point in enumerate(points)),
            *([_forecast(ahead, top)] if ahead else []),
        ),
        ticks=_ticks(points, ahead),
        levels=tuple(figures.percent(top * part) for part in (1, 0.5, 0)),
        rows=tuple(row_of(point) for point in points),
        forecast=figures.age(ahead.age) if ahead else "",
    )


def row_of(point: AtAge) -> AgeRow:
    """One age in words."""
    return AgeRow(
        age=figures.age(point.age),
        percent=figures.percent(point.rate),
        span=figures.span(point.low, point.high),
        base=say("of %(base)s", base=figures.count(point.base)),
    )


def _top(highest: float) -> float:
    """A round share not below the highest, and not far above it."""
    steps = (step * power for power in (0.001, 0.01, 0.1) for step in _TOPS)
    return next((step for step in steps if highest <= step + 1e-9), 1.0)


def _column(place: int, columns: float, point: AtAge, top: float) -> Column:
    row = row_of(point)
    return Column(
        x=_percent((place + 0.05) / columns),
        width=_percent(0.9 / columns),
        parts=_parts(point, top),
        says=f"{row.age}: {row.percent} ({row.span}) {row.base}",
    )


def _forecast(ending: Ending, top: float) -> Column:
    wide = _WIDE / (1 + _GAP + _WIDE)
    rate, span = figures.about(ending.rate), figures.about_span(ending.low, ending.high)
    return Column(
        x=_percent(1 - wide),
        width=_percent(wide),
        parts=_parts(ending, top),
        says=say("%(age)s, forecast: %(rate)s (%(span)s)", age=figures.age(ending.age), rate=rate, span=span),
    )


def _parts(point: AtAge | Ending, top: float) -> tuple[Part, ...]:
    """Solid up to the lower end of the interval, hatched up to the upper one, and a line at the estimate."""
    low, high, middle = ((each or 0.0) / top for each in (point.low, point.high, point.rate))
    line = min(max(0.0, 1 - middle - _LINE / 2), 1 - _LINE)
    return (
        Part(kind="human", start=_percent(1 - low), length=_percent(low)),
        Part(kind="possible", start=_percent(1 - high), length=_percent(high - low)),
        Part(kind="estimate", start=_percent(line), length=_percent(_LINE)),
    )


def _ticks(points: Sequence[AtAge], ahead: Ending | None) -> tuple[Tick, ...]:
    """Labels of round ages, where they lie among the points, and of the forecast in the middle of its column."""
    whole = 1 + _GAP + _WIDE if ahead else 1
    placed = [
        ((place + 0.5) / len(points) / whole, text)
        for age, text in _LABELS
        if (place := _place(points, age)) is not None
    ]
    last = 1 - _WIDE / 2 / whole if ahead else 1 + _NEAR
    ticks = [
        Tick(x=_percent(x), anchor="middle", text=say(text), is_minor=number % 2 == 1 or last - x < _NEAR)
        for number, (x, text) in enumerate(placed)
    ]
    if ahead:
        text = next((say(text) for age, text in _LABELS if age == ahead.age), figures.duration(ahead.age))
        ticks.append(Tick(x=_percent(last), anchor="middle", text=text, is_minor=False))
    return tuple(ticks)


def _place(points: Sequence[AtAge], age: int) -> float | None:
    """Where an age lies among the points, 0 at the first; None: outside."""
    for number, (before, after) in enumerate(pairwise(points)):
        if before.age <= age <= after.age:
            return number + log(age / before.age) / log(after.age / before.age)
    return None


def _percent(share: float) -> str:
    return f"{100 * share:.3f}%"
