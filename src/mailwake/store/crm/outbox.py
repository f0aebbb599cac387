"""What the org is to be told: the newest wish per record, kept until it is fulfilled, and when it is refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, func, select, tuple_

from mailwake.events import Handle, Micros
from mailwake.store.crm import tables
from mailwake.store.crm.marks import Marks
from mailwake.store.crm.rows import DeadWish, Fields, Lane, Why, Wish, Written
from mailwake.store.state.engine import Database, chunks

_outbox, _written = tables.outbox, tables.written
_KEY = ["object", "key"]
Place = tuple[str, str]


class Outbox(Marks):
    """The part of the store that keeps wishes until they are fulfilled."""

    def wish(self, wishes: Iterable[Wish], *, now: Micros, marks: Mapping[str, int] | None = None) -> int:
        """Keep wishes, and how far whoever has them got, in one transaction.

        A wish for a record that has one already is added to it: fields of the newer one hold, the others stay. What the
        org was told last and would be told again is no wish at all.

        Returns:
            How many there are to send.
        """
        count = 0
        with self._database.writing() as connection:
            for part in chunks(wishes, 1_000):
                count += self._wish(connection, part, now)
            self._put_marks(connection, marks or {})
        return count

    def _wish(self, connection: Connection, wishes: Sequence[Wish], now: Micros) -> int:
        places = [(each.object, each.key) for each in wishes]
        waiting = {(row["object"], row["key"]): row for row in _at(connection, _outbox, places)}
        told = {(row["object"], row["key"]): row["fields"] for row in _at(connection, _written, places)}
        first = _numbers(connection, self._database, len(wishes), now)
        rows: dict[Place, dict[str, Any]] = {}
        for number, each in enumerate(wishes, start=first):
            place = (each.object, each.key)
            before = rows.get(place) or waiting.get(place)
            wanted = {**(before["fields"] if before else {}), **each.fields}
            left = {name: value for name, value in wanted.items() if not _is_told(told.get(place), name, value)}
            if before is None and not left:
                continue
            if not left:
                connection.execute(_outbox.delete().where(_outbox.c.object == each.object, _outbox.c.key == each.key))
                rows.pop(place, None)
                continue
            lane = min(each.lane, before["lane"]) if before else each.lane
            rows[place] = _row(each, left, lane, number)
        if rows:
            made = self._database.upsert(_outbox)
            others = {column.key: made.excluded[column.key] for column in _outbox.c if not column.primary_key}
            change = made.on_conflict_do_update(index_elements=_KEY, set_=others)
            connection.execute(change, list(rows.values()))
        return len(rows)

    def next_wishes(self, objects: Iterable[str], *, now: Micros, limit: int, lane: Lane | None = None) -> list[Wish]:
        """What may be sent now, of one object, lane and kind of key, those with the same parent side by side.

        The most urgent lane decides on the object. Nothing is marked: there is one sender at a time, and whoever dies
        half-way leaves wishes that may be sent again.

        Args:
            objects: that may be written now.
            now: the time.
            limit: at most so many.
            lane: only wishes as urgent as this; None: any.
        """
        free = (_outbox.c.state == "waiting") & (_outbox.c.not_before <= now) & _outbox.c.object.in_(list(objects))
        if lane is not None:
            free &= _outbox.c.lane <= lane
        by = (_outbox.c.object, _outbox.c.lane, _outbox.c.key_field)
        first = select(*by).where(free).order_by(_outbox.c.lane, _outbox.c.number).limit(1)
        with self._database.reading() as connection:
            found = connection.execute(first).first()
            if found is None:
                return []
            of = free & (_outbox.c.object == found[0]) & (_outbox.c.lane == found[1])
            of &= _outbox.c.key_field == found[2]
            query = select(_outbox).where(of).order_by(_outbox.c.parent, _outbox.c.key).limit(limit)
            return [_told_wish(row) for row in connection.execute(query).mappings()]

    def fulfil(self, done: Sequence[tuple[Wish, str | None]], *, now: Micros) -> None:
        """The org said yes to these, each with its record's id; a wish that grew meanwhile goes on waiting."""
        with self._database.writing() as connection:
            for part in chunks(done, 1_000):
                self._fulfil(connection, part, now)

    def _fulfil(self, connection: Connection, done: Sequence[tuple[Wish, str | None]], now: Micros) -> None:
        places = [(wish.object, wish.key) for wish, _ in done]
        before = {(row["object"], row["key"]): row for row in _at(connection, _written, places)}
        rows = []
        for (wish, record), place in zip(done, places, strict=True):
            known = before.get(place)
            if known is not None and known["number"] > wish.number:
                continue  # an answer that comes late
            fields = {**(known["fields"] if known else {}), **wish.fields}
            rows.append(
                {
                    "object": wish.object, "key": wish.key, "record": record, "number": wish.number, "at": now,
                    "fields": fields, "handle": wish.handle,
                }
            )  # fmt: skip
        met = (_outbox.c.object == bindparam("of")) & (_outbox.c.key == bindparam("by"))
        met &= _outbox.c.number == bindparam("told")
        told = [{"of": wish.object, "by": wish.key, "told": wish.number} for wish, _ in done]
        connection.execute(_outbox.delete().where(met), told)
        if rows:
            made = self._database.upsert(_written)
            others = {column.key: made.excluded[column.key] for column in _written.c if not column.primary_key}
            connection.execute(made.on_conflict_do_update(index_elements=_KEY, set_=others), rows)

    def postpone(self, wishes: Iterable[Wish], why: Why, *, now: Micros, until: Micros) -> None:
        """Try these again later."""
        self._fail(wishes, why, now, {"not_before": until})

    def lay_aside(self, wishes: Iterable[Wish], why: Why, *, now: Micros) -> None:
        """A person has to look at these before they are tried again."""
        self._fail(wishes, why, now, {"state": "dead"})

    def _fail(self, wishes: Iterable[Wish], why: Why, now: Micros, change: dict[str, Any]) -> None:
        since = func.coalesce(_outbox.c.first_failed_at, now)
        told = {"code": why.code, "message": why.message, "failed_at": now, "first_failed_at": since}
        told |= {"tries": _outbox.c.tries + 1, **change}
        with self._database.writing() as connection:
            for wish in wishes:
                same = (_outbox.c.object == wish.object) & (_outbox.c.key == wish.key)
                same &= _outbox.c.number == wish.number  # one that grew meanwhile has not been tried
                connection.execute(_outbox.update().where(same).values(**told))

    def keys_about(self, handles: Iterable[Handle], of: str) -> dict[Handle, list[str]]:
        """Keys of the records of one object by which the org was told about people, or is about to be."""
        found: dict[Handle, set[str]] = {}
        with self._database.reading() as connection:
            for part in chunks(handles, 1_000):
                waiting = select(_outbox.c.handle, _outbox.c.key).where(_outbox.c.object == of)
                told = select(_written.c.handle, _written.c.key).where(_written.c.object == of)
                for query in (waiting.where(_outbox.c.handle.in_(part)), told.where(_written.c.handle.in_(part))):
                    for handle, key in connection.execute(query):
                        found.setdefault(Handle(handle), set()).add(key)
        return {handle: sorted(keys) for handle, keys in found.items()}

    def drop(self, places: Iterable[Place]) -> None:
        """Wish these no more, whether they wait or were refused."""
        with self._database.writing() as connection:
            for part in chunks(places, 500):
                connection.execute(_outbox.delete().where(tuple_(_outbox.c.object, _outbox.c.key).in_(part)))

    def revive(self, *, code: str | None = None, now: Micros) -> int:
        """Try what was laid aside again; says how many."""
        dead = _outbox.c.state == "dead"
        change = _outbox.update().where(dead if code is None else dead & (_outbox.c.code == code))
        with self._database.writing() as connection:
            return connection.execute(change.values(state="waiting", not_before=now, tries=0)).rowcount

    def dead(self, *, limit: int = 1_000) -> list[DeadWish]:
        """What was laid aside, the latest first."""
        query = select(_outbox).where(_outbox.c.state == "dead").order_by(_outbox.c.failed_at.desc(), _outbox.c.key)
        with self._database.reading() as connection:
            return [
                DeadWish(
                    wish=_told_wish(row), code=row["code"] or "", message=row["message"] or "",
                    first_failed_at=Micros(row["first_failed_at"] or 0), failed_at=Micros(row["failed_at"] or 0),
                )
                for row in connection.execute(query.limit(limit)).mappings()
            ]  # fmt: skip

    def waiting(self, *, objects: Iterable[str] | None = None, limit: int | None = None) -> list[Wish]:
        """What is still to be sent, most urgent first."""
        query = select(_outbox).where(_outbox.c.state != "dead")
        if objects is not None:
            query = query.where(_outbox.c.object.in_(list(objects)))
        query = query.order_by(_outbox.c.lane, _outbox.c.object, _outbox.c.parent, _outbox.c.key).limit(limit)
        with self._database.reading() as connection:
            return [_told_wish(row) for row in connection.execute(query).mappings()]

    def counts(self) -> dict[tuple[str, int, str], int]:
        """How many wishes there are by object, lane and state."""
        by = (_outbox.c.object, _outbox.c.lane, _outbox.c.state)
        with self._database.reading() as connection:
            rows = connection.execute(select(*by, func.count()).group_by(*by).order_by(*by))
            return {(row[0], row[1], row[2]): row[3] for row in rows}

    def written(self, places: Iterable[Place]) -> dict[Place, Written]:
        """What some records were last given."""
        with self._database.reading() as connection:
            rows = _at(connection, _written, list(places))
            return {(row["object"], row["key"]): Written(**row) for row in rows}

    def written_of(self, objects: Iterable[str], *, after: Place = ("", ""), limit: int = 5_000) -> list[Written]:
        """What all records of some objects were last given, in order, a batch at a time."""
        query = select(_written).where(_written.c.object.in_(list(objects)))
        query = query.where(tuple_(_written.c.object, _written.c.key) > after).order_by(
            _written.c.object, _written.c.key
        )
        with self._database.reading() as connection:
            return [Written(**row) for row in connection.execute(query.limit(limit)).mappings()]

    def unwrite(self, places: Mapping[Place, Fields | None]) -> None:
        """Others hold other values in some fields of what records were given, or (None) the records are gone."""
        with self._database.writing() as connection:
            for (of, key), fields in places.items():
                here = (_written.c.object == of) & (_written.c.key == key)
                if fields is None:
                    connection.execute(_written.delete().where(here))
                    continue
                before = connection.scalar(select(_written.c.fields).where(here))
                if before is not None:
                    connection.execute(_written.update().where(here).values(fields={**before, **fields}))


