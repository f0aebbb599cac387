"""People of the org: who they are there, what they allow, and who they became."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar

from sqlalchemy import Connection, RowMapping, Select, Table, bindparam, func, select

from mailwake.events import Handle, Micros
from mailwake.store.crm import tables
from mailwake.store.crm.marks import Marks
from mailwake.store.crm.rows import CrmPerson, CrmUser, Fields, Individual, Member, PointConsent
from mailwake.store.rights.returning import erased_keys
from mailwake.store.state import schema
from mailwake.store.state.engine import chunks

_people, _individuals, _users, _members = tables.people, tables.individuals, tables.users, tables.members
_points = tables.points
#: not part of what the org tells of a person
_APART = ("has_open_deal",)
T = TypeVar("T", CrmPerson, CrmUser, Individual, Member, PointConsent)


class Persons(Marks):
    """The part of the store that knows the org's people."""

    def put_people(self, people: Iterable[CrmPerson], *, marks: Mapping[str, Micros] | None = None) -> None:
        """Keep people as the org has them, and how far the reading got, at once."""
        with self._database.writing() as connection:
            rows = list(people)
            nameless = erased_keys(connection, (each.address_key for each in rows if each.address_key))
            self._put(connection, _people, (_nameless(each) if each.address_key in nameless else each for each in rows))
            self._put_marks(connection, marks or {})

    def put_individuals(self, individuals: Iterable[Individual], *, marks: Mapping[str, Micros] | None = None) -> None:
        """Keep what people allow, and how far the reading got, at once."""
        with self._database.writing() as connection:
            self._put(connection, _individuals, individuals)
            self._put_marks(connection, marks or {})

    def put_point_consents(self, points: Iterable[PointConsent], *, marks: Mapping[str, Micros] | None = None) -> None:
        """Keep what people said of single purposes, and how far the reading got, at once."""
        with self._database.writing() as connection:
            self._put(connection, _points, points)
            self._put_marks(connection, marks or {})

    def point_consents(self, individuals: Iterable[str]) -> list[PointConsent]:
        """What some people said of single purposes, by id."""
        with self._database.reading() as connection:
            return [
                PointConsent(**row)
                for part in chunks(individuals)
                for row in connection.execute(
                    select(_points).where(_points.c.individual.in_(part)).order_by(_points.c.id)
                ).mappings()
            ]

    def put_users(self, users: Iterable[CrmUser], *, marks: Mapping[str, Micros] | None = None) -> None:
        """Keep whom records belong to, and how far the reading got, at once."""
        with self._database.writing() as connection:
            self._put(connection, _users, users)
            self._put_marks(connection, marks or {})

    def put_members(self, members: Iterable[Member], *, marks: Mapping[str, Micros] | None = None) -> None:
        """Keep who is in which campaign of the org, and how far the reading got, at once."""
        with self._database.writing() as connection:
            self._put(connection, _members, members)
            self._put_marks(connection, marks or {})

    def ids_of(self, kind: str) -> set[str]:
        """Of all records of a kind of person that are not gone."""
        query = select(_people.c.id).where(_people.c.kind == kind, _people.c.is_deleted.is_(False))
        with self._database.reading() as connection:
            return set(connection.scalars(query))

    def bury(self, ids: Iterable[str], *, merged: Mapping[str, str] | None = None) -> list[str]:
        """Records that are gone, some of them into others; says which of them were known."""
        into = merged or {}
        with self._database.writing() as connection:
            known = [row for part in chunks(ids) for row in connection.execute(_of(part)).mappings()]
            gone = [replace(_person(row), is_deleted=True, merged_into=into.get(row["id"])) for row in known]
            self._put(connection, _people, gone)
        return [each.id for each in gone]

    def hold(self, rows: Mapping[str, Fields], *, opted_out: Mapping[str, bool]) -> None:
        """What some records have now because we wrote it, by id; of some also whether they are opted out."""
        change = _people.update().where(_people.c.id == bindparam("of"))
        change = change.values(held=bindparam("has"), is_opted_out=bindparam("out"))
        with self._database.writing() as connection:
            for part in chunks(rows):
                columns = (_people.c.id, _people.c.held, _people.c.is_opted_out)
                found = connection.execute(select(*columns).where(_people.c.id.in_(part))).all()
                told = [
                    {"of": row.id, "has": {**row.held, **rows[row.id]}, "out": opted_out.get(row.id, row.is_opted_out)}
                    for row in found
                ]
                if told:
                    connection.execute(change, told)

    def shared(self, ids: Iterable[str] | None = None) -> list[CrmPerson]:
        """Contacts and person accounts with an address that another of them has too.

        Args:
            ids: only those at an address of one of these records; None: all.
        """
        one = (_people.c.kind != "Lead") & _people.c.is_deleted.is_(False) & _people.c.address_key.is_not(None)
        keys = select(_people.c.address_key).where(one).group_by(_people.c.address_key).having(func.count() > 1)
        query = select(_people).where(one, _people.c.address_key.in_(keys)).order_by(_people.c.id)
        with self._database.reading() as connection:
            if ids is None:
                return list(map(_person, connection.execute(query).mappings()))
            at = {row.address_key for part in chunks(ids) for row in connection.execute(_of(part)) if row.address_key}
            parts = (query.where(_people.c.address_key.in_(part)) for part in chunks(at))
            return [_person(row) for part in parts for row in connection.execute(part).mappings()]

    def put_deals(self, deals: Mapping[str, bool]) -> None:
        """Who has part in an open opportunity, by id."""
        with self._database.writing() as connection:
            for has in (True, False):
                for part in chunks(id_ for id_, value in deals.items() if value is has):
                    change = _people.update().where(_people.c.id.in_(part), _people.c.has_open_deal.is_not(has))
                    connection.execute(change.values(has_open_deal=has))

    def people_at(self, keys: Iterable[str]) -> dict[str, list[CrmPerson]]:
        """Everybody with one of these addresses who is still there, Leads that were converted left out."""
        found: dict[str, list[CrmPerson]] = {}
        there = (_people.c.is_deleted.is_(False)) & (_people.c.converted_to.is_(None))
        behind = select(_people.c.account).where(_people.c.kind == "Account", _people.c.account.is_not(None))
        there &= _people.c.id.not_in(behind)  # the contact behind a person account may not be written
        with self._database.reading() as connection:
            for part in chunks(keys):
                query = select(_people).where(_people.c.address_key.in_(part), there).order_by(_people.c.id)
                for row in connection.execute(query).mappings():
                    found.setdefault(row["address_key"], []).append(_person(row))
        return found

    def people_of(self, ids: Iterable[str]) -> dict[str, CrmPerson]:
        """People by id, those who are gone too."""
        with self._database.reading() as connection:
            rows = [row for part in chunks(ids) for row in connection.execute(_of(part)).mappings()]
            return {row["id"]: _person(row) for row in rows}

    def everybody(self, *, kind: str | None = None, batch: int = 5_000) -> Iterator[list[CrmPerson]]:
        """All people who are still there, in the order of their ids, a batch at a time."""
        after = ""
        while True:
            query = select(_people).where(_people.c.is_deleted.is_(False), _people.c.id > after)
            query = query if kind is None else query.where(_people.c.kind == kind)
            with self._database.reading() as connection:
                rows = connection.execute(query.order_by(_people.c.id).limit(batch)).mappings().all()
            if not rows:
                return
            yield [_person(row) for row in rows]
            after = rows[-1]["id"]

    def handles_of(self, keys: Iterable[str]) -> dict[str, Handle]:
        """The handle of each address key that mail was ever sent to."""
        recipients = schema.recipients
        found: dict[str, Handle] = {}
        with self._database.reading() as connection:
            for part in chunks(keys):
                query = select(recipients.c.address_key, recipients.c.handle).where(recipients.c.address_key.in_(part))
                found.update((key, Handle(handle)) for key, handle in connection.execute(query))
        return found

    def keys_of(self, handles: Iterable[Handle]) -> dict[Handle, str]:
        """The address key of each handle that is known."""
        recipients = schema.recipients
        found: dict[Handle, str] = {}
        with self._database.reading() as connection:
            for part in chunks(handles):
                query = select(recipients.c.handle, recipients.c.address_key).where(recipients.c.handle.in_(part))
                found.update((Handle(handle), key) for handle, key in connection.execute(query))
        return found

    def suppressed_after(self, number: int) -> list[tuple[int, Handle]]:
        """Who was suppressed after that line of the list: line and handle, in the order of the list."""
        rows = schema.suppressions
        query = select(rows.c.id, rows.c.handle).where(rows.c.id > number).order_by(rows.c.id)
        with self._database.reading() as connection:
            return [(line, Handle(handle)) for line, handle in connection.execute(query)]

    def known_both(self, *, after: Handle, limit: int) -> list[tuple[Handle, str]]:
        """Handle and address key of those who are in the org and got mail from us, by handle."""
        recipients = schema.recipients
        there = select(_people.c.id).where(
            _people.c.address_key == recipients.c.address_key, _people.c.is_deleted.is_(False)
        )
        query = select(recipients.c.handle, recipients.c.address_key).where(recipients.c.handle > after, there.exists())
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(recipients.c.handle).limit(limit))
            return [(Handle(handle), key) for handle, key in rows]

    def individuals(self, ids: Iterable[str]) -> dict[str, Individual]:
        """What some people allow."""
        return {row.id: row for row in self._rows(Individual, _individuals, ids)}

    def unprofiled(self) -> frozenset[Handle]:
        """Everybody of whom a record says that they want no profile."""
        recipients = schema.recipients
        query = (
            select(recipients.c.handle)
            .join(_people, _people.c.address_key == recipients.c.address_key)
            .join(_individuals, _individuals.c.id == _people.c.individual)
            .where(_individuals.c.no_profiling, _people.c.is_deleted.is_(False))
        )
        with self._database.reading() as connection:
            return frozenset(Handle(handle) for handle in connection.scalars(query))

    def users(self, ids: Iterable[str]) -> dict[str, CrmUser]:
        """Whom records belong to."""
        return {row.id: row for row in self._rows(CrmUser, _users, ids)}

    def people_with(self, individuals: Iterable[str]) -> list[CrmPerson]:
        """Everybody who is still there and whose wishes stand on one of these records."""
        with self._database.reading() as connection:
            return [
                _person(row)
                for part in chunks(individuals)
                for row in connection.execute(
                    select(_people).where(_people.c.individual.in_(part), _people.c.is_deleted.is_(False))
                ).mappings()
            ]

    def members_of(self, people: Iterable[str], crm_campaign: str) -> dict[str, Member]:
        """Membership in one campaign of the org, by person."""
        found: dict[str, Member] = {}
        with self._database.reading() as connection:
            for part in chunks(people):
                query = select(_members).where(_members.c.crm_campaign == crm_campaign, _members.c.person.in_(part))
                found |= {row["person"]: Member(**row) for row in connection.execute(query).mappings()}
        return found

    def count_people(self) -> dict[str, int]:
        """How many are still there, by kind."""
        query = select(_people.c.kind, func.count()).where(_people.c.is_deleted.is_(False)).group_by(_people.c.kind)
        with self._database.reading() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    def _put(self, connection: Connection, table: Table, rows: Iterable[T]) -> None:
        made = self._database.upsert(table)
        others = {column.key: made.excluded[column.key] for column in table.c if not column.primary_key}
        others = {name: value for name, value in others.items() if name not in _APART}
        change = made.on_conflict_do_update(index_elements=["id"], set_=others)
        for part in chunks(rows, 1_000):
            connection.execute(change, [{name.name: getattr(row, name.name) for name in fields(row)} for row in part])

    def _rows(self, kind: type[T], table: Table, ids: Iterable[str]) -> list[T]:
        with self._database.reading() as connection:
            return [
                kind(**row)
                for part in chunks(ids)
                for row in connection.execute(select(table).where(table.c.id.in_(part))).mappings()
            ]


def _nameless(person: CrmPerson) -> CrmPerson:
    """Somebody who was erased here: their record is the org's, and we know no longer whose it is."""
    return replace(person, address_key=None, name="", held={})


def _of(ids: Iterable[str]) -> Select[Any]:
    return select(_people).where(_people.c.id.in_(list(ids)))


def _person(row: RowMapping) -> CrmPerson:
    return CrmPerson(**row)
