"""A share that grows with age, as columns: solid as far as it is sure, hatched as far as it may be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mailwake.comparing.pace import AtAge
from mailwake.drawing import figures
from mailwake.drawing.charts import Column, Part, Tick
from mailwake.language import say

#: labels of the axis, at most
_WANTED = 7


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


def by_age(points: Sequence[AtAge], what: str) -> AgeChart:
    """Shares side by side by age; the axis gives every tenfold of time the same room, as the points do.

    Args:
        points: with a rate each, by age.
        what: what the share is of, for who hears the page.
    """
    top = _top(max((point.high or 0.0 for point in points), default=0.0))
    last = points[-1] if points else None
    return AgeChart(
        says=say("%(what)s by age of the copies: %(rate)s in the end", what=what, rate=figures.percent(last.rate))
        if last
        else say("%(what)s by age of the copies", what=what),
        columns=tuple(_column(place, len(points), point, top) for place, point in enumerate(points)),
        ticks=_ticks(points),
        levels=tuple(figures.percent(top * part) for part in (1, 0.5, 0)),
        rows=tuple(row_of(point) for point in points),
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
    """A round share not below the highest."""
    return next((step for step in (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8) if highest <= step), 1.0)


def _column(place: int, columns: int, point: AtAge, top: float) -> Column:
    low, high = (point.low or 0.0) / top, (point.high or 0.0) / top
    sure = Part(kind="human", start=f"{100 - 100 * low:.3f}%", length=f"{100 * low:.3f}%")
    maybe = Part(kind="possible", start=f"{100 - 100 * high:.3f}%", length=f"{100 * (high - low):.3f}%")
    row = row_of(point)
    return Column(
        x=f"{100 * (place + 0.05) / columns:.3f}%",
        width=f"{100 * 0.9 / columns:.3f}%",
        parts=(sure, maybe),
        says=f"{row.age}: {row.percent} ({row.span}) {row.base}",
    )


def _ticks(points: Sequence[AtAge]) -> tuple[Tick, ...]:
    apart = max(1, -(-len(points) // _WANTED))
    return tuple(
        Tick(
            x=f"{100 * place / len(points):.3f}%",
            anchor="start",
            text=figures.duration(points[place].age),
            is_minor=place // apart % 2 == 1,
        )
        for place in range(0, len(points), apart)
    )
