"""The log as a folder of files: how much each writer wrote, since when, and what of it cannot be read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from mailwake.eventlog import Extent, files
from mailwake.eventlog.sqlite import SqliteReader
from mailwake.monitoring.backlog import PIPELINE

_WRITER = re.compile(r"edge-[0-9]{1,4}|relay|ingest|ingest-files|library|access-log|webhooks|salesforce")
#: of which there is one for each campaign, or each place that access logs come from
_KINDS = ("send", "access-log")
#: of the log; a note of any other name is somebody's own
READERS = frozenset({PIPELINE})
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
class Log:
    """The folder of the log."""

    bytes: int
    #: when the oldest segment that was kept was written, in microseconds since 1970; None: there is none
    oldest_at: int | None
    sequences: tuple[Sequence, ...]
    #: parts that could not be read just now
    damaged: int


def label_of(writer: str) -> str:
    """A writer of the log, from a closed set. What operators and campaigns name is too many: every kind is one."""
    for kind in _KINDS:
        if writer.startswith(f"{kind}-"):
            return kind
    return writer if _WRITER.fullmatch(writer) else OTHER


def reader_label(reader: str) -> str:
    """A reader of the log, from a closed set."""
    return reader if reader in READERS else OTHER


def look_at_log(data: Path) -> Log:
    """The log of a data folder."""
    folder = data / "log"
    with closing(SqliteReader(folder)) as reader:
        extents = reader.extents()
        sizes = _sizes(folder)
        oldest = [at for writer in extents if (at := reader.waiting_since(writer, 0)) is not None]
        return Log(
            bytes=sum(sizes.values()),
            oldest_at=min(oldest, default=None),
            sequences=tuple(_sequences(sizes, extents)),
            damaged=len(reader.damage),
        )


def _sizes(folder: Path) -> dict[str, int]:
    """Bytes per writer, with what has not been copied into its file yet."""
    known = files.places(folder) if folder.is_dir() else {}
    return {writer: sum(_size(place) for place in places) for writer, places in known.items()}


def _size(place: files.Place) -> int:
    try:
        return files.size_of(place)
    except FileNotFoundError:  # it was removed while we looked
        return 0


def _sequences(sizes: Mapping[str, int], extents: Mapping[str, Extent]) -> Iterable[Sequence]:
    for label in sorted({label_of(writer) for writer in sizes}):
        writers = [writer for writer in sizes if label_of(writer) == label]
        records = [extents[writer].end.records for writer in writers if writer in extents]
        known = len(records) == len(writers)
        size = sum(sizes[writer] for writer in writers)
        yield Sequence(writer=label, bytes=size, records=sum(records) if known else None)
