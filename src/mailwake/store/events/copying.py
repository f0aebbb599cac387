"""All of an event store in a file of its own, as of one moment, while its owner goes on reading and writing.

DuckDB reads one version of everything in one transaction; what was deleted or overwritten before does not come along.
Source: https://duckdb.org/docs/stable/sql/statements/copy.html (COPY FROM DATABASE)
"""

from __future__ import annotations

from pathlib import Path

import duckdb

_ALIAS = "taken_out"


def copy_database(cursor: duckdb.DuckDBPyConnection, path: Path) -> dict[str, int]:
    """Write it, and say which cursors it has.

    Args:
        cursor: of the open store; nobody else uses it.
        path: of the file, which must not be there yet.
    """
    (name,) = cursor.execute("select current_database()").fetchone() or ("",)
    cursor.execute(f"attach '{str(path).replace(chr(39), chr(39) * 2)}' as {_ALIAS}")
    try:
        cursor.execute(f'copy from database "{name}" to {_ALIAS}')
        found = cursor.execute(f"select writer, segment from {_ALIAS}.cursors order by writer").fetchall()  # noqa: S608 - ours
        cursor.execute(f"checkpoint {_ALIAS}")
    finally:
        cursor.execute(f"detach {_ALIAS}")
    path.chmod(0o600)
    return {writer: int(segment) for writer, segment in found}
