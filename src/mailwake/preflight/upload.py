"""A message out of a form: a file that was chosen, else the text that was pasted (RFC 7578)."""

from __future__ import annotations

from mailwake.errors import BadInput
from mailwake.markup.mime import read_message


def uploaded(content_type: str, body: bytes) -> tuple[bytes, frozenset[str]]:
    """(the message, the names of boxes that were ticked).

    Args:
        content_type: of the request.
        body: of it.

    Raises:
        BadInput: there is no message in it.
    """
    if not content_type.lower().startswith("multipart/form-data") or "\n" in content_type:
        raise BadInput("the form cannot be read; reload the page and try again")
    form = read_message(b"Content-Type: " + content_type.encode("latin-1", "replace") + b"\r\n\r\n" + body)
    found: dict[str, bytes] = {}
    for part in form.parts if form else ():
        name = _name(part.header("content-disposition") or "")
        found[name] = part.lines[part.body_start : part.body_end]
    message = found.get("file", b"").strip(b"\r\n") or found.get("text", b"").strip(b"\r\n")
    if not message:
        raise BadInput("there is no message; choose a file or paste one")
    return message + b"\r\n", frozenset(name for name, value in found.items() if value.strip() == b"yes")


def _name(disposition: str) -> str:
    for pair in disposition.split(";")[1:]:
        name, _, value = pair.partition("=")
        if name.strip().lower() == "name":
            return value.strip().strip('"')
    return ""
