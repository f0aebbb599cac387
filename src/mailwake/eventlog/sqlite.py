"""The log as SQLite files: one per writer, one row per segment, write-ahead log, every commit synced.

Group commit is natural: a thread commits what the event loop has gathered; when it has done so it wakes the loop once,
which hands over what came meanwhile and then tells the callers. Nothing ever waits for a batch to fill, and only the
loop touches the queue. Checkpoints run on another connection and thread, because they would otherwise be the slowest
commit of all.

Source: https://www.sqlite.org/wal.html (checkpoints), https://www.sqlite.org/pragma.html#pragma_synchronous (FULL)
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

from mailwake.errors import Unavailable
from mailwake.eventlog import DAY, DAYS, QUEUE_RECORDS, Done, End, files, segments
from mailwake.eventlog.files import LogFile
from mailwake.eventlog.keeping import Keeper, Look
from mailwake.eventlog.opening import begin_next, open_last
from mailwake.eventlog.reader import SqliteReader
from mailwake.sections import Log

__all__ = ["SqliteReader", "SqliteWriter", "append_now"]

#: Largest segment; a longer queue takes several commits, so that no commit takes long.
_SEGMENT_RECORDS = 8_192
#: A checkpoint is due after this much; the file beside the log grows to about twice as much. Commits wait behind its
#: sync, which takes longer the more there is: 70 ms for 32 MB, 20 ms for 8 MB on a virtual disk.
_CHECKPOINT_BYTES = 8 << 20
#: After a fault, how long until the disk is tried again.
_RETRY_SECONDS = 0.5

#: How long somebody may look after a sequence whose writer is away; see `mailwake.eventlog.left`.
_LOOKED_AFTER_SECONDS = 1.0
#: How often the other thread looks after the files: what a damaged end may cost without being counted.
_TEND_SECONDS = 3.0

_FAULTS = (sqlite3.Error, OSError)


def microseconds() -> int:
    """Now, as the log counts time."""
    return time.time_ns() // 1_000


class _Batch(NamedTuple):
    """What one caller appended."""

    records: Sequence[bytes]
    done: Done


class SqliteWriter:
    """A writer's sequence, open for appending; one process at a time. Make it with `open`.

    Attributes:
        waiting: records that nobody was told of yet; see `LogWriter.waiting`.
        faults: writes that failed.
        abandoned: files given up after a failed write.
    """

    def __init__(
        self,
        folder: Path,
        writer: str,
        lock: files.Lock,
        *,
        keep: Log | None,
        clock: Callable[[], int],
        retry_seconds: float,
        grain: int,
    ) -> None:
        self._folder, self._writer, self._lock, self._grain = folder, writer, lock, grain
        self._clock, self._retry_seconds = clock, retry_seconds
        self._loop: asyncio.AbstractEventLoop | None = None
        #: what waits for the next commit
        self._batches: list[_Batch] = []
        self.waiting = 0
        self._idle, self._closing = True, False
        self._work: SimpleQueue[list[_Batch] | None] = SimpleQueue()
        self._turn = threading.Lock()
        self._due = threading.Event()
        self._retry_at, self._failing = 0.0, False
        self.faults = self.abandoned = 0
        self._file: LogFile | None = open_last(folder, writer)
        self._end = self._file.end
        self._keeper = Keeper(folder, writer, keep, clock=clock)
        self._thread = threading.Thread(target=self._run, name=f"log {writer}", daemon=True)
        self._tender = threading.Thread(target=self._tend, name=f"tend {writer}", daemon=True)
        self._thread.start()
        self._tender.start()

    @classmethod
    def open(
        cls,
        folder: Path,
        writer: str,
        *,
        keep: Log | None = None,
        clock: Callable[[], int] = microseconds,
        retry_seconds: float = _RETRY_SECONDS,
        grain: int = 1,
    ) -> SqliteWriter:
        """Open a sequence where it ended, or start it.

        Args:
            folder: where the log's files are; made when it is missing.
            writer: name of the sequence, such as ``edge-0``.
            keep: how long; None: for ever.
            clock: gives microseconds since 1970.
            retry_seconds: after a fault, how long until the disk is tried again.
            grain: microseconds that the times of segments are cut to; see `mailwake.eventlog.DAYS`.

        Raises:
            Unavailable: another process writes this sequence, or the folder cannot be written.
        """
        try:
            lock = files.Lock(folder, writer, patience_seconds=_LOOKED_AFTER_SECONDS)
        except OSError as fault:
            raise Unavailable(f"cannot write to {folder}: {fault.strerror}") from None
        try:
            return cls(folder, writer, lock, keep=keep, clock=clock, retry_seconds=retry_seconds, grain=grain)
        except _FAULTS as fault:
            lock.release()
            raise Unavailable(f"cannot open the log {writer} in {folder}: {fault}") from None

    @classmethod
    def open_days(
        cls, folder: Path, writer: str, *, keep: Log | None = None, clock: Callable[[], int] = microseconds
    ) -> SqliteWriter:
        """The sequence beside `writer` for what no time of day may be kept of; see `mailwake.eventlog.DAYS`.

        Args:
            folder: as in `open`.
            writer: name of the sequence that it stands beside.
            keep: as in `open`.
            clock: as in `open`.

        Raises:
            Unavailable: as in `open`.
        """
        return cls.open(folder, writer + DAYS, keep=keep, clock=clock, grain=DAY)

    @property
    def writer(self) -> str:
        """Name of the sequence."""
        return self._writer

    @property
    def end(self) -> End:
        """How far the sequence goes; see `LogWriter.end`."""
        return self._end

    def append(self, records: Sequence[bytes], done: Done) -> None:
        """Queue records for the next group commit; see `LogWriter.append`."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        if self._closing or self.waiting >= QUEUE_RECORDS:
            reason = "is closed" if self._closing else "cannot keep up with the disk"
            self._loop.call_soon(done, Unavailable(f"the log {self._writer} {reason}", retry_after_seconds=1.0))
            return
        self._batches.append(_Batch(records, done))
        self.waiting += len(records)
        if self._idle:
            self._idle = False
            self._hand_over()

    async def write(self, records: Sequence[bytes]) -> None:
        """Append records and wait until all are durable; see `LogWriter.write`."""
        if not records:
            return
        finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def done(fault: Exception | None) -> None:
            if not finished.done():
                finished.set_result(None) if fault is None else finished.set_exception(fault)

        self.append(records, done)
        await finished

    async def close(self) -> None:
        """Commit what is queued and let go of the file."""
        if self._closing:
            return
        self._closing = True
        if self._idle:
            self._work.put(None)
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, self._join)
        await asyncio.sleep(0)  # the last answers were handed to the loop; let them leave first

    def _join(self) -> None:
        self._thread.join()
        self._due.set()
        self._tender.join()
        if self._file is not None:
            self._file.close()
        self._keeper.note(self._end)
        self._lock.release()

    def _hand_over(self) -> None:
        """Give the thread what waits, as much as makes one segment."""
        count = upto = 0
        for batch in self._batches:
            count += len(batch.records)
            if upto and count > _SEGMENT_RECORDS:
                break
            upto += 1
        batches, self._batches = self._batches[:upto], self._batches[upto:]
        self._work.put(batches)

    def _committed(self, batches: list[_Batch], fault: Exception | None) -> None:
        self.waiting -= sum(len(batch.records) for batch in batches)
        if self._batches:
            self._hand_over()
        elif self._closing:
            self._work.put(None)
        else:
            self._idle = True
        for batch in batches:
            try:
                batch.done(fault)
            except Exception as bug:  # noqa: BLE001 - one caller's mistake must not keep the others waiting
                context = {"message": "an answer failed after its record was written", "exception": bug}
                asyncio.get_running_loop().call_exception_handler(context)

    def _run(self) -> None:
        """The writing thread."""
        while batches := self._work.get():
            fault = self._commit([record for batch in batches for record in batch.records])
            loop = self._loop
            if loop is None or loop.is_closed():
                return  # the process ends without `close`; what was committed is safe
            loop.call_soon_threadsafe(self._committed, batches, fault)

    def _commit(self, records: list[bytes]) -> Exception | None:
        """One segment, durable; or why it is not."""
        if time.monotonic() < self._retry_at:
            return Unavailable(f"the log {self._writer} waits for the disk to come back", retry_after_seconds=1.0)
        try:
            with self._turn:
                file = self._file = self._file or begin_next(self._folder, self._writer, self._end)
                now = self._clock()
                file.append(now - now % self._grain, segments.pack(records), len(records))
                self._end = file.end
        except _FAULTS as fault:
            self.faults += 1
            self._abandon()
            return Unavailable(f"the log {self._writer} cannot be written: {fault}", retry_after_seconds=1.0)
        self._failing = False
        if file.wal_bytes > _CHECKPOINT_BYTES:
            self._due.set()
        return None

    def _abandon(self) -> None:
        """Give the file up, synced or not: after a failed sync nobody knows what the disk has."""
        file, self._file = self._file, None
        if file is not None:
            self.abandoned += 1
            file.abandon()
        if self._failing:  # the first fault is tried again at once, in a new file
            self._retry_at = time.monotonic() + self._retry_seconds
        self._failing = True

    def _tend(self) -> None:
        """The other thread: checkpoints, and all that the keeper does."""
        while True:
            self._due.wait(_TEND_SECONDS)
            self._due.clear()
            if self._closing:
                return
            try:
                self.tidy()
            except _FAULTS:
                self.faults += 1  # the commits say for themselves whether the disk is well

    def tidy(self, *, now: bool = False) -> None:
        """Do what is due beside the commits: a checkpoint, a new file, the removal of old ones.

        Args:
            now: remove what may go without waiting for the hour.

        Raises:
            OSError: the disk is not well.
            sqlite3.Error: a file is not.
        """
        file, end = self._file, self._end
        if file is not None:
            if file.wal_bytes > _CHECKPOINT_BYTES:
                self._checkpoint(file)
            look = self._keeper.look(file, end)
            if look is not Look.WELL:
                self._begin_next(file, look)
        self._keeper.note(end)
        self._keeper.sweep(now=now)

    def _checkpoint(self, file: LogFile) -> None:
        """Copy the write-ahead log into the file, nearly all of it while commits go on."""
        db = files.connect(file.place.path, writing=True)
        try:
            db.execute("PRAGMA wal_checkpoint(PASSIVE)")
            with self._turn:  # what came meanwhile is little; without it the log beside the file never restarts
                db.execute("PRAGMA wal_checkpoint(PASSIVE)")
                file.wal_bytes = 0
        except _FAULTS:
            self.faults += 1
            self._begin_next(file, Look.LOST)
        finally:
            db.close()

    def _begin_next(self, file: LogFile, why: Look) -> None:
        with self._turn:
            if self._file is not file:
                return  # given up meanwhile
            self._file = begin_next(self._folder, self._writer, self._end)
        if why is Look.FULL:
            file.finish()
        else:
            self.abandoned += 1
            file.abandon()


