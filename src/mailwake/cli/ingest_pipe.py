"""`mailwake ingest-pipe`: one mail on standard input, as Postfix's pipe and a .forward hand it over."""

from __future__ import annotations

import os
import sys
import time
from typing import Annotated

import typer

from mailwake.cli.ingest import make_origins
from mailwake.cli.options import ConfigOption
from mailwake.errors import MailwakeError
from mailwake.events import Micros
from mailwake.ingest.batch import Intake
from mailwake.ingest.reports import FOLDER
from mailwake.ingest.unread import Unread
from mailwake.settings import DEFAULT_FILE, load

#: Writer of this command in the log.
WRITER = "ingest-pipe"


def command(
    *,
    config: ConfigOption = DEFAULT_FILE,
    recipient: Annotated[list[str] | None, typer.Option(help="An address that it was delivered to.")] = None,
) -> None:
    """Take in one mail from standard input. Exit 75 asks the mail server to try again; it never loses one.

    Example: mailwake ingest-pipe --recipient "$RECIPIENT" < notice.eml
    """
    try:
        _take(config, recipient or [])
    except MailwakeError as fault:
        # Whatever is wrong here may be mended while the mail waits in the queue: EX_TEMPFAIL, never a bounce.
        typer.echo(f"mailwake: {fault}", err=True)
        raise typer.Exit(os.EX_TEMPFAIL) from None


def _take(config: str, recipients: list[str]) -> None:
    from mailwake.eventlog.sqlite import append_now

    settings = load(config)
    folder = settings.data_folder
    raw = sys.stdin.buffer.read(settings.ingest.max_message_bytes)
    Intake(
        make_origins(settings),
        lambda records: append_now(folder / "log", WRITER, records, keep=settings.log),
        Unread(folder / "unread"),
        reports=Unread(folder / FOLDER),
        clock=lambda: Micros(time.time_ns() // 1_000),
    ).take([raw], envelope=recipients)
