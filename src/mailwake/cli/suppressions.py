"""`mailwake suppressions`: who gets no mail, and why; lists in and out; incidents and how they are undone."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from mailwake.cli.acting import moment, state_of, who
from mailwake.cli.options import ConfigOption
from mailwake.errors import BadInput
from mailwake.events import SECOND, Micros
from mailwake.settings import DEFAULT_FILE
from mailwake.store.state import StateStore, Suppression
from mailwake.suppression import acts
from mailwake.suppression.files import read_list, write_list

command = typer.Typer(
    help="List, add, lift, import and export who gets no mail; see and undo incidents.\n\n"
    "Example: mailwake suppressions list --reason bounced",
    no_args_is_help=True,
)

WhyOption = Annotated[str, typer.Option(help="The reason; it is kept with the act.")]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON objects.")]
IncidentArgument = Annotated[int, typer.Argument(help="Its number, as `incidents` shows it.")]
_PAGE = 1_000


@command.command("list")
def show(
    address: Annotated[str, typer.Argument(help="One address, with all that ever held against it.")] = "",
    *,
    config: ConfigOption = DEFAULT_FILE,
    reason: Annotated[str, typer.Option(help="Of this reason alone.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="Lines at most.")] = 100,
    as_json: JsonOption = False,
) -> None:
    """List what holds, newest first; or all that ever held against one address.

    Example: mailwake suppressions list ann@example.com
    """
    with state_of(config) as state:
        if address:
            rows = [row for handle in state.known_handles([address]).values() for row in state.suppressions(handle)]
        else:
            rows = state.holding(reason=reason or None, limit=limit)
        names = state.addresses({row.handle for row in rows})
    for row in rows:
        told = {"address": names.get(row.handle), **asdict(row)}
        print(msgspec.json.encode(told).decode() if as_json else _line(names.get(row.handle) or "erased", row))
    if not rows and not as_json:
        print("nothing holds")


@command.command("add")
def put(
    address: str,
    why: WhyOption,
    *,
    config: ConfigOption = DEFAULT_FILE,
    stream: Annotated[str, typer.Option(help="Only this stream's mail. [default: all mail]")] = "",
) -> None:
    """Mail an address no more.

    Example: mailwake suppressions add ann@example.com --why "asked by phone"
    """
    with state_of(config) as state:
        is_new = acts.add(state, address, at=moment(), why=why, stream=stream or None)
    print("suppressed" if is_new else "it was suppressed already")


@command.command("lift")
def take_back(address: str, why: WhyOption, *, config: ConfigOption = DEFAULT_FILE) -> None:
    """Take back what holds against an address, because it was corrected or was never dead.

    Example: mailwake suppressions lift ann@example.com --why "this address was corrected"
    """
    with state_of(config) as state:
        print(f"{acts.lift(state, address, at=moment(), by=who(), why=why):,} lifted")


@command.command("import")
def take_in(
    file: Annotated[Path, typer.Argument(help="CSV: Email, Type, Reason, as MassMailer, SendGrid and we write it.")],
    *,
    config: ConfigOption = DEFAULT_FILE,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done.")] = False,
) -> None:
    """Suppress everybody on a list. Lines that cannot be used are named and left out; `undo` takes it all back.

    Example: mailwake suppressions import suppressed.csv
    """
    try:
        lines, left = read_list(file.read_text(encoding="utf-8-sig", errors="replace"))
    except OSError as fault:
        raise BadInput(f"cannot read {file}: {fault.strerror}") from None
    for each in left:
        print(f"mailwake: {file}:{each.number}: {each.why}", file=sys.stderr)
    if dry_run:
        print(f"{len(lines):,} addresses would be suppressed, {len(left):,} lines left out")
        return
    with state_of(config) as state:
        incident, count = acts.take_in(state, lines, name=file.name, at=moment())
    print(f"{count:,} new of {len(lines):,}, {len(left):,} lines left out")
    print(f"`mailwake suppressions undo {incident} --why …` takes it back")


@command.command("export")
def give_out(*, config: ConfigOption = DEFAULT_FILE) -> None:
    """Print all that holds as CSV, for a spreadsheet or another tool.

    Example: mailwake suppressions export > suppressed.csv
    """
    with state_of(config) as state:
        for text in write_list(_all(state)):
            sys.stdout.write(text)


@command.command("incidents")
def incidents(
    *,
    config: ConfigOption = DEFAULT_FILE,
    only_open: Annotated[bool, typer.Option("--open", help="Only those that nobody has closed.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List storms, alarms and imports, the latest first.

    Example: mailwake suppressions incidents --open
    """
    with state_of(config) as state:
        found = state.incidents(only_open=only_open)
    for each in found:
        about = each.place or each.category or ""
        end = "" if each.closed_at is None else "  closed"
        line = (
            f"{each.id}  {_day(each.opened_at)}  {each.kind:<6} {about:<24} {each.count:>8,}  {_safe(each.quoted)}{end}"
        )
        print(msgspec.json.encode(asdict(each)).decode() if as_json else line)
    if not found and not as_json:
        print("there was none")


@command.command("undo")
def undo(incident: IncidentArgument, why: WhyOption, *, config: ConfigOption = DEFAULT_FILE) -> None:
    """Take back all that an import or a storm has brought.

    Example: mailwake suppressions undo 4611686018427387904 --why "the wrong file"
    """
    with state_of(config) as state:
        print(f"{acts.undo(state, incident, at=moment(), by=who(), why=why):,} lifted")


@command.command("apply")
def make_final(incident: IncidentArgument, why: WhyOption, *, config: ConfigOption = DEFAULT_FILE) -> None:
    """Suppress whom a storm was thought to be about, because they are dead after all.

    Example: mailwake suppressions apply 4611686018427387904 --why "their list is really that old"
    """
    with state_of(config) as state:
        print(f"{acts.apply(state, incident, at=moment(), by=who(), why=why):,} suppressed")


@command.command("close")
def close(incident: IncidentArgument, why: WhyOption, *, config: ConfigOption = DEFAULT_FILE) -> None:
    """Close an incident and change nothing else.

    Example: mailwake suppressions close 4611686018427387904 --why "DKIM mended"
    """
    with state_of(config) as state:
        was_open = acts.close(state, incident, at=moment(), by=who(), why=why)
    print("closed" if was_open else "it was closed already")


def _all(state: StateStore) -> Iterator[tuple[str, Suppression]]:
    offset = 0
    while rows := state.holding(limit=_PAGE, offset=offset):
        names = state.addresses({row.handle for row in rows})
        yield from ((names[row.handle], row) for row in rows if row.handle in names)
        offset += len(rows)


def _line(address: str, row: Suppression) -> str:
    what = row.reason + (f" ({row.category})" if row.category else "")
    held = "" if row.lifted_at is None else f"  lifted {_day(row.lifted_at)}: {row.lift_why or ''}"
    return f"{_day(row.at)}  {address:<40} {what:<28} {row.stream or 'all mail':<14} {_safe(row.quoted or '')}{held}"


def _safe(words: str) -> str:
    """Words of the other side, without what a terminal obeys."""
    return "".join(letter for letter in words[:80] if letter.isprintable())


def _day(at: Micros) -> str:
    return datetime.fromtimestamp(at / SECOND, UTC).strftime("%Y-%m-%d %H:%M")
