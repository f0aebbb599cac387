"""A click map as a table for a terminal, and as CSV: the numbers of the page, in the order of the mail."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape

from mailwake.drawing import fields, figures
from mailwake.drawing.rows import number, write_rows
from mailwake.drawing.terminal import table_of, visible
from mailwake.insight.click_map import ClickMap, Spot
from mailwake.views import click_map_view

#: characters of a link's name on a line, however narrow the terminal
_LINK_WIDTH = 16


def show(told: ClickMap) -> None:
    """Print every occurrence of a link with its clicks."""
    console = Console()
    console.print(f"[bold]{escape(visible(told.name))}[/bold]  “{escape(visible(fields.read(told.mail.subject)))}”")
    less = () if told.versus is None else (f"Less\n“{visible(fields.read(told.versus.subject))}”",)
    table = table_of(
        "Link", "Likely\npeople", "Possibly", "Machines", "Raw", "Share", "Rate,\n95 %", *map(escape, less)
    )
    table.columns[0].min_width = _LINK_WIDTH
    for spot in told.spots:
        row = click_map_view.row(told, spot, 0)
        name = f"{row.number}. {visible(row.label)} ({row.role}{f', {row.where}' if row.where else ''})"
        cells = [row.human, row.possible, row.machine, row.raw, row.share, f"{row.rate}\n{row.span}"]
        change = [f"{row.sign} {row.change}\n{row.change_span}"] if less and row.change else [""] * len(less)
        table.add_row(escape(name), *cells, *change)
    console.print(table)
    base = figures.count(told.mail.base)
    console.print(f"Rates are of {base} delivered copies whose clicks may be told.", style="dim", soft_wrap=True)
    if len(told.mails) > 1:
        others = (
            f"{len(told.mails) - 1} more of this campaign's mails: --variant with a number up to {len(told.mails)}."
        )
        console.print(others, style="dim", soft_wrap=True)


def write_csv(told: ClickMap) -> None:
    """One row per occurrence of a link."""
    write_rows([_cells(told, spot) for spot in told.spots])


def _cells(told: ClickMap, spot: Spot) -> dict[str, str]:
    clicked = spot.clicked
    return {
        "template": told.mail.template,
        "number": str(spot.number),
        "label": spot.label,
        "role": spot.role,
        "where": spot.where,
        "href": spot.href,
        "human": str(clicked.human),
        "possible": str(clicked.possible),
        "machine": str(clicked.machine),
        "raw": str(clicked.raw),
        "people": number(spot.people),
        "people_low": number(spot.people_low),
        "people_high": number(spot.people_high),
        "share": number(spot.share),
        "rate": number(spot.rate),
        "low": number(spot.low),
        "high": number(spot.high),
        "base": str(told.mail.base),
        "change": "" if spot.change is None else number(spot.change.value),
        "change_low": "" if spot.change is None else number(spot.change.low),
        "change_high": "" if spot.change is None else number(spot.change.high),
        "hits": "" if spot.hits is None else str(spot.hits),
    }
