"""Reads the SQLite log: every writer's files, oldest first, while their writers go on.

What cannot be read is passed over, reported and counted, never fatal: one bad segment, one bad page or one file does
not hold up the rest. How many records were lost shows as soon as a good segment follows, because that says how many
came before it.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

from mailwake.eventlog import End, Extent, Segment, files, notes
from mailwake.eventlog.files import Place
from mailwake.eventlog.salvage import Salvage, stamp_of
from mailwake.eventlog.view import END, Damaged, Part, Row, View

#: How many numbers are looked up at once.
_PAGE = 256
_FAULTS = (sqlite3.Error, OSError)
#: The last is what a damaged table definition leads to: our statements fit all that was ever written.
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)
_Answer = TypeVar("_Answer")


class Damage(NamedTuple):
    """Something in the log that could not be read."""

    writer: str
    #: name of the file
    file: str
    #: number of the segment; None: a page, or the file as a whole
    number: int | None
    reason: str


class _Later(Exception):
    """A file cannot be read now; its writer's sequence stops here until the next read."""


class SqliteReader:
    """Reads all files of a log's folder. Synchronous; use from one thread at a time.

    Attributes:
        damage: what was passed over since the reader was made, each once.
        folder: as given.

    Args:
        folder: where the log's files are; need not exist yet.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._open: dict[Path, View] = {}
        #: of damaged files, from which more can be had than SQLite gives
        self._salvages: dict[Path, Salvage] = {}
        #: where the last read of each writer ended
        self._reached: dict[str, End] = {}
        self.damage: set[Damage] = set()

    def read(self, cursors: Mapping[str, int], *, limit_records: int) -> list[Segment]:
        """Segments after the cursors; see `LogReader.read`. Every writer gets an equal part of the limit."""
        found: list[Segment] = []
        writers = self._places()
        self._let_go_of_passed(writers, cursors)
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
        known, ends = self._places(), dict[str, End]()
        for writer, segment in cursors.items():
            with contextlib.suppress(_Later):
                ends[writer] = End(segment, self._position(writer, known.get(writer, []), segment) or 0)
        notes.write_passed(self.folder, reader, ends)

    def extents(self) -> dict[str, Extent]:
        """Every writer's sequence; see `LogReader.extents`."""
        found = {}
        for writer, known in self._places().items():
            with contextlib.suppress(_Later):
                found[writer] = self._extent(writer, known)
        return found

    def end(self, writer: str) -> End:
        """How far one sequence goes, as far as it can be read now."""
        known = self._places().get(writer)
        with contextlib.suppress(_Later):
            return self._end(writer, known) if known else End(0, 0)
        return End(0, 0)

    def position(self, writer: str, segment: int) -> int | None:
        """Records up to a segment; see `LogReader.position`."""
        with contextlib.suppress(_Later):
            return self._position(writer, self._places().get(writer, []), segment)
        return None

    def look_over(self) -> int:
        """Open every file and check its last segment; gives the number of files. What is wrong is in `damage`."""
        parts = [(writer, part) for writer, known in self._places().items() for part in _parts(known, 0)]
        for writer, part in parts:
            with contextlib.suppress(_Later):
                last = self._ask(writer, part, lambda view, part: view.last(part.end))
                if last is not None:
                    self._row(writer, part, last.number)
        return len(parts)

    def waiting(self, cursors: Mapping[str, int]) -> int:
        """How many records come after the cursors."""
        total = 0
        for writer, extent in self.extents().items():
            total += extent.end.records - (self.position(writer, cursors.get(writer, 0)) or extent.removed)
        return total

    def waiting_since(self, writer: str, segment: int) -> int | None:
        """When the first segment after this one was written, in microseconds since 1970; None where there is none."""
        with contextlib.suppress(_Later):
            following = self._first(writer, self._places().get(writer, []), segment)
            return following.written_at if following else None
        return None

    def view(self, place: Place) -> View:
        """A connection to a file, kept until it is passed.

        Raises:
            OSError: it is not there.
            sqlite3.Error: it cannot be opened.
        """
        known = self._open.get(place.path)
        # a writer in trouble may have replaced a file in which nothing was confirmed
        if known is None or known.inode != place.path.stat().st_ino:
            self._forget(place.path)
            known = self._open[place.path] = View(place)
        return known

    def close(self) -> None:
        """Let go of all files."""
        for path in {*self._open, *self._salvages}:
            self._forget(path)

    def _forget(self, path: Path) -> None:
        for opened in (self._open.pop(path, None), self._salvages.pop(path, None)):
            if opened is not None:
                opened.close()

    def _places(self) -> dict[str, list[Place]]:
        return files.places(self.folder) if self.folder.is_dir() else {}

    def _let_go_of_passed(self, writers: Mapping[str, list[Place]], cursors: Mapping[str, int]) -> None:
        """Close what is not needed any more; a file that was removed takes up room until nobody has it open."""
        needed = {
            part.place.path for writer, known in writers.items() for part in _parts(known, cursors.get(writer, 0))
        }
        for path in {*self._open, *self._salvages} - needed:
            self._forget(path)

    # --- segments

    def _after(self, writer: str, known: list[Place], cursor: int) -> Iterator[Segment]:
        counted = self._position(writer, known, cursor)
        for part in _parts(known, cursor):
            for segment in self._readable(writer, part):
                before = counted if segment.before is None else segment.before
                gap = 0 if before is None or counted is None else before - counted
                if gap:
                    reason = f"{gap} records before segment {segment.number} are missing"
                    self.damage.add(Damage(writer, part.place.path.name, None, reason))
                counted = (before or 0) + segment.lost + len(segment.records)
                self._reached[writer] = End(segment.number, counted)
                yield segment._replace(lost=segment.lost + gap)

    def _readable(self, writer: str, part: Part) -> Iterator[Segment]:
        left = part
        while numbers := self._numbers(writer, left):
            for number in numbers:
                segment = self._segment(writer, part, number)
                if segment is not None:
                    yield segment
            left = left._replace(after=numbers[-1])

    def _numbers(self, writer: str, left: Part) -> Sequence[int]:
        """Of the next segments. Numbers know no gaps; where a file ends too early, the rest of it is looked for."""
        try:
            numbers = self.view(left.place).numbers(left.after, left.end, _PAGE)
            if numbers or left.end in (END, left.after + 1):
                return numbers
        except _FAULTS as fault:
            self._judge(writer, left, fault)
        end = left.end
        if end == END:  # the file is still written to, and what is further on there may never be confirmed
            last = self._ask(writer, left, lambda view, _: view.last())
            end = last.number + 1 if last else 0
        salvage = self._salvage(left.place)
        return salvage.numbers(left.after, end, _PAGE) if salvage else ()

    def _segment(self, writer: str, part: Part, number: int) -> Segment | None:
        """A segment, from wherever a copy of it is whole; see `_row` for one of which none is."""
        found = self._row(writer, part, number)
        if found is not None and found.records:
            return found
        salvage = self._salvage(part.place)
        return (salvage.segment(writer, number) if salvage else None) or found

    def _row(self, writer: str, part: Part, number: int) -> Segment | None:
        """A segment; without records where it is known how many they were, None where not even that is."""
        try:
            return self.view(part.place).segment(writer, number)
        except _FAULTS as fault:
            self._judge(writer, part, fault)
            return None
        except Damaged as fault:
            self.damage.add(Damage(writer, part.place.path.name, number, str(fault)))
            return None if fault.count is None else Segment(writer, number, 0, (), lost=fault.count)

    def _salvage(self, place: Place) -> Salvage | None:
        """What can be found in a file by hand; None where there is no file."""
        with contextlib.suppress(OSError):
            known = self._salvages.get(place.path)
            if known is None or known.stamp != stamp_of(place):
                self._forget(place.path)
                known = self._salvages[place.path] = Salvage(place)
            return known
        return None

    # --- how many

    def _extent(self, writer: str, known: list[Place]) -> Extent:
        first = self._first(writer, known, 0)
        removed = (first.before if first else None) or 0
        return Extent(first.number if first else known[0].first, removed, self._end(writer, known))

    def _end(self, writer: str, known: list[Place]) -> End:
        """Up to the last good segment; records include those of damaged ones behind it, as far as they are known."""
        lost = 0
        for part in reversed(_parts(known, 0)):
            last = self._ask(writer, part, lambda view, part: view.last(part.end))
            if part.end != END and last is not None and last.number + 1 < part.end:
                found = self._found_behind(writer, part._replace(after=last.number))
                if found is not None:
                    return End(found.segment, found.records + lost)
            while last is not None:
                segment = self._row(writer, part, last.number)
                if segment is not None and segment.records:
                    return End(last.number, self._with(writer, known, last) + lost)
                lost += segment.lost if segment else 0
                last = self._ask(writer, part._replace(end=last.number), lambda view, part: view.last(part.end))
        return End(0, lost)

    def _found_behind(self, writer: str, left: Part) -> End | None:
        """The last segment that was found by hand; a writer that was killed may not have told SQLite of it yet."""
        for number in reversed(self._numbers(writer, left)):
            segment = self._segment(writer, left, number)
            if segment is not None and segment.records and segment.before is not None:
                return End(number, segment.before + len(segment.records))
        return None

    def _position(self, writer: str, known: list[Place], segment: int) -> int | None:
        if segment == 0:
            return 0 if not known or known[0].first == 1 else None
        reached = self._reached.get(writer)
        if reached and reached.segment == segment:
            return reached.records
        for part in _parts(known, segment - 1)[:1]:
            own = self._ask(writer, part, lambda view, _: view.last(segment + 1))
            if own is not None and own.number == segment:
                return self._with(writer, known, own)
        for ends in notes.passed(self.folder).values():
            if writer in ends and ends[writer].segment == segment and ends[writer].records:
                return ends[writer].records
        following = self._first(writer, known, segment)
        return following.before if following else None

    def _first(self, writer: str, known: list[Place], after: int) -> Row | None:
        for part in _parts(known, after):
            found = self._ask(writer, part, lambda view, part: view.first(part.after, part.end))
            if found is not None:
                return found
        return None

    def _with(self, writer: str, known: list[Place], row: Row) -> int:
        """Records up to a segment, with it. Of the first format nothing was ever removed, so all can be added up."""
        if row.before is not None:
            return row.before + row.records
        total = 0
        for part in _parts(known, 0):
            if part.after < row.number:
                total += self._ask(writer, part, partial(_records_below, end=min(row.number + 1, part.end))) or 0
        return total

    def _ask(self, writer: str, part: Part, question: Callable[[View, Part], _Answer]) -> _Answer | None:
        try:
            return question(self.view(part.place), part)
        except _FAULTS as fault:
            self._judge(writer, part, fault)
        return None

    def _judge(self, writer: str, part: Part, fault: Exception) -> None:
        """Note what is wrong. Damage is passed over; anything else may be well again soon, so it is waited for."""
        code = getattr(fault, "sqlite_errorcode", None)
        code = None if code is None else code & 0xFF
        if code != sqlite3.SQLITE_CORRUPT:
            self._forget(part.place.path)
        if not part.place.path.exists():
            raise _Later  # it was removed while we looked
        if code == sqlite3.SQLITE_ERROR and part.end == END and "no such table" in str(fault):
            return  # its writer is just making it
        self.damage.add(Damage(writer, part.place.path.name, None, str(fault)))
        if code not in _DAMAGE:
            raise _Later


def _parts(known: list[Place], cursor: int) -> list[Part]:
    """What each file may still say to a reader that has come to this cursor."""
    ends = [*(place.first for place in known[1:]), END][: len(known)]
    parts = [Part(place, max(cursor, place.first - 1), end) for place, end in zip(known, ends, strict=True)]
    return [part for part in parts if part.after < part.end - 1]


def _records_below(view: View, _: Part, *, end: int) -> int:
    return view.records(end)
