"""Keeps every request and its answer, and compares them with what the log and the event store have.

Every request asks in the name of a delivery of its own, so it is known exactly which record belongs to which request.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

import duckdb

from mailwake.eventlog.sqlite import SqliteReader
from mailwake.events import Event, EventType, copy_id, decode_event, event_id


class Kind(StrEnum):
    """What a reader asks for."""

    OPEN = "open"
    CLICK = "click"
    UNSUBSCRIBE = "unsubscribe"
    WITHDRAW = "withdraw"
    #: a pixel whose token nobody sealed
    FORGED = "forged"


#: What each leaves in the log; None: nothing.
LEAVES = {
    Kind.OPEN: EventType.OPENED,
    Kind.CLICK: EventType.CLICKED,
    Kind.UNSUBSCRIBE: EventType.UNSUBSCRIBED,
    Kind.WITHDRAW: EventType.CONSENT_WITHDRAWN,
    Kind.FORGED: None,
}
DECISIONS = (Kind.UNSUBSCRIBE, Kind.WITHDRAW)
#: The recipient's handle is the delivery's number and this.
HANDLES = 1 << 40


@dataclass(slots=True)
class Asked:
    """One request and what came of it."""

    kind: Kind
    delivery: int
    #: when it was sent, seconds on the monotonic clock
    sent_at: float
    #: HTTP status; None: no answer
    status: int | None = None
    #: the answer was the one that belongs to the request, to the last byte that matters
    is_right: bool = False
    answered_at: float = 0.0

    @property
    def is_confirmed(self) -> bool:
        """Answered as if all was well; a decision that was asked to come again was not."""
        return self.status in (200, 302)


class Record(NamedTuple):
    """One record of the log."""

    #: as the pipeline will call it
    id: int
    event: Event


def _identity(event: Event, writer: str, segment: int, index: int) -> int:
    """As the event store has it: of what happens to a copy once, that of the copy; else of its key or its place."""
    if event.type in (EventType.SENT, EventType.DELIVERED) and event.key == f"{event.type}:{event.delivery}":
        return copy_id(event.type, event.delivery or 0)
    return event_id(event.key) if event.key else event_id(writer, segment, index)


def records(folder: Path, *, writer: str = "") -> Iterator[Record]:
    """Everything in a log, or of one of its writers."""
    reader, cursors = SqliteReader(folder), dict[str, int]()
    try:
        while segments := reader.read(cursors, limit_records=50_000):
            for segment in segments:
                cursors[segment.writer] = segment.number
                for index, record in enumerate(segment.records) if segment.writer.startswith(writer) else ():
                    event = decode_event(record)
                    yield Record(_identity(event, segment.writer, segment.number, index), event)
        assert not reader.damage, reader.damage
    finally:
        reader.close()


def stored(data: Path) -> Counter[int]:
    """Ids of all events in the event store, and how often each stands there."""
    with duckdb.connect(str(data / "events.duckdb"), read_only=True) as store:
        return Counter(identity for (identity,) in store.execute("select id from events").fetchall())


@dataclass
class Found:
    """What requests and log say of each other."""

    #: answered, and the answer was not the right one
    wrong: list[Asked] = field(default_factory=list)
    #: confirmed, and not in the log
    lost: list[Asked] = field(default_factory=list)
    #: in the log more than once
    doubled: list[int] = field(default_factory=list)
    #: in the log though nobody asked, or as something else than was asked
    unasked: list[Event] = field(default_factory=list)
    #: told to come again, and in the log all the same
    recorded_though_refused: list[Asked] = field(default_factory=list)
    asked: int = 0
    answered: int = 0
    confirmed: int = 0
    recorded: int = 0
    #: not answered, and in the log
    unheard: int = 0

    def __str__(self) -> str:
        return (
            f"asked {self.asked:,} · answered {self.answered:,} · confirmed {self.confirmed:,} · "
            f"recorded {self.recorded:,}, of those unheard {self.unheard:,} · wrong {len(self.wrong)} · "
            f"lost {len(self.lost):,} · doubled {len(self.doubled)} · unasked {len(self.unasked)}"
        )


def compare(asked: Iterable[Asked], written: Iterable[Event]) -> Found:
    """Requests against the records of edges."""
    found, by_delivery = Found(), defaultdict[int, list[Event]](list)
    for event in written:
        by_delivery[event.delivery or 0].append(event)
        found.recorded += 1
    for one in asked:
        found.asked += 1
        found.answered += one.status is not None
        if one.status is not None and not one.is_right:
            found.wrong.append(one)
        _match(one, by_delivery.pop(one.delivery, []), found)
    found.unasked += [event for events in by_delivery.values() for event in events]
    return found


def _match(one: Asked, events: list[Event], found: Found) -> None:
    leaves = LEAVES[one.kind]
    found.unasked += [event for event in events if event.type is not leaves or not _is_of(event, one)]
    if leaves is None:
        return
    found.confirmed += one.is_confirmed
    if one.is_confirmed and not events:
        found.lost.append(one)
    if len(events) > 1:
        found.doubled.append(one.delivery)
    found.unheard += one.status is None and bool(events)
    if one.status == 503 and events:
        found.recorded_though_refused.append(one)


def _is_of(event: Event, one: Asked) -> bool:
    return event.recipient == one.delivery + HANDLES and (event.link == 3) is (one.kind is Kind.CLICK)


def assert_exact(found: Found) -> None:
    """Nothing answered is lost, nothing is counted twice, nothing is made up, every answer is right."""
    assert not found.wrong, found.wrong[:5]
    assert not found.lost, found.lost[:5]
    assert not found.doubled, found.doubled[:5]
    assert not found.unasked, found.unasked[:5]
    assert not found.recorded_though_refused, found.recorded_though_refused[:5]


def assert_stored(data: Path, *, by_an_older_one: bool = False) -> int:
    """After the pipeline has run: every record is one row, and every row is a record. Gives their number.

    Args:
        by_an_older_one: a version before 2026-11-27 took some of it in. It named what happens to a copy once by its
            key, and such rows keep their ids.
    """
    log = {record.id: record.event.key for record in records(data / "log")}
    rows = stored(data)
    if by_an_older_one:
        newer = {event_id(key): identity for identity, key in log.items() if key}
        rows = Counter(newer.get(identity, identity) for identity in rows.elements())
    assert set(rows.values()) <= {1}
    lacking, more = log.keys() - rows.keys(), rows.keys() - log.keys()
    assert not lacking | more, f"{len(lacking):,} not stored, {len(more):,} made up"
    return len(rows)
