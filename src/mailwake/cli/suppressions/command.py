"""`mailwake suppressions`: who gets no mail, and why; lists in and out; incidents and how they are undone."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from mailwake.audit.words import Action, Thing
from mailwake.cli.acting import audited, moment, recipient, state_of, who
from mailwake.cli.options import ConfigOption
from mailwake.errors import BadInput
from mailwake.events import SECOND, Micros
from mailwake.settings import DEFAULT_FILE
from mailwake.store.state import Incident
from mailwake.suppression import acts, imports, listing
from mailwake.suppression.files import decode, kind_of, read_list, write_list

command = typer.Typer(
    help="List, add, lift, import and export who gets no mail; see, undo, apply and close incidents.\n\n"
    "Example: mailwake suppressions list --reason bounced",
    no_args_is_help=True,
)

WhyOption = Annotated[str, typer.Option(help="The reason; it is kept with the act.")]
ByOption = Annotated[str, typer.Option(help="Who does it; without it, the name of this user.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]
AddressArgument = Annotated[str, typer.Argument(help="In any spelling.")]
IncidentArgument = Annotated[int, typer.Argument(help="Its number, as `incidents` shows it.")]


@command.command("list")
def show(
    address: Annotated[str, typer.Argument(help="One address, with all that ever held against it.")] = "",
    *,
    config: ConfigOption = DEFAULT_FILE,
    reason: Annotated[str, typer.Option(help="Of this reason alone.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="Lines at most.")] = 100,
    as_json: JsonOption = False,
) -> None:
    """List what holds, newest first; or all that ever held against one address.

    Example: mailwake suppressions list ann@example.com
    """
    with state_of(config) as state:
        if reason:
            acts.must_be_held(state, reason)
        found = listing.history(state, address) if address else listing.holding(state, reason=reason, page_size=limit)
    for entry in found:
        print(_json(listing.told(entry)) if as_json else _line(entry))
    if not found and not as_json:
        print("nothing holds")


@command.command("add")
def put(  # noqa: PLR0913 - one per option
    address: AddressArgument,
    why: WhyOption,
    *,
    config: ConfigOption = DEFAULT_FILE,
    reason: Annotated[str, typer.Option(help=f"One of {', '.join(acts.REASONS)}.")] = acts.BY_HAND,
    stream: Annotated[str, typer.Option(help="Only this stream's mail, or all. [default: as the reason asks]")] = "",
    campaign: Annotated[str, typer.Option(help="Only this campaign's mail, by name or number.")] = "",
    days: Annotated[int, typer.Option(min=0, max=36_500, help="Ends by itself after so many; 0: never.")] = 0,
    by: ByOption = "",
    as_json: JsonOption = False,
) -> None:
    """Mail an address no more.

    Example: mailwake suppressions add ann@example.com --why "asked by phone"
    """
    now = moment()
    ends = Micros(now + int(timedelta(days=days).total_seconds()) * SECOND) if days else None
    reach = acts.Reach(stream, campaign, ends)
    with (
        state_of(config) as state,
        audited(state, Action.SUPPRESSION_ADDED, recipient(state, address), by=by, after={"reason": reason}),
    ):
        is_new = acts.add(state, address, at=now, by=by or who(), why=why, reason=reason, reach=reach)
    _tell({"added": int(is_new)}, "suppressed" if is_new else "it was suppressed already", as_json=as_json)


@command.command("lift")
def take_back(
    address: AddressArgument,
    why: WhyOption,
    *,
    config: ConfigOption = DEFAULT_FILE,
    reason: Annotated[str, typer.Option(help="Of this reason alone; needed for the recipient's own wish.")] = "",
    by: ByOption = "",
    as_json: JsonOption = False,
) -> None:
    """Take back what holds against an address, because it was corrected or was never dead.

    Who unsubscribed or complained stays so, unless --reason names it.

    Example: mailwake suppressions lift ann@example.com --why "this address was corrected"
    """
    with state_of(config) as state, audited(state, Action.SUPPRESSION_LIFTED, recipient(state, address), by=by):
        done = acts.lift(state, address, at=moment(), by=by or who(), why=why, reason=reason or None)
    stays = f"; {', '.join(done.stays)} still holds, and --reason lifts it" if done.stays else ""
    _tell({"lifted": done.lifted, "stays": done.stays}, f"{done.lifted:,} lifted{stays}", as_json=as_json)


@command.command("import")
def take_in(
    file: Annotated[Path, typer.Argument(help="CSV as MassMailer, SendGrid or we write it.")],
    *,
    config: ConfigOption = DEFAULT_FILE,
    kind: Annotated[
        str, typer.Option("--type", help="What lines are that do not say it: bounces, unsubscribes, spam reports, …")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")] = False,
    by: ByOption = "",
    as_json: JsonOption = False,
) -> None:
    """Suppress everybody on a list. Lines that cannot be used are named and left out; `undo` takes it all back.

    Example: mailwake suppressions import suppressed.csv --dry-run
    """
    try:
        text = decode(file.read_bytes())
    except OSError as fault:
        raise BadInput(f"cannot read {file}: {fault.strerror}") from None
    now = moment()
    lines, left = read_list(text, kind=kind or kind_of(file.name), now=now)
    incident = None
    with state_of(config) as state:
        planned = imports.plan(state, lines)
        if not dry_run:
            told = {"new": len(planned.new)}
            made = audited(state, Action.SUPPRESSIONS_IMPORTED, Thing("file", file.name), by=by, after=told)
            with made, _bar(len(planned.new)) as advance:
                incident = imports.take_in(state, planned, name=file.name, at=now, by=by or who(), progress=advance)
    left = sorted({*left, *planned.left})
    for each in left:
        print(f"mailwake: {file}:{each.number}: left out: {_safe(each.why)}", file=sys.stderr)
    facts = {"new": planned.by_reason, "known": planned.known, "left_out": len(left)}
    number = None if incident is None else str(incident)
    print(
        _json({**facts, "incident": number, "dry_run": dry_run}) if as_json else _imported(planned, len(left), dry_run)
    )
    if incident is not None and not as_json:
        print(f'`mailwake suppressions undo {incident} --why "…"` takes it back')


@command.command("export")
def give_out(*, config: ConfigOption = DEFAULT_FILE) -> None:
    """Print all that holds as CSV, for a spreadsheet or another tool; `import` takes it in again.

    Example: mailwake suppressions export > suppressed.csv
    """
    with state_of(config) as state, audited(state, Action.EXPORT_MADE, Thing("table", "suppressions")):
        for text in write_list(listing.everything(state)):
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
        print(_json(listing.told_incident(each)) if as_json else _incident(each))
    if not found and not as_json:
        print("there is none" if only_open else "there was none")


@command.command("undo")
def undo(
    incident: IncidentArgument, why: WhyOption, *, config: ConfigOption = DEFAULT_FILE, by: ByOption = "",
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Take back all that an import or a storm has brought.

    Example: mailwake suppressions undo 4611686018427387904 --why "the wrong file"
    """
    with state_of(config) as state, audited(state, Action.INCIDENT_UNDONE, _the(incident), by=by):
        count = acts.undo(state, incident, at=moment(), by=by or who(), why=why)
    _tell({"lifted": count}, f"{count:,} lifted", as_json=as_json)


