"""The event store with its answers kept, and what is worked out of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mailwake.store.answers.keys import Rows
from mailwake.store.answers.remembered import Remembered
from mailwake.store.answers.saved import Saved
from mailwake.store.answers.visits import Visits
from mailwake.store.events import EventStore, open_events


def open_remembered(path: Path, *, read_only: bool, news: bool) -> Remembered:
    """`open_events` with its answers kept, those too that were saved beside the file.

    Raises:
        Unavailable: as there.
    """
    saved = Saved(path)
    found = saved.read()
    remembered = Remembered(open_events(path, read_only=read_only, news=news), saved=saved)
    remembered.take_up(*found)
    return remembered


def worked_out(events: EventStore, name: str, make: Callable[[], Rows]) -> Rows:
    """What is worked out of many rows, kept where answers are kept: over stops, and a little behind where it is slow.

    Args:
        events: the store that it is worked out of.
        name: of what it is, as no question is called.
        make: works it out; numbers, texts and None in rows, of no single person.
    """
    known: Callable[[str, Callable[[], Rows]], Rows] | None = getattr(events, "work_out", None)
    return make() if known is None else known(name, make)


def visits_of(events: EventStore) -> Visits:
    """Who looks at pages that are made of this store; nobody where its answers are not kept."""
    known: Visits | None = getattr(getattr(events, "beside", None), "visits", None)
    return known or Visits()
