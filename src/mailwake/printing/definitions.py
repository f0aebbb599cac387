"""A campaign in the definitions of other tools, as tables for a terminal and as CSV."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape

from mailwake.boards.definitions_view import quotient
from mailwake.drawing import figures
from mailwake.drawing.rows import number, write_rows
from mailwake.drawing.terminal import table_of, visible
from mailwake.insight.dialects import Definitions


def show(told: Definitions) -> None:
    """Print each dialect as a table, with the rate of ours that stands nearest."""
    console = Console()
    console.print(f"[bold]{escape(visible(told.name))}[/bold]")
    labels = {each.metric: each.label for each in told.rates}
    for one in told.translations:
        table = table_of(one.title, "Theirs", "Counts", "Ours")
        table.add_column("which is")
        for figure in one.figures:
            counts = f"{figures.count(figure.count)} / {figures.count(figure.base)}"
            theirs = quotient(figure)
            table.add_row(figure.label, theirs, counts, figures.percent(figure.our_value), labels.get(figure.ours, ""))
        console.print(table)
        console.print(f"{one.note} {one.source}", style="dim", soft_wrap=True)


def write_csv(told: Definitions) -> None:
    """One row per figure."""
    write_rows(
        [
            {
                "campaign": told.name,
                "dialect": one.dialect,
                "figure": figure.id,
                "count": str(figure.count),
                "base": str(figure.base),
                "value": number(figure.value),
                "low": number(figure.low),
                "high": number(figure.high),
                "cannot_say": figure.cannot_say or "",
                "ours": figure.ours,
                "our_value": number(figure.our_value),
                "says": figure.says,
            }
            for one in told.translations
            for figure in one.figures
        ]
    )
