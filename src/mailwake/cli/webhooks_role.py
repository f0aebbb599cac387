"""The role behind `mailwake webhooks`: takes what ESPs report until it is told to stop."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeAlias

import structlog

from mailwake.cli.hooks import hooks_of
from mailwake.cli.logs import configure
from mailwake.copies import Copies
from mailwake.errors import Misconfigured, Unavailable
from mailwake.eventlog import LogWriter
from mailwake.hosts import Hosts
from mailwake.settings import DEFAULT_FILE, Settings, load
from mailwake.webhooks.call import Secrets
from mailwake.webhooks.reporting import Hook

if TYPE_CHECKING:
    from mailwake.queues.sqs import Sqs
    from mailwake.webhooks.server import Desk, Receiver

log = structlog.get_logger()

WRITER = "webhooks"
#: by the name of the hook
Queues: TypeAlias = "dict[str, tuple[Hook, Sqs]]"


#: of a shop's secret, which proves a call all by itself
_LEAST_CHARS = 16


def command(config: str = DEFAULT_FILE) -> None:
    """The role, until it is told to stop."""
    settings = load(config)
    configure(settings.logging, WRITER)
    hooks = hooks_of(settings) if settings.webhooks or not settings.conversions.secrets else []
    queues = open_queues(settings, hooks)
    _check(queues)
    asyncio.run(_serve(settings, hooks, queues))


async def _serve(settings: Settings, hooks: list[Hook], queues: Queues) -> None:
    from mailwake.eventlog.reports import reporting
    from mailwake.eventlog.sqlite import SqliteWriter
    from mailwake.serving.server import serve as listen
    from mailwake.webhooks.server import Receiver

    folder = settings.data_folder / "log"
    writer = SqliteWriter.open(folder, WRITER, keep=settings.log)
    days = SqliteWriter.open_days(folder, WRITER, keep=settings.log)
    listener, copies = settings.webhook_server, Copies(Hosts.load(settings).reader())
    try:
        desks = _desks(settings, writer)
        receiver = Receiver(
            hooks,
            copies,
            writer,
            days=days,
            clock=_clock,
            ceiling=settings.ceiling,
            proxies=listener.trusted_proxies,
            desks=desks,
        )
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        async with (
            reporting(settings.data_folder / "webhooks.json", WRITER, receiver.report, clock=_clock),
            _emptying(queues, receiver, stop),
        ):
            if len(queues) == len(hooks) and not desks:
                print(f"webhooks from {_names(queues)}", flush=True)
                await stop.wait()
                return
            also = f", and from {_names(queues)}" if queues else ""
            await listen(
                receiver,
                host=listener.host,
                port=listener.port,
                section="webhook_server",
                ready=lambda url: print(f"webhooks on {url}{also}", flush=True),
                stop=stop,
            )
    finally:
        await writer.close()
        await days.close()


def _desks(settings: Settings, writer: LogWriter) -> dict[str, Desk]:
    """Where shops report, where they have a secret for it."""
    told = settings.conversions
    if not told.secrets:
        return {}
    from mailwake.goals.till import PATH, Till
    from mailwake.store.state import open_state

    values = tuple(settings.secret(each, "conversions.secrets") for each in told.secrets)
    if any(len(value) < _LEAST_CHARS for value in values):
        raise Misconfigured("conversions.secrets", f"one is shorter than {_LEAST_CHARS} characters; guessing would do")
    state = open_state(settings.data_folder / "state.sqlite")
    secrets = Secrets(values=values, networks=told.networks)
    return {PATH: Till(secrets, Hosts.load(settings), state.goals, writer, tick=time.monotonic).take}


@asynccontextmanager
async def _emptying(queues: Queues, receiver: Receiver, stop: asyncio.Event) -> AsyncIterator[None]:
    """Empty these queues meanwhile; should one of them stop by itself, everything does."""
    from mailwake.queues.poller import Poller

    tasks = [
        asyncio.create_task(Poller(queue, hook, receiver, clock=_clock).run(stop)) for hook, queue in queues.values()
    ]
    for task in tasks:
        task.add_done_callback(lambda _: stop.set())
    try:
        yield
    finally:
        stop.set()
        await asyncio.gather(*tasks)


def open_queues(settings: Settings, hooks: Iterable[Hook]) -> Queues:
    """The queues that some hooks report through, by the name of the hook.

    Raises:
        Misconfigured: one of them cannot be used, and what to do about it.
    """
    from mailwake.queues.sqs import Sqs

    found: Queues = {}
    for hook in hooks:
        if hook.queued:
            entry, option = settings.webhooks[hook.name], f"webhooks.{hook.name}.queue_url"
            found[hook.name] = hook, Sqs(entry.queue_url, region=entry.queue_region, option=option)
    return found


def _check(queues: Queues) -> None:
    """Refuse to start over what no second try mends; a network that is away is waited for."""
    for name, (_, queue) in queues.items():
        try:
            queue.check()
        except Unavailable as fault:
            log.warning("webhooks.queue_waits", hook=name, problem=str(fault))


def _names(queues: Iterable[str]) -> str:
    names = list(queues)
    return f"the queue of {names[0]}" if len(names) == 1 else f"the queues of {', '.join(names)}"


def _clock() -> int:
    return time.time_ns() // 1_000
