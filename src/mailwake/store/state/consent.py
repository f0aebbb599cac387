"""How closely people may be watched.

The ledger of consent only grows. What holds now is the entry with the latest time; at the same time the later line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import select

from mailwake.events import Handle, Micros
from mailwake.modes import Mode, Modes, strictest
from mailwake.store.state import schema
from mailwake.store.state.engine import Database, chunks
from mailwake.store.state.rows import Axis, Consent, ConsentEntry

_ledger, _consent = schema.consent_ledger, schema.consent
#: Neither lets anything be recorded, and both reach mail already delivered.
_REFUSALS = (Consent.DENIED, Consent.WITHDRAWN)
_BOTH = (Axis.OPENS, Axis.CLICKS)


class Consents:
    """The part of the state store that knows what people said."""

    _database: Database

    def set_consent(self, handle: Handle, *, axis: Axis | str, state: Consent | str, at: Micros, source: str) -> None:
        """Write down what a recipient said. An older statement that arrives late changes nothing that holds.

        Raises:
            ValueError: no such axis or state.
        """
        entry = ConsentEntry(handle=handle, axis=Axis(axis), state=Consent(state), at=at, source=source)
        self.put_consents([entry])

    def put_consents(self, entries: Iterable[ConsentEntry]) -> None:
        """Write down what several recipients said, all of it or nothing, in this order."""
        lines = list(entries)
        made = self._database.upsert(_consent)
        newer = made.on_conflict_do_update(
            index_elements=["handle", "axis"], set_={"state": made.excluded.state, "at": made.excluded.at},
            where=made.excluded.at >= _consent.c.at,
        )  # fmt: skip
        axes = [(each, axis) for each in lines for axis in (_BOTH if each.axis is Axis.BOTH else (each.axis,))]
        held = [{"handle": each.handle, "axis": axis, "state": each.state, "at": each.at} for each, axis in axes]
        with self._database.writing() as connection:
            connection.execute(_ledger.insert(), [vars(each) for each in lines])
            connection.execute(newer, held)

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
