"""Deletes what the database has of one person, and cuts what has to stay loose from them.

What is counted for many stays with nobody's name on it: a rule's decision keeps its rule, an unsubscription its day.
What has to go on holding stays with the handle alone, which leads to nobody once the address is gone. Rows that go are
overwritten, for every connection has ``secure_delete`` on; the file is written anew afterwards, because of what was
left of them where rows were moved.

Source: https://www.sqlite.org/pragma.html#pragma_secure_delete
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, String, Table, cast, func, or_, select, tuple_

from mailwake.events import Handle
from mailwake.store.consent import tables as said
from mailwake.store.crm import tables as crm
from mailwake.store.state import schema
from mailwake.store.withdrawals import tables as withdrawals
from mailwake.store.workflows import tables as workflows

#: rows with the handle in them that go
_GO: tuple[Table, ...] = (
    schema.open_days, schema.segment_members, schema.holdouts, schema.refusals, crm.outbox, crm.written,
    said.requests, schema.recipients,
)  # fmt: skip
#: what stands in the place of a recipient where there is none any more
NOBODY = 0
_MASK = "…"
#: what is counted of lines that quote the address as proof
PROOFS = "consent_proofs"
Counts = dict[str, int]


def handle_at(table: Table, handle: Handle) -> ColumnElement[bool]:
    """The rows of a table that are about somebody."""
    return table.c.handle == handle


def person_counts(connection: Connection, handle: Handle, key: str | None) -> Counts:
    """How many rows of each table are about somebody.

    Args:
        connection: of a transaction.
        handle: whose.
        key: of their address; None: it is not known any more.
    """
    told = {table.name: _count(connection, table, handle_at(table, handle)) for table in _GO}
    for table in (workflows.entries, schema.unsubscribes, schema.suppressions, said.ledger):
        told[table.name] = _count(connection, table, handle_at(table, handle))
    told[crm.people.name] = _count(connection, crm.people, crm.people.c.address_key == key) if key else 0
    told[crm.members.name] = _count(connection, crm.members, crm.members.c.person.in_(_records(key))) if key else 0
    points = crm.points
    told[points.name] = _count(connection, points, points.c.individual.in_(_individuals(key))) if key else 0
    told[crm.journal.name] = _count(connection, crm.journal, _journalled(connection, handle, key))
    told["jobs"] = len(_jobs_about(connection, handle, address_of(connection, handle)))
    return {name: count for name, count in told.items() if count}


def erase_person(connection: Connection, handle: Handle, key: str | None) -> Counts:
    """Delete and cut loose all of it; says how many rows of each table that concerned."""
    address, told = address_of(connection, handle), person_counts(connection, handle, key)
    if address and (quoted := _proofs(connection, handle, address)):
        told[PROOFS] = quoted
    for job in _jobs_about(connection, handle, address):
        connection.execute(schema.jobs.delete().where(tuple_(schema.jobs.c.kind, schema.jobs.c.key) == tuple_(*job)))
    connection.execute(crm.journal.delete().where(_journalled(connection, handle, key)))
    if key:
        connection.execute(crm.members.delete().where(crm.members.c.person.in_(_records(key))))
        connection.execute(crm.points.delete().where(crm.points.c.individual.in_(_individuals(key))))
        connection.execute(crm.people.delete().where(crm.people.c.address_key == key))
    for table in _GO:
        connection.execute(table.delete().where(handle_at(table, handle)))
    _loosen(connection, handle)
    if address:
        told |= {"incidents": quoted} if (quoted := _mask_incidents(connection, address)) else {}
    return told


def address_of(connection: Connection, handle: Handle) -> str | None:
    """Their address; None: it is not known any more."""
    recipients = schema.recipients
    return connection.scalar(select(recipients.c.address).where(recipients.c.handle == handle))


def org_places(connection: Connection, handle: Handle, key: str | None) -> dict[str, Any]:
    """``people``: kind and id of their records; ``rows``: object, key and id of what we wrote about them."""
    people = connection.execute(select(crm.people.c.kind, crm.people.c.id).where(crm.people.c.address_key == key))
    written = select(crm.written.c.object, crm.written.c.key, crm.written.c.record)
    rows = connection.execute(written.where(handle_at(crm.written, handle)).order_by(crm.written.c.key))
    return {"people": [list(row) for row in people] if key else [], "rows": [list(row) for row in rows]}


def _loosen(connection: Connection, handle: Handle) -> None:
    """What stays tells no mail, no words and no event any more."""
    suppressions, entries = schema.suppressions, workflows.entries
    bare = {"quoted": None, "event": None, "lift_why": None}
    connection.execute(suppressions.update().where(handle_at(suppressions, handle)).values(**bare))
    nobody: dict[str, Any] = {"handle": NOBODY, "subject": "", "facts": {}, "actions": [], "is_open": False}
    connection.execute(entries.update().where(handle_at(entries, handle)).values(**nobody))
    unsubscribes, acts = schema.unsubscribes, schema.unsubscribe_acts
    less = dict.fromkeys(("domain", "network", "delivery", "template", "link", "proof"))
    for number in connection.scalars(select(unsubscribes.c.id).where(handle_at(unsubscribes, handle))).all():
        fresh = secrets.randbelow(2**63 - 1)  # the number was the event's
        connection.execute(unsubscribes.update().where(unsubscribes.c.id == number).values(id=fresh, **less))
        connection.execute(acts.update().where(acts.c.unsubscribe == number).values(unsubscribe=fresh, why=""))


def _proofs(connection: Connection, handle: Handle, address: str) -> int:
    """Lines of the ledger of consent whose proof quotes the address: the chain would break without them."""
    words = (said.ledger.c.proof, said.ledger.c.url, said.ledger.c.actor)
    names = or_(*(func.lower(each).contains(address.lower(), autoescape=True) for each in words))
    return _count(connection, said.ledger, handle_at(said.ledger, handle) & names)


def _mask_incidents(connection: Connection, address: str) -> int:
    """Words of a server that were kept as an example may name them."""
    incidents = schema.incidents
    quoted = incidents.c.quoted
    change = incidents.update().where(func.lower(quoted).contains(address.lower(), autoescape=True))
    return connection.execute(change.values(quoted=_MASK)).rowcount


def _jobs_about(connection: Connection, handle: Handle, address: str | None) -> list[tuple[str, str]]:
    """Jobs that name somebody: a webhook that was laid aside has its body."""
    jobs = schema.jobs
    data = cast(jobs.c.data, String)
    names: list[ColumnElement[bool]] = [data.contains(f'"{handle}"'), data.contains(f": {handle}")]
    if address:
        names.append(func.lower(data).contains(address.lower(), autoescape=True))
    return [(row.kind, row.key) for row in connection.execute(select(jobs.c.kind, jobs.c.key).where(or_(*names)))]


def _records(key: str | None) -> Any:  # noqa: ANN401 - a subquery has no shorter type
    return select(crm.people.c.id).where(crm.people.c.address_key == key)


def _individuals(key: str | None) -> Any:  # noqa: ANN401 - as above
    own = (crm.people.c.address_key == key) & crm.people.c.individual.is_not(None)
    return select(crm.people.c.individual).where(own)


def _journalled(connection: Connection, handle: Handle, key: str | None) -> ColumnElement[bool]:
    """Lines of the journal about what somebody's records were given."""
    places = {
        (row.object, row.key)
        for table in (crm.written, crm.outbox)
        for row in connection.execute(select(table.c.object, table.c.key).where(handle_at(table, handle)))
    }
    people = list(connection.scalars(_records(key))) if key else []
    about: list[ColumnElement[bool]] = [crm.journal.c.key.in_(people), crm.journal.c.record.in_(people)]
    return or_(*about, tuple_(crm.journal.c.object, crm.journal.c.key).in_(sorted(places)))


def _count(connection: Connection, table: Table, where: ColumnElement[bool]) -> int:
    return connection.scalar(select(func.count()).select_from(table).where(where)) or 0


def kept_of(connection: Connection, handle: Handle) -> Mapping[str, Any]:
    """What they had asked for, to hold for the address should it come back."""
    suppressions, consent = schema.suppressions, said.consent
    holds = select(suppressions.c.reason, suppressions.c.campaign, suppressions.c.stream)
    rows = connection.execute(holds.where(handle_at(suppressions, handle), suppressions.c.lifted_at.is_(None)))
    refused = select(consent.c.axis).where(handle_at(consent, handle), consent.c.state.in_(("denied", "withdrawn")))
    return {
        "suppressions": [dict(row) for row in rows.mappings()],
        "withdrawn": sorted(connection.scalars(refused)),
    }


def remember(connection: Connection, upsert: Callable[[Table], Any], handle: Handle, at: int) -> None:
    """Nothing is ever recorded of this handle again."""
    made = upsert(withdrawals.erased).values(handle=handle, at=at)
    connection.execute(made.on_conflict_do_nothing(index_elements=["handle"]))
