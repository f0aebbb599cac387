"""What a new store begins with is made once and copied: hundreds of tests begin with empty stores.

The copy is what the product itself makes of nothing. Tests of how it does that, in `tests/store` and
`tests/contract/state`, have it done each time, and so has whatever runs in a process of its own.
"""

from __future__ import annotations

import shutil
import sqlite3
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Engine

from mailwake.store.events import duckdb
from mailwake.store.state import engine as databases

#: as they are outside of tests
OPEN_EVENTS, BEGIN_STATE = duckdb.open_duckdb, databases._begin_with_newest


class Beginnings:
    """Empty stores to copy from.

    Args:
        folder: to keep them in.
    """

    def __init__(self, folder: Path) -> None:
        self._events = folder / "events.duckdb"
        OPEN_EVENTS(self._events, read_only=False, memory_limit="512MB", threads=2, news=False).close()
        databases.open_database(folder / "state.sqlite").close()
        self._state = sqlite3.connect(folder / "state.sqlite", check_same_thread=False)
        self._copying = threading.Lock()

    def open_events(self, path: Path, *, read_only: bool, **how: Any) -> duckdb.DuckEvents:
        """In place of `open_duckdb`."""
        if not (read_only or path.exists()):
            with suppress(OSError):  # it will say so itself
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                shutil.copyfile(self._events, path)
        how["threads"] = 1  # of small tables a second one does nothing but wake up
        return OPEN_EVENTS(path, read_only=read_only, **how)

    def begin_state(self, engine: Engine) -> None:
        """In place of `_begin_with_newest`."""
        with engine.connect() as connection:
            driver = cast("sqlite3.Connection", connection.connection.driver_connection)
            if driver.execute("PRAGMA schema_version").fetchone() == (0,):  # nothing was ever in it
                with self._copying:
                    self._state.backup(driver)
        BEGIN_STATE(engine)

    def close(self) -> None:
        """Let go of what is copied from."""
        self._state.close()
