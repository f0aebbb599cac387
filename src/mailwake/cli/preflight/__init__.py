"""`mailwake preflight`: what filters, providers and readers will find wrong with a message about to leave."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Annotated, ParamSpec

import typer
from rich.console import Console
from rich.status import Status

from mailwake.cli import fail
from mailwake.cli.options import ConfigOption
from mailwake.errors import BadInput, MailwakeError
from mailwake.hosts import Hosts
from mailwake.preflight.asking import sent_by
from mailwake.preflight.examine import examine
from mailwake.preflight.relayed import as_relayed
from mailwake.preflight.surroundings import Surroundings, around_installation, online_ways
from mailwake.preflight.telling import Answer, answer, to_json
from mailwake.settings import DEFAULT_FILE, Settings, load

P = ParamSpec("P")
#: Larger than any server takes.
MOST_BYTES = 100_000_000


def _says_2(action: Callable[P, None]) -> Callable[P, None]:
    """What cannot be done leaves with 2: 1 says that the message has a problem."""

    @wraps(action)
    def command(*given: P.args, **named: P.kwargs) -> None:
        try:
            action(*given, **named)
        except MailwakeError as fault:
            fail(str(fault), code=2)

    return command


@_says_2
def command(  # noqa: PLR0913 - one parameter per option
    mail: Annotated[Path, typer.Argument(help="A whole message, as .eml; - for standard input.")],
    *,
    relayed: Annotated[
        bool,
        typer.Option("--relayed", help="Look at what the relay would make of it: tracked, with its header fields."),
    ] = False,
    transactional: Annotated[
        bool, typer.Option("--transactional", help="No bulk mail: needs no way to unsubscribe.")
    ] = False,
    signed_later: Annotated[
        bool, typer.Option("--signed-later", help="Whoever takes it next signs it with DKIM.")
    ] = False,
    envelope_sender: Annotated[str, typer.Option(help="For SPF; by default Return-Path, else From.")] = "",
    sending_address: Annotated[str, typer.Option(help="IP address that receivers will see, for SPF.")] = "",
    offline: Annotated[bool, typer.Option("--offline", help="Ask nobody: no DNS, no links, no one-click.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 for warnings too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
    html: Annotated[Path | None, typer.Option("--html", help="Write a report for people into this file.")] = None,
    config: ConfigOption = DEFAULT_FILE,
) -> None:
    """Say what is wrong with a message before it is sent. Exit 0: nothing that must be mended, 1: a problem, 2: cannot.

    Without a settings file no host counts as yours. Links are followed; nobody is unsubscribed and nothing is tracked.

    Example: mailwake preflight spring.eml --sending-address 203.0.113.7 --html report.html
    """
    raw, settings = _read(mail), _settings(config)
    around = _around(settings, online=not offline)
    around = replace(around, is_transactional=transactional, signed_later=signed_later)
    around = sent_by(around, envelope_sender, sending_address)
    if relayed:
        if settings is None:
            raise BadInput(f"--relayed needs an installation, and there is no {config}; run `mailwake init`")
        raw = as_relayed(raw, around, settings.ceiling)
    with _progress() as each:
        told = answer(examine(raw, replace(around, each=each)))
    _tell(told, str(mail), as_json=as_json, html=html)
    if told.problems or (strict and told.warnings):
        raise SystemExit(1)


def _tell(told: Answer, name: str, *, as_json: bool, html: Path | None) -> None:
    from mailwake.printing import preflight as printing

    if html is not None:
        try:
            html.write_text(printing.page(told, name), encoding="utf-8")
        except OSError as fault:
            raise BadInput(f"{html}: {fault.strerror}; give a file that can be written") from None
    if as_json:
        print(to_json(told, file=name).decode())
    else:
        printing.show(told, name)


def _read(path: Path) -> bytes:
    try:
        raw = sys.stdin.buffer.read(MOST_BYTES + 1) if str(path) == "-" else path.read_bytes()
    except OSError as fault:
        raise BadInput(f"{path}: {fault.strerror}; give a message as .eml") from None
    if not 0 < len(raw) <= MOST_BYTES:
        raise BadInput(f"{path} is {'empty' if not raw else 'too large to be mail'}; give a message as .eml")
    return raw


def _settings(config: str) -> Settings | None:
    """Those of the file; None where nobody made one and none was named."""
    if config == DEFAULT_FILE and not Path(config).exists():
        return None
    return load(config)


def _around(settings: Settings | None, *, online: bool) -> Surroundings:
    now = datetime.now(UTC)
    if settings is None:
        return Surroundings(now=now, **(online_ways() if online else {}))
    return around_installation(settings, Hosts.load(settings), now=now, online=online)


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """What is being asked for, on a terminal; nothing elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    with Status("looking", console=console) as status:
        yield lambda text: status.update(f"asking {text[:70]}".replace("[", "("))
