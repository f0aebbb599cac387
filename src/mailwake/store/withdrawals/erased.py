"""Whose data was erased."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from mailwake.events import Handle, Micros
from mailwake.store.state.engine import OnDatabase
from mailwake.store.withdrawals import tables


class Erased(OnDatabase):
    """The part that knows of the erased."""

    def forget(self, handles: Iterable[Handle], *, at: Micros) -> None:
        """Let nothing be recorded any more of these, for ever. Who is there already stays as they are."""
        rows = [{"handle": handle, "at": at} for handle in set(handles)]
        if not rows:
            return
        put = self._database.upsert(tables.erased).on_conflict_do_nothing(index_elements=["handle"])
        with self._database.writing() as connection:
            connection.execute(put, rows)

    def erased(self, *, after: int = 0) -> list[tuple[int, Handle, Micros]]:
        """Number, handle and time of those after a number, in order."""
        query = select(tables.erased).where(tables.erased.c.id > after).order_by(tables.erased.c.id)
        with self._database.reading() as connection:
            return [(row.id, Handle(row.handle), Micros(row.at)) for row in connection.execute(query)]
