"""`mailwake ingest`: bounces, complaints and replies, from files or by SMTP."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from mailwake.bounces.decide import Bounces
from mailwake.cli.logs import configure
from mailwake.cli.options import ConfigOption
from mailwake.cli.showing import counted
from mailwake.errors import BadInput, Misconfigured, Unreadable
from mailwake.events import Micros, encode_event
from mailwake.hosts import Hosts
from mailwake.ingest.desk import Opened, open_notice
from mailwake.ingest.folders import find_mail
from mailwake.ingest.origin import Origins
from mailwake.ingest.outcome import reason_of
from mailwake.ingest.reports import FOLDER
from mailwake.ingest.unread import Unread
from mailwake.notices.arf import COMPLAINTS, OPT_OUT
from mailwake.notices.notice import Action, Kind, Notice, Report
from mailwake.settings import DEFAULT_FILE, Settings, load

#: Writer of the listener, and of this command.
LISTENER, BY_HAND = "ingest", "ingest-files"
#: As many events as one segment of the log takes in comfortably.
_PER_SEGMENT = 1_000
#: What became of a recipient, where it is not a refusal.
_NO_ACTION = {"category": None, "class": "none", "action": "never"}
_DELIVERED = {"category": "delivered", "class": "none", "action": "never"}
_ANSWER = {"class": "auto", "action": "never"}
_COMPLAINT = {"category": "complaint", "class": "complaint", "action": "suppress_now"}
_OPT_OUT = {"category": "unsubscribe", "class": "complaint", "action": "suppress_now"}
#: RFC 6591: a report on our own authentication, of a mail that nobody complained about
_AUTH_REPORT = {"category": "auth_report", "class": "sender", "action": "never"}


def command(
    paths: Annotated[list[Path] | None, typer.Argument(help=".eml, mbox, Maildir, or folders of them.")] = None,
    *,
    config: ConfigOption = DEFAULT_FILE,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per message.")] = False,
    record: Annotated[
        bool | None,
        typer.Option("--record/--no-record", help="Log what a token of ours proves. [default: if there is a config]"),
    ] = None,
    listen: Annotated[bool, typer.Option("--listen", help="Take mail by SMTP at [ingest] host and port.")] = False,
) -> None:
    """Read bounces, complaints and replies, and say what each means for the address.

    Without a settings file it only reads. A notice that returns none of our tokens informs and changes nothing.

    Example: mailwake ingest bounces.mbox --json
    """
    if listen:
        settings = load(config)
        configure(settings.logging, LISTENER)
        asyncio.run(_serve(settings))
        return
    if not paths:
        raise BadInput("name files or folders to read, or say --listen")
    known = load(config) if Path(config).exists() or record else None
    origins = None if known is None else make_origins(known)
    records = known is not None and record is not False
    aside = Unread(known.data_folder / FOLDER) if known is not None and records else None
    read = [*counted(_read(paths, origins, aside), "mails read")]
    if known is not None and records:
        _record(known, [each for _, each in read if isinstance(each, Opened)])
    _show(read, as_json=as_json)


def make_origins(settings: Settings) -> Origins:
    """What verifies tokens, for all tracking hosts and their former names.

    Raises:
        Misconfigured: keys are missing.
    """
    hosts = Hosts.load(settings)
    return Origins(hosts.reader(), hosts.return_paths())


def _read(
    paths: Iterable[Path], origins: Origins | None, aside: Unread | None
) -> Iterator[tuple[str, Opened | Unreadable]]:
    now = Micros(time.time_ns() // 1_000)
    for name, raw in find_mail(paths):
        try:
            opened = open_notice(raw, origins, received_at=now, trust_date=True)
        except Unreadable as fault:
            yield name, fault
            continue
        if opened.carries_report and aside is not None:
            aside.keep(raw)
            print(f"mailwake: {name}: put aside; `mailwake dmarc` reads the DMARC report in it", file=sys.stderr)
        yield name, opened


def _record(settings: Settings, opened: Iterable[Opened]) -> None:
    from mailwake.eventlog.sqlite import append_now

    records = [encode_event(event) for each in opened for event in each.events]
    for start in range(0, len(records), _PER_SEGMENT):
        append_now(settings.data_folder / "log", BY_HAND, records[start : start + _PER_SEGMENT], keep=settings.log)


def _show(read: Iterable[tuple[str, Opened | Unreadable]], *, as_json: bool) -> None:
    bounces = Bounces.load()
    told = [as_dict(name, each, bounces) for name, each in read]
    if as_json:
        for line in told:
            print(json.dumps(line, ensure_ascii=False))
    else:
        _print_table(told)


def as_dict(name: str, opened: Opened | Unreadable, bounces: Bounces) -> dict[str, Any]:
    """One message in the exchange format."""
    if isinstance(opened, Unreadable):
        print(f"mailwake: {name}: {opened}", file=sys.stderr)
        return {
            "file": name, "kind": str(Kind.NOT_BOUNCE), "recipients": [], "original_message_id": None,
            "feedback_type": None,
        }  # fmt: skip
    notice = opened.notice
    answered = [{"address": notice.sender, "status": None, "smtp": None, "category": notice.answer, **_ANSWER}]
    return {
        "file": name,
        "kind": str(notice.kind),
        "recipients": answered if notice.answer else [_recipient(each, notice, bounces) for each in notice.reports],
        "original_message_id": notice.original_message_id,
        "feedback_type": notice.feedback_type,
    }


def _recipient(report: Report, notice: Notice, bounces: Bounces) -> dict[str, Any]:
    facts = {"address": report.address, "status": report.status, "smtp": report.smtp}
    if notice.kind is Kind.COMPLAINT:
        return facts | _complaint(notice.feedback_type)
    if report.action is not Action.FAILED and report.action is not Action.DELAYED:
        return facts | _DELIVERED
    decision = bounces.decide(reason_of(report), server=report.server)
    if report.action is Action.DELAYED:
        return facts | _NO_ACTION | {"category": decision.category}
    return facts | {"category": decision.category, "class": decision.klass, "action": decision.action}


def _complaint(feedback_type: str | None) -> dict[str, str | None]:
    if feedback_type in COMPLAINTS:
        return {**_COMPLAINT}
    if feedback_type in OPT_OUT:
        return {**_OPT_OUT}
    return {**_AUTH_REPORT} if feedback_type == "auth-failure" else {**_NO_ACTION}


def _print_table(told: Iterable[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in ("file", "kind", "address", "status", "category", "action"):
        table.add_column(name, overflow="fold")
    for line in told:
        for who in line["recipients"] or [{}]:
            cells = (line["kind"], who.get("address"), who.get("status"), who.get("category"), who.get("action"))
            table.add_row(Path(line["file"]).name, *(str(cell or "") for cell in cells))
    Console(width=None if sys.stdout.isatty() else 160).print(table)


async def _serve(settings: Settings) -> None:
    from mailwake.eventlog.reports import reporting
    from mailwake.eventlog.sqlite import SqliteWriter
    from mailwake.ingest.listener import Intake, listen

    if settings.ingest.max_message_bytes <= 0:
        raise Misconfigured("ingest.max_message_bytes", "must be above zero")
    origins = make_origins(settings)
    writer = SqliteWriter.open(settings.data_folder / "log", LISTENER, keep=settings.log)
    try:
        unread = Unread(settings.data_folder / "unread")
        reports = Unread(settings.data_folder / FOLDER)
        intake = Intake(origins, writer, unread, reports=reports, clock=_clock)
        server = await listen(settings.ingest, intake)
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        async with reporting(settings.data_folder / "ingest.json", "ingest", intake.report, clock=_clock):
            host, port = server.sockets[0].getsockname()[:2]
            print(f"ingest listening on {host}:{port}", flush=True)
            await stop.wait()
            server.close()
    finally:
        await writer.close()


def _clock() -> int:
    return time.time_ns() // 1_000
