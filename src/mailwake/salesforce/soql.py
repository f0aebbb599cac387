"""Queries: text in, quoted so that nothing in it is read as part of the query.

Source: SOQL and SOSL Reference, "Quoted String Escape Sequences",
https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select_quotedstringescapes.htm
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from mailwake.errors import BadInput

#: Characters of a query sent by GET that every server on the way lets through.
MOST_CHARACTERS = 12_000
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}(?:\.[A-Za-z][A-Za-z0-9_]{0,79}){0,5}", re.ASCII)
_ESCAPES = str.maketrans(
    {"\\": "\\\\", "'": "\\'", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
)


def name(text: str) -> str:
    """The name of an object or field, as it stands.

    Raises:
        BadInput: it cannot be one.
    """
    if not _NAME.fullmatch(text):
        raise BadInput(f"{text[:80]!r} is no name of a Salesforce object or field")
    return text


def quoted(text: str) -> str:
    """A text as a literal."""
    return f"'{text.translate(_ESCAPES)}'"


def moment(micros: int) -> str:
    """A time as a literal: whole seconds, rounded down, UTC."""
    return datetime.fromtimestamp(micros // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def select(fields: Iterable[str], of: str, where: str = "", order: str = "") -> str:
    """A query for some fields of an object."""
    text = f"SELECT {', '.join(map(name, fields))} FROM {name(of)}"  # noqa: S608 - SOQL; both are checked names
    return text + (f" WHERE {where}" if where else "") + (f" ORDER BY {order}" if order else "")


def each_in(field: str, values: Iterable[str], room: int = MOST_CHARACTERS) -> Iterator[str]:
    """Conditions ``field IN (...)`` that together name all values, each short enough for one query."""
    part: list[str] = []
    length = 0
    for value in map(quoted, values):
        if part and length + len(value) + 2 > room:
            yield f"{name(field)} IN ({', '.join(part)})"
            part, length = [], 0
        part.append(value)
        length += len(value) + 2
    if part:
        yield f"{name(field)} IN ({', '.join(part)})"
