"""Reads the SQLite log: every writer's files, oldest first, while their writers go on.

What cannot be read is passed over and reported, never fatal: one bad segment, or one file, does not hold up the rest.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, TypeVar

from mailwake.errors import Unreadable
from mailwake.eventlog import End, Extent, Segment, files
from mailwake.eventlog.files import Place
from mailwake.eventlog.view import Part, View

_END = (1 << 63) - 1
#: How many numbers are looked up at once.
_PAGE = 256
_FAULTS = (sqlite3.Error, OSError)
_Answer = TypeVar("_Answer")
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
        self._open: dict[Path, View] = {}
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

    def extents(self) -> dict[str, Extent]:
        """Every writer's sequence; see `LogReader.extents`."""
        found = {}
        for writer, known in self._places().items():
            with contextlib.suppress(_Later):
                found[writer] = self._extent(writer, known)
        return found

    def end(self, writer: str) -> End:
        """How far one sequence goes, as far as it can be read now."""
        extent = self.extents().get(writer)
        return extent.end if extent else End(0, 0)

    def position(self, writer: str, segment: int) -> int | None:
        """Records up to a segment; see `LogReader.position`."""
        with contextlib.suppress(_Later):
            return self._position(writer, self._places().get(writer, []), segment)
        return None

    def waiting(self, cursors: Mapping[str, int]) -> int:
        """How many records come after the cursors."""
        total = 0
        for writer, extent in self.extents().items():
            total += extent.end.records - (self.position(writer, cursors.get(writer, 0)) or 0)
        return total

    def is_of_the_first_format(self, place: Place) -> bool:
        """Whether a file's rows do not say how many records came before them."""
        return self._view(place).is_of_the_first_format

    def close(self) -> None:
        """Let go of all files."""
        for view in self._open.values():
            view.close()
        self._open.clear()

    def _places(self) -> dict[str, list[Place]]:
        return files.places(self._folder) if self._folder.is_dir() else {}

    def _view(self, place: Place) -> View:
        known = self._open.get(place.path)
        # a writer in trouble may have replaced a file in which nothing was confirmed
        if known is None or known.inode != place.path.stat().st_ino:
            known = self._open[place.path] = View(place)
        return known

    def _after(self, writer: str, known: list[Place], cursor: int) -> Iterator[Segment]:
        for part in _parts(known, cursor):
            left = part
            while numbers := self._ask(writer, left, lambda view, left: view.numbers(left.after, left.end, _PAGE)):
                for number in numbers:
                    segment = self._segment(writer, part.place, number)
                    if segment is not None:
                        yield segment
                left = left._replace(after=numbers[-1])

    def _segment(self, writer: str, place: Place, number: int) -> Segment | None:
        try:
            return self._view(place).segment(writer, number)
        except _FAULTS as fault:
            self._judge(writer, place, number, fault)
        except Unreadable as fault:
            self.damage.add(Damage(writer, place.path.name, number, str(fault)))
        return Segment(writer, number, 0, ())

    def _extent(self, writer: str, known: list[Place]) -> Extent:
        first = self._first(writer, known, 0) or (known[0].first, None)
        end = End(0, 0)
        for part in _parts(known, 0):
            last = self._ask(writer, part, lambda view, part: view.last(part.end - 1))
            if last is not None:
                end = End(last[0], self._counted(writer, known, last[0]) if last[1] is None else last[1])
        return Extent(first[0], first[1] or 0, end)

    def _position(self, writer: str, known: list[Place], segment: int) -> int | None:
        for part in _parts(known, segment - 1)[:1]:
            own = self._ask(writer, part, lambda view, _: view.last(segment))
            if own is not None and own[0] == segment:
                return self._counted(writer, known, segment) if own[1] is None else own[1]
        following = self._first(writer, known, segment)
        return following[1] if following else None

    def _first(self, writer: str, known: list[Place], after: int) -> tuple[int, int | None] | None:
        for part in _parts(known, after):
            found = self._ask(writer, part, lambda view, part: view.first(part.after, part.end))
            if found is not None:
                return found
        return None

    def _counted(self, writer: str, known: list[Place], segment: int) -> int:
        """Records up to a segment of the first format, of which nothing was ever removed."""
        total = 0
        for part in _parts(known, 0):
            if part.after < segment:
                total += self._ask(writer, part, lambda view, part: view.records(min(segment, part.end - 1))) or 0
        return total

    def _ask(self, writer: str, part: Part, question: Callable[[View, Part], _Answer]) -> _Answer | None:
        try:
            return question(self._view(part.place), part)
        except _FAULTS as fault:
            self._judge(writer, part.place, None, fault)
        return None

    def _judge(self, writer: str, place: Place, number: int | None, fault: Exception) -> None:
        """Note what is wrong. Damage is passed over; anything else may be well again soon, so it is waited for."""
        self._open.pop(place.path, None)
        code = getattr(fault, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        if code == sqlite3.SQLITE_ERROR and "no such table" in str(fault):
            return  # its writer is just making it
        self.damage.add(Damage(writer, place.path.name, number, str(fault)))
        if code not in _DAMAGE:
            raise _Later


def _parts(known: list[Place], cursor: int) -> list[Part]:
    """What each file may still say to a reader that has come to this cursor."""
    ends = [*(place.first for place in known[1:]), _END][: len(known)]
    parts = [Part(place, max(cursor, place.first - 1), end) for place, end in zip(known, ends, strict=True)]
    return [part for part in parts if part.after < part.end - 1]
