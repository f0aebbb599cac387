"""`mailwake postmaster`: figures that Google and Microsoft tell senders, from the CSV files that they give out."""

from __future__ import annotations

import sys
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from mailwake.cli.dmarc import show
from mailwake.cli.options import ConfigOption
from mailwake.drawing.terminal import visible
from mailwake.errors import BadInput, Misconfigured, Unreadable
from mailwake.events import SECOND, Micros
from mailwake.postmaster.dmarc import domain_of
from mailwake.postmaster.figures import MAX_BYTES, NO_SUBJECT, Export, read_export
from mailwake.settings import DEFAULT_FILE, load
from mailwake.store.state import StateStore, open_state


def command(
    paths: Annotated[list[Path] | None, typer.Argument(help="CSV of Postmaster Tools or SNDS.")] = None,
    *,
    config: ConfigOption = DEFAULT_FILE,
    domain: Annotated[str, typer.Option(help="Whose figures Google's are, where the file does not say.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Without paths: the answer of the API.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Without paths: a table for a spreadsheet.")] = False,
) -> None:
    """Read what Google's Postmaster Tools and Microsoft's SNDS tell; without paths, say what providers told.

    A day that is read again takes the place of what was known. Columns that nobody knows are named.

    Example: mailwake postmaster --domain example.com spam-rate.csv
    """
    settings = load(config)
    if as_json and as_csv:
        raise Misconfigured("--json --csv", "choose one of them")
    if domain and domain_of(domain) is None:
        raise BadInput(f"--domain: {domain[:100]!r} is no domain; write one such as example.com")
    with closing(open_state(settings.data_folder / "state.sqlite")) as state:
        if not paths:
            show(settings, state, as_json=as_json, as_csv=as_csv)
            return
        taken = [_take(state, path, domain) for path in paths]
    if not all(taken):
        raise typer.Exit(1)


def _take(state: StateStore, path: Path, domain: str) -> bool:
    now = Micros(time.time_ns() // 1_000)
    try:
        export = read_export(_read(path), today=datetime.fromtimestamp(now / SECOND, UTC).date(), domain=domain)
    except Unreadable as fault:
        print(f"mailwake: {visible(str(path))}: {fault}", file=sys.stderr)
        return False
    _tell(path, export, state.put_figures(export.figures, now=now))
    return bool(export.figures)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as fault:
        raise BadInput(f"cannot read {path}: {fault.strerror}") from fault


def _tell(path: Path, export: Export, kept: int) -> None:
    name = visible(str(path))
    print(f"{name}: {kept:,} figures of {'Postmaster Tools' if export.source == 'google' else 'SNDS'} kept")
    if export.unknown:
        print(f"mailwake: {name}: passed over: {visible(', '.join(export.unknown))}", file=sys.stderr)
    if export.lines_left_out:
        print(f"mailwake: {name}: {export.lines_left_out:,} of {export.lines:,} lines were left out", file=sys.stderr)
    for why, number in sorted(export.left_out.items()):
        example = f", such as {visible(export.examples[why])!r}" if export.examples.get(why) else ""
        print(f"mailwake: {name}: left out, {number:,} times: {why}{example}", file=sys.stderr)
    if export.left_out[NO_SUBJECT] and not kept:
        print(f"mailwake: {name}: say whose figures they are: --domain example.com", file=sys.stderr)
