"""The three formats: CSV for spreadsheets, JSON lines for programs, Parquet for analysis.

Ids are texts in CSV and JSON: a number above 2**53 survives neither a spreadsheet nor JavaScript. Times are UTC.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from mailwake.drawing.rows import safe_cell
from mailwake.events import SECOND
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
    second, rest = divmod(at, SECOND)
    return f"{_second_text(second)}.{rest:06}Z"


@lru_cache(maxsize=4_096)
def _second_text(second: int) -> str:
    return (_EPOCH + timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%S")


#: kind to how a value is written; what is not here is written as it is
_CELLS: Mapping[str, Callable[[Any], str]] = {"text": safe_cell, "moment": moment_text}
_VALUES: Mapping[str, Callable[[Any], str]] = {"id": str, "moment": moment_text}


def csv_parts(columns: Mapping[str, str], batches: Batches) -> Iterator[bytes]:
    """A table as CSV (RFC 4180) in UTF-8, the head first; no cell of text is run as a formula."""
    yield _lines([list(columns)])
    for batch in batches:
        yield _lines(_turned(columns, batch, _CELLS))


def _turned(
    columns: Mapping[str, str], batch: Sequence[Sequence[Any]], turns: Mapping[str, Callable[[Any], str]]
) -> Iterable[Sequence[Any]]:
    """The rows with values as they are written, made column by column: that is quickest."""
    made = []
    for kind, values in zip(columns.values(), zip(*batch, strict=True), strict=False):
        turn = turns.get(kind)
        made.append(values if turn is None else [None if value is None else turn(value) for value in values])
    return zip(*made, strict=True)


def _lines(rows: Iterable[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode("utf-8", "replace")


def json_parts(columns: Mapping[str, str], batches: Batches) -> Iterator[bytes]:
    """A table as one JSON object a line."""
    names = list(columns)
    encode = msgspec.json.Encoder().encode_lines
    for batch in batches:
        yield encode([dict(zip(names, row, strict=True)) for row in _turned(columns, batch, _VALUES)])


def parquet_file(columns: Mapping[str, str], batches: Batches, path: Path) -> int:
    """A table as a Parquet file; how many rows it has."""
    return write_parquet(path, columns, batches)
