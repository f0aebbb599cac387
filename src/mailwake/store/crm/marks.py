"""How far something got: times of the org, numbers of ours."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, select

from mailwake.store.crm import tables
from mailwake.store.state.engine import Database

_marks = tables.marks


class Marks:
    """The part of the store that remembers how far something got."""

    _database: Database

    def mark(self, name: str) -> int | None:
        """How far something got; None: it never began."""
        with self._database.reading() as connection:
            return connection.scalar(select(_marks.c.at).where(_marks.c.name == name))

    def put_mark(self, name: str, at: int) -> None:
        """Write down how far something got."""
        with self._database.writing() as connection:
            self._put_marks(connection, {name: at})

    def _put_marks(self, connection: Connection, marks: Mapping[str, int]) -> None:
        if marks:
            rows = [{"name": name, "at": at} for name, at in marks.items()]
            made = self._database.upsert(_marks)
            change = made.on_conflict_do_update(index_elements=["name"], set_={"at": made.excluded.at})
            connection.execute(change, rows)
