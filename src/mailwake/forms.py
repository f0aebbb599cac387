"""Forms from strangers, however they are encoded: work grows with their size, and nothing in them is a fault.

RFC 8058 section 3.2 allows both encodings for one-click; mailbox providers use both, with and without a charset. The
parsers of the standard library read headers of parts by the full grammar of mail. On some of a few kilobytes they work
for minutes, or end in a fault; what a form is needs none of that grammar.

Source: RFC 7578 (multipart/form-data), RFC 2046 section 5.1.1 (boundaries). Encodings of parts are not undone: RFC 7578
section 4.7 has done away with them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import parse_qsl

#: More fields than any small form of ours has; the rest is not looked at.
_MAX_FIELDS = 32
_BOUNDARY = re.compile(rb';[ \t]*boundary[ \t]*=[ \t]*(?:"([^"\r\n]{1,70})"|([^\s";,]{1,70}))', re.IGNORECASE)
#: before the value of a part, its line ends bare or not
_EMPTY_LINE = re.compile(rb"\n\r?\n")
_NAME = re.compile(
    rb'^content-disposition:[ \t]*form-data\b.*?;[ \t]*name=(?:"([^"\r\n]*)"|([^\s";]+))', re.IGNORECASE | re.MULTILINE
)
#: Of what stands before a value so much is looked at; it names a field, and a file.
_MAX_HEAD_BYTES = 2_048


def read_form(body: bytes, headers: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    """The first value of every field of a small form; empty where the body is no form.

    Args:
        body: small; the HTTP layer has seen to that.
        headers: of the request; without a content type the body is read as urlencoded.
    """
    kind = next((value for name, value in headers if name.lower() == b"content-type"), b"")
    try:
        if kind.lower().startswith(b"multipart/form-data"):
            pairs = fields_of(kind, body, most=_MAX_FIELDS)
        else:
            pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MAX_FIELDS)
    except ValueError:
        return {}
    return {name: value.strip() for name, value in reversed(pairs)}


def fields_of(kind: bytes, body: bytes, *, most: int) -> list[tuple[str, str]]:
    """Names and values of the fields of a form that comes in parts, in order; none where it does not hold together.

    Args:
        kind: value of the header Content-Type.
        body: of the request.
        most: parts that are looked at.
    """
    found = _BOUNDARY.search(kind)
    if found is None:
        return []
    delimiter = rb"\r?\n--" + re.escape(found[1] or found[2]) + rb"(?=--|[ \t]*\r?\n)"
    fields: list[tuple[str, str]] = []
    for part in re.split(delimiter, b"\n" + body, maxsplit=most + 1)[1 : most + 1]:
        if part.startswith(b"--"):
            break
        value = _EMPTY_LINE.search(part)
        name = _NAME.search(part, 0, min(value.start(), _MAX_HEAD_BYTES)) if value else None
        if value and name:
            fields.append((_text(name[1] or name[2] or b""), _text(part[value.end() :])))
    return fields


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")
