"""`mailwake relay`: the SMTP listener that programs send through."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import signal
import socket
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import structlog
import typer

from mailwake.cli.listening import NONE, DescriptorOption, choose
from mailwake.cli.logs import configure
from mailwake.cli.options import ConfigOption
from mailwake.errors import Unavailable
from mailwake.eventlog.reports import reporting
from mailwake.eventlog.sqlite import SqliteWriter
from mailwake.merge.ledger import own_events
from mailwake.send.relay import Relay
from mailwake.send.tracker import Tracker
from mailwake.send.transaction import Desk, Journal
from mailwake.settings import Settings, load
from mailwake.smtp.memory import KEEP_DAYS, Memory
from mailwake.smtp.upstream import Pool

WRITER = "relay"
#: Leave the rest to the clients: they have no 250 and come again.
_DRAIN_SECONDS = 30.0
_log = structlog.get_logger()


def command(
    config: ConfigOption = "mailwake.toml",
    port: Annotated[int, typer.Option(help="Listen on this port instead of [relay] port; 0 takes a free one.")] = -1,
    fd: DescriptorOption = NONE,
) -> None:
    """Track mail that any program sends by SMTP, and hand it to [smtp].

    Answers 250 only after the next server did, and keeps no queue. Takes its socket from systemd where a socket unit
    gives it one; then programs that connect during a restart wait instead of being refused.

    Example: mailwake relay
    """
    import uvloop

    settings = load(config)
    configure(settings.logging, WRITER)
    uvloop.run(_serve(settings, None if port < 0 else port, choose(fd, WRITER, os.environ)))


async def _serve(settings: Settings, port: int | None, listener: socket.socket | None) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    tracker = await asyncio.to_thread(Tracker.open, settings)
    folder = settings.data_folder / "log"
    # clients come again for days, and the memory of who has the message is read back from this log
    keep = replace(settings.log, keep_days=max(settings.log.keep_days, KEEP_DAYS + 1))
    writer = SqliteWriter.open(folder, WRITER, keep=keep)
    memory, report = Memory(), settings.data_folder / "relay.json"
    try:
        events = own_events(folder, WRITER, whole=False)
        memory.read_back(events, now=tracker.clock(), was_killed=not _ended_well(report))
    except Unavailable as fault:
        _log.warning("relay.memory_incomplete", reason=str(fault))
    journal = Journal(writer)
    try:
        relay = Relay(settings, Desk(tracker=tracker, pool=Pool(settings), journal=journal, memory=memory), port=port)
        await relay.start(listener)
        # Messages leave no cycles behind, connections do: look for those rarely, and never among what was there before.
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)
        async with reporting(report, "relay", relay.report, clock=tracker.clock):
            print(f"relay listening on {relay.host}:{relay.port}", flush=True)
            await stop.wait()
            await relay.drain(patience_seconds=_DRAIN_SECONDS)
    finally:
        with contextlib.suppress(Unavailable):
            await writer.close()
        tracker.state.close()
    _log.info("relay.stopped", lost=journal.lost)


def _ended_well(report: Path) -> bool:
    """Whether the relay before us had told all its clients what became of their mail."""
    try:
        return bool(json.loads(report.read_text(encoding="utf-8"))["stopped"])
    except (OSError, ValueError, KeyError):
        return False
