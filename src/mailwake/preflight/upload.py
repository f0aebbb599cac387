"""A message out of a form: a file that was chosen, else the text that was pasted (RFC 7578)."""

from __future__ import annotations

from mailwake.errors import BadInput
from mailwake.markup.mime import read_message


def uploaded(content_type: str, body: bytes) -> tuple[bytes, dict[str, str]]:
    """(the message, what was said beside it).

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
    file, text = (found.pop(name, b"").strip(b"\r\n") for name in ("file", "text"))
    if not (message := file or text):
        raise BadInput("there is no message; choose a file or paste one")
    return message + b"\r\n", {name: value.decode("utf-8", "replace").strip() for name, value in found.items()}


def _name(disposition: str) -> str:
    for pair in disposition.split(";")[1:]:
        name, _, value = pair.partition("=")
        if name.strip().lower() == "name":
            return value.strip().strip('"')
    return ""
