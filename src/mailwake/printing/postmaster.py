"""What providers told as tables for a terminal, and as CSV for a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.markup import escape

from mailwake.boards.postmaster_view import Page, Row, values
from mailwake.drawing.rows import number, write_rows
from mailwake.drawing.terminal import table_of, visible
from mailwake.postmaster.answers import Copies, Postmaster


def show(answer: Postmaster, zone: ZoneInfo) -> None:
    """Print who sends in our name, then what the pages of providers say."""
    console, told = Console(), values(answer, zone)
    if told["dmarc"] is None:
        console.print("No DMARC report is known; type `mailwake dmarc reports/`.", soft_wrap=True)
    else:
        _senders(console, told)
    for title, pages in (("Google Postmaster Tools", told["gmail"]), ("Microsoft SNDS", told["outlook"])):
        for page in pages:
            _page(console, title, page)


def _senders(console: Console, told: dict[str, list[Row]]) -> None:
    for policy in told["policies"]:
        console.print(escape(visible(str(policy))), soft_wrap=True)
    for head, rows in (("Servers", told["origins"]), ("Reported by", told["reporters"])):
        table = table_of(head, "Copies", "Aligned", "Refused or\namong spam")
        for row in rows:
            about = f"\n{row.mark.sign} {row.mark.word}" if row.mark else ""
            name = escape(visible(row.name)) + (f"\n{escape(visible(row.about))}" if row.about else "") + about
            table.add_row(name, row.copies, f"{row.aligned}\n{row.held}", row.refused)
        console.print(table)


def _page(console: Console, title: str, page: Page) -> None:
    console.print(f"{title} · {escape(visible(page.name))} · {page.about}")
    console.print("  " + "  ".join(f"{mark.sign} {mark.word}" for mark in page.marks), soft_wrap=True)
    console.print("  " + " · ".join(f"{term}: {value}" for term, value in page.pairs), soft_wrap=True)


def write_csv(answer: Postmaster) -> None:
    """One row per group of servers and per provider that reports."""
    rows = [
        {"what": "servers", "kind": each.kind, "name": each.operator or "", **_counts(each.counted)}
        for each in answer.origins
    ]
    rows += [{"what": "reporter", "kind": "", "name": each.name, **_counts(each.counted)} for each in answer.reporters]
    write_rows([*rows, *_told(answer)])


def _counts(counted: Copies) -> dict[str, str]:
    names = ("copies", "aligned", "dkim", "spf", "refused")
    return {name: str(getattr(counted, name)) for name in names} | {"value": number(counted.share)}


def _told(answer: Postmaster) -> Iterable[dict[str, str]]:
    empty = dict.fromkeys(("copies", "aligned", "dkim", "spf", "refused"), "")
    for each in answer.gmail:
        for name in ("spam_rate", "highest_spam_rate", "spf", "dkim", "dmarc"):
            yield {"what": "google", "kind": name, "name": each.domain, **empty, "value": number(getattr(each, name))}
    for server in answer.outlook:
        for name in ("complaint_rate", "recipients", "trap_hits"):
            told = number(getattr(server, name))
            yield {"what": "snds", "kind": name, "name": server.address, **empty, "value": told}
