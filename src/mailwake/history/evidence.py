"""Stored evidence, read back in order of time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mailwake.events import AgentKind, DeliveryId, EventType, Evidence, Flag, Handle, Micros, NetworkKind, Note
from mailwake.store.events import EventStore

Row = Mapping[str, Any]
#: Rows of one answer: enough for a column store, few enough to hold.
PAGE = 20_000


def pages(events: EventStore, *, since: Micros, until: Micros, page: int = PAGE) -> Iterator[list[dict[str, Any]]]:
    """Everything that was judged between two times, in its order; rows as in the question ``history``.

    Args:
        since: from this time on.
        until: before this time.
        page: rows at once.
    """
    after = -1
    while rows := events.ask("history", since=since, after=after, until=until, limit=page):
        yield rows
        if len(rows) < page:
            return
        since, after = Micros(rows[-1]["happened_at"]), rows[-1]["id"]


def evidence_of(row: Row) -> Evidence:
    """What a judge may see of one row."""
    return Evidence(
        id=row["id"],
        type=EventType(row["type"]),
        at=Micros(row["happened_at"]),
        delivery=_delivery(row),
        recipient=None if row["recipient"] is None else Handle(row["recipient"]),
        domain=row["domain"],
        link=row["link"],
        links=row["links"],
        stream=row["stream"],
        note=Note(row["note"]),
        network=row["network"],
        network_kind=NetworkKind(row["network_kind"]),
        asn=row["asn"],
        country=row["country"],
        agent=row["agent"],
        agent_kind=AgentKind(row["agent_kind"]),
        client=row["client"],
        device=row["device"],
        flags=Flag(row["flags"]),
    )


def times_of(row: Row) -> Iterator[Evidence]:
    """When the row's copy was sent and delivered, as evidence of its own."""
    for column, kind in (("sent_at", EventType.SENT), ("delivered_at", EventType.DELIVERED)):
        if row[column] is not None:
            yield Evidence(id=0, type=kind, at=Micros(row[column]), delivery=_delivery(row))


def _delivery(row: Row) -> DeliveryId | None:
    return None if row["delivery"] is None else DeliveryId(row["delivery"])
