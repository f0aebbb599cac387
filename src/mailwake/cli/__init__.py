"""One file per command; the only room that wires concrete engines together.

``mailwake WORD`` imports the file of that word alone, so that every command starts quickly.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from mailwake.errors import MailwakeError, Misconfigured

if TYPE_CHECKING:
    import typer

#: Commands in the order of `mailwake --help`; each is a module here with a function `command`.
COMMANDS = (
    "demo",
    "init",
    "serve",
    "instrument",
    "preflight",
    "check-list",
    "send",
    "report",
    "compare",
    "segment",
    "heatmap",
    "timing",
    "experiment",
    "goal",
    "workflow",
    "salesforce",
    "score",
    "export",
    "ingest",
    "ingest-access-log",
    "ingest-imap",
    "ingest-pipe",
    "dmarc",
    "postmaster",
    "webhooks",
    "notify",
    "suppressions",
    "hygiene",
    "unsubscribes",
    "privacy",
    "backup",
    "restore",
    "audit",
    "consent",
    "judge",
    "replay",
    "links",
    "keys",
    "users",
    "api-keys",
    "doctor",
    "update-data",
    "bench",
    "edge",
    "relay",
    "web",
    "work",
    "monitor",
)


def build(words: tuple[str, ...] = COMMANDS) -> typer.Typer:
    """The command line with the given commands; each module is imported here and not before."""
    import typer  # here and not above: a role that `mailwake serve` starts has no use for it

    app = typer.Typer(
        name="mailwake",
        help="Shows what happened to sent email: people told apart from machines.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    for word in words:
        module: Any = import_module(f"mailwake.cli.{word.replace('-', '_')}")
        if isinstance(module.command, typer.Typer):
            app.add_typer(module.command, name=word)
        else:
            app.command(name=word)(module.command)
    app.callback()(_root_with_version())  # keeps the sub-command's name when there is only one
    return app


def _root_with_version() -> Callable[..., None]:
    import typer

    def tell(wanted: bool) -> None:
        if wanted:
            print(f"mailwake {version('mailwake')}")
            raise typer.Exit

    def root(
        _version: bool = typer.Option(False, "--version", is_eager=True, callback=tell, help="Say which one this is."),
    ) -> None:
        """Shows what happened to sent email: people told apart from machines."""

    return root


def main() -> None:
    """Entry point: run a command, and say faults in one line that says what to do. Exit 0, 1 or 2."""
    first = sys.argv[1:2]
    wanted = ("init",) if first == ["--version"] else tuple(word for word in first if word in COMMANDS) or COMMANDS

    def command() -> None:
        build(wanted)()

    run(command)


def run(action: Callable[[], object]) -> None:
    """Do it, and leave with one line where it cannot be done."""
    try:
        action()
    except Misconfigured as fault:
        fail(str(fault), code=2)
    except MailwakeError as fault:
        fail(str(fault), code=1)
    except (KeyboardInterrupt, BrokenPipeError):
        raise SystemExit(1) from None


def fail(message: str, *, code: int) -> None:
    """Print one line to standard error and leave."""
    print(f"mailwake: {message}", file=sys.stderr)
    raise SystemExit(code)
