"""`mailwake segment`: people chosen by what they did: kept, counted, listed; and what a sunset would do.

While a dashboard runs it owns the event store's file, so its API is asked; otherwise the file is opened for reading.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Annotated
from urllib.parse import quote, urlencode

import msgspec
import typer

from mailwake.audit.words import Action, Thing
from mailwake.cli.acting import audited, moment, state_of, who
from mailwake.cli.options import ConfigOption
from mailwake.cli.report.asking import answer_of
from mailwake.drawing.rows import write_rows
from mailwake.drawing.terminal import visible
from mailwake.errors import BadInput
from mailwake.events import Handle
from mailwake.insight.stores import Stores
from mailwake.segments import answers, keeper
from mailwake.segments.answers import QueryAnswer, SegmentAnswer, SunsetAnswer
from mailwake.segments.sunset import MAX_DAYS, sunset
from mailwake.settings import DEFAULT_FILE, Settings, load

command = typer.Typer(
    help="Choose people by what they did with your mail (docs/explain/segments.md has the language).\n\n"
    "Example: mailwake segment add Warm 'clicked \"pricing\" >= 2 in 60d as human and not bounced'",
    no_args_is_help=True,
)

NameArgument = Annotated[str, typer.Argument(help="Name of a segment.")]
QueryArgument = Annotated[str, typer.Argument(help="In the language of segments; in single quotes for the shell.")]
JsonOption = Annotated[bool, typer.Option("--json", help="The answer of the API, byte for byte.")]


class _Handles(msgspec.Struct):
    handles: list[str]


class _Segments(msgspec.Struct):
    segments: list[SegmentAnswer]


@command.command("list")
def show_all(*, config: ConfigOption = DEFAULT_FILE, as_json: JsonOption = False) -> None:
    """List all segments with their sizes.

    Example: mailwake segment list
    """

    def answer(stores: Stores) -> bytes:
        return _encoded({"segments": answers.segments(stores, now=moment())})

    body = answer_of(load(config), "/api/segments", answer)
    if as_json:
        sys.stdout.write(body.decode())
        return
    found = msgspec.json.decode(body, type=_Segments).segments
    for each in found:
        print(f"{visible(each.name)}: {each.people:,} of {each.of:,} · {_kind(each)} · {visible(each.query)}")
    if not found:
        print("there are none yet; `mailwake segment add` makes one")


@command.command("add")
def put(
    name: Annotated[str, typer.Argument(help="Not taken yet, 1 to 100 characters.")],
    query: QueryArgument,
    *,
    config: ConfigOption = DEFAULT_FILE,
    static: Annotated[bool, typer.Option("--static", help="Whoever fits now, for good.")] = False,
    by: Annotated[str, typer.Option(help="Who does it; without it, the name of this user.")] = "",
) -> None:
    """Keep a query under a name.

    Example: mailwake segment add Dormant 'dormant and not bounced' --static
    """
    members = _chosen(load(config), query) if static else None
    with state_of(config) as state, audited(state, Action.SEGMENT_ADDED, Thing("segment", name), by=by):
        made = keeper.put(state, name, query, members, now=moment(), by=by or who())
    print(f"{visible(made.name)}: {keeper.sentence(made.query)}")


@command.command("show")
def show(name: NameArgument, *, config: ConfigOption = DEFAULT_FILE, as_json: JsonOption = False) -> None:
    """Show one segment with its sizes over time.

    Example: mailwake segment show Warm
    """

    def answer(stores: Stores) -> bytes:
        found = keeper.find(stores.state, name)
        return answers.to_json(answers.told(keeper.counted(stores, found, now=moment())))

    body = answer_of(load(config), f"/api/segments/{quote(name, safe='')}", answer)
    if as_json:
        sys.stdout.write(body.decode())
        return
    found = msgspec.json.decode(body, type=SegmentAnswer)
    made = "" if found.created_at is None else f"{found.created_at:%Y-%m-%d}"
    print(f"{visible(found.name)} · {_kind(found)} · made {made} by {visible(found.made_by)}")
    print(visible(found.query))
    print(visible(found.sentence))
    for each in found.trend:
        print(f"{'' if each.at is None else f'{each.at:%Y-%m-%d}'}  {each.people:,}")


@command.command("explain")
def explain(query: QueryArgument) -> None:
    """Say in English what a query means; what is wrong with it, where, if it means nothing.

    Example: mailwake segment explain 'opened >= 3 days in 30d and never clicked'
    """
    print(keeper.sentence(query))


@command.command("size")
def size(query: QueryArgument, *, config: ConfigOption = DEFAULT_FILE, as_json: JsonOption = False) -> None:
    """Count the people that a query chooses.

    Example: mailwake segment size 'active and never converted'
    """
    path = f"/api/query?{urlencode({'query': query})}"
    body = answer_of(load(config), path, lambda stores: answers.to_json(answers.query(stores, query, now=moment())))
    if as_json:
        sys.stdout.write(body.decode())
        return
    found = msgspec.json.decode(body, type=QueryAnswer)
    print(f"{found.people:,} of {found.of:,} people")


@command.command("members")
def members(name: NameArgument, *, config: ConfigOption = DEFAULT_FILE) -> None:
    """Print the addresses of a segment as CSV, safe for spreadsheet programs; fit for `mailwake send`.

    Example: mailwake segment members Warm > warm.csv
    """
    handles = members_of(load(config), name)
    with state_of(config) as state, audited(state, Action.EXPORT_MADE, Thing("segment", name)):
        known = state.addresses(handles)
    if known:
        write_rows([{"email": known[handle]} for handle in handles if handle in known])
    else:
        print("email")


@command.command("delete")
def delete(name: NameArgument, *, config: ConfigOption = DEFAULT_FILE) -> None:
    """Forget a segment; nobody is suppressed or restored by it.

    Example: mailwake segment delete Warm
    """
    with state_of(config) as state, audited(state, Action.SEGMENT_DELETED, Thing("segment", name)):
        keeper.delete(state, name)
    print("deleted")


@command.command("sunset")
def simulate(
    days: Annotated[int, typer.Argument(min=1, max=MAX_DAYS, help="Days without a sign of life.")] = 180,
    *,
    config: ConfigOption = DEFAULT_FILE,
    as_json: JsonOption = False,
) -> None:
    """Tell by the last year what ending mail to people without a sign would have spared and lost; changes nothing.

    Example: mailwake segment sunset 120
    """

    def answer(stores: Stores) -> bytes:
        return answers.to_json(answers.sunset_told(sunset(stores, days, now=moment())))

    body = answer_of(load(config), f"/api/sunset?days={days}", answer)
    if as_json:
        sys.stdout.write(body.decode())
        return
    found = msgspec.json.decode(body, type=SunsetAnswer)
    print(f"after {found.days:,} days without a sign, over the last year:")
    print(f"  {found.spared:,} of {found.copies:,} copies not sent, {found.spared_per_month:,.1f} a month")
    print(f"  {found.lost:,} of {found.clicked:,} copies clicked by people lost, {found.lost_per_month:,.1f} a month")
    for each in found.months:
        begin = "" if each.starts_at is None else f"{each.starts_at:%Y-%m-%d}"
        print(f"  30 days from {begin}: {each.spared:,} of {each.copies:,} not sent · {each.lost:,} clicked lost")


def members_of(settings: Settings, name: str) -> list[Handle]:
    """Who is in a segment now.

    Raises:
        BadInput: there is none of this name.
        Unavailable: nobody can answer just now.
    """

    def answer(stores: Stores) -> list[Handle]:
        return keeper.members(stores, keeper.find(stores.state, name), now=moment())

    return _handles(settings, f"/api/segments/{quote(name, safe='')}/handles", answer)


def _chosen(settings: Settings, query: str) -> list[Handle]:
    keeper.sentence(query)  # a fault in it is told before anybody is asked
    path = f"/api/query/handles?{urlencode({'query': query})}"
    return _handles(settings, path, lambda stores: keeper.chosen(stores, query, now=moment()))


def _handles(settings: Settings, path: str, otherwise: Callable[[Stores], list[Handle]]) -> list[Handle]:
    body = answer_of(settings, path, lambda stores: _encoded({"handles": [str(each) for each in otherwise(stores)]}))
    try:
        return [Handle(int(each)) for each in msgspec.json.decode(body, type=_Handles).handles]
    except (msgspec.DecodeError, ValueError):
        raise BadInput("the dashboard that runs is of another version; restart it") from None


def _encoded(told: object) -> bytes:
    return msgspec.json.encode(told) + b"\n"


def _kind(segment: SegmentAnswer) -> str:
    return "live" if segment.is_live else "static"
