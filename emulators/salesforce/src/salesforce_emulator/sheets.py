"""CSV as the Bulk API reads and writes it.

Source: https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/datafiles_prepare_csv.htm
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

DELIMITERS = {"COMMA": ",", "TAB": "\t", "SEMICOLON": ";", "PIPE": "|", "CARET": "^", "BACKQUOTE": "`"}
ENDINGS = {"LF": "\n", "CRLF": "\r\n"}
#: The text that empties a field; no text at all leaves it as it is.
NULL = "#N/A"


class BadSheet(Exception):
    """A file that fails its whole job; the message is the job's."""


def read(content: bytes, *, delimiter: str, ending: str) -> tuple[list[str], list[list[str]]]:
    """Header and rows of a file.

    Raises:
        BadSheet: no UTF-8, other line ends than announced, or rows of another width than the header.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadSheet("InvalidBatch : File is not encoded in UTF-8") from None
    head = text.partition("\n")[0]
    if "\n" in text and head.endswith("\r") != (ending == "CRLF"):
        raise BadSheet(f"ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is {ending}")
    csv.field_size_limit(500_000)
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=DELIMITERS[delimiter]))
    rows = [row for row in rows if row]
    if not rows:
        raise BadSheet("InvalidBatch : Field name not found : ")
    header = rows[0]
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(header):
            raise BadSheet(f"InvalidBatch : CSV row {number} has {len(row)} columns, the header has {len(header)}")
    return header, rows[1:]


def write(header: list[str], rows: Iterable[list[Any]], *, delimiter: str, ending: str) -> bytes:
    """A file with every value quoted, as the org gives it out."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=DELIMITERS[delimiter], lineterminator=ENDINGS[ending], quoting=csv.QUOTE_ALL)
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue().encode()


def values(header: list[str], row: list[str]) -> dict[str, Any]:
    """A row as what a JSON body would say: `#N/A` is null, nothing is left out, `Account.Key__c` refers to a parent."""
    told: dict[str, Any] = {}
    for name, text in zip(header, row, strict=True):
        if text == "":
            continue
        value = None if text == NULL else text
        parent, _, key = name.partition(".")
        told[parent if key else name] = {key: value} if key and value is not None else value
    return told


def cell(value: Any) -> str:
    """A value of a record as text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
