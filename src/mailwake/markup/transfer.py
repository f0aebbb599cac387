"""Content-Transfer-Encodings, undone and redone around edits without touching the rest.

What was not edited keeps its very bytes where the encoding lets it: in quoted-printable an edit is spliced into the
encoded text, with soft line breaks of its own; base64 is encoded again with the part's own line length and line ends.
What cannot be decoded in one way only is not decoded at all.

Source: RFC 2045 section 6 (encodings), RFC 5321 section 4.5.3.1.6 (998 octets to a line).
"""

from __future__ import annotations

import binascii
import bisect
import re
from collections.abc import Sequence
from typing import Protocol

from mailwake.markup.layout import Block, Content, Edit, Layout, Wrapped, splice
from mailwake.tokens import MESSAGE_CHARS

_MAX_LINE = 998
_SOFT_LINE = 76
_ESCAPE = re.compile(rb"=(?:[0-9A-Fa-f]{2}|[ \t]*\r?\n|[ \t]*\Z)")
_BROKEN_ESCAPE = re.compile(rb"=(?![0-9A-Fa-f]{2}|\r?\n)")
_UNSAFE = re.compile(rb"[^!-<>-~ \t]|[ \t](?=\Z)")
#: Bytes that stand for themselves anywhere in a line; most of what is inserted is made of them alone.
_PLAIN_QUOTED = bytes(set(range(33, 127)) - set(b"="))
_IDENTITY = frozenset(("", "7bit", "8bit", "binary", "7-bit", "8-bit"))
_BASE64_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NOT_BASE64 = bytes(set(range(256)) - set(_BASE64_ALPHABET + b"="))


class Encoded(Protocol):
    """A body as it travels."""

    @property
    def decoded(self) -> bytes:
        """What it says."""
        ...

    def edit(self, edits: Sequence[Edit], codec: str | None) -> list[bytes | int | Block]:
        """The body with edits, encoded as it was.

        Args:
            edits: in order; offsets in decoded bytes.
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

    def edit(self, edits: Sequence[Edit], codec: str | None) -> list[bytes | int | Block]:
        """The body with edits; see `Encoded`."""
        if codec:
            return [Wrapped(Layout(splice(self.decoded, edits)), bytes, codec)]
        return [*splice(self.decoded, self._shortened(edits) if self._is_limited else edits)]

    def _shortened(self, edits: Sequence[Edit]) -> Sequence[Edit]:
        """Start a new line in front of an edit that would make a line too long for SMTP; servers cut such lines."""
        data, shortened = self.decoded, list[Edit]()
        column, position = 0, 0
        for index, edit in enumerate(edits):
            column = _column(data, position, edit.start, column)
            upcoming = edits[index + 1].start if index + 1 < len(edits) else len(data)
            rest = data.find(b"\n", edit.end, min(upcoming, edit.end + _MAX_LINE))
            gap = (rest if rest >= 0 else min(upcoming, edit.end + _MAX_LINE)) - edit.end
            length = sum([len(item) if isinstance(item, bytes) else MESSAGE_CHARS for item in edit.content])
            if edit.may_break and column + length + gap > _MAX_LINE and self._was_short(edit):
                shortened.append(edit._replace(content=_on_a_new_line(edit.content, self._newline)))
                column = 0
            else:
                shortened.append(edit)
            column += length
            position = edit.end
        return shortened

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


class QuotedPrintable:
    """Quoted-printable, with what mailers make of it: lower-case hex, broken escapes, blanks after ``=``.

    Args:
        data: as it travels.
        newline: the line end of the message.
    """

    def __init__(self, data: bytes, newline: bytes) -> None:
        self._data = data
        self._newline = newline
        self._is_clean = _BROKEN_ESCAPE.search(data) is None
        if self._is_clean:
            self.decoded = binascii.a2b_qp(data)
            self._is_clean = len(self.decoded) == len(data) - 2 * data.count(b"=") - data.count(b"=\r\n")
        if not self._is_clean:
            self.decoded = _ESCAPE.sub(_unescape, data)

    def edit(self, edits: Sequence[Edit], codec: str | None) -> list[bytes | int | Block]:
        """The body with edits spliced into the encoded text; see `Encoded`."""
        if codec:
            inner = Layout(splice(self.decoded, edits))
            return [Wrapped(inner, lambda data: binascii.b2a_qp(data, istext=False), codec)]
        places = self._places(edits)
        data, writer, position = self._data, QuotedWriter(self._newline), 0
        for edit, (start, end) in zip(edits, places, strict=True):
            writer.encoded(data[position:start])
            writer.insert(edit.content)
            writer.make_room(_line_rest(data, end))
            position = end
        writer.encoded(data[position:])
        return [*writer.content]

    def _places(self, edits: Sequence[Edit]) -> list[tuple[int, int]]:
        """Offsets in the encoded text of each edit's start and end."""
        if not self._is_clean:
            return self._searched_places(edits)
        places: list[tuple[int, int]] = []
        decoded = encoded = 0
        for edit in edits:
            start = self._advance(encoded, edit.start - decoded)
            encoded = self._advance(start, edit.end - edit.start)
            decoded = edit.end
            places.append((start, encoded))
        return places

    def _advance(self, position: int, count: int) -> int:
        """The offset after so many decoded bytes: an encoded byte is at most one, so guess that, count, and go on."""
        data = self._data
        while count > 0:
            end = position + count
            escape = data.rfind(b"=", max(position, end - 2), end)
            if escape >= 0:
                end = escape + (2 if data[escape + 1 : escape + 2] == b"\n" else 3)
            count -= end - position - 2 * data.count(b"=", position, end) - data.count(b"=\r\n", position, end)
            position = end
        return position

    def _searched_places(self, edits: Sequence[Edit]) -> list[tuple[int, int]]:
        """The same for text with broken escapes: by a table of all escapes."""
        decoded, encoded, behind = [0], [0], 0
        for match in _ESCAPE.finditer(self._data):
            behind += match.end() - match.start() - len(_unescape(match))
            decoded.append(match.end() - behind)
            encoded.append(match.end())

        def place(offset: int) -> int:
            index = bisect.bisect_right(decoded, offset) - 1
            # of several escapes that end at one offset (soft breaks), the first is the place
            index = bisect.bisect_left(decoded, decoded[index])
            return encoded[index] + offset - decoded[index]

        return [(place(edit.start), place(edit.end)) for edit in edits]