def _at(connection: Connection, table: Any, places: Sequence[Place]) -> list[RowMapping]:  # noqa: ANN401 - either table
    return [
        row
        for part in chunks(places, 500)
        for row in connection.execute(select(table).where(tuple_(table.c.object, table.c.key).in_(part))).mappings()
    ]


def _is_told(told: Fields | None, name: str, value: object) -> bool:
    return told is not None and name in told and told[name] == value


def _numbers(connection: Connection, database: Database, count: int, now: Micros) -> int:
    """The first of so many numbers that nobody had: the time, or one more than the last."""
    marks = tables.marks
    last = connection.scalar(select(marks.c.at).where(marks.c.name == "number")) or 0
    first = max(now, last + 1)
    made = database.upsert(marks).values(name="number", at=first + count)
    connection.execute(made.on_conflict_do_update(index_elements=["name"], set_={"at": made.excluded.at}))
    return first


def _row(wish: Wish, fields: Fields, lane: int, number: int) -> dict[str, Any]:
    return {
        "object": wish.object, "key": wish.key, "key_field": wish.key_field, "lane": int(lane), "parent": wish.parent,
        "fields": dict(fields), "number": number, "handle": wish.handle, "state": "waiting", "tries": 0,
        "not_before": 0, "code": None, "message": None, "failed_at": None, "first_failed_at": None,
    }  # fmt: skip


def _told_wish(row: RowMapping) -> Wish:
    return Wish(
        object=row["object"], key=row["key"], key_field=row["key_field"], fields=row["fields"], lane=Lane(row["lane"]),
        parent=row["parent"], handle=None if row["handle"] is None else Handle(row["handle"]), number=row["number"],
        tries=row["tries"],
    )  # fmt: skip
