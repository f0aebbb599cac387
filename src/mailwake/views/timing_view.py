"""What the page of timing shows: a week by hours, and the best hour or why none is named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mailwake.comparing.timing import BestHour, Timing, Week
from mailwake.drawing import figures

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
#: shades of a cell, from nothing to most
_SHADES = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """One hour of the week."""

    count: str
    #: 0-5: how dark it is drawn
    shade: int
    says: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Grid:
    """A week."""

    kind: str
    title: str
    says: str
    #: day, its hours
    days: tuple[tuple[str, tuple[Cell, ...]], ...]
    best: str
    #: empty: none is left out
    elsewhere: str
    is_empty: bool


def values(answer: Timing) -> dict[str, Any]:
    """What `timing.html` names."""
    grids = [_week(each) for each in (answer.opened, answer.clicked)]
    arrived = grid("arrived", "Mail arrived", f"by the clock of {answer.timezone}", answer.arrived, best="")
    return {
        "id": answer.campaign,
        "name": answer.name,
        "days": answer.days,
        "grids": [*grids, arrived],
        "hours": range(24),
    }


def _week(week: Week) -> Grid:
    elsewhere = ""
    if week.elsewhere:
        elsewhere = (
            f"{figures.count(week.elsewhere)} more came from countries with several clocks, or from nowhere known, "
            "and are left out."
        )
    title = f"{week.kind.capitalize()} by people"
    return grid(
        week.kind, title, "by each reader's own clock", week.cells, best=in_words(week.best), elsewhere=elsewhere
    )


def grid(kind: str, title: str, says: str, cells: Sequence[Sequence[int]], *, best: str, elsewhere: str = "") -> Grid:
    """A week as cells whose shade grows with their count."""
    most = max(map(max, cells))
    return Grid(
        kind=kind,
        title=title,
        says=says,
        days=tuple(
            (name, tuple(_cell(name, hour, number, most) for hour, number in enumerate(day)))
            for name, day in zip(DAYS, cells, strict=True)
        ),
        best=best,
        elsewhere=elsewhere,
        is_empty=not most,
    )


def _cell(day: str, hour: int, number: int, most: int) -> Cell:
    shade = -(-number * _SHADES // most) if most else 0
    return Cell(
        count=figures.count(number), shade=shade, says=f"{day} {hour:02}:00 to {hour:02}:59: {figures.count(number)}"
    )


def in_words(best: BestHour) -> str:
    """The best hour with how sure that is, or why there is none."""
    if best.hour is None or best.times_usual is None:
        return (best.cannot_say or figures.CANNOT_SAY).capitalize() + "."
    sure = figures.whole_percent(best.sureness)
    return (
        f"For each mail that could be reacted to, most happens between {best.hour:02}:00 and {best.hour:02}:59: "
        f"{best.times_usual:.1f} times the average hour ({sure} sure that it is the best of all)."
    )
