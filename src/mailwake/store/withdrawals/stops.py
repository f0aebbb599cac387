"""The switch of the installation."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import func, select

from mailwake.events import Micros
from mailwake.store.state.engine import OnDatabase
from mailwake.store.withdrawals import tables
from mailwake.store.withdrawals.rows import Stop

_stops = tables.stops


class Stops(OnDatabase):
    """The part that knows whether anything is recorded at all."""

    def put_stops(self, stops: Iterable[Stop]) -> None:
        """Note that recording was stopped or taken up again."""
        with self._database.writing() as connection:
            connection.execute(_stops.insert(), [stop._asdict() for stop in stops])

    def stops(self) -> dict[str, Stop]:
        """What holds: axis to the last line of it; an axis that was never stopped is missing."""
        last = select(func.max(_stops.c.id)).group_by(_stops.c.axis).scalar_subquery()
        with self._database.reading() as connection:
            return {row.axis: _stop(row) for row in connection.execute(select(_stops).where(_stops.c.id.in_(last)))}


def _stop(row: object) -> Stop:
    values = {name: getattr(row, name) for name in Stop._fields}
    only_after = values["only_after"]
    return Stop(
        **{**values, "at": Micros(values["at"]), "only_after": None if only_after is None else Micros(only_after)}
    )
