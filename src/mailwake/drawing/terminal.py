"""Text and tables for a terminal."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from mailwake.drawing import figures

if TYPE_CHECKING:  # roles run without rich (see mailwake.cli.role), and mailed reports take `visible` from here
    from rich.console import Console
    from rich.table import Table

UTC = ZoneInfo("UTC")


def table_of(first: str, *others: str) -> Table:
    """An empty table whose first column is text and whose others are numbers."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column(first, overflow="fold")
    for name in others:
        table.add_column(name, justify="right")
    return table


def visible(text: str) -> str:
    """Text without what could steer a terminal."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def say_fresh(console: Console, at: datetime | None) -> None:
    """Say up to when events are part of a report."""
    if at is not None:
        console.print(f"Events up to {figures.moment(at, UTC)} UTC.", style="dim")
