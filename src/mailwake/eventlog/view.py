"""One file of a sequence, open for reading: its rows, and how many records lie before each.

Files of the first format have no column ``before``; what they hold is added up. Everything here raises `sqlite3.Error`
or `OSError` when the file does not answer; the reader decides what that means.
"""

from __future__ import annotations

import struct
from typing import Any, NamedTuple

from mailwake.errors import Unreadable
from mailwake.eventlog import Segment, files, segments
from mailwake.eventlog.files import Place

_TABLE = "SELECT rootpage, sql FROM sqlite_master WHERE name = 'segment'"
_NUMBERS = "SELECT number FROM segment WHERE number > ? AND number < ? ORDER BY number LIMIT ?"
_ROW = "SELECT written_at, count, {before}, crc32, body FROM segment WHERE number = ?"
_FIRST = (
    "SELECT number, written_at, count, {before} FROM segment WHERE number > ? AND number < ? ORDER BY number LIMIT 1"
)
_LAST = "SELECT number, written_at, count, {before} FROM segment WHERE number < ? ORDER BY number DESC LIMIT 1"
_SUM = "SELECT coalesce(sum(count), 0) FROM segment WHERE number < ?"
END = (1 << 63) - 1
#: What a damaged column may be to those who compute with it: of another type, or out of range.
_NONSENSE = (TypeError, OverflowError, ValueError, struct.error)


class Part(NamedTuple):
    """The part of a sequence that one file speaks for: above `after`, below `end`."""

    place: Place
    after: int
    end: int


class Row(NamedTuple):
    """A segment without its records."""

    number: int
    written_at: int
    records: int
    #: None: the file is of the first format
    before: int | None


class Damaged(Unreadable):
    """A segment is not what was written.

    Attributes:
        count: how many records it had; None when that cannot be told either.
    """

    def __init__(self, problem: str, count: int | None) -> None:
        super().__init__(problem)
        self.count = count


class View:
    """A connection to one file, which must exist.

    Attributes:
        inode: of the file that was opened.
    """

    def __init__(self, place: Place) -> None:
        self.inode = place.path.stat().st_ino
        self._db = files.connect(place.path, writing=False)
        self._table: tuple[int, str] | None = None

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    @property
    def is_of_the_first_format(self) -> bool:
        """Whether its rows do not say how many records came before."""
        made_by = self._made_by()
        return made_by is not None and "before" not in made_by[1]

    @property
    def is_as_made(self) -> bool:
        """Whether its table is there as we make it, or is still to be made."""
        return self._made_by() in (None, (files.ROOT_PAGE, files.TABLE))

    def _made_by(self) -> tuple[int, str] | None:
        if self._table is None:
            self._table = self._db.execute(_TABLE).fetchone()
        return self._table

    def numbers(self, after: int, end: int, limit: int) -> list[int]:
        """Numbers of the next segments."""
        return [number for (number,) in self._db.execute(_NUMBERS, (after, end, limit))]

    def segment(self, writer: str, number: int) -> Segment | None:
        """One segment, checked; None where there is none.

        Raises:
            Damaged: it is not what was written.
        """
        row = self._db.execute(self._spell(_ROW), (number,)).fetchone()
        return None if row is None else checked(writer, number, row)

    def first(self, after: int, end: int = END) -> Row | None:
        """The first segment between."""
        row = self._db.execute(self._spell(_FIRST), (after, end)).fetchone()
        return None if row is None else Row(*row)

    def last(self, end: int = END) -> Row | None:
        """The last segment below."""
        row = self._db.execute(self._spell(_LAST), (end,)).fetchone()
        return None if row is None else Row(*row)

    def records(self, end: int) -> int:
        """Records in this file's segments below."""
        (total,) = self._db.execute(_SUM, (end,)).fetchone()
        return int(total)

    def _spell(self, sql: str) -> str:
        return sql.format(before="NULL" if self.is_of_the_first_format else "before")


def checked(writer: str, number: int, row: tuple[Any, ...]) -> Segment:
    """A segment from the columns written_at, count, before, crc32 and body of its row.

    Raises:
        Damaged: it is not what was written.
    """
    written_at, count, before, check, body = row
    try:
        holds = segments.checksum(number, written_at, count, body, before=before) == check
    except _NONSENSE:
        holds = False
    try:
        if holds:
            return Segment(writer, number, written_at, segments.unpack(body, count), before)
        segments.lengths_of(body, count)
    except (Unreadable, *_NONSENSE) as fault:
        raise Damaged(str(fault), None) from None
    raise Damaged("the checksum does not hold", count)  # its lengths do, so that is how many there were
