"""Refusals and what they were decided to mean, and the incidents that many of them make."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Row, Select, func, select

from mailwake.events import CampaignId, Handle, Micros
from mailwake.store.state import schema
from mailwake.store.state.engine import OnDatabase, chunks
from mailwake.store.state.rows import Incident, IncidentKind, Refusal

_refusals, _incidents = schema.refusals, schema.incidents
_ALWAYS = Micros(0)
_FIELDS: Sequence[str] = [column.key for column in _refusals.c]


class Refusals(OnDatabase):
    """The part of the state store that remembers who was refused, and for what cause."""

    def put_refusals(self, rows: Iterable[Refusal]) -> set[int]:
        """Write refusals down; says which events were not known yet. What is known stays as it is."""
        made = self._database.upsert(_refusals).on_conflict_do_nothing(index_elements=["event"])
        new: set[int] = set()
        with self._database.writing() as connection:
            for row in rows:
                if connection.execute(made, {name: getattr(row, name) for name in _FIELDS}).rowcount == 1:
                    new.add(row.event)
        return new

    def refusals_of(self, handle: Handle) -> list[Refusal]:
        """All refusals of one recipient, oldest first."""
        query = select(_refusals).where(_refusals.c.handle == handle)
        return self._refusals_of(query.order_by(_refusals.c.at, _refusals.c.event))

    def refusals_at(self, place: str, *, action: str, since: Micros, until: Micros) -> list[Refusal]:
        """Refusals with one action at one place, both times included, oldest first."""
        query = select(_refusals).where(_refusals.c.place == place, _refusals.c.action == action)
        query = query.where(_refusals.c.at >= since, _refusals.c.at <= until)
        return self._refusals_of(query.order_by(_refusals.c.at, _refusals.c.event))

    def refusals_of_events(self, events: Iterable[int]) -> dict[int, Refusal]:
        """What was decided on each of these events; those that nothing was decided on are left out."""
        query = select(_refusals)
        found = (self._refusals_of(query.where(_refusals.c.event.in_(part))) for part in chunks(events))
        return {row.event: row for rows in found for row in rows}

    def refusals_in(self, incident: int) -> list[Refusal]:
        """The refusals that belong to a storm, oldest first."""
        query = select(_refusals).where(_refusals.c.incident == incident)
        return self._refusals_of(query.order_by(_refusals.c.at, _refusals.c.event))

    def refusals_of_campaign(self, campaign: CampaignId | None, *, since: Micros = _ALWAYS) -> list[Refusal]:
        """All refusals of one campaign's mail from a time on, oldest first; None: of all campaigns."""
        query = select(_refusals).where(_refusals.c.at >= since)
        if campaign is not None:
            query = query.where(_refusals.c.campaign == campaign)
        return self._refusals_of(query.order_by(_refusals.c.at, _refusals.c.event))

    def refusal_classes(self, *, since: Micros) -> list[tuple[str | None, str, int]]:
        """How many copies were refused from a time on, by domain and by whom that blames; each copy once per class."""
        wanted = select(_refusals.c.domain, _refusals.c.klass, _refusals.c.handle, _refusals.c.campaign)
        copies = wanted.where(_refusals.c.at >= since).distinct().subquery()
        query = select(copies.c.domain, copies.c.klass, func.count()).group_by(copies.c.domain, copies.c.klass)
        with self._database.reading() as connection:
            return [(row[0], row[1], row[2]) for row in connection.execute(query)]

    def refusal_count(self, category: str, *, since: Micros, until: Micros) -> int:
        """How many refusals of one cause there were, both times included."""
        query = select(func.count()).select_from(_refusals).where(_refusals.c.category == category)
        with self._database.reading() as connection:
            return connection.scalar(query.where(_refusals.c.at >= since, _refusals.c.at <= until)) or 0

    def join_incident(self, events: Collection[int], incident: int) -> None:
        """Let refusals belong to a storm."""
        with self._database.writing() as connection:
            for part in chunks(sorted(events)):
                connection.execute(_refusals.update().where(_refusals.c.event.in_(part)).values(incident=incident))

    def put_incident(self, incident: Incident) -> None:
        """Write an incident down, over what was known of it; who closed one keeps it closed."""
        row = {"id": incident.id, "kind": incident.kind, "place": incident.place, "category": incident.category}
        row |= {"opened_at": incident.opened_at, "last_at": incident.last_at}
        row |= {"count": incident.count, "quoted": incident.quoted}
        made = self._database.upsert(_incidents).values(row)
        change = {name: made.excluded[name] for name in ("opened_at", "last_at", "count", "quoted")}
        with self._database.writing() as connection:
            connection.execute(made.on_conflict_do_update(index_elements=["id"], set_=change))

    def incident(self, number: int) -> Incident | None:
        """The incident with this number."""
        found = self._incidents_of(select(_incidents).where(_incidents.c.id == number))
        return found[0] if found else None

    def incidents(
        self,
        *,
        kind: IncidentKind | None = None,
        place: str | None = None,
        category: str | None = None,
        since: Micros | None = None,
        only_open: bool = False,
    ) -> list[Incident]:
        """Incidents, the one with the latest refusal first.

        Args:
            kind: of this kind alone.
            place: at this place alone.
            category: of this cause alone.
            since: with a refusal at or after this time.
            only_open: those that nobody has closed.
        """
        query, columns = select(_incidents), _incidents.c
        for column, value in ((columns.kind, kind), (columns.place, place), (columns.category, category)):
            if value is not None:
                query = query.where(column == value)
        if since is not None:
            query = query.where(_incidents.c.last_at >= since)
        if only_open:
            query = query.where(_incidents.c.closed_at.is_(None))
        return self._incidents_of(query.order_by(_incidents.c.last_at.desc(), _incidents.c.id))

    def open_incident_counts(self) -> dict[str, int]:
        """How many incidents nobody has closed, by kind."""
        query = select(_incidents.c.kind, func.count()).where(_incidents.c.closed_at.is_(None))
        with self._database.reading() as connection:
            return {row[0]: row[1] for row in connection.execute(query.group_by(_incidents.c.kind))}

    def close_incident(self, number: int, at: Micros, *, by: str, why: str) -> bool:
        """Close an incident; says whether it was open."""
        change = _incidents.update().where(_incidents.c.id == number, _incidents.c.closed_at.is_(None))
        with self._database.writing() as connection:
            return connection.execute(change.values(closed_at=at, closed_by=by, why=why)).rowcount == 1

    def _refusals_of(self, query: Select[Any]) -> list[Refusal]:
        with self._database.reading() as connection:
            return [_refusal(row) for row in connection.execute(query)]

    def _incidents_of(self, query: Select[Any]) -> list[Incident]:
        with self._database.reading() as connection:
            return [_incident(row) for row in connection.execute(query)]


def _refusal(row: Row[*tuple[Any, ...]]) -> Refusal:
    told = row._mapping  # noqa: SLF001 - SQLAlchemy's own public name for it
    return Refusal(**{name: told[_refusals.c[name]] for name in _FIELDS})


def _incident(row: Row[*tuple[Any, ...]]) -> Incident:
    told = dict(row._mapping)  # noqa: SLF001 - as above
    return Incident(**(told | {"kind": IncidentKind(row.kind)}))
