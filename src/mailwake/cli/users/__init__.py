"""`mailwake users`: who may use the dashboard. It asks the store itself, so it works when nobody can log in."""

from __future__ import annotations

import getpass
import json
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import Annotated

import typer

from mailwake.access import passwords
from mailwake.access.accounts import Accounts
from mailwake.access.actors import COMMAND, Actor, Kind
from mailwake.access.roles import roles
from mailwake.cli.acting import who
from mailwake.cli.gating import taker_of
from mailwake.cli.logs import configure
from mailwake.cli.options import ConfigOption
from mailwake.drawing.terminal import visible
from mailwake.errors import BadInput
from mailwake.events import SECOND
from mailwake.settings import DEFAULT_FILE, load
from mailwake.store.access import open_access

command = typer.Typer(
    help="Say who may use the dashboard, and as what (docs/howto/access.md). The first account makes a log-in.\n\n"
    "Example: mailwake users add ann@example.com --role owner",
    no_args_is_help=True,
)

NameArgument = Annotated[str, typer.Argument(help="What they type to log in: an e-mail address or a word.")]
RoleOption = Annotated[str, typer.Option(help=f"One of {', '.join(roles())}.")]
StdinOption = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]


@contextmanager
def accounts_of(config: str) -> Iterator[Accounts]:
    """The accounts of an installation."""
    settings = load(config)
    configure(settings.logging, "command")
    with closing(open_access(settings.data_folder / "state.sqlite")) as store, taker_of(settings) as taker:
        provider = settings.oidc.issuer
        yield Accounts(store, taker, wall=lambda: time.time_ns() // 1_000, clock=time.monotonic, provider=provider)


def by_hand() -> Actor:
    """Whoever types this; they may read the data folder, so they may do everything."""
    return Actor(kind=Kind.COMMAND, name=f"command line ({who()})", permissions=COMMAND.permissions)


@command.command("add")
def add(
    name: NameArgument,
    *,
    role: RoleOption = "viewer",
    invited: Annotated[
        bool, typer.Option("--invited", help="Without a password: they come in by your provider of identities.")
    ] = False,
    password_stdin: StdinOption = False,
    config: ConfigOption = DEFAULT_FILE,
) -> None:
    """Make an account; asks for its password.

    Example: mailwake users add ann@example.com --role owner
    """
    with accounts_of(config) as accounts:
        password = None if invited else _password(is_piped=password_stdin)
        made = accounts.add(name, role, password=password, must_change=False, by=by_hand())
    print(f"{made.name} may log in as {made.role}: {roles()[made.role]}")


@command.command("list")
def show_all(*, config: ConfigOption = DEFAULT_FILE, as_json: JsonOption = False) -> None:
    """List everybody who may log in.

    Example: mailwake users list
    """
    with accounts_of(config) as accounts:
        found = accounts.store.users()
    for each in found:
        seen = "never" if each.seen_at is None else _moment(each.seen_at)
        how = each.issuer or ("invited" if each.password is None else "password")
        if as_json:
            print(json.dumps({"name": each.name, "role": each.role, "how": how, "seen_at": each.seen_at}))
        else:
            print(f"{visible(each.name)}  {each.role}  {visible(how)}  last log-in {seen}")
    if not found and not as_json:
        print("there are no accounts: whoever reaches the dashboard is owner; `mailwake users add` makes one")


@command.command("role")
def change_role(
    name: NameArgument,
    role: Annotated[str, typer.Argument(help=f"One of {', '.join(roles())}.")],
    *,
    config: ConfigOption = DEFAULT_FILE,
) -> None:
    """Give an account another role; its sessions end.

    Example: mailwake users role ben@example.com editor
    """
    with accounts_of(config) as accounts:
        accounts.change_role(by_hand(), accounts.named(name), role)
    print(f"{name} is {role} now: {roles()[role]}")


@command.command("password")
def set_password(
    name: NameArgument,
    *,
    invent: Annotated[
        bool, typer.Option("--invent", help="Print a new one, which has to be changed at the first log-in.")
    ] = False,
    password_stdin: StdinOption = False,
    config: ConfigOption = DEFAULT_FILE,
) -> None:
    """Give an account a new password; its sessions end.

    Example: mailwake users password ann@example.com
    """
    with accounts_of(config) as accounts:
        user = accounts.named(name)
        password = passwords.invented() if invent else _password(is_piped=password_stdin)
        accounts.set_password(by_hand(), user, password, must_change=invent)
    print(password if invent else f"{user.name} has a new password")


@command.command("second")
def second_factor(
    name: NameArgument,
    *,
    off: Annotated[bool, typer.Option("--off", help="Ask for no code any more: the phone is lost.")] = False,
    config: ConfigOption = DEFAULT_FILE,
) -> None:
    """Show whether an account asks for a code besides the password, or end that.

    Example: mailwake users second ann@example.com --off
    """
    with accounts_of(config) as accounts:
        user = accounts.named(name)
        if off and user.second:
            accounts.end_second(by_hand(), user)
    if off:
        print(f"{user.name} is asked for no code{' any more' if user.second else ''}")
    else:
        print(f"{user.name} is asked for {'a code besides the password' if user.second else 'a password alone'}")


@command.command("sessions")
def sessions(
    name: NameArgument,
    *,
    end: Annotated[bool, typer.Option("--end", help="End all of them.")] = False,
    config: ConfigOption = DEFAULT_FILE,
) -> None:
    """Show where somebody is logged in, or end it.

    Example: mailwake users sessions ann@example.com --end
    """
    with accounts_of(config) as accounts:
        user = accounts.named(name)
        if end:
            print(f"{accounts.end_sessions(by_hand(), user)} ended")
            return
        found = [each for each in accounts.store.sessions(user.id) if accounts.lasts(each)]
    for each in found:
        print(f"since {_moment(each.made_at)}  last seen {_moment(each.seen_at)}  {visible(each.agent)}")
    if not found:
        print("nowhere")


@command.command("remove")
def remove(name: NameArgument, *, config: ConfigOption = DEFAULT_FILE) -> None:
    """Remove an account; its sessions end, and its keys are revoked.

    Example: mailwake users remove ben@example.com
    """
    with accounts_of(config) as accounts:
        accounts.remove(by_hand(), accounts.named(name))
    print(f"{name} is removed")


def _password(*, is_piped: bool) -> str:
    """As it is typed, twice; never from the command line, which others see.

    Raises:
        BadInput: there is nobody to ask, the two differ, or it is no text.
    """
    try:
        return sys.stdin.readline().rstrip("\n") if is_piped else _typed()
    except UnicodeDecodeError:
        raise BadInput(passwords.NO_TEXT) from None


def _typed() -> str:
    if not sys.stdin.isatty():
        raise BadInput("there is no terminal to ask for the password; add --password-stdin, or --invited")
    first = getpass.getpass("Password: ")
    if first != getpass.getpass("The same again: "):
        raise BadInput("the two passwords differ; try again")
    return first


def _moment(micros: int) -> str:
    return f"{datetime.fromtimestamp(micros / SECOND, UTC):%Y-%m-%d %H:%M} UTC"
