"""Salesforce's own tracking beside ours, as a table for a terminal and as CSV."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape

from mailwake.drawing import figures
from mailwake.drawing.rows import write_rows
from mailwake.drawing.terminal import UTC, table_of, visible
from mailwake.native.report import NativeReport

_AXES = {"opened": "Opened", "clicked": "Clicked", "came_back": "Came back", "not_compared": "Not compared"}
_VERDICTS = {"agree": "agree", "differ": "differ", "cannot_say": "cannot say"}


def show(told: NativeReport) -> None:
    """Print where both agree, where not, and why."""
    console = Console()
    if told.read_at is None:
        console.print("The org was never read; leave out --no-read.", soft_wrap=True)
        return
    span = f"{told.days} days, read {figures.moment(told.read_at, UTC)} UTC"
    found = f"{figures.count(told.mails)} recipients of mail there, {figures.count(told.compared)} copies of ours"
    console.print(f"{span}: {found}", soft_wrap=True)
    table = table_of("", "Copies")
    table.add_column("Both")
    table.add_column("Why", overflow="fold")
    axis = ""
    for line in told.lines:
        table.add_row(
            "" if line.axis == axis else _AXES[line.axis], figures.count(line.count), _VERDICTS[line.verdict], line.why
        )
        axis = line.axis
    console.print(table)
    _show_lists(console, told)


def _show_lists(console: Console, told: NativeReport) -> None:
    if not told.lists:
        return
    table = table_of("List email", "Sent, says Salesforce", "Copies of ours")
    for each in told.lists:
        there, here = ("cannot say" if n is None else figures.count(n) for n in (each.there, each.here))
        table.add_row(escape(visible(each.name)), there, here)
    console.print(table)


def write_csv(told: NativeReport) -> None:
    """One row per kind of agreement or disagreement."""
    write_rows(
        [
            {
                "axis": line.axis,
                "code": line.code,
                "verdict": line.verdict,
                "count": str(line.count),
                "why": line.why,
                "records": " ".join(line.records),
            }
            for line in told.lines
        ]
    )
