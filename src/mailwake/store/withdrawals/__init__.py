"""Of whom nothing may be recorded any more, as the stores know it: refusals of the ledger, the erased, the switch.

The same database as the state store. Synchronous; every method is one transaction and safe from any thread and from
several processes at once.

Raises everywhere: `Unavailable` when the database cannot be reached or stays locked.
"""

from __future__ import annotations

from pathlib import Path

from mailwake.store.state.engine import open_database
from mailwake.store.withdrawals.erased import Erased
from mailwake.store.withdrawals.refused import Refused
from mailwake.store.withdrawals.rows import Line, Said, Spans, Stop
from mailwake.store.withdrawals.stops import Stops

__all__ = ["Line", "Said", "Spans", "Stop", "Withdrawals", "open_withdrawals"]


class Withdrawals(Refused, Erased, Stops):
    """Its methods stand in the parts it is made of."""


def open_withdrawals(path: Path | str) -> Withdrawals:
    """The store at a path: the state store's SQLite file, brought to the newest schema.

    Raises:
        Unavailable: it cannot be opened, is damaged, or was made by a newer Mailwake.
    """
    return Withdrawals(open_database(Path(path)))
