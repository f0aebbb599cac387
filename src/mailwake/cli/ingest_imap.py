"""`mailwake ingest-imap`: bounces, complaints and replies from a mailbox."""

from __future__ import annotations

import json
import signal
import threading
import time
from dataclasses import asdict
from typing import Annotated

import typer

from mailwake.cli.ingest import make_origins
from mailwake.cli.options import ConfigOption
from mailwake.errors import Misconfigured, Unavailable
from mailwake.events import Micros
from mailwake.ingest.batch import Intake
from mailwake.ingest.imap import Account, Places, new_mail
from mailwake.ingest.reports import FOLDER
from mailwake.ingest.unread import Unread
from mailwake.settings import DEFAULT_FILE, Settings, load

#: Writer of this command in the log.
WRITER = "ingest-imap"


def command(
    *,
    config: ConfigOption = DEFAULT_FILE,
    every: Annotated[float, typer.Option(min=0, help="Look again every so many seconds; 0: once.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="The counts as one JSON object a line.")] = False,
) -> None:
    """Read what is new in the mailbox of [imap]: bounces, complaints and replies. Nothing in it is changed.

    Where the last reading ended is kept; mail that is read twice counts once.

    Example: mailwake ingest-imap --every 60
    """
    settings = load(config)
    account, stop = account_of(settings), threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    while True:
        try:
            taken = read(settings, account)
            print(json.dumps(taken) if as_json else _line(taken), flush=True)
        except Unavailable as fault:
            if not every:
                raise
            typer.echo(f"mailwake: {fault}", err=True)
        if not every or stop.wait(every):
            return


def account_of(settings: Settings) -> Account:
    """The mailbox that the settings name.

    Raises:
        Misconfigured: they name none, or no way to it.
    """
    imap = settings.imap
    if not imap.host:
        raise Misconfigured("imap.host", "is empty; name the server of the mailbox that bounces come back to")
    if imap.security not in ("tls", "starttls", "none"):
        raise Misconfigured("imap.security", "must be tls, starttls or none")
    return Account(
        host=imap.host,
        port=imap.port,
        security=imap.security,
        user=imap.user,
        password=settings.secret(imap.password, "imap.password"),
        folder=imap.folder,
        max_bytes=settings.ingest.max_message_bytes,
    )


def read(settings: Settings, account: Account) -> dict[str, int]:
    """Take in what is new; the place moves on with each batch that is durable.

    Raises:
        Misconfigured: the server refuses name, password or folder.
        Unavailable: the server, the log or the folder is away; the rest is read next time.
    """
    from mailwake.eventlog.sqlite import append_now

    folder = settings.data_folder
    intake = Intake(
        make_origins(settings),
        lambda records: append_now(folder / "log", WRITER, records, keep=settings.log),
        Unread(folder / "unread"),
        reports=Unread(folder / FOLDER),
        clock=lambda: Micros(time.time_ns() // 1_000),
    )
    places = Places(folder / "imap.json")
    for place, mails in new_mail(account, places.get(account.name)):
        intake.take(mails)
        places.put(account.name, place)
    return asdict(intake.taken)


def _line(taken: dict[str, int]) -> str:
    told = f"{taken['mails']:,} mails read, {taken['events']:,} events"
    told += f", {taken['kept']:,} kept for a person" if taken["kept"] else ""
    return told + (f", {taken['reports']:,} with a DMARC report" if taken["reports"] else "")
