"""Whether the readers keep up with the log, and how long the disk lasts.

What a reader has not passed is never removed, so a reader that stops fills the disk in the end. It is told long before:
by how long its records have been waiting, and by how much of the room that is left they take up.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from mailwake.eventlog import DAY, DAYS, End, files, notes
from mailwake.eventlog.files import Place
from mailwake.eventlog.sqlite import SqliteReader

#: This one is missed where it has never read.
PIPELINE = "pipeline"
_HOUR = 3_600_000_000
_DAY = 24 * _HOUR
#: A reader that left records lying for so long, and passed none meanwhile, does not work.
STOPPED_MICROS = _HOUR // 6
#: Records that wait may take so much of the room that is left, before somebody should look.
SHARE_OF_FREE = 0.25


class Pace(StrEnum):
    """How a reader gets on."""

    KEEPS_UP = "keeps up"
    #: what waits takes a large part of the room that is left
    BEHIND = "behind"
    #: has passed nothing for a while, although something waits
    STOPPED = "stopped"


@dataclass(frozen=True, kw_only=True)
class Backlog:
    """What one reader of the log has not passed yet."""

    reader: str
    records: int
    #: about as much of the disk
    bytes: int
    #: when the first of the records was written, microseconds since 1970; None: nothing waits
    since: int | None
    #: when the reader last passed something; 0: never
    passed_at: int
    pace: Pace


@dataclass(frozen=True, kw_only=True)
class Room:
    """What the log takes up, and what is left."""

    log_bytes: int
    free_bytes: int
    #: at the pace of the last day; None: not known yet
    bytes_per_day: float | None
    #: until the disk is full at that pace; None: not known, or never, because old files go before
    days_left: float | None


def backlogs(data: Path, *, now: int) -> list[Backlog]:
    """Every reader of an installation's log.

    Args:
        data: the installation's data folder.
        now: microseconds since 1970.
    """
    folder = data / "log"
    if not folder.is_dir():
        return []
    with closing(SqliteReader(folder)) as reader:
        survey = _Survey(reader, now)
        ends_of = {PIPELINE: dict[str, End](), **notes.passed(folder)}
        return [survey.backlog(name, ends) for name, ends in ends_of.items()]


class _Survey:
    """The log at one moment."""

    def __init__(self, reader: SqliteReader, now: int) -> None:
        self._reader, self._now = reader, now
        self._extents = reader.extents()
        kept = sum(extent.end.records - extent.removed for extent in self._extents.values())
        size = sum(files.size_of(place) for places in files.places(reader.folder).values() for place in places)
        self._bytes_per_record = size / kept if kept > 0 else 0.0

    def backlog(self, name: str, ends: Mapping[str, End]) -> Backlog:
        """What a reader has not passed that came this far."""
        records, since, passed_at = 0, None, 0
        for writer, extent in self._extents.items():
            cursor = ends[writer].segment if writer in ends else 0
            position = self._reader.position(writer, cursor)
            left = extent.end.records - (extent.removed if position is None else position)
            at = self._reader.waiting_since(writer, cursor) if left > 0 else None
            if at is not None and writer.endswith(DAYS):
                at = min(at + DAY, self._now)  # its segments tell the day alone: they wait since its end at the latest
            records += left
            since = at if since is None or (at is not None and at < since) else since
        with suppress(OSError):
            passed_at = (self._reader.folder / f"{name}.passed").stat().st_mtime_ns // 1_000
        size = round(records * self._bytes_per_record)
        pace = self._pace(size, since=since, passed_at=passed_at)
        return Backlog(reader=name, records=records, bytes=size, since=since, passed_at=passed_at, pace=pace)

    def _pace(self, size: int, *, since: int | None, passed_at: int) -> Pace:
        if since is not None and self._now - max(since, passed_at) > STOPPED_MICROS:
            return Pace.STOPPED
        free = shutil.disk_usage(self._reader.folder).free
        return Pace.BEHIND if size > SHARE_OF_FREE * free else Pace.KEEPS_UP


def room(data: Path, *, keep_days: int, now: int) -> Room:
    """What an installation's log takes up, and how long the disk lasts.

    Args:
        data: the installation's data folder.
        keep_days: see `log.keep_days`.
        now: microseconds since 1970.
    """
    folder = data / "log"
    if not folder.is_dir():
        return Room(log_bytes=0, free_bytes=shutil.disk_usage(data).free, bytes_per_day=None, days_left=None)
    spans = list(_spans(folder))
    recent = [span for span in spans if span.ended_at >= now - _DAY]
    lasted = now - min((span.began_at for span in recent), default=now)
    pace = sum(span.bytes for span in recent) * _DAY / lasted if lasted >= _HOUR else None
    free = shutil.disk_usage(folder).free
    stopped = any(backlog.pace is Pace.STOPPED for backlog in backlogs(data, now=now))
    grows = None if stopped else _still_to_come(spans, recent, keep_days=keep_days, now=now)
    never = not pace or (grows is not None and grows <= free)
    return Room(
        log_bytes=sum(span.bytes for span in spans),
        free_bytes=free,
        bytes_per_day=pace,
        days_left=None if never or pace is None else free / pace,
    )


def _still_to_come(spans: list[_Span], recent: list[_Span], *, keep_days: int, now: int) -> float:
    """Bytes by which the log still grows, until of every writer as much is removed as is added."""
    total = 0.0
    for writer in {span.writer for span in recent}:
        mine = [span for span in recent if span.writer == writer]
        pace = sum(span.bytes for span in mine) / max(_HOUR, now - min(span.began_at for span in mine))
        age = now - min(span.began_at for span in spans if span.writer == writer)
        total += pace * max(0, (keep_days + 1) * _DAY - age)
    return total


@dataclass(frozen=True, kw_only=True)
class _Span:
    """One file: its size, and from when until when it was written."""

    writer: str
    bytes: int
    began_at: int
    ended_at: int


def _spans(folder: Path) -> Iterator[_Span]:
    with closing(SqliteReader(folder)) as reader:
        for writer, places in files.places(folder).items():
            for place in places:
                began_at = reader.waiting_since(writer, place.first - 1)
                with suppress(FileNotFoundError):
                    size, ended_at = files.size_of(place), _changed_at(place)
                    began_at = min(began_at or ended_at, ended_at)
                    yield _Span(writer=writer, bytes=size, began_at=began_at, ended_at=ended_at)


def _changed_at(place: Place) -> int:
    beside = place.path.with_name(f"{place.path.name}-wal")
    times = [path.stat().st_mtime_ns for path in (place.path, beside) if path == place.path or path.exists()]
    return max(times) // 1_000
