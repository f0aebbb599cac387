"""`mailwake audit`: who did what; whether the log is what it was; the whole of it as a file."""

from __future__ import annotations

import sys
from typing import Annotated

import msgspec
import typer

from mailwake.audit import answers
from mailwake.audit.answers import Asked, LineAnswer
from mailwake.audit.checking import Checked
from mailwake.audit.checking import verify as check
from mailwake.audit.opening import anchors_of
from mailwake.audit.words import Action, Thing
from mailwake.cli.acting import audited, state_of
from mailwake.cli.options import ConfigOption
from mailwake.drawing.terminal import visible
from mailwake.settings import DEFAULT_FILE, load
from mailwake.store.audit import same_database

command = typer.Typer(
    help="Show who did what, and check that nothing of it was changed (docs/explain/audit.md).\n\n"
    "Example: mailwake audit list --outcome denied",
    no_args_is_help=True,
)
JsonOption = Annotated[bool, typer.Option("--json", help="As JSON.")]


@command.command("list")
def show(
    *,
    config: ConfigOption = DEFAULT_FILE,
    action: Annotated[str, typer.Option(help="Of this action alone, such as person.read.")] = "",
    actor: Annotated[str, typer.Option(help="By this one alone.")] = "",
    outcome: Annotated[str, typer.Option(help="ok, denied or failed.")] = "",
    person: Annotated[str, typer.Option(help="About the recipient of this address.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Lines at most.")] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """List what was done, the latest first.

    Example: mailwake audit list --person ann@example.com
    """
    asked = Asked(action=action, actor=actor, outcome=outcome, person=person, page_size=limit)
    with state_of(config) as state:
        found = answers.page_of(same_database(state), state, asked).lines
    for line in found:
        print(msgspec.json.encode(line).decode() if as_json else _line(line))
    if not found and not as_json:
        print("nothing like this was done")


@command.command("verify")
def verify(*, config: ConfigOption = DEFAULT_FILE, as_json: JsonOption = False) -> None:
    """Check every line against the one before and the anchors; ends with 1 and names the first that does not hold.

    Example: mailwake audit verify
    """
    with state_of(config) as state:
        found = check(same_database(state), anchors_of(load(config)))
    print(msgspec.json.encode(found).decode() if as_json else _checked(found))
    if not found.holds:
        raise typer.Exit(1)


@command.command("export")
def export(*, config: ConfigOption = DEFAULT_FILE) -> None:
    """Print all lines as JSON, one a line, from the oldest, as they were hashed.

    Example: mailwake audit export > audit.jsonl
    """
    with state_of(config) as state, audited(state, Action.AUDIT_EXPORTED, Thing("audit")):
        for line in answers.exported(same_database(state)):
            sys.stdout.write(line.decode())


def _line(line: LineAnswer) -> str:
    by = f"{line.actor_kind} {line.actor}" + (f" for {line.on_behalf}" if line.on_behalf else "")
    what = line.address or f"{line.object_kind} {line.object}"
    told = f"{line.number:>6}  {line.at:%Y-%m-%d %H:%M:%S}  {line.outcome:<6}  {line.action}  {what}  by {by}"
    return visible(told)


def _checked(found: Checked) -> str:
    unsigned = f", {found.unsigned:,} of them unsigned" if found.unsigned else ""
    if found.holds:
        return f"holds: {found.lines:,} lines, {found.anchors:,} anchors{unsigned}; head {found.head}"
    where = "" if found.broken is None else f" at line {found.broken}"
    return f"broken{where}: {found.why}"
