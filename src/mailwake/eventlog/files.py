"""One file of a writer's sequence: its name, its lock, its tables.

A writer normally has one file, ``edge-0.log``. After a failed write or sync the file is given up, because nobody knows
which of its pages reached the disk, and the sequence goes on in a new one: ``edge-0.4711.log`` starts with segment
4711, and whatever an older file says of 4711 and later does not count.

Source: PostgreSQL's fsync errors of 2018, https://wiki.postgresql.org/wiki/Fsync_Errors
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import sqlite3
import time
from pathlib import Path
from typing import NamedTuple

from mailwake.errors import BadInput, Unavailable
from mailwake.eventlog import End, segments
from mailwake.files import sync_folder

#: A file whose end cannot be read is followed by one that starts so much higher that no number comes twice.
LEAP = 1 << 32
#: Large pages: a segment of a hundred hits is 60 kB, and every page costs a frame in the write-ahead log.
PAGE_BYTES = 16_384
#: what SQLite keeps beside a file
BESIDE = ("-wal", "-shm")
_BUSY_MILLISECONDS = 5_000
_NAME = re.compile(r"(?P<writer>[a-z0-9][a-z0-9_-]*)(?:\.(?P<first>[0-9]+))?\.log")
#: As SQLite keeps it; in our files it is the only table, and its tree starts on the second page.
TABLE = """CREATE TABLE segment (
        number INTEGER PRIMARY KEY,
        written_at INTEGER NOT NULL,
        count INTEGER NOT NULL,
        before INTEGER NOT NULL,
        crc32 INTEGER NOT NULL,
        body BLOB NOT NULL
    )"""
ROOT_PAGE = 2
#: Bytes of a file's head that are the same in all of ours. A file whose head was damaged may still be read, but what is
#: written to it could end up anywhere. Source: https://www.sqlite.org/fileformat2.html#the_database_header
_HEAD = {
    0: b"SQLite format 3\0" + PAGE_BYTES.to_bytes(2) + bytes((2, 2, 0, 64, 32, 32)),
    32: bytes(8),  # no free pages, because nothing is ever deleted
    44: (4).to_bytes(4),
    52: bytes(4) + (1).to_bytes(4) + bytes(12),
    72: bytes(20),
}
_INSERT = "INSERT INTO segment VALUES (?, ?, ?, ?, ?, ?)"


class Place(NamedTuple):
    """A file and the part of the sequence that is its own."""

    path: Path
    #: number of its first segment
    first: int


def places(folder: Path) -> dict[str, list[Place]]:
    """Every writer's files, oldest first."""
    found: dict[str, list[Place]] = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            name = _NAME.fullmatch(entry.name)
            if name:
                found.setdefault(name["writer"], []).append(Place(Path(entry.path), int(name["first"] or 1)))
    return {writer: sorted(found[writer], key=lambda place: place.first) for writer in sorted(found)}


def place_of(folder: Path, writer: str, first: int) -> Place:
    """Where the file that starts with this segment stands."""
    return Place(folder / (f"{writer}.log" if first == 1 else f"{writer}.{first}.log"), first)


def connect(path: Path, *, writing: bool) -> sqlite3.Connection:
    """An open connection that leaves checkpoints to us; usable from any one thread at a time."""
    mode = "rw" if writing else "ro"
    db = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None, check_same_thread=False
    )
    db.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")
    if writing:
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA wal_autocheckpoint = 0")
    return db


class LogFile:
    """One file, open for appending. What it raises is `sqlite3.Error` or `OSError`; its owner decides.

    Attributes:
        end: of the sequence, as far as it is durable.
        wal_bytes: about how much was written since the last checkpoint.

    Args:
        place: the newest file of the sequence; made when it is missing.
        after: how far the sequence goes; the next segment is the one after.
    """

    def __init__(self, place: Place, after: End) -> None:
        if not place.path.exists():
            _create(place.path)
        self._db = connect(place.path, writing=True)
        try:
            self._db.execute(f"PRAGMA page_size = {PAGE_BYTES}")
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute(TABLE.replace("TABLE", "TABLE IF NOT EXISTS", 1))
        except sqlite3.Error:
            self._db.close()
            raise
        self.place = place
        self.end = End(max(place.first - 1, after.segment), after.records)
        self.wal_bytes = 0

    def append(self, written_at: int, body: bytes, count: int) -> None:
        """Write and sync one segment; it is durable when this returns."""
        number, before = self.end.segment + 1, self.end.records
        check = segments.checksum(number, written_at, count, body, before=before)
        self._db.execute(_INSERT, (number, written_at, count, before, check, body))
        self.end = End(number, before + count)
        self.wal_bytes += len(body) + PAGE_BYTES  # a commit writes whole pages, however small it is

    def abandon(self) -> None:
        """Let go without another sync: after one that failed, a second would claim success for what the first lost."""
        with (
            contextlib.suppress(sqlite3.Error, OSError),
            contextlib.closing(connect(self.place.path, writing=False)) as db,
        ):
            db.execute("SELECT 1 FROM segment LIMIT 1").fetchone()  # while somebody reads, closing leaves all as it is
            self._db.close()
        self.close()

    def finish(self) -> None:
        """Let go for good: what stands beside the file goes into it, unless a reader is in the way."""
        with contextlib.suppress(sqlite3.Error):
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.close()

    def close(self) -> None:
        """Let go; a file that was given up may refuse even that."""
        with contextlib.suppress(sqlite3.Error):
            self._db.close()


def _create(path: Path) -> None:
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    sync_folder(path.parent)


def has_sound_head(place: Place) -> bool:
    """Whether a file starts as ours do, so that it may be written to. Ask before it is opened."""
    with place.path.open("rb") as file:
        head = file.read(100)
    return not head or all(head[at : at + len(part)] == part for at, part in _HEAD.items())


def size_of(place: Place) -> int:
    """Bytes that a file takes up, with what stands beside it."""
    found = 0
    for suffix in ("", *BESIDE):
        with contextlib.suppress(FileNotFoundError):
            found += Path(f"{place.path}{suffix}").stat().st_size
    return found


def remove(place: Place) -> None:
    """Delete a file, and then what stands beside it: never a file without the log that makes it whole."""
    try:
        place.path.unlink()
        sync_folder(place.path.parent)
    except FileNotFoundError:
        pass
    for suffix in BESIDE:
        Path(f"{place.path}{suffix}").unlink(missing_ok=True)


class Lock:
    """The right to append to a writer's sequence; the kernel gives it back when the process ends.

    Args:
        patience_seconds: how long to wait for another process to end.

    Raises:
        BadInput: the name cannot be a writer's.
        Unavailable: another process has it.
    """

    def __init__(self, folder: Path, writer: str, *, patience_seconds: float = 0.0) -> None:
        if not _NAME.fullmatch(f"{writer}.log"):
            raise BadInput(f"{writer!r} is no name for a log; use lower-case letters, digits, - and _")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = os.open(folder / f"{writer}.lock", os.O_CREAT | os.O_RDWR, 0o600)
        deadline = time.monotonic() + patience_seconds
        while not self._try():
            if time.monotonic() >= deadline:
                os.close(self._file)
                raise Unavailable(f"another process already writes the log {writer}; give this one a name of its own")
            time.sleep(0.02)

    def _try(self) -> bool:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        """Let another process append."""
        os.close(self._file)
