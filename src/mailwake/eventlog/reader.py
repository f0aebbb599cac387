"""Reads the SQLite log: every writer's files, oldest first, while their writers go on.

What cannot be read is passed over and reported, never fatal: one bad segment, or one file, does not hold up the rest.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from mailwake.errors import Unreadable
from mailwake.eventlog import Segment, files, segments
from mailwake.eventlog.files import Place

_NUMBERS = "SELECT number, count FROM segment WHERE number > ? AND number < ? ORDER BY number LIMIT ?"
_SEGMENT = "SELECT written_at, count, crc32, body FROM segment WHERE number = ?"
_BEHIND = "SELECT coalesce(sum(count), 0) FROM segment WHERE number > ? AND number < ?"
_END = (1 << 63) - 1
#: How many numbers are looked up at once.
_PAGE = 256
_FAULTS = (sqlite3.Error, OSError)
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class Damage(NamedTuple):
    """Something in the log that could not be read."""

    writer: str
    #: name of the file
    file: str
    #: number of the segment; None: the file as a whole
    number: int | None
    reason: str


class _Later(Exception):
    """A file cannot be read now; its writer's sequence stops here until the next read."""


class _Part(NamedTuple):
    """The part of a sequence that one file speaks for: above `after`, below `end`."""

    place: Place
    after: int
    end: int


class SqliteReader:
    """Reads all files of a log's folder. Synchronous; use from one thread at a time.

    Attributes:
        damage: what was passed over since the reader was made, each once. A segment that was passed over comes back
            without records, so that cursors move on.

    Args:
        folder: where the log's files are; need not exist yet.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[Path, tuple[int, sqlite3.Connection]] = {}
        self.damage: set[Damage] = set()

    def read(self, cursors: Mapping[str, int], *, limit_records: int) -> list[Segment]:
        """Segments after the cursors; see `LogReader.read`. Every writer gets an equal part of the limit."""
        found: list[Segment] = []
        writers = self._places()
        for writer, known in writers.items():
            left = -(-limit_records // len(writers))
            with contextlib.suppress(_Later):
                for segment in self._after(writer, known, cursors.get(writer, 0)):
                    found.append(segment)
                    left -= max(1, len(segment.records))
                    if left <= 0:
                        break
        return found

    def passed(self, reader: str, cursors: Mapping[str, int]) -> None:
        """Note that a reader needs nothing up to these segments any more; see `LogReader.passed`."""
        files.write_passed(self._folder, reader, cursors)

    def waiting(self, cursors: Mapping[str, int]) -> int:
        """How many records come after the cursors; what cannot be read is not counted."""
        total = 0
        for writer, known in self._places().items():
            for part in _parts(known, cursors.get(writer, 0)):
                with contextlib.suppress(_Later):
                    total += self._behind(writer, part)
        return total

    def close(self) -> None:
        """Let go of all files."""
        for _, db in self._open.values():
            db.close()
        self._open.clear()

    def _places(self) -> dict[str, list[Place]]:
        return files.places(self._folder) if self._folder.is_dir() else {}

    def _connection(self, path: Path) -> sqlite3.Connection:
        inode = path.stat().st_ino  # a writer in trouble may have replaced a file in which nothing was confirmed
        known = self._open.get(path)
        if known is None or known[0] != inode:
            known = self._open[path] = inode, files.connect(path, writing=False)
        return known[1]

    def _after(self, writer: str, known: list[Place], cursor: int) -> Iterator[Segment]:
        for part in _parts(known, cursor):
            after = part.after
            while numbers := self._numbers(writer, part, after):
                for number in numbers:
                    segment = self._segment(writer, part.place, number)
                    if segment is not None:
                        yield segment
                after = numbers[-1]

    def _behind(self, writer: str, part: _Part) -> int:
        try:
            rows = self._connection(part.place.path).execute(_BEHIND, (part.after, part.end)).fetchall()
        except _FAULTS as fault:
            self._judge(writer, part.place, None, fault)
            return 0
        return int(rows[0][0])

    def _numbers(self, writer: str, part: _Part, after: int) -> list[int]:
        try:
            rows = self._connection(part.place.path).execute(_NUMBERS, (after, part.end, _PAGE)).fetchall()
        except _FAULTS as fault:
            self._judge(writer, part.place, None, fault)
            return []
        return [number for number, _ in rows]

    def _segment(self, writer: str, place: Place, number: int) -> Segment | None:
        try:
            row = self._connection(place.path).execute(_SEGMENT, (number,)).fetchone()
        except _FAULTS as fault:
            self._judge(writer, place, number, fault)
            return Segment(writer, number, 0, ())
        if row is None:
            return None
        written_at, count, check, body = row
        try:
            if segments.checksum(number, written_at, count, body) != check:
                raise Unreadable("the checksum does not hold")
            return Segment(writer, number, written_at, segments.unpack(body, count))
        except (Unreadable, TypeError, OverflowError, ValueError) as fault:
            self.damage.add(Damage(writer, place.path.name, number, str(fault)))
            return Segment(writer, number, 0, ())

    def _judge(self, writer: str, place: Place, number: int | None, fault: Exception) -> None:
        """Note what is wrong. Damage is passed over; anything else may be well again soon, so it is waited for."""
        self._open.pop(place.path, None)
        code = getattr(fault, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        if code == sqlite3.SQLITE_ERROR and "no such table" in str(fault):
            return  # its writer is just making it
        self.damage.add(Damage(writer, place.path.name, number, str(fault)))
        if code not in _DAMAGE:
            raise _Later


def _parts(known: list[Place], cursor: int) -> Iterator[_Part]:
    """What each file may still say to a reader that has come to this cursor."""
    for place, following in zip(known, [*known[1:], None], strict=True):
        end = following.first if following else _END
        after = max(cursor, place.first - 1)
        if after < end - 1:
            yield _Part(place, after, end)
