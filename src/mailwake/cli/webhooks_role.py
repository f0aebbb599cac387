"""The role behind `mailwake webhooks`: takes what ESPs report until it is told to stop."""

from __future__ import annotations

import asyncio
import signal
import time

from mailwake.cli.logs import configure
from mailwake.copies import Copies
from mailwake.hosts import Hosts
from mailwake.settings import DEFAULT_FILE, Settings, load
from mailwake.webhooks.hooks import hooks_of
from mailwake.webhooks.reporting import Hook

WRITER = "webhooks"


def command(config: str = DEFAULT_FILE) -> None:
    """The role, until it is told to stop."""
    settings = load(config)
    configure(settings.logging, WRITER)
    asyncio.run(_serve(settings, hooks_of(settings)))


async def _serve(settings: Settings, hooks: list[Hook]) -> None:
    from mailwake.eventlog.reports import reporting
    from mailwake.eventlog.sqlite import SqliteWriter
    from mailwake.web.server import serve as listen
    from mailwake.webhooks.server import Receiver

    writer = SqliteWriter.open(settings.data_folder / "log", WRITER, keep=settings.log)
    listener, copies = settings.webhook_server, Copies(Hosts.load(settings).reader())
    try:
        receiver = Receiver(hooks, copies, writer, clock=_clock, proxies=listener.trusted_proxies)
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        async with reporting(settings.data_folder / "webhooks.json", WRITER, receiver.report, clock=_clock):
            await listen(
                receiver,
                host=listener.host,
                port=listener.port,
                section="webhook_server",
                ready=lambda url: print(f"webhooks on {url}", flush=True),
                stop=stop,
            )
    finally:
        await writer.close()


def _clock() -> int:
    return time.time_ns() // 1_000
