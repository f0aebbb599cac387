"""Segments out of a file in which SQLite does not find its way any more.

One damaged page hides all that its tree leads to, and one damaged frame of the write-ahead log all that came after it.
The rows are still there, and each has a checksum, so they are looked for page by page, wherever a copy of a page may
be. Nothing is ever deleted or changed in a file, so an older copy of a row is as good as a newer one.

Source: https://www.sqlite.org/fileformat2.html (b-tree pages, record format, the WAL file format)
"""

from __future__ import annotations

import os
import struct
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from mailwake.eventlog import Segment
from mailwake.eventlog.files import PAGE_BYTES, Place
from mailwake.eventlog.view import Damaged, checked

_LEAF = 13
_WAL_HEAD, _FRAME_HEAD = 32, 24
#: Copies of a row that are tried.
_COPIES = 3
#: Payload that stands on a leaf page as a whole, and the least of a larger one that does.
_MOST = PAGE_BYTES - 35
_LEAST = (PAGE_BYTES - 12) * 32 // 255 - 23
_INTEGER_BYTES = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
_NONSENSE = (LookupError, struct.error, ValueError, OverflowError)


class _Copy(NamedTuple):
    """Where a copy of a row stands: offset of the page, and of the cell in it."""

    file: int
    page: int
    cell: int


class Salvage:
    """What can still be found in one file and the write-ahead log beside it, as they are now.

    Closing it drops every lock that this process has on the file, so close its other connections first.
    """

    def __init__(self, place: Place) -> None:
        self._main = os.open(place.path, os.O_RDONLY)
        self._wal: int | None = None
        with suppress(FileNotFoundError):
            self._wal = os.open(Path(f"{place.path}-wal"), os.O_RDONLY)
        self.stamp = stamp_of(place)
        #: page number to the offsets of its copies in the write-ahead log, newest first
        self._frames: dict[int, list[int]] = {}
        self._rows: dict[int, list[_Copy]] = {}
        self._look_around()
        self._numbers = sorted(self._rows)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._main)
        if self._wal is not None:
            os.close(self._wal)

    def numbers(self, after: int, end: int, limit: int) -> list[int]:
        """Numbers of the next segments of which a row was found, whole or not."""
        first = bisect_right(self._numbers, after)
        return [number for number in self._numbers[first : first + limit] if number < end]

    def segment(self, writer: str, number: int) -> Segment | None:
        """A segment whose checksum holds; None where no copy of it is whole."""
        for copy in self._rows.get(number, ()):
            for newest_first in (True, False):
                with suppress(Damaged, *_NONSENSE):
                    return checked(writer, number, _columns(self._payload(copy, newest_first=newest_first)))
        return None

    def _look_around(self) -> None:
        if self._wal is not None:
            frame = _FRAME_HEAD + PAGE_BYTES
            last = (os.fstat(self._wal).st_size - _WAL_HEAD) // frame - 1
            for at in range(_WAL_HEAD + last * frame, _WAL_HEAD - 1, -frame):
                page = int.from_bytes(os.pread(self._wal, 4, at))
                self._frames.setdefault(page, []).append(at + _FRAME_HEAD)
                self._look_at(self._wal, at + _FRAME_HEAD)
        for at in range(PAGE_BYTES, os.fstat(self._main).st_size, PAGE_BYTES):
            self._look_at(self._main, at)

    def _look_at(self, file: int, at: int) -> None:
        if os.pread(file, 1, at) != bytes((_LEAF,)):
            return
        page = os.pread(file, PAGE_BYTES, at)
        with suppress(*_NONSENSE):
            (count,) = struct.unpack_from(">H", page, 3)
            for cell in struct.unpack_from(f">{count}H", page, 8):
                _, place = _varint(page, cell)
                number, _ = _varint(page, place)
                copies = self._rows.setdefault(number, [])
                if len(copies) < _COPIES:
                    copies.append(_Copy(file, at, cell))

    def _payload(self, copy: _Copy, *, newest_first: bool) -> bytes:
        page = os.pread(copy.file, PAGE_BYTES, copy.page)
        size, place = _varint(page, copy.cell)
        _, place = _varint(page, place)
        found = bytearray(page[place : place + _local(size)])
        following = int.from_bytes(page[place + len(found) : place + len(found) + 4])
        seen = {0}
        while len(found) < size and following not in seen:
            seen.add(following)
            content = self._page(following, newest_first=newest_first)
            following = int.from_bytes(content[:4])
            found += content[4 : 4 + size - len(found)]
        return bytes(found)

    def _page(self, number: int, *, newest_first: bool) -> bytes:
        copies = [(self._wal, at) for at in self._frames.get(number, ())[:1]]
        copies.append((self._main, (number - 1) * PAGE_BYTES))
        for file, at in copies if newest_first else reversed(copies):
            content = os.pread(file, PAGE_BYTES, at) if file is not None and at > 0 else b""
            if len(content) == PAGE_BYTES:
                return content
        raise ValueError(number)


def stamp_of(place: Place) -> tuple[int, ...]:
    """Changes when the file or its write-ahead log does."""
    found: list[int] = []
    for path in (place.path, Path(f"{place.path}-wal")):
        with suppress(FileNotFoundError):
            status = path.stat()
            found += (status.st_ino, status.st_size, status.st_mtime_ns)
    return tuple(found)


def _local(size: int) -> int:
    """How many bytes of a payload stand on the leaf page."""
    if size <= _MOST:
        return size
    fitting = _LEAST + (size - _LEAST) % (PAGE_BYTES - 4)
    return fitting if fitting <= _MOST else _LEAST


def _varint(page: bytes, place: int) -> tuple[int, int]:
    """A number of one to nine bytes, and the place after it."""
    number = 0
    for at in range(place, place + 8):
        number = number << 7 | page[at] & 0x7F
        if page[at] < 0x80:
            return number, at + 1
    return number << 8 | page[place + 8], place + 9


def _columns(payload: bytes) -> tuple[int | bytes | None, ...]:
    """written_at, count, before, crc32 and body of a row; the first format has no `before`."""
    head, place = _varint(payload, 0)
    kinds = []
    while place < head:
        kind, place = _varint(payload, place)
        kinds.append(kind)
    values = list(_values(payload, head, kinds))
    if len(values) == 5:
        values.insert(3, None)
    _, *columns = values
    if len(columns) != 5:
        raise ValueError(len(columns))
    return tuple(columns)


def _values(payload: bytes, place: int, kinds: list[int]) -> Iterator[int | bytes | None]:
    for kind in kinds:
        if kind >= 12:
            size = (kind - 12) // 2
            yield payload[place : place + size]
        elif kind in _INTEGER_BYTES:
            size = _INTEGER_BYTES[kind]
            yield int.from_bytes(payload[place : place + size], signed=True)
        else:
            size = 0
            yield {0: None, 8: 0, 9: 1}[kind]
        place += size
