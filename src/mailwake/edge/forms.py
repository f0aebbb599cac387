"""Fields of a small form, however the sender chose to encode it.

RFC 8058 section 3.2 allows both encodings for one-click; mailbox providers use both, with and without a charset.
"""

from __future__ import annotations

from collections.abc import Sequence
from email.parser import BytesParser
from email.policy import HTTP
from urllib.parse import parse_qsl

#: More fields than any form of ours has; the rest is not looked at.
_MAX_FIELDS = 32


def read_form(body: bytes, headers: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    """The first value of every field; empty where the body is no form.

    Args:
        body: small; the HTTP layer has seen to that.
        headers: of the request; without a content type the body is read as urlencoded.
    """
    kind = next((value.decode("latin-1") for name, value in headers if name.lower() == b"content-type"), "")
    if kind.strip().lower().startswith("multipart/form-data"):
        return _multipart(body, kind)
    try:
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MAX_FIELDS)
    except ValueError:
        return {}
    return {name: value.strip() for name, value in reversed(pairs)}


def _multipart(body: bytes, kind: str) -> dict[str, str]:
    head = b"Content-Type: " + kind.encode("latin-1").replace(b"\r", b"").replace(b"\n", b"") + b"\r\n\r\n"
    message = BytesParser(policy=HTTP).parsebytes(head + body)
    fields: dict[str, str] = {}
    for part in list(message.iter_parts())[:_MAX_FIELDS] if message.is_multipart() else ():
        name = part.get_param("name", header="content-disposition")
        value = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(value, bytes):
            fields.setdefault(name, value.decode("utf-8", "replace").strip())
    return fields
