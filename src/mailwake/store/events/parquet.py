"""Rows as a Parquet file, written by DuckDB: of any length, in little memory.

The rows pass through a database file of their own beside the result, because DuckDB writes Parquet from what it can
ask; it lives as long as the writing does, and spills where memory ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import msgspec

from mailwake.store.events.duckdb import translated

_KINDS = {"text": "VARCHAR", "id": "BIGINT", "integer": "BIGINT", "real": "DOUBLE", "moment": "BIGINT"}
MEMORY_LIMIT = "256MB"


def write_parquet(
    path: Path,
    columns: Mapping[str, str],
    batches: Iterable[Sequence[Sequence[Any]]],
    *,
    memory_limit: str = MEMORY_LIMIT,
) -> int:
    """Write a table.

    Args:
        path: of the file, which must not be there yet.
        columns: name to kind: text, id, integer, real or moment (microseconds since 1970).
        batches: the rows, values in the order of the columns.
        memory_limit: what DuckDB may use.

    Returns:
        How many rows were written.

    Raises:
        Unavailable: there is no room.
    """
    count = 0
    with TemporaryDirectory(dir=path.parent, prefix=".parquet-") as folder, translated():
        config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": memory_limit,
            "threads": 1,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
        with duckdb.connect(str(Path(folder) / "rows.duckdb"), config=config) as connection:
            names = ", ".join(f'"{name}" {_KINDS[kind]}' for name, kind in columns.items())
            connection.execute(f"create table rows_of ({names})")
            for batch in batches:
                _insert(connection, columns, batch)
                count += len(batch)
            connection.execute(f"copy ({_chosen(columns)}) to ? (format parquet, compression zstd)", [str(path)])
    return count


def _insert(connection: duckdb.DuckDBPyConnection, columns: Mapping[str, str], batch: Sequence[Sequence[Any]]) -> None:
    """As one JSON text of columns, as the event store takes its rows in."""
    if not batch:
        return
    turned = {f"c{number}": values for number, values in enumerate(zip(*batch, strict=True))}
    shape = ", ".join(f'"c{number}": ["{_KINDS[kind]}"]' for number, kind in enumerate(columns.values()))
    lists = ", ".join(f"unnest(j.c{number})" for number in range(len(columns)))
    connection.execute(
        f"insert into rows_of select {lists} from (select from_json(?, '{{{shape}}}') as j)",  # noqa: S608 - our names
        [msgspec.json.encode(turned).decode()],
    )


def _chosen(columns: Mapping[str, str]) -> str:
    """The columns with times as times; an instant, because Parquet says apart whether one is of UTC."""
    told = ", ".join(
        f'make_timestamptz("{name}") as "{name}"' if kind == "moment" else f'"{name}"' for name, kind in columns.items()
    )
    return f"select {told} from rows_of"  # noqa: S608 - our names
