"""Brings the file of the embedded event store to the newest schema, and its size to what that needs."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb

from mailwake.errors import Unavailable
from mailwake.store.events.asking import migrations, statements
from mailwake.store.events.copying import copy_database
from mailwake.store.events.dialect import Dialect
from mailwake.store.events.phrases import Phrases, note_phrases

#: the step that writes every row anew; the room of the old rows is more than half of the file then
_REWRITES = "2026-11-27-3-moved"


def migrate(connection: duckdb.DuckDBPyConnection, *, read_only: bool) -> bool:
    """Take the steps that are missing, all or none; whether much of the file is free afterwards.

    Raises:
        Unavailable: a newer Mailwake made the store, or steps are missing and nobody may write.
    """
    steps = migrations()
    done = _steps_done(connection)
    if done - set(steps):
        raise Unavailable(f"the event store has step {max(done - set(steps))} of a newer Mailwake; upgrade this one")
    if read_only and set(steps) - done:
        raise Unavailable("the event store is older than this program; start `mailwake serve` once to bring it forward")
    missing = sorted(set(steps) - done)
    if not missing:
        return False
    connection.begin()  # one for all steps: each commit waits for the disk
    connection.execute("create table if not exists schema_version (step varchar primary key)")
    for step in missing:
        _take(connection, step, steps[step], is_new=not done)
        connection.execute("insert into schema_version values (?)", [step])
    connection.commit()
    return bool(done) and _REWRITES in missing


def _steps_done(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """What the file says of itself. To ask whether there is a table takes half as long as opening the file."""
    try:
        return {name for (name,) in connection.execute("select step from schema_version").fetchall()}
    except duckdb.CatalogException:
        return set()


def _take(connection: duckdb.DuckDBPyConnection, step: str, text: str, *, is_new: bool) -> None:
    phrases, packs = Phrases(), step == _REWRITES and not is_new and find_spec("numpy") is not None
    if packs:  # DuckDB calls Python only where numpy is; reasons may stay as they are, for ever
        connection.create_function("packed", phrases.pack, ["VARCHAR"], "VARCHAR")
    elif step == _REWRITES:
        connection.execute("create temp macro packed(reasons) as reasons")
    for statement in statements(text, Dialect()):
        connection.execute(statement)
    if packs:
        note_phrases(connection, phrases)
        connection.remove_function("packed")


def made_small(
    connection: duckdb.DuckDBPyConnection, path: Path, config: Mapping[str, Any]
) -> duckdb.DuckDBPyConnection:
    """Put a copy without free room in the place of the file, in one step; where there is no room for it, all stays.

    Args:
        connection: of the store; of no use afterwards.
        path: its file.
        config: as it was opened.

    Returns:
        A connection to the file that is in place.
    """
    fresh = path.with_name(f"{path.name}.fresh")
    fresh.unlink(missing_ok=True)  # of an attempt that was cut short
    connection.execute("checkpoint")
    try:
        copy_database(connection, fresh)
    except duckdb.Error:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        return connection
    connection.close()
    if path.with_name(f"{path.name}.wal").exists():  # it belongs to the file that is there, and to no other
        fresh.unlink()
    else:
        fresh.replace(path)
    return duckdb.connect(str(path), config=dict(config))
