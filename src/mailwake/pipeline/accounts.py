"""What became of every record, per writer of the log, and the file that tells it to others.

The counts are part of the same transaction as the cursors, so they hold for exactly the records up to there:
``records = earlier + applied + dropped + dead + damaged``.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path

from mailwake.errors import Unavailable
from mailwake.eventlog import Segment
from mailwake.events import SECOND
from mailwake.files import write_report
from mailwake.pipeline.desk import Desk
from mailwake.pipeline.item import Batch, Drop
from mailwake.store.events import TakenRow
from mailwake.store.state import IncidentKind

#: How often the report is written while there is something new to tell.
REPORT_MICROS = 3 * SECOND
#: Records that are kept in the dead-letter folder instead of becoming rows.
DEAD = frozenset((Drop.UNREADABLE, Drop.POISON))


class Term(StrEnum):
    """What can become of a record, besides being dropped."""

    #: read from the log, or passed there because it could not be
    RECORDS = "records"
    #: became a row
    APPLIED = "applied"
    #: could not be read from the log
    DAMAGED = "damaged"
    #: taken in before anybody counted, or removed from the log before this store began
    EARLIER = "earlier"


#: writer and term to a count
Counts = Counter[tuple[str, str]]


def read_counts(segments: Iterable[Segment], known: Mapping[str, object]) -> Counts:
    """What was read.

    Args:
        segments: in the order of each writer.
        known: writers of which something was read before.
    """
    counts: Counts = Counter()
    met = set(known)
    for segment in segments:
        writer = segment.writer
        if writer not in met:
            met.add(writer)
            before = max(0, (segment.before or 0) - segment.lost)
            counts[writer, Term.EARLIER] += before
            counts[writer, Term.RECORDS] += before
        counts[writer, Term.RECORDS] += len(segment.records) + segment.lost
        counts[writer, Term.DAMAGED] += segment.lost
    return counts


def earlier(writer: str, records: int) -> list[TakenRow]:
    """Records that were taken in before anybody counted."""
    return [TakenRow(writer=writer, term=term, n=records) for term in (Term.EARLIER, Term.RECORDS)]


def taken_rows(batch: Batch) -> list[TakenRow]:
    """What became of the records of a batch, as the store adds it up."""
    counts = batch.read.copy()
    for writer, n in batch.applied.items():
        counts[writer, Term.APPLIED] += n
    for (writer, reason), n in batch.dropped.items():
        counts[writer, reason] += n
    return [TakenRow(writer=writer, term=str(term), n=n) for (writer, term), n in counts.items() if n]


class Reporter:
    """Writes ``<data>/pipeline.json``, which `mailwake.monitoring` compares with the log.

    Args:
        path: of the report; None: nobody wants one.
        started_at: microseconds since 1970.
    """

    def __init__(self, path: Path | None, started_at: int) -> None:
        self._path, self._started_at = path, started_at
        self._next = 0

    def write(self, desk: Desk, *, now: int, must: bool = False) -> None:
        """Write what the event store says, if it is time or must be.

        A full disk or a store that is away is passed over: the counts stay in the store.
        """
        if self._path is None or (now < self._next and not must):
            return
        self._next = now + REPORT_MICROS
        with contextlib.suppress(OSError, Unavailable):
            cursors, taken = desk.events.cursors(), desk.events.taken()
            writers = {writer: {"cursor": cursors[writer], **_account(taken.get(writer, {}))} for writer in cursors}
            times = {"started_at": self._started_at, "written_at": now}
            seconds = {step: round(spent, 6) for step, spent in desk.seconds.items()}
            waiting = desk.state.open_incident_counts()
            decide = {
                "held_unsubscribes": desk.state.held_count(),
                "open_storms": waiting.get(IncidentKind.STORM, 0),
                "open_alarms": waiting.get(IncidentKind.ALARM, 0),
                "fronts": desk.evidence.fronts,
            }
            told = {"writers": writers, "seconds": seconds, **decide}
            write_report(self._path, {"role": "pipeline", **times, **told})


def _account(taken: Mapping[str, int]) -> dict[str, int | dict[str, int]]:
    dropped = {str(reason): taken[reason] for reason in Drop if reason in taken and reason not in DEAD}
    dead = sum(taken.get(reason, 0) for reason in DEAD)
    terms = {str(term): taken.get(term, 0) for term in Term}
    return {**terms, "dead": dead, "dropped": dropped}
