"""`mailwake edge`: run one worker of the listener that readers reach."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
from typing import Annotated

import typer

from mailwake.cli.listening import NONE, DescriptorOption, choose
from mailwake.cli.logs import configure
from mailwake.cli.options import ConfigOption
from mailwake.settings import Settings, load
from mailwake.tokens import KeyRing


def command(
    config: ConfigOption = "mailwake.toml",
    worker: Annotated[int, typer.Option(min=0, help="Number of this worker; each writes a log of its own.")] = 0,
    fd: DescriptorOption = NONE,
) -> None:
    """Answer pixels, links, unsubscribe and preference pages until stopped; SIGTERM drains.

    Takes its socket from systemd where a socket unit gives it one, so that a restart refuses nobody.

    Example: mailwake edge --worker 0
    """
    import uvloop

    settings = load(config)
    configure(settings.logging, f"edge-{worker}", through_structlog=False)
    listener = choose(fd, "edge", os.environ)
    uvloop.run(_serve(settings, settings.load_keys(), worker, listener))


async def _serve(settings: Settings, keys: KeyRing, worker: int, listener: socket.socket | None) -> None:
    from mailwake.edge.worker import allow_connections, run
    from mailwake.eventlog.sqlite import SqliteWriter

    # Neither requests nor lines leave cycles behind: look for them rarely, never among what was there from the start.
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    allow_connections(settings.edge.max_connections)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    folder, name = settings.data_folder / "log", f"edge-{worker}"
    writer = SqliteWriter.open(folder, name, keep=settings.log)
    days = SqliteWriter.open_days(folder, name, keep=settings.log)
    try:
        await run(settings, keys, (writer, days), worker=worker, ready=_say_ready, stop=stop, listener=listener)
    finally:
        await writer.close()
        await days.close()


def _say_ready(url: str) -> None:
    print(f"edge listening on {url}", flush=True)
