"""What a writer does for its own files beside the commits: notes, new files in time, and the removal of old ones.

Whole files are removed, so that the disk really has the room again: the oldest first, and never the newest. A file goes
when every reader has passed it and its last segment is older than `log.keep_days`. After a jump of the clock nothing is
removed for a day, because then nobody knows what is old.
"""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

from mailwake.eventlog import End, files, notes
from mailwake.eventlog.files import LogFile, Place
from mailwake.eventlog.view import END, View
from mailwake.sections import Log

HOUR = 3_600_000_000
DAY = 24 * HOUR
_Answer = TypeVar("_Answer")
_BESIDE = re.compile(r"(?P<main>(?P<writer>[a-z0-9_-]+)(\.[0-9]+)?\.log)-(wal|shm)")


class Look(StrEnum):
    """What is to be done with the newest file."""

    WELL = "well"
    #: large or old enough to be followed by a new one
    FULL = "full"
    #: it is not there any more, or does not hold what was written to it
    LOST = "lost"


class Keeper:
    """Looks after one writer's files. Use from one thread, which holds the writer's lock.

    Attributes:
        folder: as given.
        writer: as given.

    Args:
        folder: where the log's files are.
        writer: whose files.
        keep: for how long; None: for ever, in one file.
        clock: gives microseconds since 1970.
        steady: gives seconds, and is never set.
    """

    def __init__(
        self,
        folder: Path,
        writer: str,
        keep: Log | None,
        *,
        clock: Callable[[], int],
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self.folder, self.writer, self._keep = folder, writer, keep
        self._clock, self._steady = clock, steady
        self._noted = End(0, 0)
        self._drift = self._clock_less_steady()
        self._calm_at = self._sweep_at = 0.0

    def note(self, end: End) -> None:
        """Say how far the sequence goes, for the case that the file should forget."""
        if end != self._noted:
            notes.write_end(self.folder, self.writer, end)
            self._noted = end

    def look(self, file: LogFile, end: End) -> Look:
        """Whether the newest file holds what it must, and should go on.

        Args:
            file: the newest.
            end: of the sequence, read before.
        """
        if end.segment < file.place.first:
            return Look.WELL  # nothing is in it yet
        try:
            with closing(View(file.place)) as view:
                first, last = view.first(0), view.last()
        except (sqlite3.DatabaseError, OSError) as fault:
            code = getattr(fault, "sqlite_errorcode", None)
            is_lost = code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB) or isinstance(fault, FileNotFoundError)
            return Look.LOST if is_lost else Look.WELL
        if first is None or last is None or last.number < end.segment:
            return Look.LOST
        return Look.FULL if self._is_full(file.place, first.written_at) else Look.WELL

    def _is_full(self, place: Place, began_at: int) -> bool:
        if self._keep is None:
            return False
        is_old = self._clock() - began_at >= DAY
        return is_old or files.size_of(place) >= self._keep.file_megabytes * 1_000_000

    def sweep(self, *, now: bool = False) -> list[Place]:
        """Remove what may go, once an hour, and say which files went.

        Args:
            now: do not wait for the hour.

        Raises:
            OSError: a file cannot be removed; the next time it is tried again.
        """
        if self._steady() < self._sweep_at and not now:
            return []
        self._sweep_at = self._steady() + 3_600
        self._remove_left_over()
        removable = [] if self._keep is None or self._is_clock_suspect() else self._removable(self._keep)
        for place in removable:
            files.remove(place)
        return removable

    def _removable(self, keep: Log) -> list[Place]:
        known = files.places(self.folder).get(self.writer, [])
        passed, oldest = notes.passed_by_all(self.folder, self.writer), self._clock() - keep.keep_days * DAY
        found: list[Place] = []
        for place, following in pairwise(known):
            if following.first - 1 > passed or last_written(place, following.first) >= oldest:
                break
            found.append(place)
        while found and _is_of_the_first_format(known[len(found)]):
            found.pop()  # its records are counted from the very start
        return found

    def _remove_left_over(self) -> None:
        """What stood beside a file that is gone: a kill came between the two."""
        for path in self.folder.glob(f"{self.writer}*.log-*"):
            name = _BESIDE.fullmatch(path.name)
            if name and name["writer"] == self.writer and not path.with_name(name["main"]).exists():
                path.unlink(missing_ok=True)

    def _is_clock_suspect(self) -> bool:
        drift = self._clock_less_steady()
        if abs(drift - self._drift) > HOUR:
            self._drift, self._calm_at = drift, self._steady() + 86_400
        return self._steady() < self._calm_at

    def _clock_less_steady(self) -> float:
        return self._clock() - self._steady() * 1_000_000


def last_written(place: Place, end: int = END) -> int:
    """When the last segment of a file before `end` was written; where it does not say, when the file was changed."""
    last = _ask(place, lambda view: view.last(end))
    return last.written_at if last else place.path.stat().st_mtime_ns // 1_000


def _is_of_the_first_format(place: Place) -> bool:
    return bool(_ask(place, lambda view: view.is_of_the_first_format))


def _ask(place: Place, question: Callable[[View], _Answer]) -> _Answer | None:
    try:
        with closing(View(place)) as view:
            return question(view)
    except sqlite3.DatabaseError:
        return None
