"""Who asked to stop, what is held of it, and who took what back.

An unsubscription is written down in one transaction with the suppression that it causes, so that reading it again
changes nothing. After every act those suppressions follow what holds of all that their recipient asked for: final
while one counts, else held, and lifted when everything was taken back. While they are held the recipient gets no mail.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import Connection, Row, Select, Update, func, select

from mailwake.events import EventType, Handle, Micros
from mailwake.store.state import schema
from mailwake.store.state.engine import OnDatabase, chunks
from mailwake.store.state.rows import Leave, Unsubscribe, UnsubscribeAct

#: Reason of a suppression while the unsubscription behind it is held.
HELD_REASON = "unsubscribe_held"
#: How somebody left whom an import says to have left.
IMPORTED = "import"
_FINAL_REASON = str(EventType.UNSUBSCRIBED)
_REASONS = (_FINAL_REASON, HELD_REASON)
#: what may become of an unsubscription, and from what
_FROM = {
    Leave.HELD: (Leave.APPLIED, Leave.HELD),
    Leave.APPLIED: (Leave.HELD,),
    Leave.RESTORED: (Leave.HELD, Leave.APPLIED),
}
_unsubscribes, _acts, _suppressions = schema.unsubscribes, schema.unsubscribe_acts, schema.suppressions


class Unsubscribes(OnDatabase):
    """The part of the state store that knows who asked to stop."""

    def put_unsubscribe(
        self, row: Unsubscribe, *, source: str, streams: Collection[str | None], is_looked_at: bool
    ) -> bool:
        """Write down that somebody asked to stop, and suppress them; says whether it was not known yet.

        What is known stays as it is, also where it was held, restored or lifted in the meantime.

        Args:
            row: what happened.
            source: who said so.
            streams: that they get nothing more of; None among them: of any.
            is_looked_at: nobody has to look whether it is part of a burst.
        """
        made = self._database.upsert(_unsubscribes).values(asdict(row) | {"is_looked_at": is_looked_at})
        with self._database.writing() as connection:
            if connection.execute(made.on_conflict_do_nothing(index_elements=["id"])).rowcount != 1:
                return False
            for stream in streams:
                _suppress(connection, row, source, stream)
            _follow(connection, row.handle, row.at)
            return True

    def note_unsubscribes(self, rows: Iterable[Unsubscribe]) -> None:
        """Write down that these asked to stop, where somebody else suppresses them."""
        made = self._database.upsert(_unsubscribes).on_conflict_do_nothing(index_elements=["id"])
        with self._database.writing() as connection:
            for row in rows:
                connection.execute(made, asdict(row) | {"is_looked_at": True})

    def restore_incident(self, incident: int, at: Micros, *, by: str, why: str) -> None:
        """Take back what an import has written down of those who asked to stop; suppressions are lifted elsewhere."""
        rows = self.unsubscribes_of(incidents=[incident])
        self.restore_unsubscribes([row for row in rows if row.how == IMPORTED], at=at, by=by, why=why)

    def unsubscribes_by(self, handle: Handle) -> list[Unsubscribe]:
        """All that one recipient ever said to that end, oldest first."""
        query = select(_unsubscribes).where(_unsubscribes.c.handle == handle)
        return self._unsubscribes(query.order_by(_unsubscribes.c.at, _unsubscribes.c.id))

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

    def unsubscribe_count(self, how: str) -> int:
        """How many there are of one kind."""
        query = select(func.count()).select_from(_unsubscribes).where(_unsubscribes.c.how == how)
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
        """Hold what counts, or hold it longer, until the time and as part of the incident that each row names."""
        table = _unsubscribes.c
        with self._database.writing() as connection:
            for row in rows:
                # What is part of an incident was held before; since then somebody may have decided.
                longer = (table.state == Leave.HELD) & (table.held_until < row.held_until)
                change = _unsubscribes.update().where(table.id == row.id, table.incident.is_(None) | longer)
                change = change.values(incident=row.incident, held_until=row.held_until)
                act = UnsubscribeAct(unsubscribe=row.id, act=Leave.HELD, at=at, by=by, why=why)
                _carry_out(connection, row, change, act)

    def apply_unsubscribes(self, rows: Sequence[Unsubscribe], *, at: Micros, by: str, why: str) -> int:
        """Make final what is held; says how many were."""
        return self._decide(
            [(row, UnsubscribeAct(unsubscribe=row.id, act=Leave.APPLIED, at=at, by=by, why=why)) for row in rows]
        )

    def restore_unsubscribes(self, rows: Sequence[Unsubscribe], *, at: Micros, by: str, why: str) -> int:
        """Take back what is held or applied; says how many were. Who asked in another way too stays unsubscribed."""
        return self._decide(
            [(row, UnsubscribeAct(unsubscribe=row.id, act=Leave.RESTORED, at=at, by=by, why=why)) for row in rows]
        )

    def unsubscribe_acts(self, ids: Collection[int]) -> list[UnsubscribeAct]:
        """All that was done to these, in the order it was done."""
        found: list[UnsubscribeAct] = []
        with self._database.reading() as connection:
            for part in chunks(sorted(ids)):
                query = select(_acts).where(_acts.c.unsubscribe.in_(part)).order_by(_acts.c.id)
                found.extend(_told(row) for row in connection.execute(query))
        return found

    def _decide(self, acts: Sequence[tuple[Unsubscribe, UnsubscribeAct]]) -> int:
        with self._database.writing() as connection:
            return sum(
                _carry_out(connection, row, _unsubscribes.update().where(_unsubscribes.c.id == row.id), act)
                for row, act in acts
            )

    def _unsubscribes(self, query: Select[Any]) -> list[Unsubscribe]:
        with self._database.reading() as connection:
            return [_unsubscribe(row) for row in connection.execute(query)]


def _carry_out(connection: Connection, row: Unsubscribe, change: Update, act: UnsubscribeAct) -> bool:
    """Make and note a change, if the state still is one that it may be made from; two processes cannot both do it."""
    change = change.where(_unsubscribes.c.state.in_(_FROM[act.act])).values(state=act.act)
    if connection.execute(change).rowcount != 1:
        return False
    _follow(connection, row.handle, act.at)
    connection.execute(_acts.insert(), asdict(act))
    return True


def _suppress(connection: Connection, row: Unsubscribe, source: str, stream: str | None) -> None:
    """Suppress, unless that holds already, or this very event did so before it was written down here and was lifted."""
    stands = (
        select(_suppressions.c.id)
        .where(_suppressions.c.handle == row.handle, _suppressions.c.reason.in_(_REASONS))
        .where(_suppressions.c.stream.is_not_distinct_from(stream), _suppressions.c.campaign.is_(None))
        .where(_suppressions.c.lifted_at.is_(None) | (_suppressions.c.at == row.at))
    )
    if connection.execute(stands.limit(1)).first() is None:
        made = {"handle": row.handle, "reason": _FINAL_REASON, "source": source, "at": row.at, "stream": stream}
        connection.execute(_suppressions.insert(), made)


def _follow(connection: Connection, handle: Handle, at: Micros) -> None:
    """Let the suppressions that this recipient's unsubscriptions caused say what holds of all of them."""
    mine = _unsubscribes.c.handle == handle
    states = set(connection.scalars(select(_unsubscribes.c.state).distinct().where(mine)))
    change = (
        _suppressions.update()
        .where(_suppressions.c.handle == handle, _suppressions.c.at.in_(select(_unsubscribes.c.at).where(mine)))
        .where(_suppressions.c.reason.in_(_REASONS), _suppressions.c.lifted_at.is_(None))
    )
    if Leave.APPLIED in states:
        change = change.values(reason=_FINAL_REASON)
    elif Leave.HELD in states:
        change = change.values(reason=HELD_REASON)
    else:
        change = change.values(lifted_at=at)
    connection.execute(change)


def _told(row: Row[*tuple[Any, ...]]) -> UnsubscribeAct:
    return UnsubscribeAct(unsubscribe=row.unsubscribe, act=Leave(row.act), at=Micros(row.at), by=row.by, why=row.why)


_FIELDS = [each.name for each in fields(Unsubscribe)]


def _unsubscribe(row: Row[*tuple[Any, ...]]) -> Unsubscribe:
    told = {name: getattr(row, name) for name in _FIELDS}
    return Unsubscribe(**(told | {"state": Leave(row.state)}))
