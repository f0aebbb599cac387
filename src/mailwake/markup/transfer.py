"""Content-Transfer-Encodings, undone and redone around edits without touching the rest.

What was not edited keeps its very bytes where the encoding lets it: in quoted-printable an edit is spliced into the
encoded text, with soft line breaks of its own; base64 is encoded again with the part's own line length and line ends.
What cannot be decoded in one way only is not decoded at all.

Source: RFC 2045 section 6 (encodings), RFC 5321 section 4.5.3.1.6 (998 octets to a line).
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Sequence
from functools import lru_cache
from struct import Struct
from typing import Protocol

import msgspec

from mailwake.markup.layout import Block, Content, Edit, Layout, Patch, Wrapped, flatten, splice
from mailwake.markup.quoted import SOFT_LINE, QuotedPrintable

_MAX_LINE = 998
_IDENTITY = frozenset(("", "7bit", "8bit", "binary", "7-bit", "8-bit"))
_BASE64_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NOT_BASE64 = bytes(set(range(256)) - set(_BASE64_ALPHABET + b"="))
_LETTER = re.compile(rb"[A-Za-z0-9+/]")
_LINE_END = re.compile(rb"\r*+\n|\r")


class Encoded(Protocol):
    """A body as it travels."""

    @property
    def decoded(self) -> bytes:
        """What it says."""
        ...

    def edit(self, patches: Sequence[Patch], codec: str | None) -> list[bytes | int | Block]:
        """The body with edits, encoded as it was.

        Args:
            patches: the edits, in order; offsets in decoded bytes.
            codec: what values of places have to be encoded with; None: they are ASCII as they are.
        """
        ...


def read_body(data: bytes, encoding: str, newline: bytes) -> Encoded | None:
    """A body behind its transfer encoding.

    Args:
        data: as it travels.
        encoding: value of Content-Transfer-Encoding, lower case, without comments; empty: none given.
        newline: the line end of the message.

    Returns:
        None when the encoding is unknown, or the data can be read in more than one way.
    """
    if encoding in _IDENTITY:
        return Identity(data, newline, is_limited=encoding != "binary")
    if encoding == "quoted-printable":
        return QuotedPrintable(data, newline)
    if encoding == "base64":
        return _read_base64(data, newline)
    return None


def decode_anyhow(data: bytes, encoding: str) -> bytes | None:
    """A body that can be read in several ways, read in the most forgiving one; None where there is none.

    Args:
        data: as it travels.
        encoding: value of Content-Transfer-Encoding, lower case.
    """
    if encoding != "base64":
        return None
    try:
        return binascii.a2b_base64(data)
    except binascii.Error:
        return None


class Identity:
    """7bit, 8bit, binary: the bytes are what they say.

    Args:
        data: the body.
        newline: the line end of the message.
        is_limited: lines longer than 998 octets must not come about.
    """

    def __init__(self, data: bytes, newline: bytes, *, is_limited: bool) -> None:
        self.decoded = data
        self._newline = newline
        self._is_limited = is_limited

    def edit(self, patches: Sequence[Patch], codec: str | None) -> list[bytes | int | Block]:
        """The body with edits; see `Encoded`."""
        if codec:
            return [Wrapped(Layout(splice(self.decoded, patches)), bytes, codec)]
        if not self._is_limited:
            return [*splice(self.decoded, patches)]
        content = self._spliced(patches)
        if content is None:
            whole = Patch(0, len(self.decoded), self._shortened(flatten(patches)))
            content = splice(self.decoded, [whole])
        return [*content]

    def _spliced(self, patches: Sequence[Patch]) -> list[bytes | int] | None:
        """The body with edits; None where a line may become too long, which wants a closer look."""
        data, content, position, column = self.decoded, list[bytes | int](), 0, 0
        for start, _, edits in patches:
            for edit in edits:
                begin, end = start + edit.start, start + edit.end
                newline = data.rfind(b"\n", position, begin)
                column = (column + begin - position if newline < 0 else begin - newline - 1) + edit.length
                room = _MAX_LINE - column
                if len(data) - end > room and data.find(b"\n", end, end + room + 1) < 0:
                    return None
                content.append(data[position:begin])
                content += edit.content
                position = end
        content.append(data[position:])
        return content

    def _shortened(self, edits: Sequence[Edit]) -> tuple[Edit, ...]:
        """Start a new line in front of an edit that would make a line too long for SMTP; servers cut such lines."""
        data, shortened = self.decoded, list[Edit]()
        column, position = 0, 0
        for index, edit in enumerate(edits):
            column = _column(data, position, edit.start, column)
            upcoming = edits[index + 1].start if index + 1 < len(edits) else len(data)
            rest = data.find(b"\n", edit.end, min(upcoming, edit.end + _MAX_LINE))
            gap = (rest if rest >= 0 else min(upcoming, edit.end + _MAX_LINE)) - edit.end
            if edit.may_break and column + edit.length + gap > _MAX_LINE and self._was_short(edit):
                shortened.append(edit._replace(content=_on_a_new_line(edit.content, self._newline)))
                column = 0
            else:
                shortened.append(edit)
            column += edit.length
            position = edit.end
        return tuple(shortened)

    def _was_short(self, edit: Edit) -> bool:
        start = self.decoded.rfind(b"\n", max(0, edit.start - _MAX_LINE - 1), edit.start)
        start = start if start >= 0 else max(-1, edit.start - _MAX_LINE - 1)
        end = self.decoded.find(b"\n", edit.end, start + _MAX_LINE + 2)
        return end >= 0 or len(self.decoded) <= start + _MAX_LINE + 1


def _column(data: bytes, start: int, end: int, column: int) -> int:
    newline = data.rfind(b"\n", start, end)
    return column + end - start if newline < 0 else end - newline - 1


def _on_a_new_line(content: Content, newline: bytes) -> Content:
    """URL parsers drop line ends, and between attributes one is as good as a space."""
    first = content[0]
    if isinstance(first, bytes) and b" " in first:
        return (first.replace(b" ", newline, 1), *content[1:])
    return (newline, *content)


class Base64:
    """Base64, with the part's own line length and line ends.

    Args:
        decoded: what it says.
        before: bytes in front of the first character.
        after: bytes behind the last one.
        line_chars: characters to a line.
        newline: line end between them.
    """

    def __init__(self, decoded: bytes, *, before: bytes, after: bytes, line_chars: int, newline: bytes) -> None:
        self.decoded = decoded
        self._before, self._after = before, after
        self._line_chars, self._newline = line_chars, newline

    def edit(self, patches: Sequence[Patch], codec: str | None) -> list[bytes | int | Block]:
        """The body with edits, encoded again; see `Encoded`."""
        return [Wrapped(Layout(splice(self.decoded, patches)), self._encode, codec)]

    def _encode(self, data: bytes) -> bytes:
        lines = _cut(memoryview(_PACKER.encode(data))[1:-1], self._line_chars)
        return b"".join((self._before, self._newline.join(lines), self._after))


#: Bytes are base64 in JSON, and `msgspec` is twice as fast at it as `binascii`.
_PACKER = msgspec.json.Encoder()
_UNPACKER = msgspec.json.Decoder(bytes)


def _read_base64(data: bytes, newline: bytes) -> Base64 | None:
    letter = _LETTER.search(data)
    begin = letter.start() if letter else 0
    line_end = _LINE_END.search(data, begin)
    width = len(data[begin : line_end.start()].strip()) if line_end else 0
    packed = _even_lines(data, begin, width, line_end[0]) if line_end and width else None
    decoded = _unpack(packed) if packed else None
    if packed is None or decoded is None:
        packed = data.translate(None, _NOT_BASE64)
        decoded = _unpack(packed)
    if decoded is None:
        return None  # several bodies in a row, or one that was cut: readers disagree on what they say
    end = max((data.rfind(bytes((char,))) for char in packed[-4:]), default=begin - 1) + 1
    if not line_end or line_end.start() >= end:
        width, line_end = max(end - begin, SOFT_LINE) if end - begin <= _MAX_LINE else SOFT_LINE, None
    return Base64(
        decoded,
        before=data[:begin],
        after=data[end:],
        line_chars=max(4, width),
        newline=line_end[0] if line_end else newline,
    )


def _unpack(packed: bytes) -> bytes | None:
    body = packed.rstrip(b"=")
    if b"=" in body or b"\\" in body or len(body) % 4 == 1:
        return None
    try:
        return _UNPACKER.decode(b'"%b%b"' % (body, b"=" * (-len(body) % 4)))
    except msgspec.DecodeError:
        return None


def _even_lines(data: bytes, begin: int, width: int, newline: bytes) -> bytes | None:
    """The characters of lines that are all as long as the first and end in the same way; None if some do not."""
    lines = _cut(memoryview(data)[begin:], width, len(newline))
    count, step = len(lines) - 1, width + len(newline)
    end = begin + count * step
    for index, char in enumerate(newline, begin + width):
        if data[index:end:step] != bytes((char,)) * count:
            return None
    lines[-1] = data[end:].translate(None, _NOT_BASE64)
    return b"".join(lines)


@lru_cache(maxsize=64)
def _cutter(width: int, gap: int) -> Struct:
    return Struct(f"{width}s{gap}x" * 64)


def _cut(data: memoryview, width: int, gap: int = 0) -> list[bytes]:
    """Cut into pieces of a width, and leave out so much after each; the last piece is shorter, or empty."""
    cutter, pieces = _cutter(width, gap), list[bytes]()
    position = len(data) // cutter.size * cutter.size
    for many in cutter.iter_unpack(data[:position]):
        pieces += many
    pieces += [bytes(data[start : start + width]) for start in range(position, len(data), width + gap)]
    return pieces
