"""Opens what commands on the org need: the stores, and the desk over them."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from mailwake.cli.logs import configure
from mailwake.errors import Unavailable
from mailwake.pushing.desk import Desk, open_desk
from mailwake.serving import address
from mailwake.settings import load
from mailwake.store.crm import open_crm
from mailwake.store.events import open_events
from mailwake.store.state import open_state

if TYPE_CHECKING:
    from mailwake.store.events import EventStore

_PATIENCE_SECONDS = 60.0
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Opened:
    """The desk, and whether somebody else follows the events."""

    desk: Desk
    is_elsewhere: bool

    @contextmanager
    def progress(self, what: str) -> Iterator[Callable[[int], None]]:
        """A line on a terminal that says how far it got."""
        columns = (SpinnerColumn(), TextColumn("{task.description} {task.completed:,.0f}"), TimeElapsedColumn())
        with Progress(*columns, transient=True, disable=not sys.stderr.isatty()) as shown:
            task = shown.add_task(what, total=None)
            yield lambda count: shown.update(task, completed=count)


@contextmanager
def opened(config: str, *, events: bool = True) -> Iterator[Opened]:
    """The desk of an installation.

    Args:
        config: its settings file.
        events: whether events are asked; they are the dashboard's while it runs.
    """
    settings = load(config)
    configure(settings.logging, "command")
    data = settings.data_folder
    with ExitStack() as stack:
        state = open_state(data / "state.sqlite")
        stack.callback(state.close)
        store = open_crm(data / "state.sqlite")
        stack.callback(store.close)
        is_elsewhere = not events or address.read(data) is not None
        found = _no_events() if is_elsewhere else open_events(data / "events.duckdb")
        stack.callback(found.close)
        desk = open_desk(settings, state, found, store)
        stack.callback(desk.org.wire.close)
        yield Opened(desk=desk, is_elsewhere=is_elsewhere)


def _no_events() -> EventStore:
    """Stands where events are asked by nobody: what comes to it all the same is told so."""
    return _NoEvents()  # type: ignore[return-value]  # none of its questions is asked


class _NoEvents:
    def __getattr__(self, name: str) -> object:
        raise Unavailable(f"the running dashboard has the events; this was to {name} them")

    def close(self) -> None:
        """There is nothing to let go of."""


def patiently(act: Callable[[], T]) -> T:
    """Do something that only one process does at a time; wait a minute for the other one."""
    until = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            return act()
        except Unavailable as fault:
            if "another process" not in str(fault) or time.monotonic() > until:
                raise
            time.sleep(0.5)
