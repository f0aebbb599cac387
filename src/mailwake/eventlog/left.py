"""Looks after sequences that nobody writes any more.

A writer removes its own old files, and never the newest. One that does not come back, say an edge worker whose number
is not used any more, would leave its last file for ever, with requests as they came.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

from mailwake.errors import Unavailable
from mailwake.eventlog import files
from mailwake.eventlog.files import Place
from mailwake.eventlog.keeping import DAY, Keeper, last_written
from mailwake.eventlog.opening import begin_next, open_last
from mailwake.sections import Log

#: Sequences that are read from their beginning, or that keep longer than the others: their owners see to them.
_OWN_RULE = ("send-", "relay")


def tend_left(folder: Path, keep: Log, *, clock: Callable[[], int]) -> list[Place]:
    """Remove what may go of sequences whose writer is away; ask when the clock can be believed.

    Args:
        folder: where the log's files are.
        keep: how long.
        clock: gives microseconds since 1970.

    Returns:
        The files that went.

    Raises:
        Unavailable: the disk is not well.
    """
    try:
        known = files.places(folder) if folder.exists() else {}
        writers = [writer for writer in known if not writer.startswith(_OWN_RULE)]
        return [place for writer in writers for place in _tend(folder, writer, keep, clock)]
    except (sqlite3.Error, OSError) as fault:
        raise Unavailable(f"cannot look after old files in {folder}: {fault}") from None


def _tend(folder: Path, writer: str, keep: Log, clock: Callable[[], int]) -> list[Place]:
    newest = files.places(folder)[writer][-1]
    if last_written(newest) >= clock() - keep.keep_days * DAY:
        return []
    try:
        lock = files.Lock(folder, writer)
    except Unavailable:
        return []  # it is there, and looks after itself
    try:
        file = open_last(folder, writer)
        if file.end.segment >= file.place.first:
            begin_next(folder, writer, file.end).close()  # so that the newest is one with nothing in it
        file.finish()
        return Keeper(folder, writer, keep, clock=clock).sweep(now=True)
    finally:
        lock.release()
