"""Long work that survives a crash, and single values that need a place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, select

from mailwake.events import Micros
from mailwake.store.state import schema
from mailwake.store.state.engine import OnDatabase
from mailwake.store.state.rows import Job

_jobs, _meta = schema.jobs, schema.meta


class Jobs(OnDatabase):
    """The part of the state store that remembers how far something got."""

    def job(self, kind: str, key: str) -> Job | None:
        """The job as it was last put; None: never started."""
        query = select(_jobs).where(_jobs.c.kind == kind, _jobs.c.key == key)
        with self._database.reading() as connection:
            row = connection.execute(query).first()
            return None if row is None else _job(row)

    def jobs(self, kind: str) -> list[Job]:
        """All jobs of a kind, newest first."""
        query = select(_jobs).where(_jobs.c.kind == kind).order_by(_jobs.c.created_at.desc(), _jobs.c.key)
        with self._database.reading() as connection:
            return [_job(row) for row in connection.execute(query)]

    def put_job(self, kind: str, key: str, *, data: Mapping[str, Any], now: Micros) -> Job:
        """Start a job, or write down how far it got; one that was finished is open again."""
        made = self._database.upsert(_jobs).values(
            kind=kind, key=key, data=dict(data), created_at=now, changed_at=now, finished_at=None
        )
        change = {"data": made.excluded.data, "changed_at": made.excluded.changed_at, "finished_at": None}
        query = select(_jobs).where(_jobs.c.kind == kind, _jobs.c.key == key)
        with self._database.writing() as connection:
            connection.execute(made.on_conflict_do_update(index_elements=["kind", "key"], set_=change))
            return _job(connection.execute(query).one())

    def finish_job(self, kind: str, key: str, *, now: Micros) -> None:
        """Mark a job as done; one that does not exist or was done before stays as it is."""
        change = _jobs.update().where(_jobs.c.kind == kind, _jobs.c.key == key, _jobs.c.finished_at.is_(None))
        with self._database.writing() as connection:
            connection.execute(change.values(finished_at=now, changed_at=now))

    def value(self, name: str) -> str | None:
        """A value kept by `put_value`; None: there is none."""
        with self._database.reading() as connection:
            return connection.scalar(select(_meta.c.value).where(_meta.c.name == name))

    def put_value(self, name: str, value: str) -> None:
        """Keep one value under a name, over the one before."""
        made = self._database.upsert(_meta).values(name=name, value=value)
        with self._database.writing() as connection:
            connection.execute(made.on_conflict_do_update(index_elements=["name"], set_={"value": made.excluded.value}))


def _job(row: Row[*tuple[Any, ...]]) -> Job:
    return Job(
        kind=row.kind,
        key=row.key,
        data=row.data,
        created_at=Micros(row.created_at),
        changed_at=Micros(row.changed_at),
        finished_at=None if row.finished_at is None else Micros(row.finished_at),
    )