def _unescape(match: re.Match[bytes]) -> bytes:
    digits = match[0][1:].strip()
    return bytes.fromhex(digits.decode("ascii")) if digits else b""


def _line_rest(data: bytes, position: int) -> int:
    """How long the encoded line still is, without its line end."""
    end = data.find(b"\n", position)
    if end < 0:
        return len(data) - position
    return end - position - (end > position and data[end - 1 : end] == b"\r")


class QuotedWriter:
    """Writes quoted-printable with lines of at most 76 characters and places that are never cut.

    Args:
        newline: the line end to use.
    """

    def __init__(self, newline: bytes) -> None:
        self.content: list[bytes | int] = []
        self._break = b"=" + newline
        self._newline = newline
        self._column = 0

    def encoded(self, data: bytes) -> None:
        """Text that is quoted-printable already."""
        self.content.append(data)
        newline = data.rfind(b"\n")
        self._column = self._column + len(data) if newline < 0 else len(data) - newline - 1

    def insert(self, content: Content) -> None:
        """Text without line ends, not encoded yet, and places of sealed parts."""
        for item in content:
            if isinstance(item, int):
                self.make_room(MESSAGE_CHARS + 1)
                self.content.append(item)
                self._column += MESSAGE_CHARS
            else:
                self._fold(escape_quoted(item))

    def insert_any_length(self, place: int) -> None:
        """A place whose value is folded by itself, between two breaks that nobody sees."""
        self.make_room(_SOFT_LINE)
        self.content += (place, self._break)
        self._column = 0

    def make_room(self, length: int) -> None:
        """Break the line unless so many characters fit onto it."""
        if self._column and self._column + length > _SOFT_LINE:
            self._break_softly()

    def _break_softly(self) -> None:
        last = self.content[-1] if self.content else b""
        if self._column == _SOFT_LINE and isinstance(last, bytes) and last:
            # a full line has no room for the break itself: its last character moves on
            cut = -3 if last[-3:-2] == b"=" else -1
            self.content[-1:] = [last[:cut], self._break, last[cut:]]
            self._column = -cut
        else:
            self.content.append(self._break)
            self._column = 0

    def hard_break(self) -> None:
        """End the line for good."""
        self.content.append(self._newline)
        self._column = 0

    def _fold(self, data: bytes) -> None:
        while self._column + len(data) >= _SOFT_LINE:
            take = max(0, _SOFT_LINE - 1 - self._column)
            escape = data.rfind(b"=", max(0, take - 2), take)
            take = escape if escape >= 0 else take
            if take:
                self.content.append(data[:take])
                self._column += take
                data = data[take:]
            self._break_softly()
        self.content.append(data)
        self._column += len(data)


def escape_quoted(data: bytes) -> bytes:
    """One line's worth of bytes with everything escaped that quoted-printable has to escape."""
    if not data.translate(None, _PLAIN_QUOTED):
        return data
    return _UNSAFE.sub(lambda match: b"=%02X" % match[0][0], data)


def fold_quoted(data: bytes) -> bytes:
    """A value as quoted-printable that starts and ends in the first column."""
    writer = QuotedWriter(b"\r\n")
    for index, line in enumerate(re.split(rb"\r\n|\n|\r", data)):
        if index:
            writer.hard_break()
        writer.insert((line,))
    return b"".join(item for item in writer.content if isinstance(item, bytes))


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

    def edit(self, edits: Sequence[Edit], codec: str | None) -> list[bytes | int | Block]:
        """The body with edits, encoded again; see `Encoded`."""
        return [Wrapped(Layout(splice(self.decoded, edits)), self._encode, codec)]

    def _encode(self, data: bytes) -> bytes:
        packed, width = binascii.b2a_base64(data, newline=False), self._line_chars
        lines = [packed[start : start + width] for start in range(0, len(packed), width)]
        return self._before + self._newline.join(lines) + self._after


def _read_base64(data: bytes, newline: bytes) -> Base64 | None:
    packed = data.translate(None, _NOT_BASE64)
    body = packed.rstrip(b"=")
    if b"=" in body or len(body) % 4 == 1:
        return None  # several bodies in a row, or one that was cut: readers disagree on what they say
    decoded = binascii.a2b_base64(body + b"=" * (-len(body) % 4))
    start = re.search(rb"[A-Za-z0-9+/]", data)
    begin = start.start() if start else 0
    end = max((data.rfind(bytes((char,))) for char in packed[-4:]), default=begin - 1) + 1
    lines = re.split(rb"(\r*\n|\r)", data[begin:end], maxsplit=1)
    width = len(lines[0].strip())
    if len(lines) == 1:
        width = max(width, _SOFT_LINE) if width <= _MAX_LINE else _SOFT_LINE
    return Base64(
        decoded,
        before=data[:begin],
        after=data[end:],
        line_chars=max(4, width),
        newline=lines[1] if len(lines) > 1 else newline,
    )
