"""Who did what: lines that are added and never changed, each sealed with the hash of the one before.

The same database as the state store. Synchronous; every method is one transaction and safe from any thread and from
several processes at once. `mailwake.audit.log` alone adds lines.

Raises everywhere: `Unavailable` when the database cannot be reached or stays locked.
"""

from __future__ import annotations

from pathlib import Path

from mailwake.store.audit.lines import Lines
from mailwake.store.audit.rows import AuditCut, AuditLine, Draft, Wanted, digest
from mailwake.store.state import StateStore
from mailwake.store.state.engine import open_database

__all__ = ["AuditCut", "AuditLine", "AuditStore", "Draft", "Wanted", "digest", "open_audit", "same_database"]


class AuditStore(Lines):
    """Its methods stand in the parts it is made of."""


def open_audit(path: Path | str) -> AuditStore:
    """The store at a path: the state store's SQLite file, brought to the newest schema.

    Raises:
        Unavailable: it cannot be opened, is damaged, or was made by a newer Mailwake.
    """
    return AuditStore(open_database(Path(path)))


def same_database(state: StateStore) -> AuditStore:
    """The lines beside an open state store, over its connections; who opened that closes it."""
    return AuditStore(state._database)  # noqa: SLF001 - one package, one database
