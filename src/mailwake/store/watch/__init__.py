"""Links after delivery: what their targets answer, and whose readers go elsewhere by whose decision.

The same database as the state store. Synchronous; every method is one transaction and safe from any thread and from
several processes at once.

Raises everywhere: `Unavailable` when the database cannot be reached or stays locked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from sqlalchemy import func, select

from mailwake.events import Micros
from mailwake.store.state import schema
from mailwake.store.state.engine import OnDatabase, chunks, open_database
from mailwake.store.watch import tables
from mailwake.store.watch.rows import Alarm, Decision, Health, Kind, Place, Target

__all__ = ["Alarm", "Decision", "Health", "Kind", "Place", "Target", "WatchStore", "open_watch"]

_decisions, _targets, _alarms = tables.decisions, tables.targets, tables.alarms
_links, _templates, _campaigns = schema.links, schema.templates, schema.campaigns
_PLACES = (
    select(_links.c.template, _links.c.number, _links.c.href, _links.c.role, _campaigns.c.stream)
    .join(_templates, _templates.c.id == _links.c.template)
    .join(_campaigns, _campaigns.c.id == _templates.c.campaign)
    .where(_links.c.tracked)
    .order_by(_links.c.template, _links.c.number)
)


class WatchStore(OnDatabase):
    """Decisions, targets and alarms."""

    # --- decisions

    def add_decision(self, decision: Decision) -> None:
        """Note what somebody decided."""
        row = {name: value for name, value in asdict(decision).items() if name != "id"}
        with self._database.writing() as connection:
            connection.execute(_decisions.insert(), row | {"kind": str(decision.kind)})

    def decisions(self, *, limit: int | None = None) -> list[Decision]:
        """All that was ever decided, the latest first."""
        query = select(_decisions).order_by(_decisions.c.id.desc()).limit(limit)
        with self._database.reading() as connection:
            return [_decision(dict(row)) for row in connection.execute(query).mappings()]

    def holding(self) -> list[Decision]:
        """The last line of each link, restored ones too, the latest first."""
        of_link = (_decisions.c.template, _decisions.c.number, _decisions.c.href)
        last = select(func.max(_decisions.c.id)).group_by(*of_link).scalar_subquery()
        query = select(_decisions).where(_decisions.c.id.in_(last)).order_by(_decisions.c.id.desc())
        with self._database.reading() as connection:
            return [_decision(dict(row)) for row in connection.execute(query).mappings()]

    # --- places

    def places(self, hrefs: Iterable[str]) -> list[Place]:
        """Where some addresses stand as tracked links, in all mail that was ever sent."""
        found: list[Place] = []
        with self._database.reading() as connection:
            for part in chunks(sorted(set(hrefs)), 500):
                rows = connection.execute(_PLACES.where(_links.c.href.in_(part)))
                found += [Place(**row) for row in rows.mappings()]
        return found

    def places_of(self, templates: Iterable[int]) -> list[Place]:
        """The tracked links of some templates."""
        found: list[Place] = []
        with self._database.reading() as connection:
            for part in chunks(sorted(set(templates)), 500):
                rows = connection.execute(_PLACES.where(_links.c.template.in_(part)))
                found += [Place(**row) for row in rows.mappings()]
        return found

    # --- targets and alarms

    def targets(self) -> dict[str, Target]:
        """What is known of every target that was ever visited."""
        with self._database.reading() as connection:
            rows = [_target(dict(row)) for row in connection.execute(select(_targets)).mappings()]
            return {row.href: row for row in rows}

    def put_target(self, target: Target, *, alarm: Alarm | None = None, closed_at: Micros | None = None) -> None:
        """Keep what a visit found, with what follows from it, at once.

        Args:
            target: as it is now.
            alarm: to open, where none of this target is open.
            closed_at: close what is open of this target.
        """
        row = asdict(target) | {"health": str(target.health)}
        made = self._database.upsert(_targets)
        change = made.on_conflict_do_update(
            index_elements=["href"], set_={name: made.excluded[name] for name in row if name != "href"}
        )
        is_open = (_alarms.c.href == target.href) & _alarms.c.closed_at.is_(None)
        with self._database.writing() as connection:
            connection.execute(change, row)
            if alarm is not None and connection.execute(select(_alarms.c.id).where(is_open)).first() is None:
                values = {"href": alarm.href, "said": alarm.said, "opened_at": alarm.opened_at}
                connection.execute(_alarms.insert(), values)
            if closed_at is not None:
                connection.execute(_alarms.update().where(is_open).values(closed_at=closed_at))

    def alarms(self, *, only_open: bool = False, after: int = 0, limit: int | None = None) -> list[Alarm]:
        """Alarms, the latest first.

        Args:
            only_open: not those that are closed.
            after: of higher ids alone.
            limit: at most so many.
        """
        query = select(_alarms).where(_alarms.c.id > after).order_by(_alarms.c.id.desc()).limit(limit)
        if only_open:
            query = query.where(_alarms.c.closed_at.is_(None))
        with self._database.reading() as connection:
            return [Alarm(**row) for row in connection.execute(query).mappings()]


def _decision(row: dict[str, object]) -> Decision:
    return Decision(**{**row, "kind": Kind(str(row["kind"]))})  # type: ignore[arg-type]


def _target(row: dict[str, object]) -> Target:
    return Target(**{**row, "health": Health(str(row["health"]))})  # type: ignore[arg-type]


def open_watch(path: Path | str) -> WatchStore:
    """The store at a path: the state store's SQLite file, brought to the newest schema.

    Raises:
        Unavailable: it cannot be opened, is damaged, or was made by a newer Mailwake.
    """
    return WatchStore(open_database(Path(path)))
