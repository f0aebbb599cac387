"""What the sink keeps: an append-only file of delivered mail, each record on disk before the sender hears of it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from struct import Struct

import msgspec

_LENGTH = Struct(">I")


class Letter(msgspec.Struct, frozen=True, array_like=True):
    """One message in one mailbox."""

    #: microseconds since 1970, when it was taken
    at: int
    #: envelope sender; empty for notices
    sender: str
    #: whose mailbox it is in
    recipient: str
    content: bytes


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Letter)


class LetterWriter:
    """Appends letters; several that wait share one sync.

    Args:
        path: the file; made if it is not there.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab")
        self._syncing: asyncio.Task[None] | None = None
        self._written = self._synced = 0

    async def keep(self, letters: list[Letter]) -> None:
        """Returns when all of them are on disk."""
        for letter in letters:
            record = _encoder.encode(letter)
            self._file.write(_LENGTH.pack(len(record)) + record)
        self._written += 1
        mine = self._written
        while self._synced < mine:  # a sync that began before our bytes were written is not ours
            if self._syncing is None or self._syncing.done():
                self._syncing = asyncio.create_task(self._sync())
            await asyncio.shield(self._syncing)

    async def _sync(self) -> None:
        covered = self._written
        self._file.flush()
        await asyncio.to_thread(os.fdatasync, self._file.fileno())
        self._synced = covered

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def read_letters(path: Path) -> Iterator[Letter]:
    """Every letter in order; a record that is still being written ends it."""
    if not path.exists():
        return
    with path.open("rb") as file:
        while len(head := file.read(_LENGTH.size)) == _LENGTH.size:
            (length,) = _LENGTH.unpack(head)
            record = file.read(length)
            if len(record) < length:
                return
            yield _decoder.decode(record)


def count_letters(path: Path) -> int:
    """How many letters there are; skips their content."""
    if not path.exists():
        return 0
    count, size = 0, path.stat().st_size
    with path.open("rb") as file:
        while len(head := file.read(_LENGTH.size)) == _LENGTH.size:
            (length,) = _LENGTH.unpack(head)
            if file.tell() + length > size:
                break
            file.seek(length, os.SEEK_CUR)
            count += 1
    return count
