"""What the process that owns the event store does for commands: subject rights, and copies of the store."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial

from mailwake.insight.stores import Stores
from mailwake.settings import Settings


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
