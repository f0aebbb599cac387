"""Where a sequence goes on after a restart: in its newest file, or in a new one where that cannot be.

A file of the first format is left as it is, and so is one that cannot be read. After the latter the numbers leap, so
that none comes twice.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from mailwake.eventlog import End, files
from mailwake.eventlog.files import LogFile
from mailwake.eventlog.reader import SqliteReader


def open_last(folder: Path, writer: str) -> LogFile:
    """The file of a sequence that the next segment goes to.

    Raises:
        OSError: the folder cannot be written.
        sqlite3.Error: nor can the file.
    """
    known = files.places(folder).get(writer)
    passed = files.highest_passed(folder, writer)
    if not known:
        return LogFile(files.place_of(folder, writer, 1), End(passed, 0))
    with closing(SqliteReader(folder)) as reader:
        end = reader.end(writer)
        damaged = any(damage.file == known[-1].path.name for damage in reader.damage)
        stale = not damaged and end.segment > 0 and reader.is_of_the_first_format(known[-1])
    end = End(max(end.segment, passed), end.records)
    try:
        if not damaged:
            return LogFile(known[-1] if not stale else files.place_of(folder, writer, end.segment + 1), end)
    except sqlite3.DatabaseError:
        pass  # it can be read and not be written
    end = End(max(known[-1].first, end.segment + 1) + files.LEAP - 1, end.records)
    return LogFile(files.place_of(folder, writer, end.segment + 1), end)
