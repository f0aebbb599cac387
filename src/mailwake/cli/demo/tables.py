"""What the demo prints at its end."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from mailwake.cli.demo.house import House
from mailwake.cli.demo.org import Pushed

if TYPE_CHECKING:
    from mailwake.cli.demo.play import Result

#: Where there is no terminal to ask, lines are this long.
_WIDTH = 132
#: of the first three columns; the sentence has the rest
_WIDTHS = (20, 13, 13)


def console() -> Console:
    """Standard output; wide where it is a file."""
    return Console() if sys.stdout.isatty() else Console(width=_WIDTH)


def show(console: Console, result: Result, house: House) -> None:
    """The report, the comparison, and where to look further."""
    console.print(
        f"\nsent {result.messages:,} messages in {result.send_seconds:.1f} s; the crowd's week took "
        f"{result.read_seconds:.1f} s for {result.requests:,} acts"
    )
    for name, count in result.restarts.items():
        console.print(f"{name} died and was started again, times: {count}")
    console.print("\n$ mailwake report", style="bold", highlight=False)
    sys.stdout.flush()
    arguments = (sys.executable, "-m", "mailwake", "report", "--config", str(house.config))
    subprocess.run(arguments, check=False)
    console.print("What the crowd did, and what Mailwake says. All numbers are copies.", style="bold")
    for comparison in result.comparisons:
        table = Table("", "the crowd did", "Mailwake says", "where they differ, and why", box=SIMPLE_HEAD, expand=True)
        table.title, table.title_justify, table.title_style = comparison.campaign, "left", "bold"
        for column, width in zip(table.columns, _WIDTHS, strict=False):
            column.width, column.no_wrap = width, True
        for column in table.columns[1:3]:
            column.justify = "right"
        for row in comparison.rows:
            why = row.why if row.between is None or row.holds else f"WRONG: has to be {_range(*row.between)}. {row.why}"
            table.add_row(row.what, _number(row.crowd), _number(row.mailwake), why)
        console.print(table)
    if result.pushed is not None:
        _show_org(console, result.pushed)
    if not all(comparison.holds for comparison in result.comparisons):
        console.print(f"Some counts are wrong; please report it with {house.folder / 'serve.log'}.", style="bold red")


def _show_org(console: Console, pushed: Pushed) -> None:
    """What came of the org."""
    console.print("$ mailwake salesforce push", style="bold", highlight=False)
    console.print(f"{pushed.written:,} records written to an emulated org in {pushed.calls:,} calls")
    same = "the same people as on the dashboard's page of calls" if pushed.hot_there == pushed.hot_here else "WRONG"
    console.print(f"hot prospects listed there: {len(pushed.hot_there):,}, {same}")
    back = "held what it held before, to the byte" if pushed.is_undone else "WRONG: something was left behind"
    console.print(f"mailwake salesforce undo: the org {back}; then it was pushed again\n")


def as_dict(result: Result) -> dict[str, Any]:
    """The same as plain data: the report's JSON and the rows."""
    rows = {
        comparison.campaign: [
            {"what": row.what, "crowd": row.crowd, "mailwake": row.mailwake, "why": row.why, "holds": row.holds}
            for row in comparison.rows
        ]
        for comparison in result.comparisons
    }
    return {
        "report": result.overview,
        "comparisons": rows,
        "restarts": dict(result.restarts),
        "send_seconds": result.send_seconds,
        "read_seconds": result.read_seconds,
        "total_seconds": result.total_seconds,
    }


def _range(low: int, high: int) -> str:
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _number(count: int | None) -> str:
    return "-" if count is None else f"{count:,}"
