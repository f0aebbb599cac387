"""Mode `deliverability`: the days of last opens, as list hygiene and retention see them, and nobody else.

No method gives a day out: whoever asks learns who did not open since one. The same database as the state store, which
writes the days. Synchronous; every method is one transaction and safe from any thread and from several processes.

Raises everywhere: `Unavailable` when the database cannot be reached or stays locked.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from sqlalchemy import func, select

from mailwake.events import Handle
from mailwake.store.state import schema
from mailwake.store.state.engine import OnDatabase, chunks, open_database

__all__ = ["DayStore", "open_days"]

_open_days = schema.open_days


class DayStore(OnDatabase):
    """The days."""

    def not_opened_since(self, handles: Iterable[Handle], day: date) -> list[Handle]:
        """Those of these recipients who opened nothing on this day or later, in the order given."""
        wanted, opened = list(handles), set[int]()
        with self._database.reading() as connection:
            for part in chunks(wanted):
                query = select(_open_days.c.handle).where(_open_days.c.day >= day, _open_days.c.handle.in_(part))
                opened.update(connection.scalars(query))
        return [handle for handle in wanted if handle not in opened]

    def older_than(self, day: date) -> int:
        """How many recipients last opened before a day."""
        with self._database.reading() as connection:
            return connection.scalar(select(func.count()).where(_open_days.c.day < day)) or 0

    def forget(self, day: date) -> int:
        """Remove the days before this one, and say how many there were."""
        with self._database.writing() as connection:
            return connection.execute(_open_days.delete().where(_open_days.c.day < day)).rowcount


def open_days(path: Path | str) -> DayStore:
    """The store at a path: the state store's SQLite file, brought to the newest schema.

    Raises:
        Unavailable: it cannot be opened, is damaged, or was made by a newer Mailwake.
    """
    return DayStore(open_database(Path(path)))
