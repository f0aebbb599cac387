"""What the page of timing shows: a week by hours, and the best hour or why none is named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from mailwake.comparing.timing import DAY_WORDS, LEAST_REACTIONS, BestHour, Timing, Week
from mailwake.drawing import figures
from mailwake.language import at_start, noted, say
from mailwake.views.pace_view import by_people

DAYS = (
    noted("Monday"),
    noted("Tuesday"),
    noted("Wednesday"),
    noted("Thursday"),
    noted("Friday"),
    noted("Saturday"),
    noted("Sunday"),
)
#: shades of a cell, from nothing to most
_SHADES = 5
#: counts by day and hour
_Week = Sequence[Sequence[int]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """One hour of the week."""

    count: str
    #: 0-5: how dark it is drawn
    shade: int
    says: str
    #: of the list of these people; empty: there is none
    href: str


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
    grids = [_week(each, answer.campaign) for each in (answer.opened, answer.clicked)]
    arrived = grid(
        "arrived", say("Mail arrived"), say("by the clock of %(zone)s", zone=answer.timezone), answer.arrived, best=""
    )
    return {
        "id": answer.campaign,
        "name": answer.name,
        "days": answer.days,
        "grids": [*grids, arrived],
        "nothing": all(each.is_empty for each in (*grids, arrived)),
        "least": LEAST_REACTIONS,
        "hours": range(24),
    }


def _week(week: Week, campaign: str | None) -> Grid:
    elsewhere = ""
    if week.elsewhere:
        elsewhere = say(
            "%(count)s more came from countries with several clocks, or from nowhere known, and are left out.",
            count=figures.count(week.elsewhere),
        )
    title = by_people(week.kind)
    says, people = say("by each reader's own clock"), f"/campaigns/{campaign}/people" if campaign else ""
    return grid(week.kind, title, says, week.cells, best=in_words(week.best), elsewhere=elsewhere, people=people)


def grid(kind: str, title: str, says: str, cells: _Week, *, best: str, elsewhere: str = "", people: str = "") -> Grid:
    """A week as cells whose shade grows with their count, and which lead to `people` where that is a path."""

    def cell(day: int, hour: int, number: int) -> Cell:
        asked = urlencode({"outcome": f"{kind}_human", "hour": f"{DAY_WORDS[day]}-{hour}"})
        return _cell(hour_of(say(DAYS[day]), hour), number, most, f"{people}?{asked}" if people and number else "")

    most = max(map(max, cells))
    return Grid(
        kind=kind,
        title=title,
        says=says,
        days=tuple(
            (say(DAYS[day]), tuple(cell(day, hour, number) for hour, number in enumerate(hours)))
            for day, hours in enumerate(cells)
        ),
        best=best,
        elsewhere=elsewhere,
        is_empty=not most,
    )


def _cell(hour: str, number: int, most: int, href: str) -> Cell:
    shade, count = -(-number * _SHADES // most) if most else 0, figures.count(number)
    return Cell(count=count, shade=shade, says=say("%(hour)s: %(count)s", hour=hour, count=count), href=href)


def hour_of(day: str, hour: int) -> str:
    """An hour of the week in words; `day` as it is to be said."""
    return say("%(day)s %(hour)s:00 to %(hour)s:59", day=day, hour=f"{hour:02}")


def in_words(best: BestHour) -> str:
    """The best hour with how sure that is, or why there is none."""
    if best.hour is None or best.times_usual is None:
        return at_start(best.cannot_say or say(figures.CANNOT_SAY)) + "."
    sure = figures.whole_percent(best.sureness)
    return say(
        "For each mail that could be reacted to, most happens between %(hour)s:00 and %(hour)s:59: %(times)s times the "
        "average hour (%(sure)s sure that it is the best of all).",
        hour=f"{best.hour:02}",
        times=f"{best.times_usual:.1f}",
        sure=sure,
    )
