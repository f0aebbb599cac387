"""Who asked to stop, what is held of it, and who took what back.

An unsubscription is written down beside the suppression that it causes. Holding it changes the suppression's reason, so
the recipient gets no mail and everybody can see that it is not final; restoring it lifts the suppression, unless the
same recipient asked to stop in another way as well.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from mailwake.events import CampaignId, EventType, Handle, Micros
from mailwake.store.state import schema
from mailwake.store.state.engine import Database, chunks
from mailwake.store.state.rows import Leave, Unsubscribe, UnsubscribeAct

#: Reason of a suppression while the unsubscription behind it is held.
HELD_REASON = "unsubscribe_held"
_FINAL_REASON = str(EventType.UNSUBSCRIBED)
_unsubscribes, _acts, _suppressions = schema.unsubscribes, schema.unsubscribe_acts, schema.suppressions


class Unsubscribes:
    """The part of the state store that knows who asked to stop."""

    _database: Database

    def put_unsubscribe(self, row: Unsubscribe, *, is_looked_at: bool) -> bool:
        """Write down that somebody asked to stop; says whether it was not known yet. What is known stays as it is.

        Args:
            row: what happened.
            is_looked_at: nobody has to look whether it is part of a burst.
        """
        made = self._database.upsert(_unsubscribes).values(
            id=row.id, handle=row.handle, at=row.at, how=row.how, campaign=row.campaign, domain=row.domain,
            network=row.network, state=row.state, incident=row.incident, held_until=row.held_until,
            is_looked_at=is_looked_at,
        )  # fmt: skip
        with self._database.writing() as connection:
            return connection.execute(made.on_conflict_do_nothing(index_elements=["id"])).rowcount == 1

    def new_unsubscribes(self) -> list[Unsubscribe]:
        """Those that nobody has looked at yet, oldest first."""
        query = select(_unsubscribes).where(_unsubscribes.c.is_looked_at.is_(False))
        return self._unsubscribes(query.order_by(_unsubscribes.c.at, _unsubscribes.c.id))

    def unsubscribes_near(
        self, how: str, *, domain: str, network: int, since: Micros, until: Micros
    ) -> list[Unsubscribe]:
        """Those of one recipient domain from one network, both times included, oldest first."""
        query = (
            select(_unsubscribes)
            .where(_unsubscribes.c.how == how, _unsubscribes.c.domain == domain, _unsubscribes.c.network == network)
            .where(_unsubscribes.c.at >= since, _unsubscribes.c.at <= until)
        )
        return self._unsubscribes(query.order_by(_unsubscribes.c.at, _unsubscribes.c.id))

    def looked_at(self, ids: Collection[int]) -> None:
        """Remember that these need no further look."""
        with self._database.writing() as connection:
            for part in chunks(ids):
                change = _unsubscribes.update().where(_unsubscribes.c.id.in_(part))
                connection.execute(change.values(is_looked_at=True))

    def held_unsubscribes(self, *, due_at: Micros | None = None) -> list[Unsubscribe]:
        """Those that are held, oldest first; with a time, those whose time is over by then."""
        query = select(_unsubscribes).where(_unsubscribes.c.state == Leave.HELD)
        if due_at is not None:
            query = query.where(_unsubscribes.c.held_until <= due_at)
        return self._unsubscribes(query.order_by(_unsubscribes.c.at, _unsubscribes.c.id))

    def held_count(self) -> int:
        """How many are held."""
        query = select(func.count()).select_from(_unsubscribes).where(_unsubscribes.c.state == Leave.HELD)
        with self._database.reading() as connection:
            return connection.scalar(query) or 0

    def latest_unsubscribes(self, how: str, *, limit: int, offset: int = 0) -> list[Unsubscribe]:
        """Those of one kind, newest first."""
        query = select(_unsubscribes).where(_unsubscribes.c.how == how)
        query = query.order_by(_unsubscribes.c.at.desc(), _unsubscribes.c.id.desc())
        return self._unsubscribes(query.limit(limit).offset(offset))

    def unsubscribes_of(self, *, ids: Collection[int] = (), incidents: Collection[int] = ()) -> list[Unsubscribe]:
        """Those with one of these ids, or part of one of these incidents, oldest first."""
        query = select(_unsubscribes).where(_unsubscribes.c.id.in_(ids) | _unsubscribes.c.incident.in_(incidents))
        return self._unsubscribes(query.order_by(_unsubscribes.c.at, _unsubscribes.c.id))

    def hold_unsubscribes(self, rows: Sequence[Unsubscribe], *, at: Micros, by: str, why: str) -> None:
        """Hold what counts, until the time and as part of the incident that each row names."""
        with self._database.writing() as connection:
            for row in rows:
                change = {"incident": row.incident, "held_until": row.held_until}
                if _move(connection, row.id, (Leave.APPLIED,), Leave.HELD, **change):
                    _rename(connection, row, _FINAL_REASON, HELD_REASON)
                    _note(connection, row.id, act=Leave.HELD, at=at, by=by, why=why)

    def apply_unsubscribes(self, rows: Sequence[Unsubscribe], *, at: Micros, by: str, why: str) -> int:
        """Make final what is held; says how many were."""
        count = 0
        with self._database.writing() as connection:
            for row in rows:
                if _move(connection, row.id, (Leave.HELD,), Leave.APPLIED):
                    _rename(connection, row, HELD_REASON, _FINAL_REASON)
                    _note(connection, row.id, act=Leave.APPLIED, at=at, by=by, why=why)
                    count += 1
        return count

    def restore_unsubscribes(self, rows: Sequence[Unsubscribe], *, at: Micros, by: str, why: str) -> int:
        """Take back what is held or applied; says how many were. Who asked in another way too stays unsubscribed."""
        restored = []
        with self._database.writing() as connection:
            for row in rows:
                if _move(connection, row.id, (Leave.HELD, Leave.APPLIED), Leave.RESTORED):
                    _note(connection, row.id, act=Leave.RESTORED, at=at, by=by, why=why)
                    restored.append(row)
            for row in restored:
                if _asked_otherwise(connection, row.handle):
                    _rename(connection, row, HELD_REASON, _FINAL_REASON)
                else:
                    _lift(connection, row, at)
        return len(restored)

    def unsubscribe_acts(self, ids: Collection[int]) -> list[UnsubscribeAct]:
        """All that was done to these, in the order it was done."""
        query = select(_acts).where(_acts.c.unsubscribe.in_(ids)).order_by(_acts.c.id)
        with self._database.reading() as connection:
            return [
                UnsubscribeAct(
                    unsubscribe=row.unsubscribe, act=Leave(row.act), at=Micros(row.at), by=row.by, why=row.why
                )
                for row in connection.execute(query)
            ]

    def _unsubscribes(self, query: Select[Any]) -> list[Unsubscribe]:
        with self._database.reading() as connection:
            return [_unsubscribe(row) for row in connection.execute(query)]


def _move(connection: Connection, identity: int, before: Sequence[Leave], after: Leave, **more: int | None) -> bool:
    """Change the state, if it is one of those it may be changed from; two processes cannot both do it."""
    change = _unsubscribes.update().where(_unsubscribes.c.id == identity, _unsubscribes.c.state.in_(before))
    return connection.execute(change.values(state=after, **more)).rowcount == 1


def _rename(connection: Connection, row: Unsubscribe, before: str, after: str) -> None:
    """Give what the unsubscription caused another reason."""
    change = _suppressions.update().where(_suppressions.c.handle == row.handle, _suppressions.c.at == row.at)
    change = change.where(_suppressions.c.reason == before, _suppressions.c.lifted_at.is_(None))
    connection.execute(change.values(reason=after))


def _lift(connection: Connection, row: Unsubscribe, at: Micros) -> None:
    """Lift what any unsubscription that is now restored has caused: a second one finds the first's and adds nothing."""
    times = select(_unsubscribes.c.at).where(_unsubscribes.c.handle == row.handle)
    change = _suppressions.update().where(_suppressions.c.handle == row.handle, _suppressions.c.at.in_(times))
    change = change.where(_suppressions.c.reason.in_((HELD_REASON, _FINAL_REASON)), _suppressions.c.lifted_at.is_(None))
    connection.execute(change.values(lifted_at=at))


def _asked_otherwise(connection: Connection, handle: Handle) -> bool:
    query = select(_unsubscribes.c.id).where(_unsubscribes.c.handle == handle)
    return connection.execute(query.where(_unsubscribes.c.state != Leave.RESTORED).limit(1)).first() is not None


def _note(connection: Connection, identity: int, **told: str | int) -> None:
    connection.execute(_acts.insert(), {"unsubscribe": identity, **told})


def _unsubscribe(row: Row[*tuple[Any, ...]]) -> Unsubscribe:
    return Unsubscribe(
        id=row.id,
        handle=Handle(row.handle),
        at=Micros(row.at),
        how=row.how,
        campaign=None if row.campaign is None else CampaignId(row.campaign),
        domain=row.domain,
        network=row.network,
        state=Leave(row.state),
        incident=row.incident,
        held_until=None if row.held_until is None else Micros(row.held_until),
    )
