"""What the processes that took a withdrawal tell each other at once, before the pipeline has read of it.

Each has a file of its own in ``<data>/inert-tails``, to which it alone writes and which all others look at. An entry
stands there until the set itself holds it. So a withdrawal reaches every process of this machine within a second, also
while nobody reads the log, and survives the process that took it. It is no record: the log has that already.

An entry, little-endian: handle 8 | day of opens 2 | day of clicks 2 | when 8 | CRC-32 of the above 4.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from struct import Struct
from typing import NamedTuple

from mailwake.inert.entries import Before

_BODY = Struct("<QHHQ")
_CRC = Struct("<I")
ENTRY_BYTES = _BODY.size + _CRC.size


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
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._last = max((heard.at for heard in read_tail(self.path)), default=0)

    def add(self, heard: Heard) -> None:
        """Tell the others.

        Raises:
            OSError: the disk does not take it.
        """
        body = _BODY.pack(heard.handle, *heard.before, heard.at)
        os.write(self._file, body + _CRC.pack(zlib.crc32(body)))
        self._last = max(self._last, heard.at)

    def forget(self, *, as_of: int) -> None:
        """Begin anew where the set holds all that was ever told here."""
        if 0 < self._last < as_of:
            os.ftruncate(self._file, 0)
            self._last = 0

    def close(self) -> None:
        """Let go of the file; what it says stays."""
        os.close(self._file)


def read_tail(path: Path) -> Iterator[Heard]:
    """What stands in a tail; what is torn or damaged is passed over."""
    try:
        raw = path.read_bytes()
    except OSError:
        return
    for place in range(0, len(raw) - ENTRY_BYTES + 1, ENTRY_BYTES):
        body = raw[place : place + _BODY.size]
        if _CRC.unpack_from(raw, place + _BODY.size)[0] == zlib.crc32(body):
            handle, opens, clicks, at = _BODY.unpack(body)
            yield Heard(handle, Before(opens, clicks), at)


class Tails:
    """All tails of this machine, read again when they have changed.

    Args:
        folder: of all tails.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: dict[str, tuple[int, int]] = {}

    def news(self) -> Iterator[Heard]:
        """Everything in tails that have changed since the last time."""
        try:
            found = [(entry.path, entry.stat()) for entry in os.scandir(self._folder) if entry.name.endswith(".bin")]
        except OSError:
            return
        for path, status in found:
            standing = (status.st_mtime_ns, status.st_size)
            if self._seen.get(path) != standing:
                self._seen[path] = standing
                yield from read_tail(Path(path))
