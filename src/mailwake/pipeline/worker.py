"""Takes the log in: reads, runs the steps, stores, says how far it got.

Batches are natural: what has gathered while the last one was stored is the next one. The cursors are part of the same
transaction as the rows, so after a crash reading goes on exactly where storing ended. One worker per event store.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import structlog

from mailwake.errors import MailwakeError, Unavailable
from mailwake.eventlog import LogReader, Segment
from mailwake.events import SECOND, DeliveryId, EventType, Evidence, Micros
from mailwake.history.recall import remember
from mailwake.judge import Judge
from mailwake.pipeline.accounts import Reporter, earlier, read_counts
from mailwake.pipeline.desk import Desk, make_clock
from mailwake.pipeline.item import NEVER, Batch, Drop, Item, Why
from mailwake.pipeline.rows import evidence_of
from mailwake.pipeline.steps import DAY, HOUR, run_steps, set_aside
from mailwake.store.events import EventRow
from mailwake.store.state import StateStore

log = structlog.get_logger()

#: Name under which the log remembers how far this reader got.
READER = "pipeline"
#: About as many records as one batch takes in: enough to fill a store's columns, too few to keep a withdrawal waiting.
BATCH_RECORDS = 8_192
#: How long to wait when nothing came.
POLL_SECONDS = 0.1
#: How often the store looks for quiet deliveries.
SWEEP_MICROS = 5 * SECOND
#: After a restart the judge learns again when mail of this last week was delivered; what is read later is rare.
REMEMBERED_MICROS = 8 * DAY
#: So much of it at once, to keep the answers small.
_WINDOW = 6 * HOUR
#: A writer that gave this part of a batch may have more waiting; the reader gives each of several writers a share.
_SHARES = 64


@dataclass(frozen=True, kw_only=True)
class Pass:
    """What one turn did. records = written + all that was dropped."""

    #: read from the log
    records: int = 0
    #: became rows
    written: int = 0
    #: of those, new to the store
    added: int = 0
    #: did not become rows, by reason
    dropped: tuple[tuple[Drop, int], ...] = ()
    #: places of the log where records were lost
    damaged_segments: int = 0
    #: how many records were lost there
    lost: int = 0

    def __add__(self, other: Pass) -> Pass:
        """Both turns together."""
        sums = dict(self.dropped)
        for reason, n in other.dropped:
            sums[reason] = sums.get(reason, 0) + n
        return Pass(
            records=self.records + other.records,
            written=self.written + other.written,
            added=self.added + other.added,
            dropped=tuple(sums.items()),
            damaged_segments=self.damaged_segments + other.damaged_segments,
            lost=self.lost + other.lost,
        )


class Reader(LogReader, Protocol):
    """A log's reader that holds something open."""

    def close(self) -> None:
        """Let go of it."""
        ...


