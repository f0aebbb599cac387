"""Who may not be mailed, why, and who took it back. A suppression that is lifted stays on record."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, Update, func, select, tuple_

from mailwake.events import CampaignId, Handle, Micros
from mailwake.store.state import schema
from mailwake.store.state.engine import OnDatabase, chunks
from mailwake.store.state.rows import Suppression

_suppressions = schema.suppressions
_holds = _suppressions.c.lifted_at.is_(None)


class Suppressions(OnDatabase):
    """The part of the state store that knows who may not be mailed."""

    def suppress(
        self,
        handle: Handle,
        *,
        reason: str,
        source: str,
        at: Micros,
        campaign: CampaignId | None = None,
        stream: str | None = None,
    ) -> None:
        """Mail this recipient no more. While one of the same reason and reach holds as long, a second changes nothing.

        Args:
            handle: whom.
            reason: unsubscribed, complained, bounced, manual, ...
            source: who said so.
            at: when it was said.
            campaign: only this campaign's mail; None: any.
            stream: only this stream's mail, so that an unsubscribed reader still gets a password reset; None: any.
        """
        row = Suppression(handle=handle, reason=reason, source=source, at=at, campaign=campaign, stream=stream)
        self.put_suppressions([row])

    def put_suppressions(self, rows: Iterable[Suppression]) -> int:
        """Suppress each, unless the same reason and reach holds already, and as long; says how many are new.

        What a row's own event once led to is never written a second time, also where it was lifted since.
        """
        with self._database.writing() as connection:
            return sum(_put(connection, row) for row in rows)

    def suppressed(
        self, handles: Iterable[Handle], *, campaign: CampaignId | None = None, stream: str | None = None
    ) -> dict[Handle, Suppression]:
        """Those who must not be mailed, each with the earliest suppression that holds.

        Args:
            handles: whom to ask about.
            campaign: the campaign to be sent; None: suppressions of single campaigns count as well.
            stream: the stream to be sent; None: suppressions of single streams count as well.
        """
        query = select(_suppressions).where(_holds)
        if campaign is not None:
            query = query.where(_suppressions.c.campaign.is_(None) | (_suppressions.c.campaign == campaign))
        if stream is not None:
            query = query.where(_suppressions.c.stream.is_(None) | (_suppressions.c.stream == stream))
        query = query.order_by(_suppressions.c.at.desc(), _suppressions.c.id.desc())
        found: dict[Handle, Suppression] = {}
        with self._database.reading() as connection:
            for part in chunks(handles):
                for row in connection.execute(query.where(_suppressions.c.handle.in_(part))):
                    found[Handle(row.handle)] = _suppression(row)
        return found

    def suppressions(self, handle: Handle) -> list[Suppression]:
        """Every suppression of a recipient there ever was, oldest first, also those lifted."""
        query = select(_suppressions).where(_suppressions.c.handle == handle)
        return self._suppressions_of(query.order_by(_suppressions.c.at, _suppressions.c.id))

    def holding(
        self,
        *,
        reason: str | None = None,
        limit: int = 100,
        offset: int = 0,
        before: tuple[int, int] | None = None,
    ) -> list[Suppression]:
        """What holds, newest first.

        Args:
            reason: of this reason alone; None: of any.
            limit: at most so many.
            offset: after so many.
            before: only what comes after this time and number in that order.
        """
        query = select(_suppressions).where(_holds)
        if before is not None:
            query = query.where(tuple_(_suppressions.c.at, _suppressions.c.id) < before)
        if reason is not None:
            query = query.where(_suppressions.c.reason == reason)
        query = query.order_by(_suppressions.c.at.desc(), _suppressions.c.id.desc())
        return self._suppressions_of(query.limit(limit).offset(offset))

    def holding_against(self, handles: Iterable[Handle]) -> list[Suppression]:
        """What holds against any of these recipients, in no order."""
        query = select(_suppressions).where(_holds)
        return [
            row
            for part in chunks(handles)
            for row in self._suppressions_of(query.where(_suppressions.c.handle.in_(part)))
        ]

    def holding_counts(self) -> dict[str, int]:
        """How many suppressions hold, by reason, most first."""
        count = func.count()
        query = select(_suppressions.c.reason, count).where(_holds).group_by(_suppressions.c.reason)
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(count.desc(), _suppressions.c.reason))
            return {row[0]: row[1] for row in rows}

    def held_back(self) -> int:
        """How many recipients are held back, each once, for however many reasons and in however many streams."""
        with self._database.reading() as connection:
            return connection.execute(select(func.count(_suppressions.c.handle.distinct())).where(_holds)).scalar_one()

    def suppressed_since(self, since: Micros) -> dict[str, int]:
        """How many recipients are held back since then, by reason, most first; in how many streams does not count."""
        count = func.count(_suppressions.c.handle.distinct())
        query = select(_suppressions.c.reason, count).where(_holds, _suppressions.c.at >= since)
        with self._database.reading() as connection:
            rows = connection.execute(query.group_by(_suppressions.c.reason).order_by(count.desc(), "reason"))
            return {row[0]: row[1] for row in rows}

    def lift(
        self,
        handle: Handle,
        at: Micros,
        *,
        reason: str | None = None,
        unless: Collection[str] = (),
        by: str | None = None,
        why: str | None = None,
    ) -> int:
        """Take back what holds against a recipient; it stays on record.

        Args:
            handle: whom.
            at: when.
            reason: only suppressions with this reason; None: all.
            unless: but not those with one of these reasons.
            by: who does it.
            why: and for what reason.

        Returns:
            How many were taken back.
        """
        change = _suppressions.update().where(_suppressions.c.handle == handle)
        if reason is not None:
            change = change.where(_suppressions.c.reason == reason)
        if unless:
            change = change.where(_suppressions.c.reason.not_in(unless))
        return self._lift(change, at, by=by, why=why)

    def lift_incident(self, incident: int, at: Micros, *, by: str, why: str) -> int:
        """Take back all that one import or storm has brought; says how many that were."""
        return self._lift(_suppressions.update().where(_suppressions.c.incident == incident), at, by=by, why=why)

    def lift_events(self, events: Collection[int], at: Micros, *, incident: int, by: str, why: str) -> int:
        """Take back what these events have led to, because they are part of an incident; says how many that were."""
        count = 0
        for part in chunks(sorted(events)):
            change = _suppressions.update().where(_suppressions.c.event.in_(part)).values(incident=incident)
            count += self._lift(change, at, by=by, why=why)
        return count

    def expire(self, now: Micros, *, by: str) -> int:
        """Take back what ends by itself; says how many that were."""
        return self._lift(_suppressions.update().where(_suppressions.c.expires_at <= now), now, by=by, why="expired")

    def _lift(self, change: Update, at: Micros, *, by: str | None, why: str | None) -> int:
        with self._database.writing() as connection:
            return connection.execute(change.where(_holds).values(lifted_at=at, lifted_by=by, lift_why=why)).rowcount

    def _suppressions_of(self, query: Select[Any]) -> list[Suppression]:
        with self._database.reading() as connection:
            return [_suppression(row) for row in connection.execute(query)]


def _put(connection: Connection, row: Suppression) -> bool:
    known = (
        select(_suppressions.c.id)
        .where(_suppressions.c.handle == row.handle, _suppressions.c.reason == row.reason)
        .where(_suppressions.c.campaign.is_not_distinct_from(row.campaign))
        .where(_suppressions.c.stream.is_not_distinct_from(row.stream))
    )
    ends = _suppressions.c.expires_at
    lasts = _holds & (ends.is_(None) if row.expires_at is None else ends.is_(None) | (ends >= row.expires_at))
    stands = lasts if row.event is None else lasts | (_suppressions.c.event == row.event)
    if connection.execute(known.where(stands).limit(1)).first() is not None:
        return False
    connection.execute(_suppressions.insert(), {name: getattr(row, name) for name in _FIELDS})
    return True


_FIELDS: Sequence[str] = [column.key for column in _suppressions.c if column.key != "id"]


def _suppression(row: Row[*tuple[Any, ...]]) -> Suppression:
    told = {name: getattr(row, name) for name in _FIELDS}
    return Suppression(**told, number=row.id)
