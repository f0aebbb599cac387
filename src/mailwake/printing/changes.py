"""What changed since last week as sentences for a terminal, and as CSV for a spreadsheet."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from rich.console import Console
from rich.markup import escape

from mailwake.comparing.changes import Changed, Changes
from mailwake.drawing.rows import number, write_rows
from mailwake.drawing.terminal import visible
from mailwake.views.changes_view import values


def show(answer: Changes, zone: ZoneInfo) -> None:
    """Print what can be said, each sentence with the numbers behind it."""
    console = Console()
    told = values(answer, zone)
    if not told["news"]:
        console.print(f"Nothing can be said of the time since {told['news_since']}: no mail was sent.")
        return
    console.print(told["news_how"], style="dim", soft_wrap=True)
    for each in told["news"]:
        console.print(f"{each.mark} {escape(visible(each.text))}", soft_wrap=True)
        console.print(f"  {escape(visible(each.behind))}", style="dim", soft_wrap=True)


def write_csv(answer: Changes) -> None:
    """One row per rate, of all streams and of each."""
    by_stream = [(of.stream, each) for of in answer.streams for each in of.figures]
    write_rows([_row(answer, *each) for each in [*(("", each) for each in answer.figures), *by_stream]])


def _row(answer: Changes, stream: str, each: Changed) -> dict[str, str]:
    return {
        "age_seconds": str(answer.age),
        "stream": stream,
        "metric": each.now.metric,
        "count": str(each.now.count),
        "base": str(each.now.base),
        "rate": number(each.now.rate),
        "low": number(each.now.low),
        "high": number(each.now.high),
        "rate_before": number(each.before.rate),
        "difference": number(each.value),
        "difference_low": number(each.low),
        "difference_high": number(each.high),
        "standing": each.standing or "",
    }