@command.command("apply")
def make_final(
    incident: IncidentArgument, why: WhyOption, *, config: ConfigOption = DEFAULT_FILE, by: ByOption = "",
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Suppress whom a storm was thought to be about, because they are dead after all.

    Example: mailwake suppressions apply 4611686018427387904 --why "their list is really that old"
    """
    with state_of(config) as state, audited(state, Action.INCIDENT_APPLIED, _the(incident), by=by):
        count = acts.apply(state, incident, at=moment(), by=by or who(), why=why)
    _tell({"suppressed": count}, f"{count:,} suppressed", as_json=as_json)


@command.command("close")
def close(
    incident: IncidentArgument, why: WhyOption, *, config: ConfigOption = DEFAULT_FILE, by: ByOption = "",
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Close an incident and change nothing else.

    Example: mailwake suppressions close 4611686018427387904 --why "DKIM mended"
    """
    with state_of(config) as state, audited(state, Action.INCIDENT_CLOSED, _the(incident), by=by):
        was_open = acts.close(state, incident, at=moment(), by=by or who(), why=why)
    _tell({"closed": int(was_open)}, "closed" if was_open else "it was closed already", as_json=as_json)


def _the(incident: int) -> Thing:
    return Thing("incident", str(incident))


@contextmanager
def _bar(total: int) -> Iterator[Callable[[int], object]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    bar = Progress(
        BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=Console(stderr=True), transient=True
    )
    bar.disable = not sys.stderr.isatty()
    with bar:
        task = bar.add_task("", total=total)
        yield lambda done: bar.advance(task, done)


def _imported(planned: imports.Plan, left: int, dry_run: bool) -> str:
    many = ", ".join(f"{count:,} {reason}" for reason, count in planned.by_reason.items()) or "nothing"
    is_new = "would be new" if dry_run else "new"
    return f"{many} {is_new}; {planned.known:,} held already, {left:,} lines left out"


def _tell(facts: dict[str, Any], sentence: str, *, as_json: bool) -> None:
    print(_json(facts) if as_json else sentence)


def _json(facts: dict[str, Any]) -> str:
    return msgspec.json.encode(facts).decode()


def _line(entry: listing.Entry) -> str:
    row = entry.row
    what = row.reason + (f" ({row.category})" if row.category else "")
    reach = _safe(entry.campaign or row.stream or "all mail")
    ends = "" if row.expires_at is None else f"  until {_day(row.expires_at)}"
    by = f"  by {_safe(row.put_by)}" if row.put_by else ""
    held = "" if row.lifted_at is None else f"  lifted {_day(row.lifted_at)}: {_safe(row.lift_why or '')}"
    told = f"{_day(row.at)}  {entry.address or 'no longer known':<40} {what:<28} {reach:<14} {_safe(row.quoted or '')}"
    return f"{told.rstrip()}{by}{ends}{held}"


def _incident(each: Incident) -> str:
    about = each.place or each.category or ""
    end = "" if each.closed_at is None else f"  closed by {_safe(each.closed_by or '')}: {_safe(each.why or '')}"
    return (
        f"{each.id:<19}  {_day(each.opened_at)}  {each.kind:<6} {about:<24} {each.count:>8,}  {_safe(each.quoted)}{end}"
    )


def _safe(words: str) -> str:
    """Words of the other side, without what a terminal obeys."""
    return "".join(letter for letter in words[:80] if letter.isprintable())


def _day(at: Micros) -> str:
    return datetime.fromtimestamp(at / SECOND, UTC).strftime("%Y-%m-%d %H:%M")
