"""A comparison as a table for a terminal, and as CSV for a spreadsheet."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from rich.console import Console
from rich.markup import escape

from mailwake.comparing.compare import Compared, Comparison, Side, Step
from mailwake.drawing.rows import number, write_rows
from mailwake.drawing.terminal import table_of, visible
from mailwake.views.compare_view import values


def show(answer: Comparison, zone: ZoneInfo) -> None:
    """Print figures side by side, and why the first two differ."""
    console = Console()
    told = values(answer, zone)
    of = f", sent to the people of the segment {escape(visible(answer.segment))}" if answer.segment else ""
    console.print(f"Copies {told['age']} old{of}")
    table = table_of("", *(escape(visible(side["name"])) for side in told["sides"]))
    for line in told["lines"]:
        table.add_row(line.label, *("\n".join(filter(None, (cell.percent, cell.step))) for cell in line.cells))
    console.print(table)
    for why in told["whys"]:
        console.print(f"{why.title}. {why.says}", soft_wrap=True)
        for cause in why.causes:
            console.print(f"  {cause.points}  {cause.label}", soft_wrap=True)


def write_csv(answer: Comparison) -> None:
    """One row per figure and campaign."""
    write_rows([_row(answer, side, each) for side in answer.sides for each in side.figures])


def _row(answer: Comparison, side: Side, found: Compared) -> dict[str, str]:
    step = found.step or Step(value=None, low=None, high=None, ratio=None, p_value=None, standing=None)
    return {
        "age_seconds": str(answer.age),
        "campaign": side.name,
        "metric": found.metric,
        "count": number(found.count),
        "base": str(found.base),
        "rate": number(found.rate),
        "low": number(found.low),
        "high": number(found.high),
        "difference": number(step.value),
        "difference_low": number(step.low),
        "difference_high": number(step.high),
        "p_value": number(step.p_value),
        "standing": step.standing or "",
    }
