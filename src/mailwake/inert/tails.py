"""What the processes that took a withdrawal tell each other at once, before the pipeline has read of it.

Each has a file of its own in ``<data>/inert-tails``, to which it alone writes and which all others look at. An entry
stands there until the set itself holds it. So a withdrawal reaches every process of this machine within a second, also
while nobody reads the log, and survives the process that took it. It is no record: the log has that already.

An entry, little-endian: handle 8 | day of opens 2 | day of clicks 2 | when 8 | CRC-32 of the above 4.
"""

from __future__ import annotations

import os
import zlib
from collections import deque
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from struct import Struct
from typing import NamedTuple

from mailwake.inert.entries import Before

_BODY = Struct("<QHHQ")
_CRC = Struct("<I")
ENTRY_BYTES = _BODY.size + _CRC.size
#: So many entries that the set holds are left out together, where others stay.
_WORTH_IT = 1_000


class Heard(NamedTuple):
    """A withdrawal that somebody of this machine took."""

    handle: int
    before: Before
    #: when the log had it, microseconds since 1970
    at: int


def folder_of(path: Path) -> Path:
    """Where the tails of a set are.

    Args:
        path: of the set's file.
    """
    return path.with_name("inert-tails")


class Tail:
    """The one file that this process writes.

    Args:
        folder: of all tails.
        name: of this process; nobody else has it.
    """

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = folder / f"{name}.bin"
        self._left = deque(heard for heard in read_tail(self.path))
        self._gone = 0
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def add(self, heard: Heard) -> None:
        """Tell the others.

        Raises:
            OSError: the disk does not take it.
        """
        os.write(self._file, _packed(heard))
        self._left.append(heard)

    def forget(self, *, as_of: int) -> None:
        """Leave out what the set holds: all of it, or much; in a new file, by which readers see that it begins anew.

        Raises:
            OSError: the disk does not take it.
        """
        while self._left and self._left[0].at < as_of:
            self._left.popleft()
            self._gone += 1
        if not self._gone or (self._left and self._gone < _WORTH_IT):
            return
        part = self.path.with_suffix(".part")
        file = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        os.write(file, b"".join(map(_packed, self._left)))
        part.replace(self.path)
        os.close(self._file)
        self._file, self._gone = file, 0

    def close(self) -> None:
        """Let go of the file; what it says stays."""
        os.close(self._file)


def _packed(heard: Heard) -> bytes:
    body = _BODY.pack(heard.handle, *heard.before, heard.at)
    return body + _CRC.pack(zlib.crc32(body))


def read_tail(path: Path, start: int = 0) -> Iterator[Heard]:
    """What stands in a tail from an entry on; what is torn or damaged is passed over."""
    try:
        with path.open("rb") as file:
            file.seek(start)
            raw = file.read()
    except OSError:
        return
    for place in range(0, len(raw) - ENTRY_BYTES + 1, ENTRY_BYTES):
        body = raw[place : place + _BODY.size]
        if _CRC.unpack_from(raw, place + _BODY.size)[0] == zlib.crc32(body):
            handle, opens, clicks, at = _BODY.unpack(body)
            yield Heard(handle, Before(opens, clicks), at)


class Tails:
    """All tails of this machine; what was read once is not read again.

    Args:
        folder: of all tails.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        #: by path, the file that was read and how far
        self._read: dict[str, tuple[int, int]] = {}

    def news(self) -> Iterator[Heard]:
        """What was added since the last time; of a tail that begins anew, all of it."""
        try:
            found = [(entry.path, entry.stat()) for entry in os.scandir(self._folder) if entry.name.endswith(".bin")]
        except OSError:
            return
        for path, status in found:
            file, start = self._read.get(path, (0, 0))
            start = start if file == status.st_ino and start <= status.st_size else 0
            end = status.st_size - status.st_size % ENTRY_BYTES
            self._read[path] = status.st_ino, end
            if end > start:
                yield from islice(read_tail(Path(path), start), (end - start) // ENTRY_BYTES)
