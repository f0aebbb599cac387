"""One file of a sequence, open for reading: its rows, and how many records lie before each.

Files of the first format have no column ``before``; what they hold is added up. Everything here raises `sqlite3.Error`
or `OSError` when the file does not answer; the reader decides what that means.
"""

from __future__ import annotations

from typing import NamedTuple

from mailwake.errors import Unreadable
from mailwake.eventlog import Segment, files, segments
from mailwake.eventlog.files import Place

_HAS_BEFORE = "SELECT count(*) FROM pragma_table_info('segment') WHERE name = 'before'"
_NUMBERS = "SELECT number FROM segment WHERE number > ? AND number < ? ORDER BY number LIMIT ?"
_ROW = "SELECT written_at, count, {before}, crc32, body FROM segment WHERE number = ?"
_FIRST = "SELECT number, {before} FROM segment WHERE number > ? AND number < ? ORDER BY number LIMIT 1"
_LAST = "SELECT number, count, {before} FROM segment WHERE number <= ? ORDER BY number DESC LIMIT 1"
_SUM = "SELECT coalesce(sum(count), 0) FROM segment WHERE number <= ?"


class Part(NamedTuple):
    """The part of a sequence that one file speaks for: above `after`, below `end`."""

    place: Place
    after: int
    end: int


class View:
    """A connection to one file, which must exist.

    Attributes:
        inode: of the file that was opened.
    """

    def __init__(self, place: Place) -> None:
        self.inode = place.path.stat().st_ino
        self._db = files.connect(place.path, writing=False)
        self._first_format: bool | None = None

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    @property
    def is_of_the_first_format(self) -> bool:
        """Whether its rows do not say how many records came before."""
        if self._first_format is None:
            self._first_format = self._db.execute(_HAS_BEFORE).fetchone() == (0,)
        return self._first_format

    def numbers(self, after: int, end: int, limit: int) -> list[int]:
        """Numbers of the next segments."""
        return [number for (number,) in self._db.execute(_NUMBERS, (after, end, limit))]

    def segment(self, writer: str, number: int) -> Segment | None:
        """One segment, checked; None where there is none.

        Raises:
            Unreadable: it is not what was written.
        """
        row = self._db.execute(self._spell(_ROW), (number,)).fetchone()
        if row is None:
            return None
        written_at, count, before, check, body = row
        try:
            if segments.checksum(number, written_at, count, body, before=before) != check:
                raise Unreadable("the checksum does not hold")
            return Segment(writer, number, written_at, segments.unpack(body, count), before)
        except (TypeError, OverflowError, ValueError) as fault:
            raise Unreadable(str(fault)) from None

    def first(self, after: int, end: int) -> tuple[int, int | None] | None:
        """Number of the first segment between, and how many records came before it."""
        row: tuple[int, int | None] | None = self._db.execute(self._spell(_FIRST), (after, end)).fetchone()
        return row

    def last(self, most: int) -> tuple[int, int | None] | None:
        """Number of the last segment up to this one, and how many records there are with it."""
        row = self._db.execute(self._spell(_LAST), (most,)).fetchone()
        return None if row is None else (row[0], None if row[2] is None else row[1] + row[2])

    def records(self, most: int) -> int:
        """Records in this file's segments up to this one."""
        (total,) = self._db.execute(_SUM, (most,)).fetchone()
        return int(total)

    def _spell(self, sql: str) -> str:
        return sql.format(before="NULL" if self.is_of_the_first_format else "before")
