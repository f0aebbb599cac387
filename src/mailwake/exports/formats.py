"""The three formats: CSV for spreadsheets, JSON lines for programs, Parquet for analysis.

Ids are texts in CSV and JSON: a number above 2**53 survives neither a spreadsheet nor JavaScript. Times are UTC.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from mailwake.drawing.rows import safe_cell
from mailwake.store.events.files import write_parquet

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: name to media type; the name is the ending of the file as well
FORMATS: Mapping[str, str] = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/jsonl",
    "parquet": "application/vnd.apache.parquet",
}
Batches = Iterable[Sequence[Sequence[Any]]]


def moment_text(at: int) -> str:
    """Microseconds since 1970 as RFC 3339, always of the same width."""
    return (_EPOCH + timedelta(microseconds=at)).isoformat(timespec="microseconds").replace("+00:00", "Z")


_CELLS: Mapping[str, Callable[[Any], str]] = {
    "text": safe_cell,
    "id": str,
    "integer": str,
    "real": repr,
    "moment": moment_text,
}
_VALUES: Mapping[str, Callable[[Any], Any]] = {"id": str, "moment": moment_text}


def csv_parts(columns: Mapping[str, str], batches: Batches) -> Iterator[bytes]:
    """A table as CSV (RFC 4180) in UTF-8, the head first; no cell of text is run as a formula."""
    yield _lines([list(columns)])
    cells = [_CELLS[kind] for kind in columns.values()]
    for batch in batches:
        yield _lines(
            ["" if value is None else cell(value) for cell, value in zip(cells, row, strict=True)] for row in batch
        )


def _lines(rows: Iterable[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode("utf-8", "replace")


def json_parts(columns: Mapping[str, str], batches: Batches) -> Iterator[bytes]:
    """A table as one JSON object a line."""
    names = list(columns)
    turns = [_VALUES.get(kind) for kind in columns.values()]
    encode = msgspec.json.Encoder().encode_lines
    for batch in batches:
        yield encode(
            [
                {
                    name: turn(value) if turn and value is not None else value
                    for name, turn, value in zip(names, turns, row, strict=True)
                }
                for row in batch
            ]
        )


def parquet_file(columns: Mapping[str, str], batches: Batches, path: Path) -> int:
    """A table as a Parquet file; how many rows it has."""
    return write_parquet(path, columns, batches)
