"""`mailwake api-keys`: what programs show instead of a password."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import Annotated

import typer

from mailwake.access.programs import DAYS, OVERLAP_HOURS, Made, Programs, Wanted
from mailwake.access.roles import permissions
from mailwake.cli.gating import taker_of
from mailwake.cli.logs import configure
from mailwake.cli.options import ConfigOption
from mailwake.cli.users import by_hand
from mailwake.drawing.terminal import visible
from mailwake.events import SECOND
from mailwake.settings import DEFAULT_FILE, load
from mailwake.store.access import open_access

command = typer.Typer(
    help="Make and end keys of programs (docs/howto/access.md).\n\n"
    "Example: mailwake api-keys create shop --scope stats:read",
    no_args_is_help=True,
)

KeyArgument = Annotated[str, typer.Argument(help="Its eight letters and digits, as `list` shows them.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]


@contextmanager
def programs_of(config: str) -> Iterator[Programs]:
    """The keys of an installation."""
    settings = load(config)
    configure(settings.logging, "command")
    with closing(open_access(settings.data_folder / "state.sqlite")) as store, taker_of(settings) as taker:
        yield Programs(store, taker, wall=lambda: time.time_ns() // 1_000, clock=time.monotonic)


@command.command("create")
def create(
    name: Annotated[str, typer.Argument(help="Such as the program that uses it.")],
    *,
    scope: Annotated[list[str], typer.Option(help=f"May be repeated; of {' '.join(permissions())}.")],
    days: Annotated[int, typer.Option(help="For which it is good.")] = DAYS,
    network: Annotated[
        list[str] | None, typer.Option(help="It is taken from here alone, such as 192.0.2.0/24; may be repeated.")
    ] = None,
    env: Annotated[str, typer.Option(help="Stands in the key, so that a test key is known by its looks.")] = "live",
    config: ConfigOption = DEFAULT_FILE,
) -> None:
    """Make a key and print it, this once.

    Example: mailwake api-keys create shop --scope stats:read --scope stats:export --network 192.0.2.0/24
    """
    with programs_of(config) as programs:
        wanted = Wanted(name=name, scopes=scope, days=days, networks=network or (), env=env)
        _print(programs.make(by_hand(), wanted))


@command.command("list")
def show_all(*, config: ConfigOption = DEFAULT_FILE, as_json: JsonOption = False) -> None:
    """List all keys, the newest first.

    Example: mailwake api-keys list
    """
    with programs_of(config) as programs:
        found = [(each, programs.lasts(each)) for each in programs.shown_to(by_hand())]
    for each, is_good in found:
        if as_json:
            told = {"id": each.id, "name": each.name, "scopes": each.scopes, "networks": each.networks}
            told |= {"good": is_good, "expires_at": each.expires_at, "used_at": each.used_at}  # type: ignore[dict-item]
            print(json.dumps(told))
        else:
            used = "never used" if each.used_at is None else f"last used {_moment(each.used_at)}"
            state = f"good until {_moment(each.expires_at)}" if is_good else "ended"
            print(f"{each.id}  {visible(each.name)}  {' '.join(each.scopes)}  {state}  {used}")
    if not found and not as_json:
        print("there are none yet; `mailwake api-keys create` makes one")


@command.command("rotate")
def rotate(
    key: KeyArgument,
    *,
    hours: Annotated[int, typer.Option(help="For which both are good.")] = OVERLAP_HOURS,
    config: ConfigOption = DEFAULT_FILE,
) -> None:
    """Make another key like this one, print it, and let this one end a little later.

    Example: mailwake api-keys rotate 4f9k2m1x --hours 48
    """
    with programs_of(config) as programs:
        _print(programs.rotate(by_hand(), key, hours=hours))


@command.command("revoke")
def revoke(key: KeyArgument, *, config: ConfigOption = DEFAULT_FILE) -> None:
    """End a key at once.

    Example: mailwake api-keys revoke 4f9k2m1x
    """
    with programs_of(config) as programs:
        programs.revoke(by_hand(), key)
    print("revoked")


def _print(made: Made) -> None:
    typer.echo(f"good until {_moment(made.key.expires_at)}; shown this once:", err=True)
    print(made.text)


def _moment(micros: int) -> str:
    return f"{datetime.fromtimestamp(micros / SECOND, UTC):%Y-%m-%d}"
