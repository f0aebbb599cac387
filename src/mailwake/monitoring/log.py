"""The log as a folder of files: how much there is, since when, and how far behind its readers are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from mailwake.eventlog import Extent, files
from mailwake.eventlog.sqlite import SqliteReader
from mailwake.monitoring.backlog import Backlog, Pace, backlogs

_SECOND = 1_000_000
_WRITER = re.compile(r"edge-[0-9]{1,4}|relay|ingest|ingest-files|library")
_READER = re.compile(r"[a-z][a-z-]{0,30}")
OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class Sequence:
    """What one writer wrote, or several of a kind."""

    #: as `label_of` names it
    writer: str
    bytes: int
    #: ever written; None: a file does not answer
    records: int | None


@dataclass(frozen=True, kw_only=True)
class LogReading:
    """How far one reader got."""

    reader: str
    #: records that wait for it
    behind_records: int
    #: age of the oldest of them; None: there is none
    behind_seconds: float | None
    #: microseconds since 1970
    moved_at: int
    stands_still: bool


@dataclass(frozen=True, kw_only=True)
class Log:
    """The folder of the log."""

    bytes: int
    #: when the oldest segment that was kept was written, in microseconds since 1970; None: there is none
    oldest_at: int | None
    sequences: tuple[Sequence, ...]
    readers: tuple[LogReading, ...]
    #: parts that could not be read just now
    damaged: int


def label_of(writer: str) -> str:
    """A writer of the log, from a closed set. Every run of `mailwake send` is one: campaigns are too many."""
    if writer.startswith("send-"):
        return "send"
    return writer if _WRITER.fullmatch(writer) else OTHER


def look_at_log(data: Path, *, now: int) -> Log:
    """The log of a data folder.

    Args:
        data: of the installation.
        now: microseconds since 1970.
    """
    folder = data / "log"
    with closing(SqliteReader(folder)) as reader:
        extents = reader.extents()
        sizes = _sizes(folder)
        oldest = [at for writer in extents if (at := reader.waiting_since(writer, 0)) is not None]
        return Log(
            bytes=sum(sizes.values()),
            oldest_at=min(oldest, default=None),
            sequences=tuple(_sequences(sizes, extents)),
            readers=tuple(_reading(each, now) for each in backlogs(data, now=now)),
            damaged=len(reader.damage),
        )


def _sizes(folder: Path) -> dict[str, int]:
    """Bytes per writer, with what has not been copied into its file yet."""
    known = files.places(folder) if folder.is_dir() else {}
    return {writer: sum(files.size_of(place) for place in places) for writer, places in known.items()}


def _sequences(sizes: Mapping[str, int], extents: Mapping[str, Extent]) -> Iterable[Sequence]:
    for label in sorted({label_of(writer) for writer in sizes}):
        writers = [writer for writer in sizes if label_of(writer) == label]
        records = [extents[writer].end.records for writer in writers if writer in extents]
        known = len(records) == len(writers)
        yield Sequence(
            writer=label, bytes=sum(sizes[writer] for writer in writers), records=sum(records) if known else None
        )


def _reading(backlog: Backlog, now: int) -> LogReading:
    seconds = None if backlog.since is None else max(0.0, (now - backlog.since) / _SECOND)
    return LogReading(
        reader=backlog.reader if _READER.fullmatch(backlog.reader) else OTHER,
        behind_records=backlog.records,
        behind_seconds=seconds,
        moved_at=backlog.passed_at,
        stands_still=backlog.pace is Pace.STOPPED,
    )
