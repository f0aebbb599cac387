"""What the process that owns the event store does for commands: subject rights, and copies of the store."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from functools import partial
from typing import TYPE_CHECKING

from mailwake.insight.stores import Stores
from mailwake.settings import Settings

if TYPE_CHECKING:
    from mailwake.disclosure.listener import Listener


def start_office(settings: Settings, stores: Stores) -> Callable[[], None]:
    """Do what is asked in a thread; call what comes back to stop it and wait until it has."""
    from mailwake.cli.backup import SNAPSHOT, snapshot
    from mailwake.rights.opening import opened

    stack, more = ExitStack(), {SNAPSHOT: partial(snapshot, settings, stores.events)}
    stop = stack.enter_context(opened(settings, stores)).office(more).start()

    def stop_and_close() -> None:
        stop()
        stack.close()

    return stop_and_close


@contextmanager
def listener(settings: Settings, stores: Stores) -> Iterator[Listener]:
    """The recipients' own page."""
    from mailwake.disclosure.listener import Listener
    from mailwake.disclosure.seen import Looking
    from mailwake.edge.nonces import Nonces
    from mailwake.hosts import Hosts
    from mailwake.rights.opening import opened

    with opened(settings, stores) as own:
        yield Listener(
            looking=Looking(around=own.around()),
            hosts=Hosts.load(settings),
            nonces=Nonces(settings.load_keys().derive("edge forms")),
            base_url=settings.tracking.base_url,
            log_days=settings.log.keep_days,
            event_days=settings.privacy.individual_days,
            wall=lambda: time.time_ns() // 1_000,
        )


@asynccontextmanager
async def disclosing(settings: Settings, stores: Stores, stop: asyncio.Event) -> AsyncIterator[None]:
    """Serve that page meanwhile, where it has an address; should it stop by itself, everything does."""
    if not settings.privacy.page_url:
        yield
        return
    from mailwake.serving.server import serve

    own = settings.privacy
    with listener(settings, stores) as app:
        task = asyncio.create_task(
            serve(app, host=own.host, port=own.port, section="privacy", ready=lambda _url: None, stop=stop)
        )
        task.add_done_callback(lambda _: stop.set())
        try:
            yield
        finally:
            stop.set()
            await task
