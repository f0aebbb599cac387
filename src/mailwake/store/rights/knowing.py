"""Every row about one person, of every table that has any."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, select

from mailwake.events import Handle
from mailwake.store.consent import tables as said
from mailwake.store.crm import tables as crm
from mailwake.store.state import schema
from mailwake.store.workflows import tables as workflows

Rows = list[dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Known:
    """The rows, by what they tell; columns as in the tables."""

    recipient: Rows
    consent_history: Rows
    consent: Rows
    consent_requests: Rows
    suppressions: Rows
    refusals: Rows
    unsubscribes: Rows
    unsubscribe_acts: Rows
    open_day: Rows
    #: names of segments that they were put into by hand; live ones are asked
    segments: Rows
    holdouts: Rows
    workflows: Rows
    #: as the org last told us
    org_people: Rows
    #: what the org was told
    org_written: Rows
    #: what it is still to be told
    org_waiting: Rows


def known(connection: Connection, handle: Handle, key: str | None) -> Known:
    """All of it.

    Args:
        connection: of a transaction, so that it is one moment.
        handle: whose.
        key: of their address; None: it is not known any more.
    """
    unsubscribes = _of(connection, schema.unsubscribes, schema.unsubscribes.c.handle == handle)
    acts, numbers = schema.unsubscribe_acts, [row["id"] for row in unsubscribes]
    by_handle = {
        "recipient": schema.recipients, "consent_history": said.ledger, "consent": said.consent,
        "consent_requests": said.requests,
        "suppressions": schema.suppressions, "refusals": schema.refusals, "open_day": schema.open_days,
        "holdouts": schema.holdouts, "workflows": workflows.entries, "org_written": crm.written,
        "org_waiting": crm.outbox,
    }  # fmt: skip
    return Known(
        **{name: _of(connection, table, table.c.handle == handle) for name, table in by_handle.items()},
        unsubscribes=unsubscribes,
        unsubscribe_acts=_of(connection, acts, acts.c.unsubscribe.in_(numbers)),
        segments=_segments(connection, handle),
        org_people=_of(connection, crm.people, crm.people.c.address_key == key) if key else [],
    )


def _of(connection: Connection, table: Table, where: ColumnElement[bool]) -> Rows:
    query = select(table).where(where).order_by(*table.primary_key.columns)
    return [{column.name: row[column] for column in table.c} for row in connection.execute(query).mappings()]


def _segments(connection: Connection, handle: Handle) -> Rows:
    members, segments = schema.segment_members, schema.segments
    query = select(segments.c.name, segments.c.query).join(members, members.c.segment == segments.c.id)
    return [dict(row) for row in connection.execute(query.where(members.c.handle == handle)).mappings()]
