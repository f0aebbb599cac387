"""Bytes that do not survive the way: line ends, long lines, eight-bit text that nobody declared, charsets.

Source: RFC 5321 section 4.5.3.1.6 (998 octets and CR LF), RFC 5322 section 2.1.1, RFC 2045 sections 2 and 6, RFC 6532.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mailwake.markup.charset import contradiction, find_codec, wrong_byte
from mailwake.markup.mime import Entity
from mailwake.markup.transfer import decode_anyhow, read_body
from mailwake.preflight.findings import Finding, finding
from mailwake.preflight.mail import Mail

MOST_OCTETS = 998
#: Of a header line that could be folded.
LONG_HEADER = 78
_BARE = re.compile(rb"(?<!\r)\n|\r(?!\n)")
_LONG = re.compile(rb"[^\n]{999}[^\n]*")
_ENCODINGS = frozenset(("", "7bit", "8bit", "binary", "quoted-printable", "base64"))
#: UTF-8 as editors mark it
_MARK = b"\xef\xbb\xbf"
#: An = that begins neither an escape nor a soft line break (RFC 2045 section 6.7)
_NO_ESCAPE = re.compile(rb"=(?![0-9A-Fa-f]{2}|[ \t]*(?:\r?\n|\Z))[^\r\n]{0,2}")
_EIGHT = re.compile(rb"[\x80-\xff]")
#: These are long by nature, or are written by servers.
_LEFT_LONG = re.compile(r"dkim-signature|arc-.*|received.*|authentication-results|list-.*|x-.*|references")


def check_wire(mail: Mail) -> Iterator[Finding]:
    """Line ends, line lengths, NUL bytes and eight-bit text, each reported once, where it is first."""
    raw = mail.raw
    if found := _BARE.search(raw):
        yield finding("bare_line_end", mail.line(found.start()), kind="CR" if found[0] == b"\r" else "LF")
    for found in _LONG.finditer(raw):
        octets = len(found[0].rstrip(b"\r"))
        if octets > MOST_OCTETS:
            yield finding("line_too_long", mail.line(found.start()), _text(found[0]), octets=f"{octets:,}")
            break
    if (place := raw.find(b"\0")) >= 0:
        yield finding("nul_byte", mail.line(place))
    yield from _headers(mail)
    for leaf in mail.leaves:
        yield from _leaf(mail, leaf)


def _headers(mail: Mail) -> Iterator[Finding]:
    if mail.message is None:
        return
    head = mail.raw[: mail.message.header_end]
    if head.startswith(_MARK):
        yield finding("byte_order_mark", 1)
    rows = head.split(b"\n")  # once: a header may have a hundred thousand fields
    if found := _EIGHT.search(head, len(_MARK) if head.startswith(_MARK) else 0):
        line = mail.line(found.start())
        yield finding("raw_header", line, _text(rows[line - 1]))
    for name, _, first in mail.fields:
        row = rows[first - 1].rstrip(b"\r") if first <= len(rows) else b""
        if LONG_HEADER < len(row) <= MOST_OCTETS and b" " in row[40:] and not _LEFT_LONG.fullmatch(name):
            yield finding("header_long", first, _text(row), octets=str(len(row)))
            return


def _leaf(mail: Mail, leaf: Entity) -> Iterator[Finding]:
    raw, line = mail.raw[leaf.body_start : leaf.body_end], mail.line(leaf.start)
    if leaf.encoding not in _ENCODINGS:
        yield finding("encoding_unknown", line, leaf.encoding, encoding=leaf.encoding)
        return
    found = _EIGHT.search(raw)
    if found and leaf.encoding not in ("8bit", "binary"):
        yield finding("eight_bit", mail.line(leaf.body_start + found.start()), _line_at(raw, found.start()))
    if leaf.encoding == "quoted-printable" and (broken := _NO_ESCAPE.search(raw)):
        place = broken.start()
        yield finding("escape_bad", mail.line(leaf.body_start + place), _line_at(raw, place), escape=_text(broken[0]))
    if leaf.content_type.startswith("text/"):
        yield from _charset(mail, leaf, raw)


def _charset(mail: Mail, leaf: Entity, raw: bytes) -> Iterator[Finding]:
    """Text beyond ASCII says its charset, and is what it says."""
    label, line = leaf.parameters.get("charset"), mail.line(leaf.start)
    body = read_body(raw, leaf.encoding, b"\r\n")
    decoded = body.decoded if body else decode_anyhow(raw, leaf.encoding)
    if decoded is None:
        yield finding("undecodable", line, encoding=leaf.encoding)
        return
    codec = find_codec(label) if label else "ascii"
    if codec is None:
        yield finding("charset_unknown", line, label or "", charset=label)
        return
    if label is None and not decoded.isascii():
        yield finding("charset_missing", line)
        return
    if (place := wrong_byte(decoded, codec)) is not None:
        yield finding("charset_wrong", mail.line_within(leaf, place), _line_at(decoded, place), charset=label)
    elif leaf.content_type == "text/html" and (other := contradiction(decoded, codec)):
        line = mail.line_within(leaf, other.start())
        yield finding("charset_contradicted", line, charset=label, other=other[1].decode())


def _line_at(data: bytes, place: int) -> str:
    start = data.rfind(b"\n", 0, place) + 1
    return _text(data[max(start, place - 60) : place + 60].split(b"\n")[0])


def _text(data: bytes) -> str:
    return data[:400].decode("utf-8", "replace")