class Worker:
    """One reader of the log. Use from one thread.

    Args:
        reader: the log; closed by `close`, as the desk's state store is.
        desk: stores, tables and settings.
        make_judge: a judge that has seen nothing; called at the start and after every fault.
        wall: gives microseconds since 1970.
        batch_records: about how many records are taken in together.
        report: where the worker says what became of the records.
    """

    def __init__(
        self,
        reader: Reader,
        desk: Desk,
        *,
        make_judge: Callable[[], Judge],
        wall: Callable[[], int],
        batch_records: int = BATCH_RECORDS,
        report: Path | None = None,
    ) -> None:
        self._reader = reader
        self._desk = desk
        self._make_judge = make_judge
        self._wall = wall
        self._limit = batch_records
        self._stale = True
        self._cursors: dict[str, int] = {}
        self._last_record_at = self._last_sweep_at = self._read_at = wall()
        self._reporter = Reporter(report, wall())
        self.total = Pass()

    @property
    def state(self) -> StateStore:
        """The state store, which `close` closes."""
        return self._desk.state

    @property
    def seconds(self) -> dict[str, float]:
        """Seconds spent in each step so far."""
        return dict(self._desk.seconds)

    def run_once(self) -> Pass:
        """Take in what waits, up to one batch, and close what has been quiet.

        Raises:
            Unavailable: a store or the log is away; nothing is lost, call again.
        """
        try:
            if self._stale:
                self._restore()
            done = self._take(self._read())
        except BaseException:
            self._stale = True
            raise
        self.total += done
        self._reporter.write(self._desk, now=self._wall())
        return done

    def drain(self) -> Pass:
        """Take in everything that waits now.

        The set of those who withdrew is written at the end, as of now: whoever works from time to time alone keeps it
        fresh by that, and an edge that finds it too old records nobody.

        Raises:
            Unavailable: as `run_once`.
        """
        total = Pass()
        while (done := self.run_once()).records or done.damaged_segments:
            total += done
        self._desk.inert.write(must=True)
        return total

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop; a store that is away is waited for."""
        while not stop.is_set():
            try:
                done = self.run_once()
            except Unavailable as fault:
                log.warning("pipeline.unavailable", problem=str(fault))
                stop.wait(min(fault.retry_after_seconds, 5.0))
                continue
            except Exception:  # the log waits; whoever reads this line can mend what is wrong
                log.exception("pipeline.failed")
                stop.wait(5.0)
                continue
            if not done.records and not done.damaged_segments:
                stop.wait(POLL_SECONDS)

    def report(self) -> None:
        """Write the report now."""
        self._reporter.write(self._desk, now=self._wall(), must=True)

    def close(self) -> None:
        """Let go of the log and the state store; the event store is its owner's, and still open."""
        self.report()
        self._reader.close()
        self._desk.state.close()
        self._desk.withdrawals.close()

    def _restore(self) -> None:
        """Begin where the store ended: its cursors, and a judge that has seen what may still be judged again."""
        desk = self._desk
        desk.judge, desk.clock, desk.settled_until = self._make_judge(), make_clock(desk.demo), NEVER
        desk.seen.clear()
        desk.cut_line = None
        self._remember_deliveries()
        rows = desk.events.provisional()
        remember(desk.judge, desk.events, now=Micros(self._wall()), but={row.id for row in rows})
        rejudged, why = Batch(items=[]), Why(Micros(self._wall()))
        for row in rows:
            desk.is_news(row.id)
            for identity, _, verdict in desk.judge.observe(evidence_of(row)):
                rejudged.rejudged[identity], rejudged.why[identity] = verdict, why
        _keep_changed(rejudged, rows)
        run_steps(rejudged, desk)
        self._cursors = desk.events.cursors()
        self._count_earlier()
        desk.inert.begin()
        self._stale = False

    def _remember_deliveries(self) -> None:
        """Tell a new judge when mail was delivered: people read for days, long after a delivery has settled."""
        now, newest = self._wall(), self._desk.events.ask("latest")[0]["happened_at"] or NEVER
        for since in range(now - REMEMBERED_MICROS, min(now + DAY, newest + 1), _WINDOW):
            for row in self._desk.events.ask("delivery_times", since=since, until=since + _WINDOW):
                delivery, at = DeliveryId(row["delivery"]), Micros(row["first_at"])
                self._desk.judge.observe(Evidence(id=0, type=EventType(row["type"]), at=at, delivery=delivery))

    def _count_earlier(self) -> None:
        """What a store took in before anybody counted: as many records as the log has up to its cursors."""
        for writer in set(self._cursors) - set(self._desk.events.taken()):
            records = self._reader.position(writer, self._cursors[writer])
            self._desk.events.write(taken=earlier(writer, records or 0))

    def _read(self) -> list[Segment]:
        self._read_at = self._wall()
        return in_order(self._reader.read(self._cursors, limit_records=self._limit), self._limit)

    def _take(self, segments: Sequence[Segment]) -> Pass:
        now = self._wall()
        batch = self._batch(segments, now)
        records = len(batch.items)
        if not segments:
            self._desk.clock.nothing_came(wall=Micros(now), quiet=now - self._last_record_at)
        else:
            self._last_record_at = now
        self._desk.inert.look()
        self._desk.inert.write()
        batch = self._run(batch)
        self._desk.inert.passed(max(segment.written_at for segment in segments) if segments else self._read_at)
        if segments:
            self._cursors |= batch.cursors
            self._reader.passed(READER, self._cursors)
        done = Pass(
            records=records,
            written=batch.written,
            added=batch.added,
            dropped=tuple(_by_reason(batch).items()),
            damaged_segments=sum(1 for segment in segments if segment.lost),
            lost=sum(segment.lost for segment in segments),
        )
        _tell(done)
        return done

    def _batch(self, segments: Sequence[Segment], now: int) -> Batch:
        items: list[Item] = []
        cursors: dict[str, int] = {}
        for segment in segments:
            cursors[segment.writer] = max(segment.number, cursors.get(segment.writer, 0))
            items.extend(_items(segment))
        sweeps = now - self._last_sweep_at >= SWEEP_MICROS
        if sweeps:
            self._last_sweep_at = now
        return Batch(items=items, cursors=cursors, sweeps=sweeps, read=read_counts(segments, self._cursors))

    def _run(self, batch: Batch) -> Batch:
        """Run the steps; where a batch fails for a reason that nobody foresaw, find the record and set it aside."""
        items = list(batch.items)
        try:
            run_steps(batch, self._desk)
        except MailwakeError:
            raise
        except Exception:  # a bug in a step must not stop the log; the record is kept with the reason
            log.exception("pipeline.batch_failed", records=len(items))
            return self._one_by_one(items, batch)
        return batch

    def _one_by_one(self, items: list[Item], failed: Batch) -> Batch:
        self._restore()
        whole = Batch(items=[], cursors=failed.cursors, sweeps=failed.sweeps, read=failed.read)
        for item in items:
            alone = Batch(items=[item])
            try:
                run_steps(alone, self._desk)
            except MailwakeError:
                raise
            except Exception as fault:  # noqa: BLE001 - as above
                set_aside(item, self._desk, Drop.POISON, repr(fault))
                self._restore()
                alone.dropped[item.writer, Drop.POISON] += 1
            whole.dropped += alone.dropped
            whole.applied += alone.applied
            whole.written += alone.written
            whole.added += alone.added
        written, added = whole.written, whole.added
        run_steps(whole, self._desk)
        whole.written, whole.added = written, added
        return whole


