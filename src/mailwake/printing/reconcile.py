"""What an ESP and our own servers told of a campaign, as a table for a terminal and as CSV."""

from __future__ import annotations

from dataclasses import asdict

from rich.console import Console
from rich.markup import escape

from mailwake.drawing import figures
from mailwake.drawing.rows import write_rows
from mailwake.drawing.terminal import table_of, visible
from mailwake.insight.reconcile import Reconciliation


def show(told: Reconciliation) -> None:
    """Print both sides, and why they differ."""
    console = Console()
    if not told.reports:
        console.print("No ESP has told anything of this campaign; see docs/howto/webhooks.md.", soft_wrap=True)
    console.print(f"[bold]{escape(visible(told.name))}[/bold], in deliveries")
    table = table_of("", "Only\nthe ESP", "Only\nwe", "Both")
    for line in told.lines:
        table.add_row(line.type, *(figures.count(each) for each in (line.only_esp, line.only_we, line.both)))
    console.print(table)
    for line in told.lines if told.reports else ():
        for who, why in (("only the ESP", line.why_only_esp), ("only we", line.why_only_we)):
            if why:
                console.print(f"{line.type}, {who}: {why}.", soft_wrap=True)


def write_csv(told: Reconciliation) -> None:
    """One row per type of event."""
    write_rows([{name: str(value) for name, value in asdict(line).items()} for line in told.lines])
