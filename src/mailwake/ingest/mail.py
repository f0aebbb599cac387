"""A mail from a stranger, opened within limits: no size, depth or width of it can keep us busy.

The standard library's parser does the work; the limits come before it. What lies past the limit is ignored, not
refused, because a notice says what it has to say first and returns the mail it is about last.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime

from mailwake.errors import Unreadable

#: A notice that returns a message of 25 MB has said everything long before this.
READ_BYTES = 262_144
#: The parser descends one level per nested part; real notices have fewer than ten.
MAX_PARTS = 40
#: Parts looked at; a digest of thousands is no notice.
MAX_WALK = 200
#: Of one header; decoding takes time, and a subject or status that is longer says nothing more.
MAX_HEADER_CHARS = 4_096

_NESTING = re.compile(rb"boundary\s*=|^content-type:[ \t]*message/", re.IGNORECASE | re.MULTILINE)
_NO_TEXT = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_ANGLES = re.compile(r"<([^<>\s]+)>")


def open_mail(raw: bytes) -> Message:
    """The mail as a tree of parts.

    Raises:
        Unreadable: it is empty, nested beyond reason, or the parser cannot make sense of it.
    """
    head = raw[:READ_BYTES]
    if not head.strip():
        raise Unreadable("the mail is empty")
    if sum(1 for _ in _NESTING.finditer(head)) > MAX_PARTS:
        raise Unreadable(f"the mail has more than {MAX_PARTS} parts inside each other or side by side")
    try:
        return message_from_bytes(head)
    except (ValueError, LookupError, RecursionError, AttributeError, IndexError, TypeError) as fault:
        raise Unreadable(f"the mail cannot be parsed: {type(fault).__name__}") from fault


def parts(message: Message) -> Iterator[Message]:
    """The message and everything inside it, in document order, up to `MAX_WALK`."""
    for count, part in enumerate(message.walk()):
        if count >= MAX_WALK:
            return
        yield part


def printable(text: str) -> str:
    """The text without what a terminal obeys and no log can hold: control characters, halves of surrogate pairs."""
    return _NO_TEXT.sub("", text)


def header(message: Message, name: str) -> str:
    """A header on one line, encoded words decoded; empty where there is none."""
    value = message.get(name)
    if value is None:
        return ""
    raw = str(value)[:MAX_HEADER_CHARS]
    try:
        told = str(make_header(decode_header(raw)))
    except (ValueError, LookupError, MessageError):
        told = raw
    return printable(" ".join(told.split()))


def text(part: Message) -> str:
    """The text of a leaf, decoded as well as it can be; empty for anything else."""
    if part.is_multipart():
        return ""
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    try:
        return payload.decode(part.get_content_charset("utf-8"), "replace")
    except (LookupError, ValueError):
        return payload.decode("latin-1")


def inner_text(part: Message) -> str:
    """The text of a ``message/…`` part, which the parser has taken apart, put together and decoded again."""
    if not part.is_multipart():
        return text(part)
    joined = "\n\n".join(map(_written, inside(part)))
    encoding = str(part.get("content-transfer-encoding", "")).strip().lower()
    if encoding not in ("base64", "quoted-printable"):
        return joined
    leaf = Message()
    leaf["content-transfer-encoding"] = encoding
    leaf.set_payload(joined.strip())
    return text(leaf)


def inside(part: Message) -> list[Message]:
    """What a part that holds parts holds; empty for a leaf."""
    payload = part.get_payload() if part.is_multipart() else []
    return [each for each in payload if isinstance(each, Message)] if isinstance(payload, list) else []


def _content(leaf: Message) -> str:
    """As it travelled; a charset that is no name stops the library."""
    try:
        return str(leaf.get_payload())
    except (ValueError, LookupError):
        return text(leaf)


def _written(block: Message) -> str:
    """Headers and content as they came; the library's own writer refuses some of what strangers put there."""
    body = "\n".join(map(_written, inside(block))) if block.is_multipart() else _content(block)
    whole = "".join(f"{name}: {value}\n" for name, value in block.raw_items()) + "\n" + body
    return whole.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def addresses(message: Message, *names: str) -> tuple[str, ...]:
    """The addresses in these headers, lower case, without duplicates, in order."""
    values = [printable(str(value)) for name in names for value in message.get_all(name, [])]
    try:
        found = [address.lower() for _, address in getaddresses(values) if "@" in address]
    except RecursionError:  # comments inside comments, thousands deep
        return ()
    return tuple(dict.fromkeys(found))


def message_id(message: Message) -> str | None:
    """The Message-ID without its brackets."""
    value = header(message, "message-id")
    found = _ANGLES.search(value)
    return found[1] if found else value or None


def dated(message: Message) -> int | None:
    """The Date header in microseconds since 1970, UTC."""
    try:
        return round(parsedate_to_datetime(header(message, "date")).timestamp() * 1_000_000)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