def in_order(segments: Sequence[Segment], limit_records: int) -> list[Segment]:
    """The segments by the time they were written, without those that another writer may still have older ones for.

    Live, every writer is read to its end. With a backlog the reader stops at a share for each writer; what a dense
    writer has not shown yet must come before what a sparse one wrote later, or a delivery would settle too soon.
    """
    shown: dict[str, int] = {}
    last: dict[str, int] = {}
    for segment in segments:
        shown[segment.writer] = shown.get(segment.writer, 0) + max(1, len(segment.records))
        last[segment.writer] = max(segment.written_at, last.get(segment.writer, 0))
    perhaps_more = [last[writer] for writer, n in shown.items() if n >= max(1, limit_records // _SHARES)]
    if len(shown) > 1 and perhaps_more:
        horizon = min(perhaps_more)
        segments = _until(segments, horizon)
    return sorted(segments, key=lambda segment: segment.written_at)


def _until(segments: Iterable[Segment], horizon: int) -> list[Segment]:
    """Those up to a time; per writer nothing after the first that is left out, because cursors know no gaps."""
    kept: list[Segment] = []
    ended: set[str] = set()
    for segment in segments:
        if segment.writer in ended or segment.written_at > horizon:
            ended.add(segment.writer)
        else:
            kept.append(segment)
    return kept


def _items(segment: Segment) -> list[Item]:
    written_at = Micros(segment.written_at)
    return [
        Item(record=record, writer=segment.writer, segment=segment.number, index=index, written_at=written_at)
        for index, record in enumerate(segment.records)
    ]


def _by_reason(batch: Batch) -> Counter[Drop]:
    reasons: Counter[Drop] = Counter()
    for (_, reason), n in batch.dropped.items():
        reasons[reason] += n
    return reasons


def _keep_changed(batch: Batch, rows: Iterable[EventRow]) -> None:
    """Leave out the verdicts that stand in the store already."""
    for row in rows:
        verdict = batch.rejudged.get(row.id)
        if verdict is not None and (verdict.p_human, verdict.ruleset) == (row.p_human, row.ruleset):
            del batch.rejudged[row.id]


def _tell(done: Pass) -> None:
    """One line where something is wrong; the rest is counted."""
    wrong = {str(reason): n for reason, n in done.dropped if reason in (Drop.UNREADABLE, Drop.POISON)}
    if wrong or done.damaged_segments:
        places = {"damaged_segments": done.damaged_segments, "lost": done.lost}
        log.warning("pipeline.set_aside", records=done.records, **places, **wrong)
