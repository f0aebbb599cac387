"""From the lines of access logs to durable events, in segments of bounded size; every line ends in exactly one count.

``lines = recorded + known + inert + expired + rejected + not_pixel + unreadable``, always.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import msgspec

from mailwake.accesslog.columns import Hit
from mailwake.accesslog.keys import Keys
from mailwake.accesslog.ledger import Ledger
from mailwake.accesslog.reader import LineReader, Other
from mailwake.errors import Unreadable
from mailwake.eventlog import End
from mailwake.events import SECOND, Event, Micros
from mailwake.reduced import keep

#: Records of one segment: enough to make its sync cheap, few enough that a crash costs little reading.
SEGMENT_RECORDS = 4_096
#: Unreadable lines that are named; all are counted.
_NAMED = 5
#: Clocks of two machines may differ by this much; what is later than now by more has not happened.
_AHEAD = 300 * SECOND
#: nginx: the client had gone, https://nginx.org/en/docs/dev/development_guide.html#http_request_finalization;
#: CloudFront's 000 says the same
_CLIENT_LEFT = 499
_NOT_MODIFIED = 304

#: What the edge would have recorded of a hit; None: nothing.
Replay = Callable[[Hit], Event | None]


class Log(Protocol):
    """Where events go: a writer that tells how far it got."""

    @property
    def end(self) -> End:
        """The last durable segment."""
        ...

    async def write(self, records: list[bytes]) -> None:
        """Append and wait until all are durable."""
        ...


class Problem(NamedTuple):
    """A line that could not be read; nothing of it is told."""

    file: str
    #: from 1
    line: int
    reason: str


@dataclass(kw_only=True)
class Tally:
    """What became of the lines."""

    #: entries of the logs; comments and empty lines are none
    lines: int = 0
    #: durable in the log of events
    recorded: int = 0
    #: recorded by an earlier reading
    known: int = 0
    #: somebody asked for something else than a pixel
    not_pixel: int = 0
    unreadable: int = 0
    #: refused before anything was looked at, by reason
    refused: Counter[str] = field(default_factory=Counter)
    #: the latest time of a hit; 0: there was none
    newest: int = 0
    #: the first lines that could not be read
    problems: list[Problem] = field(default_factory=list)


class Intake:
    """Takes lines in.

    Args:
        log: of events, this source's own sequence.
        days: the one beside it, which tells no time of day.
        ledger: what was taken in before.
        replay: the edge's rules.
        now: microseconds since 1970, when reading began.
        tally: is counted on.
    """

    def __init__(self, log: Log, ledger: Ledger, *, days: Log, replay: Replay, now: Micros, tally: Tally) -> None:
        self._log, self._days, self._ledger, self._replay = log, days, ledger, replay
        self._latest = now + _AHEAD
        self._waiting: list[bytes] = []
        self._dated: list[bytes] = []
        self.tally = tally

    async def take(self, name: str, lines: Iterable[bytes | None], reader: LineReader, keys: Keys) -> None:
        """Take in the lines of one file; afterwards all but the last segment's worth is durable.

        Raises:
            Unavailable: the log or the ledger cannot be written.
        """
        for number, line in enumerate(lines, 1):
            try:
                self._take(line, reader, keys)
            except Unreadable as fault:
                self.tally.lines += 1
                self.tally.unreadable += 1
                if len(self.tally.problems) < _NAMED:
                    self.tally.problems.append(Problem(name, number, str(fault)))
            if len(self._waiting) + len(self._dated) >= SEGMENT_RECORDS:
                await self.flush()

    async def flush(self) -> None:
        """Make durable what was taken in.

        Raises:
            Unavailable: the log or the ledger cannot be written; what was not durable is read again the next time.
        """
        if not self._waiting and not self._dated:
            return
        if self._dated:
            await self._days.write(self._dated)  # a day written twice is one day, so the ledger need not know of it
        self._ledger.prepare(self._log.end.segment + 1)
        await self._log.write(self._waiting)
        self._ledger.commit()
        self.tally.recorded += len(self._waiting) + len(self._dated)
        self._waiting, self._dated = [], []

    def _take(self, line: bytes | None, reader: LineReader, keys: Keys) -> None:
        if line is None:
            raise Unreadable("the line is longer than any request")
        hit = reader.read(line)
        if hit is Other.NO_ENTRY:
            return
        self.tally.lines += 1
        if isinstance(hit, Other):
            self.tally.not_pixel += 1
        elif reason := self._refusal(hit):
            self.tally.refused[reason] += 1
        else:
            self._record(hit, keys.key(line, hit.name))

    def _refusal(self, hit: Hit) -> str:
        """Why a hit is not even looked at; empty: it is."""
        status = hit.status or 200
        if status >= 300 and status not in (_NOT_MODIFIED, _CLIENT_LEFT):
            return "status"  # redirected or refused: no picture was given out
        if hit.at > self._latest:
            return "future"
        return "late" if hit.at < self._ledger.forgotten_until else ""

    def _record(self, hit: Hit, key: int) -> None:
        self.tally.newest = max(self.tally.newest, hit.at)
        if self._ledger.knows(hit.at, key):
            self.tally.known += 1
            return
        event = self._replay(hit)
        if event is None:
            return
        self._ledger.note(hit.at, key)
        # Only what names a delivery anyway gets a key that leads back to the line.
        if event.request is not None:
            msgspec.structs.force_setattr(event, "key", f"log:{key:016x}")
        records, days = keep(event)
        self._waiting += records
        self._dated += days
