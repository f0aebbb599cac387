"""Who already has the mail of a campaign: what a run reads back from its own log.

A run writes `sent` durably just before the final dot of a message, and the outcome before it turns to the next. So a
recipient whose last record is `sent` may or may not have the mail: the run was killed, or the server lost, in between.
Such a recipient is in doubt, and is not mailed again unless somebody says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from mailwake.errors import Unavailable
from mailwake.eventlog.sqlite import SqliteReader
from mailwake.events import CampaignId, DeliveryId, Event, EventType, Handle, decode_event

#: A cursor that no sequence reaches: these writers are none of our business.
_PAST_THE_END = (1 << 63) - 1
_PAGE_RECORDS = 50_000
_TELLING = frozenset(
    (
        EventType.SENT,
        EventType.DELIVERED,
        EventType.DEFERRED,
        EventType.BOUNCED,
        EventType.REJECTED,
        EventType.FAILED,
    )
)


class Standing(NamedTuple):
    """How far one recipient's copy got."""

    #: the last thing that happened to it; `sent` alone means that its outcome is not known
    kind: EventType
    delivery: DeliveryId
    reason: str = ""

    @property
    def is_done(self) -> bool:
        """Nothing is left to do for this recipient."""
        return self.kind in {EventType.DELIVERED, EventType.BOUNCED}

    @property
    def is_doubtful(self) -> bool:
        """The message may have arrived; nobody knows."""
        return self.kind is EventType.SENT


def writer_of(campaign: CampaignId) -> str:
    """The log that runs of a campaign write; its lock keeps two runs from working at once."""
    return f"send-{campaign}"


def own_events(folder: Path, writer: str, *, whole: bool = True) -> Iterator[Event]:
    """Everything one writer has logged, oldest first.

    Args:
        folder: of the log.
        writer: name of the sequence.
        whole: the reader needs it from the very start; else from where it was kept.

    Raises:
        Unavailable: at the end, when something of it could not be read. Who sends by this must stop then.
    """
    if not folder.is_dir():
        return
    names = {path.name.partition(".")[0] for path in folder.glob("*.log")}
    cursors = dict.fromkeys(names - {writer}, _PAST_THE_END) | {writer: 0}
    reader, damaged = SqliteReader(folder), False
    try:
        extent = reader.extents().get(writer)
        damaged = whole and extent is not None and extent.end.segment > 0 and extent.first != 1
        while segments := reader.read(cursors, limit_records=_PAGE_RECORDS):
            for segment in segments:
                cursors[segment.writer] = segment.number
                for record in segment.records if segment.writer == writer else ():
                    try:
                        yield decode_event(record)
                    except msgspec.DecodeError:
                        damaged = True
        damaged = damaged or any(damage.writer == writer for damage in reader.damage)
    finally:
        reader.close()
    if damaged:
        raise Unavailable(f"the log {writer} in {folder} cannot be read whole; restore it from a backup")


def standings(events: Iterable[Event]) -> dict[Handle, Standing]:
    """How far every recipient got, from the events of one run's log, oldest first."""
    found: dict[Handle, Standing] = {}
    for event in events:
        if event.recipient is not None and event.type in _TELLING:
            found[event.recipient] = Standing(event.type, event.delivery or DeliveryId(0), event.reason)
    return found
