"""Where a sequence goes on after a restart: in its newest file, or in a new one where that cannot be.

A new one is begun where the newest cannot be read or written, where somebody has seen more of the sequence than it
holds (its end is lost then), and where its make is not ours: of the first format, or damaged. Numbers never come twice:
they go on above everything that anybody has seen, and far above what a file may have held that cannot be read.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from mailwake.eventlog import End, files, notes
from mailwake.eventlog.files import LogFile, Place
from mailwake.eventlog.reader import SqliteReader
from mailwake.eventlog.salvage import Salvage
from mailwake.eventlog.view import END


def open_last(folder: Path, writer: str) -> LogFile:
    """The file of a sequence that the next segment goes to.

    Raises:
        OSError: the folder cannot be written.
        sqlite3.Error: nor can the file.
    """
    known, seen = files.places(folder).get(writer), notes.furthest(folder, writer)
    if not known:
        return LogFile(files.place_of(folder, writer, seen.segment + 1), seen)
    newest = known[-1]
    with closing(SqliteReader(folder)) as reader:
        held = reader.end(writer)
        is_whole = not any(damage.file == newest.path.name for damage in reader.damage)
        is_usable = is_whole and reader.view(newest).is_as_made
    is_usable = is_usable and files.has_sound_head(newest)
    end = max(held, seen, _behind(newest, writer, held.segment))
    try:
        if is_usable and end == held:
            return LogFile(newest, held)
        if is_whole:
            return begin_next(folder, writer, end)
    except sqlite3.DatabaseError:
        pass  # it can be read and not be written
    end = End(max(newest.first, end.segment + 1) + files.LEAP - 1, end.records)
    return begin_next(folder, writer, end)


def _behind(newest: Place, writer: str, segment: int) -> End:
    """What the write-ahead log holds behind the last segment that SQLite finds; then a frame in between is damaged."""
    beside = newest.path.with_name(f"{newest.path.name}-wal")
    if not beside.exists() or not beside.stat().st_size:
        return End(0, 0)  # it was closed as it should be
    with closing(Salvage(newest)) as salvage:
        for number in reversed(salvage.numbers(segment, END, END)):
            found = salvage.segment(writer, number)
            if found is not None and found.before is not None:
                return End(number, found.before + len(found.records))
    return End(0, 0)


def begin_next(folder: Path, writer: str, end: End) -> LogFile:
    """The file that follows, which voids what an older one says of the same numbers.

    A record that was refused may be in the older one all the same, and a reader may have seen it there: then it counts.

    Raises:
        OSError: the folder cannot be written.
        sqlite3.Error: nor can the file.
    """
    end = max(end, notes.furthest(folder, writer))
    place = files.place_of(folder, writer, end.segment + 1)
    files.remove(place)  # nothing in it was confirmed, or the sequence would have moved on
    try:
        return LogFile(place, end)
    except (sqlite3.Error, OSError):
        files.remove(place)
        raise
