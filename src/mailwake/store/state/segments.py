"""Segments: names for queries, who was chosen once, and how many there were."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Row, func, select

from mailwake.events import Handle, Micros
from mailwake.store.state import schema
from mailwake.store.state.engine import OnDatabase, chunks
from mailwake.store.state.rows import Segment

_segments, _members, _sizes = schema.segments, schema.segment_members, schema.segment_sizes


class Segments(OnDatabase):
    """The part of the state store that keeps segments."""

    def segments(self) -> list[Segment]:
        """All segments, by name."""
        with self._database.reading() as connection:
            return [_segment(row) for row in connection.execute(select(_segments).order_by(_segments.c.name))]

    def segment(self, name: str) -> Segment | None:
        """The segment of this name; None: there is none."""
        with self._database.reading() as connection:
            row = connection.execute(select(_segments).where(_segments.c.name == name)).first()
            return None if row is None else _segment(row)

    def put_segment(
        self, name: str, query: str, *, is_live: bool, members: Iterable[Handle] = (), now: Micros, by: str
    ) -> Segment | None:
        """Keep a segment; None: there is one of this name, and nothing was changed.

        Args:
            name: not taken yet.
            query: as the language spells it.
            is_live: whether it is asked again each time.
            members: who was chosen, where it is not.
            now: when.
            by: whose doing.
        """
        made = self._database.upsert(_segments).values(
            name=name, query=query, is_live=is_live, created_at=now, made_by=by
        )
        with self._database.writing() as connection:
            if not connection.execute(made.on_conflict_do_nothing(index_elements=["name"])).rowcount:
                return None
            row = connection.execute(select(_segments).where(_segments.c.name == name)).one()
            for part in chunks(members):
                connection.execute(_members.insert(), [{"segment": row.id, "handle": handle} for handle in part])
            return _segment(row)

    def delete_segment(self, segment: int) -> None:
        """Forget a segment, its members and its sizes."""
        with self._database.writing() as connection:
            connection.execute(_members.delete().where(_members.c.segment == segment))
            connection.execute(_sizes.delete().where(_sizes.c.segment == segment))
            connection.execute(_segments.delete().where(_segments.c.id == segment))

    def segment_members(self, segment: int, *, limit: int, offset: int = 0, after: int = -1) -> list[Handle]:
        """Who was chosen, in order of handles; only those above one."""
        query = select(_members.c.handle).where(_members.c.segment == segment, _members.c.handle > after)
        query = query.order_by(_members.c.handle)
        with self._database.reading() as connection:
            return [Handle(handle) for handle in connection.scalars(query.limit(limit).offset(offset))]

    def segment_member_count(self, segment: int) -> int:
        """How many were chosen."""
        query = select(func.count()).select_from(_members).where(_members.c.segment == segment)
        with self._database.reading() as connection:
            return connection.scalar(query) or 0

    def segment_sizes(self, segment: int) -> dict[Micros, int]:
        """When it had how many people, oldest first."""
        query = select(_sizes.c.at, _sizes.c.size).where(_sizes.c.segment == segment).order_by(_sizes.c.at)
        with self._database.reading() as connection:
            return {Micros(at): size for at, size in connection.execute(query)}

    def put_segment_sizes(self, segment: int, sizes: Mapping[Micros, int]) -> None:
        """Note sizes; what was noted of the same moment stays."""
        if not sizes:
            return
        rows = [{"segment": segment, "at": at, "size": size} for at, size in sizes.items()]
        made = self._database.upsert(_sizes).on_conflict_do_nothing(index_elements=["segment", "at"])
        with self._database.writing() as connection:
            connection.execute(made, rows)


def _segment(row: Row[*tuple[Any, ...]]) -> Segment:
    return Segment(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping
