"""Which records of the org reach a goal, and what became of each. Of people there is nothing here but by the record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import bindparam, func, select

from mailwake.events import Micros
from mailwake.store.crm import tables
from mailwake.store.crm.marks import Marks
from mailwake.store.crm.rows import Closing
from mailwake.store.state.engine import chunks

_closings = tables.closings


class Closings(Marks):
    """The part of the store that knows which records reach a goal."""

    def closings(self, goal: str, records: Iterable[str]) -> dict[str, Closing]:
        """What is known of some records, by id."""
        with self._database.reading() as connection:
            return {
                row["record"]: Closing(**row)
                for part in chunks(records)
                for row in connection.execute(
                    select(_closings).where(_closings.c.goal == goal, _closings.c.record.in_(part))
                ).mappings()
            }

    def open_closings(self, goal: str, *, since: Micros, limit: int) -> dict[str, Micros]:
        """Ids of records that named nobody when they were last looked at, since then, and when; the latest first."""
        wanted = (_closings.c.goal == goal, _closings.c.state == "waiting", _closings.c.at >= since)
        query = (
            select(_closings.c.record, _closings.c.at)
            .where(*wanted)
            .order_by(_closings.c.at.desc(), _closings.c.record)
        )
        with self._database.reading() as connection:
            return {record: Micros(at) for record, at in connection.execute(query.limit(limit))}

    def put_closings(
        self,
        closings: Iterable[Closing],
        *,
        goal: str = "",
        gone: Iterable[str] = (),
        marks: Mapping[str, int] | None = None,
    ) -> None:
        """Keep what became of records, and how far the reading got, at once.

        Args:
            closings: to keep.
            goal: whose records are gone.
            gone: ids of records of which nothing was told, and nothing is to be.
            marks: how far the reading got.
        """
        made = self._database.upsert(_closings)
        others = {name: made.excluded[name] for name in ("state", "why", "at")}
        change = made.on_conflict_do_update(index_elements=["goal", "record"], set_=others)
        rows = [{name: getattr(each, name) for name in Closing.__dataclass_fields__} for each in closings]
        drop = _closings.delete().where(_closings.c.goal == goal, _closings.c.record == bindparam("id"))
        dropped = [{"id": each} for each in gone]
        with self._database.writing() as connection:
            if rows:
                connection.execute(change, rows)
            if dropped:
                connection.execute(drop, dropped)
            self._put_marks(connection, marks or {})

    def count_closings(self) -> dict[tuple[str, str], int]:
        """How many records stand how, by goal and state."""
        query = select(_closings.c.goal, _closings.c.state, func.count()).group_by(_closings.c.goal, _closings.c.state)
        with self._database.reading() as connection:
            return {(goal, state): count for goal, state, count in connection.execute(query)}

    def why_refused(self, goal: str, *, limit: int) -> list[str]:
        """Why records of a goal cannot be, each reason once."""
        wanted = (_closings.c.goal == goal, _closings.c.state == "refused")
        query = select(_closings.c.why).where(*wanted).group_by(_closings.c.why).order_by(func.count().desc())
        with self._database.reading() as connection:
            return list(connection.scalars(query.limit(limit)))
