"""Lines added one after the other, read back in either direction, and let go of from the oldest end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace

from sqlalchemy import ColumnElement, Connection, RowMapping, func, select

from mailwake.events import Micros
from mailwake.store.audit import tables
from mailwake.store.audit.rows import GENESIS, AuditCut, AuditLine, Draft, Wanted, digest
from mailwake.store.state.engine import OnDatabase

_lines, _cuts = tables.lines, tables.cuts
#: lines that are read at once
_CHUNK = 1_000


class Lines(OnDatabase):
    """The part of the store that keeps lines."""

    def append(self, draft: Draft) -> AuditLine:
        """Add a line at the end of the chain."""
        with self._database.writing() as connection:
            return _append(connection, draft)

    def append_change(self, draft: Draft) -> AuditLine | None:
        """Add what holds now (`after`) of an object, unless the last line of the same act says so already.

        `before` becomes what that line said. None: nothing changed.
        """
        same = (_lines.c.action == draft.action) & (_lines.c.object == draft.object)
        query = select(_lines.c.after).where(same).order_by(_lines.c.number.desc()).limit(1)
        with self._database.writing() as connection:
            before = connection.scalar(query)
            return None if before == draft.after else _append(connection, replace(draft, before=before))

    def lines(self, wanted: Wanted, *, limit: int, offset: int = 0) -> list[AuditLine]:
        """Lines, the latest first."""
        query = select(_lines).where(*_filters(wanted)).order_by(_lines.c.number.desc()).limit(limit).offset(offset)
        with self._database.reading() as connection:
            return [_line(row) for row in connection.execute(query).mappings()]

    def count_lines(self, wanted: Wanted) -> int:
        """How many there are of them."""
        with self._database.reading() as connection:
            return connection.scalar(select(func.count()).select_from(_lines).where(*_filters(wanted))) or 0

    def actors(self) -> list[str]:
        """Everybody who did something, by name."""
        with self._database.reading() as connection:
            return list(connection.scalars(select(_lines.c.actor).distinct().order_by(_lines.c.actor)))

    def actions(self) -> list[str]:
        """Everything that was done, by its words."""
        with self._database.reading() as connection:
            return list(connection.scalars(select(_lines.c.action).distinct().order_by(_lines.c.action)))

    def chain(self) -> Iterator[AuditLine]:
        """All lines from the oldest, a few at a time; what is added meanwhile comes too."""
        after = 0
        while True:
            query = select(_lines).where(_lines.c.number > after).order_by(_lines.c.number).limit(_CHUNK)
            with self._database.reading() as connection:
                found = [_line(row) for row in connection.execute(query).mappings()]
            if not found:
                return
            yield from found
            after = found[-1].number

    def last_line(self) -> AuditLine | None:
        """The newest; None: there is none, or all were let go of."""
        found = self.lines(Wanted(), limit=1)
        return found[0] if found else None

    def last_before(self, at: Micros) -> AuditLine | None:
        """The newest of those that are older than a time; None: there is none."""
        query = select(_lines).where(_lines.c.at < at).order_by(_lines.c.number.desc()).limit(1)
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().first()
            return None if row is None else _line(row)

    def last_cut(self) -> AuditCut | None:
        """Up to where lines were let go of; None: none ever was."""
        query = select(_cuts).order_by(_cuts.c.number.desc()).limit(1)
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().first()
            return None if row is None else AuditCut(**row)

    def cut(self, made: AuditCut) -> int:
        """Let go of all lines up to a number, which the chain goes on from; says how many."""
        with self._database.writing() as connection:
            connection.execute(self._database.upsert(_cuts).values(asdict(made)).on_conflict_do_nothing())
            return connection.execute(_lines.delete().where(_lines.c.number <= made.number)).rowcount


def _append(connection: Connection, draft: Draft) -> AuditLine:
    number, previous = _end(connection)
    told = asdict(draft)
    seal = digest(draft, number=number + 1, previous=previous)
    line = AuditLine(**told, number=number + 1, previous=previous, hash=seal)
    connection.execute(_lines.insert().values(asdict(line)))
    return line


def _end(connection: Connection) -> tuple[int, str]:
    """Number and hash that the next line is chained to."""
    for table in (_lines, _cuts):
        query = select(table.c.number, table.c.hash).order_by(table.c.number.desc()).limit(1)
        row = connection.execute(query).first()
        if row is not None:
            return row[0], row[1]
    return 0, GENESIS


def _filters(wanted: Wanted) -> list[ColumnElement[bool]]:
    return [_lines.c[name] == value for name, value in asdict(wanted).items() if value]


def _line(row: RowMapping) -> AuditLine:
    return AuditLine(**row)
