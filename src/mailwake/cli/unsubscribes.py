"""`mailwake unsubscribes`: who pressed the button that leaves the list, what is held of it, and how it is taken back.

One-clicks are not among them: a mailbox sends one only when its user asks for it, so it always counts.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import msgspec
import typer

from mailwake.audit.words import Action, Thing
from mailwake.cli.acting import audited, moment, state_of, who
from mailwake.cli.options import ConfigOption
from mailwake.events import SECOND, Micros
from mailwake.leaving.incidents import Entry, apply_now, held, recent, restore
from mailwake.settings import DEFAULT_FILE
from mailwake.store.state import Leave

command = typer.Typer(
    help="List, restore and apply unsubscriptions that a machine may have pressed.\n\n"
    "Example: mailwake unsubscribes list --held",
    no_args_is_help=True,
)

IdsArgument = Annotated[list[int], typer.Argument(metavar="ID...", help="Of unsubscriptions, or of a whole incident.")]
WhyOption = Annotated[str, typer.Option(help="The reason; it is kept with the act.")]
ByOption = Annotated[str, typer.Option(help="Who does it; without it, the name of this user.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]


@command.command("list")
def show(
    config: ConfigOption = DEFAULT_FILE,
    only_held: Annotated[bool, typer.Option("--held", help="Only those that wait for a decision.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Lines at most.")] = 100,
    as_json: JsonOption = False,
) -> None:
    """List presses of the button, newest first; with --held those that wait, oldest first.

    Example: mailwake unsubscribes list --held
    """
    with state_of(config) as state:
        entries = held(state)[:limit] if only_held else recent(state, page_size=limit)
    for entry in entries:
        print(_json(entry) if as_json else _line(entry))
    if not entries and not as_json:
        print("nothing is held" if only_held else "nobody has pressed the button yet")


@command.command("restore")
def take_back(
    ids: IdsArgument,
    why: WhyOption,
    *,
    config: ConfigOption = DEFAULT_FILE,
    by: ByOption = "",
    as_json: JsonOption = False,
) -> None:
    """Take presses of the button back, held or applied. Who asked in their mailbox as well stays unsubscribed.

    Example: mailwake unsubscribes restore 4611686018427387904 --why "their mail gateway, says the postmaster"
    """
    with state_of(config) as state, audited(state, Action.UNSUBSCRIBE_RESTORED, _these(ids), by=by):
        _tell("restored", restore(state, ids, at=moment(), by=by or who(), why=why), as_json=as_json)


@command.command("apply")
def make_final(
    ids: IdsArgument,
    why: WhyOption,
    *,
    config: ConfigOption = DEFAULT_FILE,
    by: ByOption = "",
    as_json: JsonOption = False,
) -> None:
    """Make final what is held, without waiting for its time.

    Example: mailwake unsubscribes apply 4611686018427387904 --why "they asked by phone"
    """
    with state_of(config) as state, audited(state, Action.UNSUBSCRIBE_APPLIED, _these(ids), by=by):
        _tell("applied", apply_now(state, ids, at=moment(), by=by or who(), why=why), as_json=as_json)


def _these(ids: list[int]) -> Thing:
    return Thing("unsubscribe", " ".join(map(str, ids)))


def _tell(what: str, count: int, *, as_json: bool) -> None:
    print(msgspec.json.encode({what: count}).decode() if as_json else f"{count:,} {what}")


def _json(entry: Entry) -> str:
    row = entry.row
    told = {
        "id": row.id,
        "state": row.state,
        "at": _utc(row.at),
        "address": entry.address,
        "campaign": entry.campaign,
        "incident": row.incident,
        "held_until": _utc(row.held_until),
        "acts": [{"act": act.act, "at": _utc(act.at), "by": act.by, "why": act.why} for act in entry.acts],
    }
    return msgspec.json.encode(told).decode()


def _line(entry: Entry) -> str:
    row = entry.row
    parts = [f"{row.id:<20}", f"{row.state:<8}", _clock(row.at), entry.address or "no longer known"]
    if row.incident is not None:
        parts.append(f"incident {row.incident}")
    if row.state is Leave.HELD and row.held_until is not None:
        parts.append(f"{'taken back' if entry.waits else 'decided'} {_clock(row.held_until)}")
    parts += [f"{act.act} by {act.by}: {act.why}" for act in entry.acts[-1:]]
    return "  ".join(parts)


def _clock(at: Micros) -> str:
    return f"{datetime.fromtimestamp(at / SECOND, UTC):%Y-%m-%d %H:%M:%S}"


def _utc(at: Micros | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at / SECOND, UTC)
