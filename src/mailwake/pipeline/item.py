"""One record of the log on its way, and the batch that it travels in."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from mailwake.events import (
    ONCE,
    CampaignId,
    Event,
    EventType,
    Evidence,
    Handle,
    Micros,
    Source,
    TemplateId,
    Verdict,
    copy_id,
    event_id,
)
from mailwake.store.withdrawals import Spans


class Why(NamedTuple):
    """What made a verdict."""

    at: Micros
    #: id of the event; None: quiet, or a judge that began anew
    cause: int | None = None


class Drop(StrEnum):
    """Why a record became no row of its own. Read = written + dropped, always."""

    #: no event of ours; kept in the dead-letter folder
    UNREADABLE = "unreadable"
    #: a step could not cope with it; kept in the dead-letter folder
    POISON = "poison"
    #: the same fact was reported before
    DUPLICATE = "duplicate"
    #: mode off: nothing may be kept
    MODE_OFF = "mode_off"
    #: mode aggregate: became a step of a counter
    COUNTED = "counted"
    #: mode deliverability: became the day of a last open
    DAY_KEPT = "day_kept"
    #: the mode allows a counter, but there is none for this kind of event
    NOT_COUNTED = "not_counted"
    #: happened after the recipient had withdrawn; the edge did not know yet
    LATE_INERT = "late_inert"
    #: says that a goal was reached which there is none of, or by nobody whom we ever mailed, or what cannot be
    NO_GOAL = "no_goal"
    #: a webhook as it came; what was read from it are records of their own
    RAW = "raw"


#: Before everything.
NEVER = Micros(0)
#: Stands for an event until the record is read.
NO_EVENT = Event(type=EventType.UNKNOWN, received_at=NEVER, source=Source.EDGE)


@dataclass(slots=True, kw_only=True)
class Item:
    """A record and what the steps have found out about it so far."""

    record: bytes
    writer: str
    #: place in the writer's sequence
    segment: int
    #: place in the segment
    index: int
    written_at: Micros
    event: Event = NO_EVENT
    id: int = 0
    at: Micros = NEVER
    campaign: CampaignId | None = None
    #: links of the message, tracked or not
    links: int | None = None
    stream: str = "marketing"
    #: of the link that was followed
    role: str | None = None
    domain: str | None = None
    evidence: Evidence | None = None
    verdict: Verdict | None = None
    #: the verdict was made on this event alone and is never made again
    is_final: bool = False


#: campaign, template, link or 0, start of the hour, type
CounterKey = tuple[CampaignId, TemplateId, int, Micros, EventType]


@dataclass(slots=True, kw_only=True)
class Batch:
    """The records that are taken in together, and what follows from them besides rows."""

    items: list[Item]
    #: writer to the last segment that is part of this
    cursors: dict[str, int] = field(default_factory=dict)
    #: for deliveries that have been quiet since then nothing more can change; None: not looked at this time
    settle_before: Micros | None = None
    #: templates that the state store does not know; asked for once, and again with the next batch
    unknown: set[TemplateId] = field(default_factory=set)
    counters: Counter[CounterKey] = field(default_factory=Counter)
    open_days: dict[Handle, date] = field(default_factory=dict)
    #: by id, once the verdicts begin
    here: dict[int, Item] = field(default_factory=dict)
    #: recipients who ever refused to be watched, and when on each axis
    refusals: dict[Handle, Spans] = field(default_factory=dict)
    #: recipients of whom this batch says that they withdrew
    said: set[Handle] = field(default_factory=set)
    #: recipients whose consent changed by what this batch says
    consents: set[Handle] = field(default_factory=set)
    #: recipients who withdrew after hits of theirs in this batch, and the latest of those on each axis
    before: dict[Handle, dict[str, Micros]] = field(default_factory=dict)
    #: new unsubscriptions
    unsubscribes: int = 0
    #: the latest time of any record, as far as it may move the clock
    latest: Micros = NEVER
    #: whether the store looks for deliveries that have been quiet
    sweeps: bool = False
    #: verdicts on events of earlier batches
    rejudged: dict[int, Verdict] = field(default_factory=dict)
    #: by event, what made the verdict that stands
    why: dict[int, Why] = field(default_factory=dict)
    #: what was read: writer of the log and term to a count (`mailwake.pipeline.accounts`)
    read: Counter[tuple[str, str]] = field(default_factory=Counter)
    #: writer and reason
    dropped: Counter[tuple[str, Drop]] = field(default_factory=Counter)
    #: records of each writer that became rows
    applied: Counter[str] = field(default_factory=Counter)
    written: int = 0
    #: of those, rows that the store did not have yet
    added: int = 0


def identity_of(item: Item) -> int:
    """An id that is the same however often the record is read, or the fact reported."""
    event, key = item.event, item.event.key
    if event.delivery is not None and event.type in ONCE and key == f"{event.type}:{event.delivery}":
        return copy_id(event.type, event.delivery)
    return event_id(key) if key else event_id(item.writer, item.segment, item.index)
