"""The events of a campaign as programs are told them, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from mailwake.events import Handle
from mailwake.exports.reading import grade_of, may_leave
from mailwake.insight.cursors import make_cursor, read_cursor
from mailwake.insight.stores import Stores, moment
from mailwake.store.state import Campaign


@dataclass(frozen=True, kw_only=True, slots=True)
class OneEvent:
    """One event, with its verdict as it stands."""

    id: str
    type: str
    happened_at: datetime | None
    received_at: datetime | None
    source: str
    delivery: str | None
    #: None: not known any more
    address: str | None
    template: str | None
    link: int | None
    role: str | None
    client: str | None
    device: str | None
    country: str | None
    #: words of another server
    reason: str
    #: 0-1; None: cannot say, or not judged
    p_human: float | None
    #: human, possible or machine; None: an event of a kind that is not judged
    grade: str | None
    klass: str | None
    #: content hash of the rules
    ruleset: str


@dataclass(frozen=True, kw_only=True, slots=True)
class EventsPage:
    """Some events of a campaign, in order of time."""

    id: str
    name: str
    page_size: int
    #: opens and clicks of those alone who may be told apart, so a page may hold fewer than `page_size`
    events: tuple[OneEvent, ...]
    #: the cursor of the page after this one; None: there is none yet
    next: str | None


_SAME = ("type", "source", "link", "role", "client", "device", "country", "reason", "p_human", "klass", "ruleset")


def events_page(stores: Stores, campaign: Campaign, *, page_size: int, cursor: str = "") -> EventsPage:
    """One page of a campaign's events.

    Raises:
        BadInput: the cursor is of another list.
    """
    of_list = f"events {campaign.id}"
    at, last = read_cursor(of_list, cursor, 2) if cursor else (-(2**62), -1)
    rows = stores.events.ask("event_rows", campaign=campaign.id, only="", after_at=at, after_id=last, limit=page_size)
    known = stores.state.addresses({Handle(row["recipient"]) for row in rows if row["recipient"]})
    silent = frozenset(stores.state.inert())
    is_more = len(rows) == page_size
    return EventsPage(
        id=str(campaign.id),
        name=campaign.name,
        page_size=page_size,
        events=tuple(_told(row, known.get(row["recipient"])) for row in rows if may_leave(row, silent)),
        next=make_cursor(of_list, rows[-1]["happened_at"], rows[-1]["id"]) if is_more else None,
    )


def _told(row: dict[str, Any], address: str | None) -> OneEvent:
    return OneEvent(
        id=str(row["id"]),
        happened_at=moment(row["happened_at"]),
        received_at=moment(row["received_at"]),
        delivery=None if row["delivery"] is None else str(row["delivery"]),
        template=None if row["template"] is None else str(row["template"]),
        address=address,
        grade=grade_of(row),
        **{name: row[name] for name in _SAME},
    )


def to_json(answer: EventsPage) -> bytes:
    """An answer as one line of JSON."""
    return msgspec.json.encode(answer) + b"\n"
