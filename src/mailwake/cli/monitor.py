"""`mailwake monitor`: metrics and health on a listener of their own."""

from __future__ import annotations

import asyncio
import signal

from mailwake.cli.logs import configure
from mailwake.cli.options import ConfigOption
from mailwake.settings import DEFAULT_FILE, Settings, load


def command(config: ConfigOption = DEFAULT_FILE) -> None:
    """Serve /metrics for Prometheus, /health/live and /health/ready until stopped; for your own tools only.

    Example: mailwake monitor
    """
    settings = load(config)
    configure(settings.logging, "monitor", through_structlog=False)
    settings.data_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    from mailwake.monitoring.listener import Listener
    from mailwake.monitoring.watch import Watch
    from mailwake.serving.server import serve

    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    host, port = settings.monitor.host, settings.monitor.port
    watch = Watch(settings.data_folder, keep_days=settings.log.keep_days)
    watching = asyncio.create_task(watch.run(stop))
    try:
        app = Listener(watch.status)
        await serve(app, host=host, port=port, section="monitor", ready=_say_ready, stop=stop)
    finally:
        stop.set()
        await watching


def _say_ready(url: str) -> None:
    print(f"metrics on {url}/metrics", flush=True)