def append_now(
    folder: Path,
    writer: str,
    records: Sequence[bytes],
    *,
    keep: Log | None = None,
    clock: Callable[[], int] = microseconds,
    patience_seconds: float = 10.0,
) -> None:
    """Append records as one segment and sync it, for commands that have no event loop.

    Args:
        folder: where the log's files are.
        writer: name of the sequence; several processes may share it, one after the other.
        records: what to keep; nothing happens without any.
        keep: how long; None: for ever.
        clock: gives microseconds since 1970.
        patience_seconds: how long to wait for another process that is writing.

    Raises:
        Unavailable: the log could not keep them.
    """
    if not records:
        return
    try:
        lock = files.Lock(folder, writer, patience_seconds=patience_seconds)
        try:
            _append(open_last(folder, writer), clock(), records, Keeper(folder, writer, keep, clock=clock))
        finally:
            lock.release()
    except _FAULTS as fault:
        raise Unavailable(f"cannot write the log {writer} in {folder}: {fault}") from None


def _append(file: LogFile, now: int, records: Sequence[bytes], keeper: Keeper) -> None:
    is_full = keeper.look(file, file.end) is Look.FULL
    if is_full:
        file.finish()
        file = begin_next(keeper.folder, keeper.writer, file.end)
    body = segments.pack(records)
    try:
        file.append(now, body, len(records))
    except _FAULTS:
        file.abandon()
        file = begin_next(keeper.folder, keeper.writer, file.end)
        file.append(now, body, len(records))
    finally:
        file.close()
    with contextlib.suppress(*_FAULTS):  # what was appended is safe whatever comes of this
        keeper.note(file.end)
        if is_full:
            keeper.sweep(now=True)
