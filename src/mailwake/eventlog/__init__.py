"""Append, survive, replay.

The log is an append-only sequence per writer. Its unit is a *segment*: the packed records of one group commit. A record
is bytes; what it means is not the log's business. `LogWriter.append` reports back only after the record is on disk.
Readers keep a cursor per writer and say how far they got, so that what everybody has passed can be removed.

One protocol, one contract suite (`tests/contract/eventlog`), several engines.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

#: Called once per `LogWriter.append`, on the event loop: None when durable, else why it is not.
Done = Callable[[Exception | None], None]
#: Records that a writer holds while its disk is slow; more are refused, so that memory stays bounded.
QUEUE_RECORDS = 65_536
DAY = 86_400_000_000
#: What ends the name of a sequence for records of which no time of day may be kept: its segments tell the day alone. It
#: is a sequence of its own, because the times of the segments around a record would tell what the record does not.
DAYS = "-days"


class Segment(NamedTuple):
    """The records of one group commit, in the order they were appended."""

    writer: str
    #: counts up from 1, without gaps, per writer
    number: int
    #: microseconds since 1970
    written_at: int
    records: tuple[bytes, ...]
    #: records of the sequence before this segment; None: a log of the first format does not say
    before: int | None = None
    #: records here, or between the last segment and this, that could not be read
    lost: int = 0


class End(NamedTuple):
    """How far a sequence goes."""

    #: number of its last durable segment; 0: none yet
    segment: int
    #: in all its segments, those included that were removed
    records: int


class Extent(NamedTuple):
    """What of a sequence is still there, and how long it is."""

    #: number of the first segment that was kept
    first: int
    #: records before it, which every reader had passed
    removed: int
    end: End


class LogWriter(Protocol):
    """One process's own sequence. Use from one event loop."""

    @property
    def writer(self) -> str:
        """Name of the sequence, such as ``edge-0``."""
        ...

    @property
    def end(self) -> End:
        """The last segment that is durable, and how many records there are with it."""
        ...

    @property
    def waiting(self) -> int:
        """Records that were appended and not yet reported back; at `QUEUE_RECORDS` further ones are refused."""
        ...

    def append(self, records: Sequence[bytes], done: Done) -> None:
        """Queue records for the next group commit; never blocks.

        Args:
            records: what to keep; they come into one segment, or none of them does.
            done: called once, when all are durable, or with `Unavailable` when they could not be kept.
        """
        ...

    async def write(self, records: Sequence[bytes]) -> None:
        """Append records and wait until all are durable.

        Raises:
            Unavailable: the log could not keep them.
        """
        ...

    async def close(self) -> None:
        """Commit what is queued and let go of the file."""
        ...


class LogReader(Protocol):
    """Reads every writer's sequence. Synchronous; use from a worker thread."""

    def read(self, cursors: Mapping[str, int], *, limit_records: int) -> list[Segment]:
        """Segments after the cursors, in order per writer; about as many records as the limit.

        Args:
            cursors: writer to the number of the last segment read; a writer not named is read from its start.
            limit_records: stop after the segment that reaches this many.
        """
        ...

    def passed(self, reader: str, cursors: Mapping[str, int]) -> None:
        """Note that a reader needs nothing up to these segments any more."""
        ...

    def extents(self) -> dict[str, Extent]:
        """Every writer's sequence, as far as it can be read."""
        ...

    def position(self, writer: str, segment: int) -> int | None:
        """How many records a sequence had when this segment was written, with it; None: cannot be told."""
        ...
