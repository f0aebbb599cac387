"""Who may use the dashboard, and who is logged in; and the stores as whoever may not know people sees them.

The same database as the state store. Synchronous; every method is one transaction and safe from any thread and from
several processes at once. Of passwords, cookies and keys there are hashes alone; secrets of second
factors are kept as they are, because codes are worked out from them.

Raises everywhere: `Unavailable` when the database cannot be reached or stays locked.
"""

from __future__ import annotations

from pathlib import Path

from mailwake.store.access.keys import Keys
from mailwake.store.access.rows import Key, Session, User
from mailwake.store.access.sessions import Sessions
from mailwake.store.access.users import Users
from mailwake.store.state.engine import open_database

__all__ = ["AccessStore", "Key", "Session", "User", "open_access"]


class AccessStore(Users, Sessions, Keys):
    """Its methods stand in the parts it is made of."""


def open_access(path: Path | str) -> AccessStore:
    """The store at a path: the state store's SQLite file, brought to the newest schema.

    Raises:
        Unavailable: it cannot be opened, is damaged, or was made by a newer Mailwake.
    """
    return AccessStore(open_database(Path(path)))
