"""The hours of the week as a table for a terminal, and as CSV: the numbers of the page."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape

from mailwake.comparing.timing import Timing, Week
from mailwake.drawing import figures
from mailwake.drawing.rows import write_rows
from mailwake.drawing.terminal import table_of, visible
from mailwake.views.timing_view import DAYS, in_words

#: a terminal has no room for 24 columns of numbers
_HOURS = 3


def show(told: Timing) -> None:
    """Print opens and clicks of people by day and three hours, and the best hour of each."""
    console = Console()
    console.print(f"[bold]{escape(visible(told.name or f'All campaigns of the last {told.days} days'))}[/bold]")
    for week in (told.opened, told.clicked):
        table = table_of(f"{week.kind.capitalize()} by people", *(f"{hour:02}" for hour in range(0, 24, _HOURS)))
        for day, hours in zip(DAYS, week.cells, strict=True):
            table.add_row(day, *(figures.count(sum(hours[start : start + _HOURS])) for start in range(0, 24, _HOURS)))
        console.print(table)
        console.print(in_words(week.best), soft_wrap=True)
        _say_elsewhere(console, week)


def _say_elsewhere(console: Console, week: Week) -> None:
    if week.elsewhere:
        said = f"{figures.count(week.elsewhere)} more came from where the clock is not known, and are left out."
        console.print(said, style="dim", soft_wrap=True)


def write_csv(told: Timing) -> None:
    """One row per hour of the week."""
    write_rows(
        [
            {
                "day": day,
                "hour": str(hour),
                "arrived": str(told.arrived[number][hour]),
                "opened_human": str(told.opened.cells[number][hour]),
                "clicked_human": str(told.clicked.cells[number][hour]),
            }
            for number, day in enumerate(DAYS)
            for hour in range(24)
        ]
    )
