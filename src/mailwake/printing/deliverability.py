"""Mailbox providers as a table for a terminal, and as CSV for a spreadsheet."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from rich.console import Console
from rich.markup import escape

from mailwake.boards.deliverability_view import HEADS, values
from mailwake.deliverability.answers import Deliverability, Place
from mailwake.drawing.rows import number, write_rows
from mailwake.drawing.terminal import table_of, visible
from mailwake.insight.metrics import Rate


def show(answer: Deliverability, zone: ZoneInfo) -> None:
    """Print what got worse, then every provider."""
    console, told = Console(), values(answer, zone)
    if not told["any_copy"]:
        console.print("Nothing was sent lately.")
        return
    for turn in told["turns"]:
        console.print(f"▲ {escape(visible(turn.text))}", soft_wrap=True)
        console.print(f"  {escape(visible(turn.behind))}", style="dim", soft_wrap=True)
    if not told["turns"] and told["is_quiet"]:
        console.print("Nothing beyond what is usual.")
    for where, which in zip(told["unseen"], ("of any rate", "of some rates"), strict=True):
        if where:
            line = f"Even a threefold change {which} would go unseen, for want of copies, at: {escape(visible(where))}."
            console.print(line, soft_wrap=True)
    if told["silent"]:
        console.print(f"Too little was sent to tell a change at: {escape(visible(told['silent']))}.", soft_wrap=True)
    table = table_of("Provider", *HEADS.values())
    for line in told["providers"]:
        cells = [f"{each.percent}\n{each.count} {each.base}" for each in line.figures]
        cells[3] += f"\n{line.standing.word}"
        table.add_row(escape(visible(line.name)), *cells)
    console.print(table)


def write_csv(answer: Deliverability) -> None:
    """One row per provider or domain and rate."""
    kinds = (("provider", answer.providers), ("domain", answer.domains))
    write_rows([_row(kind, place, rate) for kind, places in kinds for place in places for rate in place.rates])


def _row(kind: str, place: Place, rate: Rate) -> dict[str, str]:
    return {
        "kind": kind,
        "name": place.name or "all others",
        "metric": rate.metric,
        "count": str(rate.count),
        "base": str(rate.base),
        "rate": number(rate.rate),
        "low": number(rate.low),
        "high": number(rate.high),
        "complaints": place.standing,
    }
