"""How far something got: times of the org, numbers of ours."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, select

from mailwake.store.crm import tables
from mailwake.store.state import schema
from mailwake.store.state.engine import OnDatabase

_marks, _meta = tables.marks, schema.meta
_BULK = "crm_bulk_job"


class Marks(OnDatabase):
    """The part of the store that remembers how far something got."""

    def mark(self, name: str) -> int | None:
        """How far something got; None: it never began."""
        with self._database.reading() as connection:
            return connection.scalar(select(_marks.c.at).where(_marks.c.name == name))

    def put_mark(self, name: str, at: int) -> None:
        """Write down how far something got."""
        with self._database.writing() as connection:
            self._put_marks(connection, {name: at})

    def move_mark(self, name: str, was: int | None, at: int) -> bool:
        """Write down how far something got, unless somebody set it otherwise meanwhile; says whether it was.

        Args:
            name: of the mark.
            was: where it stood when the work began; None: there was none.
            at: how far the work got.
        """
        with self._database.writing() as connection:
            stands = connection.scalar(select(_marks.c.at).where(_marks.c.name == name))
            if stands == was:
                self._put_marks(connection, {name: at})
            return bool(stands == was)

    def bulk_job(self) -> str | None:
        """Id of the bulk job that is at work for us, or was when somebody died."""
        with self._database.reading() as connection:
            return connection.scalar(select(_meta.c.value).where(_meta.c.name == _BULK)) or None

    def put_bulk_job(self, job: str | None) -> None:
        """Keep the id of the bulk job that is at work for us; None: there is none any more."""
        made = self._database.upsert(_meta).values(name=_BULK, value=job or "")
        with self._database.writing() as connection:
            connection.execute(made.on_conflict_do_update(index_elements=["name"], set_={"value": made.excluded.value}))

    def _put_marks(self, connection: Connection, marks: Mapping[str, int]) -> None:
        if marks:
            rows = [{"name": name, "at": at} for name, at in marks.items()]
            made = self._database.upsert(_marks)
            change = made.on_conflict_do_update(index_elements=["name"], set_={"at": made.excluded.at})
            connection.execute(change, rows)
