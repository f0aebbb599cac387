"""Which lines of access logs are in the log of events already, so that none is counted twice, however often it is read.

A line's key (63 bits, `keys.Keys`) is kept for a month, in one file per ten minutes of the line's own time: the keys, 8
bytes little-endian each, nothing else. Keys say nothing without the installation's master key.

The files and the log of events change together: before a segment is written, its number and its keys are put aside
(``pending``); afterwards they are added to the files. After a crash the log says whether that segment was written.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from sys import byteorder

import msgspec

from mailwake.errors import Unavailable
from mailwake.events import SECOND, Micros
from mailwake.files import replace, sync_folder

#: One file of keys.
SPAN = 600 * SECOND
#: Keys held in memory, beyond those of the span in use and what is not on disk yet; about 100 bytes each.
_HELD = 2_000_000
_KEY_BYTES = 8


class _Pending(msgspec.Struct, array_like=True):
    """Keys on their way, and the segment that carries their events."""

    segment: int
    #: start of a span to the keys in it
    keys: dict[int, list[int]]


_decode = msgspec.msgpack.Decoder(_Pending).decode


class Ledger:
    """One source's keys. Use from one process at a time; the lock on the source's log sees to that.

    Args:
        folder: of this source; made when it is missing.
        last_segment: number of the last durable segment that this source has written.

    Raises:
        Unavailable: the folder cannot be read or written.
    """

    def __init__(self, folder: Path, *, last_segment: int) -> None:
        self._folder = folder
        self._spans: dict[int, set[int]] = {}
        self._fresh: dict[int, list[int]] = {}
        with _translated(folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.forgotten_until = self._read_forgotten()
            self._recover(last_segment)

    def knows(self, at: Micros, key: int) -> bool:
        """Whether a line of this time and key was noted before."""
        return key in self._span(at - at % SPAN)

    def note(self, at: Micros, key: int) -> None:
        """Know a line from now on; on disk from `commit` on."""
        start = at - at % SPAN
        self._span(start).add(key)
        self._fresh.setdefault(start, []).append(key)

    def prepare(self, segment: int) -> None:
        """Put aside what was noted since the last commit, before the segment with its events is written."""
        with _translated(self._folder):
            replace(self._folder / "pending", msgspec.msgpack.encode(_Pending(segment, self._fresh)))

    def commit(self) -> None:
        """The segment is durable: keep what was noted."""
        with _translated(self._folder):
            for start, keys in self._fresh.items():
                self._append(start, keys)
            (self._folder / "pending").unlink(missing_ok=True)
        self._fresh = {}

    def forget(self, before: Micros) -> None:
        """Let go of keys older than this; lines of that time can no longer be told from new ones."""
        limit = before - before % SPAN
        old = [start for start in self._starts() if start < limit]
        if not old:
            return
        with _translated(self._folder):
            self.forgotten_until = Micros(max(limit, self.forgotten_until))
            replace(self._folder / "forgotten", str(self.forgotten_until).encode())
            for start in old:
                self._path(start).unlink()
                self._spans.pop(start, None)

    # --- files

    def _path(self, start: int) -> Path:
        return self._folder / f"{start // SECOND}.keys"

    def _starts(self) -> list[int]:
        return sorted(int(path.stem) * SECOND for path in self._folder.glob("*.keys") if path.stem.isdigit())

    def _span(self, start: int) -> set[int]:
        known = self._spans.get(start)
        if known is None:
            with _translated(self._folder):
                known = set(_read_keys(self._path(start)))
            self._make_room(len(known))
            self._spans[start] = known
        return known

    def _make_room(self, needed: int) -> None:
        """Let spans go from memory, those first that were taken in first; what is not on disk yet stays."""
        held = needed + sum(map(len, self._spans.values()))
        for start in [each for each in self._spans if each not in self._fresh]:
            if held <= _HELD:
                return
            held -= len(self._spans.pop(start))

    def _append(self, start: int, keys: Iterable[int]) -> None:
        path = self._path(start)
        is_new = not path.exists()
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            size = os.fstat(file).st_size
            os.pwrite(file, _pack(keys), size - size % _KEY_BYTES)  # what was torn off is written again
            os.fsync(file)
        finally:
            os.close(file)
        if is_new:
            sync_folder(self._folder)

    def _read_forgotten(self) -> Micros:
        path = self._folder / "forgotten"
        return Micros(int(path.read_text(encoding="ascii")) if path.exists() else 0)

    def _recover(self, last_segment: int) -> None:
        """After a crash: were the events of the keys put aside written?"""
        path = self._folder / "pending"
        if not path.exists():
            return
        pending = _decode(path.read_bytes())
        if pending.segment <= last_segment:
            for start, keys in pending.keys.items():
                self._append(start, keys)
        path.unlink()


def _pack(keys: Iterable[int]) -> bytes:
    packed = array("Q", keys)
    if byteorder == "big":
        packed.byteswap()
    return packed.tobytes()


def _read_keys(path: Path) -> array[int]:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raw = b""
    keys = array("Q", raw[: len(raw) - len(raw) % _KEY_BYTES])
    if byteorder == "big":
        keys.byteswap()
    return keys


@contextmanager
def _translated(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as fault:
        raise Unavailable(f"cannot keep account of access logs in {folder}: {fault.strerror}") from fault
    except (msgspec.DecodeError, ValueError) as fault:
        advice = "restore the folder, or remove it and read only what was never read before"
        raise Unavailable(f"a file in {folder} is damaged ({fault}); {advice}") from fault
