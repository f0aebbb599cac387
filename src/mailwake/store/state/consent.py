"""Who may be mailed, and how closely they may be watched.

The ledger of consent only grows. What holds now is the entry with the latest time; at the same time the later line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Row, select

from mailwake.events import CampaignId, Handle, Micros
from mailwake.modes import Mode, Modes, strictest
from mailwake.store.state import schema
from mailwake.store.state.engine import Database, chunks
from mailwake.store.state.rows import Axis, Consent, ConsentEntry, Suppression

_suppressions, _ledger, _consent = schema.suppressions, schema.consent_ledger, schema.consent
#: Neither lets anything be recorded, and both reach mail already delivered.
_REFUSALS = (Consent.DENIED, Consent.WITHDRAWN)


class Consents:
    """The part of the state store that knows what people said."""

    _database: Database

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
        """Mail this recipient no more. While one of the same reason and reach holds, a second one changes nothing.

        Args:
            handle: whom.
            reason: unsubscribed, complained, bounced, manual, ...
            source: who said so.
            at: when it was said.
            campaign: only this campaign's mail; None: any.
            stream: only this stream's mail, so that an unsubscribed reader still gets a password reset; None: any.
        """
        same = (
            select(_suppressions.c.id)
            .where(_suppressions.c.handle == handle, _suppressions.c.reason == reason)
            .where(_suppressions.c.lifted_at.is_(None))
            .where(_suppressions.c.campaign.is_not_distinct_from(campaign))
            .where(_suppressions.c.stream.is_not_distinct_from(stream))
        )
        row = {"handle": handle, "reason": reason, "source": source, "at": at, "campaign": campaign, "stream": stream}
        with self._database.writing() as connection:
            if connection.execute(same).first() is None:
                connection.execute(_suppressions.insert(), row)

    def suppressed(
        self, handles: Iterable[Handle], *, campaign: CampaignId | None = None, stream: str | None = None
    ) -> dict[Handle, Suppression]:
        """Those who must not be mailed, each with the earliest suppression that holds.

        Args:
            handles: whom to ask about.
            campaign: the campaign to be sent; None: suppressions of single campaigns count as well.
            stream: the stream to be sent; None: suppressions of single streams count as well.
        """
        query = select(_suppressions).where(_suppressions.c.lifted_at.is_(None))
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
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(_suppressions.c.at, _suppressions.c.id))
            return [_suppression(row) for row in rows]

    def lift(self, handle: Handle, at: Micros, *, reason: str | None = None) -> int:
        """Take back what holds against a recipient; it stays on record.

        Args:
            handle: whom.
            at: when.
            reason: only suppressions with this reason; None: all.

        Returns:
            How many were taken back.
        """
        change = _suppressions.update().where(_suppressions.c.handle == handle, _suppressions.c.lifted_at.is_(None))
        if reason is not None:
            change = change.where(_suppressions.c.reason == reason)
        with self._database.writing() as connection:
            return connection.execute(change.values(lifted_at=at)).rowcount

    def set_consent(self, handle: Handle, *, axis: Axis | str, state: Consent | str, at: Micros, source: str) -> None:
        """Write down what a recipient said. An older statement that arrives late changes nothing that holds.

        Raises:
            ValueError: no such axis or state.
        """
        axis, state = Axis(axis), Consent(state)
        axes = (Axis.OPENS, Axis.CLICKS) if axis is Axis.BOTH else (axis,)
        made = self._database.upsert(_consent)
        newer = made.on_conflict_do_update(
            index_elements=["handle", "axis"],
            set_={"state": made.excluded.state, "at": made.excluded.at},
            where=made.excluded.at >= _consent.c.at,
        )
        line = {"handle": handle, "axis": axis, "state": state, "at": at, "source": source}
        with self._database.writing() as connection:
            connection.execute(_ledger.insert(), line)
            connection.execute(newer, [{"handle": handle, "axis": each, "state": state, "at": at} for each in axes])

    def consents(self, handle: Handle) -> list[ConsentEntry]:
        """The ledger of one recipient, in the order it was written."""
        query = select(_ledger).where(_ledger.c.handle == handle).order_by(_ledger.c.id)
        with self._database.reading() as connection:
            return [
                ConsentEntry(
                    handle=handle, axis=Axis(row.axis), state=Consent(row.state), at=Micros(row.at), source=row.source
                )
                for row in connection.execute(query)
            ]

    def modes(self, handles: Iterable[Handle], *, ceiling: Modes, unknown: Modes) -> dict[Handle, Modes]:
        """How closely each recipient may be watched, per axis: the strictest of the ceiling and what they said.

        Args:
            handles: whom to ask about; every one gets an answer.
            ceiling: what installation, campaign and message allow.
            unknown: what holds for an axis on which a recipient has said nothing.
        """
        wanted = list(handles)
        said: dict[Handle, dict[str, str]] = {}
        with self._database.reading() as connection:
            for part in chunks(wanted):
                query = select(_consent.c.handle, _consent.c.axis, _consent.c.state)
                for handle, axis, state in connection.execute(query.where(_consent.c.handle.in_(part))):
                    said.setdefault(Handle(handle), {})[axis] = state
        silent = strictest((ceiling, unknown))
        return {handle: modes_of(said[handle], ceiling, unknown) if handle in said else silent for handle in wanted}

    def inert(self) -> list[Handle]:
        """Those whose delivered mail must record nothing any more: refused or withdrawn on either axis. Ascending."""
        query = select(_consent.c.handle).distinct().where(_consent.c.state.in_(_REFUSALS))
        with self._database.reading() as connection:
            return [Handle(handle) for handle in connection.scalars(query.order_by(_consent.c.handle))]


def modes_of(said: Mapping[str, str], ceiling: Modes, unknown: Modes) -> Modes:
    """What a recipient allows, by axis and state as they said it; see `Consents.modes`."""
    allowed = Modes(
        opens=_allowed(said.get(Axis.OPENS), unknown.opens), clicks=_allowed(said.get(Axis.CLICKS), unknown.clicks)
    )
    return strictest((ceiling, allowed))


def _allowed(state: str | None, unknown: Mode) -> Mode:
    if state == Consent.GRANTED:
        return Mode.INDIVIDUAL
    return Mode.OFF if state in _REFUSALS else unknown


def _suppression(row: Row[*tuple[Any, ...]]) -> Suppression:
    return Suppression(
        handle=Handle(row.handle),
        reason=row.reason,
        source=row.source,
        at=Micros(row.at),
        campaign=None if row.campaign is None else CampaignId(row.campaign),
        stream=row.stream,
        lifted_at=None if row.lifted_at is None else Micros(row.lifted_at),
    )
