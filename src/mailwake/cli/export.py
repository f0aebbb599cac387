"""`mailwake export`: what leaves as files.

While a dashboard runs it owns the event store's file, so its API is asked; otherwise the file is opened for reading.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated
from urllib.parse import urlencode

import typer

from mailwake.cli.acting import moment
from mailwake.cli.fetching import fetch
from mailwake.cli.options import ConfigOption
from mailwake.errors import Misconfigured
from mailwake.exports import formats
from mailwake.exports.tables import asked_of, rows_of, table_named
from mailwake.insight.stores import Stores
from mailwake.settings import DEFAULT_FILE, Settings, load

WHAT = "campaigns, people, links, events, bounces, suppressions or segment; with --pack, the file to write."


def command(
    what: Annotated[str, typer.Argument(help=WHAT)] = "",
    out: Annotated[str, typer.Argument(help="File to write; its ending is the format. Without: standard output.")] = "",
    *,
    campaign: Annotated[str, typer.Option(help="Of this campaign, by name or number.")] = "",
    outcome: Annotated[str, typer.Option(help="Of people: those alone, such as clicked_human.")] = "",
    segment: Annotated[str, typer.Option(help="Name of the segment.")] = "",
    format: Annotated[str, typer.Option(help="csv, jsonl or parquet; else as the file's ending says.")] = "",  # noqa: A002
    config: ConfigOption = DEFAULT_FILE,
) -> None:
    """Write a table as CSV (no cell runs as a formula), JSON lines or Parquet.

    Example: mailwake export people clicked.csv --campaign "Spring news" --outcome clicked_human
    """
    if not what:
        raise Misconfigured("mailwake export", f"say what: {WHAT}")
    chosen = _format(format, out)
    asked = {"campaign": campaign, "outcome": outcome, "segment": segment}
    _table(load(config), what, asked, out=out, chosen=chosen)


def _format(wanted: str, out: str) -> str:
    ending = Path(out).suffix.removeprefix(".")
    found = wanted or (ending if ending in formats.FORMATS else "csv")
    if found not in formats.FORMATS:
        raise Misconfigured("--format", f"there is no format {found!r}; there are {', '.join(formats.FORMATS)}")
    if found == "parquet" and not out:
        raise Misconfigured("--format", "Parquet cannot go to a terminal; name a file")
    return found


def _table(settings: Settings, what: str, asked: dict[str, str], *, out: str, chosen: str) -> None:
    table = table_named(what)

    def write(stores: Stores, path: Path) -> None:
        batches = rows_of(stores, table, asked_of(stores, table, **asked, now=moment()))
        if chosen == "parquet":
            formats.parquet_file(table.columns, batches, path)
            return
        make = formats.csv_parts if chosen == "csv" else formats.json_parts
        with path.open("wb") as file:
            file.writelines(make(table.columns, batches))

    query = urlencode({"format": chosen, **{name: value for name, value in asked.items() if value}})
    fetch(settings, f"/api/export/{what}?{query}", write, Path(out) if out else None)
    if out:
        print(f"{out} written", file=sys.stderr)
