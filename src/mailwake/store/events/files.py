"""Rows as a Parquet file or as a database for notebooks, written by DuckDB: of any length, in little memory.

For Parquet, rows pass through a database file of their own beside the result, because DuckDB writes it from what it can
ask; it lives as long as the writing does, and spills where memory ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
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
    with (
        TemporaryDirectory(dir=path.parent, prefix=".parquet-") as folder,
        translated(),
        _opened(Path(folder) / "rows.duckdb", memory_limit) as connection,
    ):
        count = _fill(connection, "rows_of", columns, batches)
        chosen = f"select {_chosen(columns)} from rows_of"  # noqa: S608 - our names
        connection.execute(f"copy ({chosen}) to ? (format parquet, compression zstd)", [str(path)])
    return count


@dataclass(frozen=True, kw_only=True)
class Told:
    """A table of a database for notebooks."""

    name: str
    says: str
    #: name to kind, as for `write_parquet`
    columns: Mapping[str, str]
    #: name to what it means
    meanings: Mapping[str, str]
    batches: Iterable[Sequence[Sequence[Any]]]


def write_database(
    path: Path, tables: Iterable[Told], about: Mapping[str, str], *, schema: str, memory_limit: str = MEMORY_LIMIT
) -> dict[str, int]:
    """Write a database whose views stand in a schema of their own, with a comment on each view and column.

    Args:
        path: of the file, which must not be there yet.
        tables: what is in it.
        about: what is known of the whole; its view is ``about``.
        schema: name and version of the views, such as v1; what they show stands in the schema ``data``.
        memory_limit: what DuckDB may use.

    Returns:
        Table to how many rows it has.

    Raises:
        Unavailable: there is no room.
    """
    counts: dict[str, int] = {}
    with translated(), _opened(path, memory_limit) as connection:
        connection.execute(f"create schema data; create schema {schema}")
        rows = [[name, value] for name, value in about.items()]
        known = Told(
            name="about",
            says="what this file is",
            columns={"name": "text", "value": "text"},
            meanings={},
            batches=[rows],
        )
        for table in (known, *tables):
            counts[table.name] = _fill(connection, f"data.{table.name}", table.columns, table.batches)
            view = f"{schema}.{table.name}"
            chosen = f"select {_chosen(table.columns)} from data.{table.name}"  # noqa: S608 - our names
            connection.execute(f"create view {view} as {chosen}")
            connection.execute(f"comment on view {view} is {_quoted(table.says)}")
            for column, meaning in table.meanings.items():
                connection.execute(f'comment on column {view}."{column}" is {_quoted(meaning)}')
        connection.execute("checkpoint")
    return counts


def _opened(path: Path, memory_limit: str) -> duckdb.DuckDBPyConnection:
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory_limit,
        "threads": 1,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    return duckdb.connect(str(path), config=config)


def _fill(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    columns: Mapping[str, str],
    batches: Iterable[Sequence[Sequence[Any]]],
) -> int:
    names = ", ".join(f'"{name}" {_KINDS[kind]}' for name, kind in columns.items())
    connection.execute(f"create table {table} ({names})")
    count = 0
    for batch in batches:
        _insert(connection, table, columns, batch)
        count += len(batch)
    return count


def _insert(
    connection: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, str], batch: Sequence[Sequence[Any]]
) -> None:
    """As one JSON text of columns, as the event store takes its rows in."""
    if not batch:
        return
    turned = {f"c{number}": values for number, values in enumerate(zip(*batch, strict=True))}
    shape = ", ".join(f'"c{number}": ["{_KINDS[kind]}"]' for number, kind in enumerate(columns.values()))
    lists = ", ".join(f"unnest(j.c{number})" for number in range(len(columns)))
    connection.execute(
        f"insert into {table} select {lists} from (select from_json(?, '{{{shape}}}') as j)",  # noqa: S608 - our names
        [msgspec.json.encode(turned).decode()],
    )


def _chosen(columns: Mapping[str, str]) -> str:
    """The columns with times as times; an instant, because Parquet says apart whether one is of UTC."""
    return ", ".join(
        f'make_timestamptz("{name}") as "{name}"' if kind == "moment" else f'"{name}"' for name, kind in columns.items()
    )


def _quoted(text: str) -> str:
    """A text of ours as SQL writes it; comments take no parameters."""
    return "'" + text.replace("'", "''") + "'"
