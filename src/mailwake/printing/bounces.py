"""What came back as a table for a terminal, and as CSV for a spreadsheet."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from rich.console import Console
from rich.markup import escape

from mailwake.boards.bounces_view import values
from mailwake.deliverability.returned import Returned
from mailwake.drawing.rows import number, write_rows
from mailwake.drawing.terminal import table_of, visible


def show(answer: Returned, zone: ZoneInfo) -> None:
    """Print what came back."""
    console = Console()
    told = values(answer, zone)
    if told["total"] is None:
        console.print("Nothing was refused.")
        return
    for event in told["incidents"]:
        console.print(escape(visible(event)), soft_wrap=True)
    for title, lines in told["tables"]:
        table = table_of(title, "Refused", "95 % interval", "Copies")
        table.add_column("Causes")
        for line in lines:
            causes = ", ".join(f"{cause.name} {cause.count}" for cause in line.causes)
            refused = line.refused
            table.add_row(
                escape(visible(line.name)), refused.percent, refused.span, f"{refused.count} {refused.base}", causes
            )
        console.print(table)
    for cause in told["total"].causes:
        console.print(
            f"{cause.name} ({cause.blames}), {cause.count} since {cause.since}: {cause.advice}", soft_wrap=True
        )
        for words in cause.quoted:
            console.print(f"  {escape(visible(words))}", soft_wrap=True)


def write_csv(answer: Returned) -> None:
    """Write one row per line and cause."""
    tables = (("campaign", answer.campaigns), ("place", answer.places), ("domain", answer.domains))
    write_rows(
        [
            {
                "by": by,
                "name": line.name or "",
                "members": str(line.members),
                "sent": str(line.refused.base),
                "refused": str(line.refused.count),
                "rate": number(line.refused.rate),
                "low": number(line.refused.low),
                "high": number(line.refused.high),
                "cannot_say": line.refused.cannot_say or "",
                "cause": cause.category,
                "class": cause.klass,
                "count": str(cause.count),
                "first_at": cause.first_at.isoformat(),
                "quoted": cause.quoted[0].text if cause.quoted else "",
                "advice": cause.advice,
            }
            for by, lines in tables
            for line in lines
            for cause in line.causes
        ]
    )
