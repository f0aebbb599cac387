"""Quoted-printable: read as mailers write it, and changed without touching the rest.

An edit is spliced into the encoded text, with soft line breaks of its own, and a sealed part is never cut by one. What
an edit does to a stretch of text depends on the stretch, the column it begins in and what follows it in its last line;
the copies of one mail have these in common, so it is worked out once for all of them.

Source: RFC 2045 section 6.7.
"""

from __future__ import annotations

import binascii
import bisect
import re
from collections.abc import Iterator, Sequence
from typing import TypeAlias, cast

from mailwake.markup.layout import Block, Content, Edit, Layout, Patch, Wrapped, flatten, merge, splice
from mailwake.markup.memory import Memory
from mailwake.tokens import MESSAGE_CHARS

SOFT_LINE = 76
_ESCAPE = re.compile(rb"=(?:[0-9A-Fa-f]{2}|[ \t]*+(?:\r?\n|\Z))")
_BROKEN_ESCAPE = re.compile(rb"=(?![0-9A-Fa-f]{2}|\r?\n)")
_UNSAFE = re.compile(rb"[^!-<>-~ \t]|[ \t](?=\Z)")
#: Bytes that stand for themselves anywhere in a line; most of what is inserted is made of them alone.
_PLAIN_QUOTED = bytes(set(range(33, 127)) - set(b"="))
_LINK_END = b"</a>"
#: Patches of a stretch of text: where each starts, and its edits.
_Group: TypeAlias = tuple[tuple[int, tuple[Edit, ...]], ...]
#: Longer pieces are worked out every time.
_MAX_REMEMBERED = 32_768
_GENERATION = 2_000_000
#: Pieces by how they travel.
_DECODED: Memory[bytes, bytes] = Memory(_GENERATION)
#: What edits make of a stretch of text, and the column after it.
_SPLICED: Memory[tuple[bytes, _Group, int, int, bytes], tuple[list[bytes | int], int]] = Memory(_GENERATION)


class QuotedPrintable:
    """Quoted-printable, with what mailers make of it: lower-case hex, broken escapes, blanks after ``=``.

    Args:
        data: as it travels.
        newline: the line end of the message.
    """

    def __init__(self, data: bytes, newline: bytes) -> None:
        self._data = data
        self._newline = newline
        #: where pieces of the text end, decoded and as they travel; empty: it has broken escapes
        self._ends: list[tuple[int, int]] = []
        pieces = data.split(_LINK_END)
        decoded = [_decode(piece) for piece in pieces]
        if None in decoded:
            self.decoded = _ESCAPE.sub(_unescape, data)
        else:
            whole = cast("list[bytes]", decoded)
            self.decoded, self._ends = _LINK_END.join(whole), _piece_ends(pieces, whole)

    def edit(self, patches: Sequence[Patch], codec: str | None) -> list[bytes | int | Block]:
        """The body with edits spliced into the encoded text; see `Encoded`."""
        if codec:
            inner = Layout(splice(self.decoded, patches))
            return [Wrapped(inner, lambda data: binascii.b2a_qp(data, istext=False), codec)]
        data, writer, position = self._data, QuotedWriter(self._newline), 0
        if not self._ends:
            edits = flatten(patches)
            for edit, (start, end) in zip(edits, self._searched_places(edits), strict=True):
                writer.splice(data[position:start], edit.content, _line_rest(data, end))
                position = end
        for start, end, group in self._groups(patches) if self._ends else ():
            writer.encoded(data[position:start])
            self._write(writer, data[start:end], group, _line_rest(data, end))
            position = end
        writer.encoded(data[position:])
        return [*writer.content]

    def _groups(self, patches: Sequence[Patch]) -> Iterator[tuple[int, int, _Group]]:
        """(start, end, patches) of each run of whole pieces that is edited, in the encoded text."""
        ends, before, index = self._ends, 0, 0
        while index < len(patches):
            while before + 1 < len(ends) and ends[before + 1][0] <= patches[index].start:
                before += 1
            after, (base, start) = before, ends[before]
            group: list[tuple[int, tuple[Edit, ...]]] = []
            while index < len(patches) and (not group or patches[index].start < ends[after][0]):
                patch = patches[index]
                group.append((patch.start - base, patch.edits))
                while ends[after][0] < patch.end:
                    after += 1
                index += 1
            yield start, ends[after][1], tuple(group)
            before = after

    def _write(self, writer: QuotedWriter, encoded: bytes, group: _Group, beyond: int) -> None:
        """Write a stretch of text with its edits."""
        if writer.column == SOFT_LINE:  # a break would move what was written before
            _splice(writer, encoded, group, beyond)
            return
        key = encoded, group, writer.column, beyond, self._newline
        known = _SPLICED.get(key)
        if known is None:
            inner = QuotedWriter(self._newline, writer.column)
            _splice(inner, encoded, group, beyond)
            known = merge(inner.content), inner.column
            if len(encoded) <= _MAX_REMEMBERED:
                _SPLICED.put(key, known, len(encoded))
        writer.content += known[0]
        writer.column = known[1]

    def _searched_places(self, edits: Sequence[Edit]) -> list[tuple[int, int]]:
        """The same for text with broken escapes: by a table of all escapes."""
        decoded, encoded, behind = [0], [0], 0
        for match in _ESCAPE.finditer(self._data):
            if match[0].rstrip(b" \t") == b"=":
                break  # the text ends in it, and no line end follows: what is put at the end stands before it
            behind += match.end() - match.start() - len(_unescape(match))
            decoded.append(match.end() - behind)
            encoded.append(match.end())

        def place(offset: int) -> int:
            index = bisect.bisect_right(decoded, offset) - 1
            # of several escapes that end at one offset (soft breaks), the first is the place
            index = bisect.bisect_left(decoded, decoded[index])
            return encoded[index] + offset - decoded[index]

        return [(place(edit.start), place(edit.end)) for edit in edits]


def _decode(piece: bytes) -> bytes | None:
    """A piece without broken escapes, decoded; None for others."""
    decoded = _DECODED.get(piece)
    if decoded is None:
        if _BROKEN_ESCAPE.search(piece):
            return None
        decoded = binascii.a2b_qp(piece)
        if len(decoded) != len(piece) - 2 * piece.count(b"=") - piece.count(b"=\r\n"):
            return None
        if len(piece) <= _MAX_REMEMBERED:
            _DECODED.put(piece, decoded, len(piece))
    return decoded


def _piece_ends(pieces: Sequence[bytes], decoded: Sequence[bytes]) -> list[tuple[int, int]]:
    """Where each piece ends, decoded and as it travels; the text starts with an empty one."""
    ends, text, data = [(0, 0)], 0, 0
    for piece, said in zip(pieces, decoded, strict=True):
        text += len(said) + len(_LINK_END)
        data += len(piece) + len(_LINK_END)
        ends.append((text, data))
    ends[-1] = text - len(_LINK_END), data - len(_LINK_END)
    return ends


def _splice(writer: QuotedWriter, encoded: bytes, group: _Group, beyond: int) -> None:
    """Write a stretch of text with its edits, whose places are found by counting from its start."""
    decoded = position = 0
    for offset, edits in group:
        for edit in edits:
            start = _advance(encoded, position, offset + edit.start - decoded)
            end = _advance(encoded, start, edit.end - edit.start)
            writer.splice(encoded[position:start], edit.content, _line_rest(encoded, end, beyond))
            decoded, position = offset + edit.end, end
    writer.encoded(encoded[position:])


def _advance(data: bytes, position: int, count: int) -> int:
    """The offset after so many decoded bytes: an encoded byte is at most one, so guess that, count, and go on."""
    while count > 0:
        end = position + count
        escape = data.rfind(b"=", max(position, end - 2), end)
        if escape >= 0:
            end = escape + (2 if data[escape + 1 : escape + 2] == b"\n" else 3)
        count -= end - position - 2 * data.count(b"=", position, end) - data.count(b"=\r\n", position, end)
        position = end
    return position


def _unescape(match: re.Match[bytes]) -> bytes:
    digits = match[0][1:].strip()
    return bytes.fromhex(digits.decode("ascii")) if digits else b""


def _line_rest(data: bytes, position: int, beyond: int = 0) -> int:
    """How long the encoded line still is, without its line end; more than a line has room for is not told apart.

    Args:
        data: encoded text.
        position: where to look from.
        beyond: how the line goes on behind the text.
    """
    end = data.find(b"\n", position, position + SOFT_LINE + 2)
    if end < 0:
        return min(len(data) - position + beyond, SOFT_LINE)
    return end - position - (end > position and data[end - 1 : end] == b"\r")


class QuotedWriter:
    """Writes quoted-printable with lines of at most 76 characters and places that are never cut.

    Args:
        newline: the line end to use.
        column: how much of the first line is taken.
    """

    def __init__(self, newline: bytes, column: int = 0) -> None:
        self.content: list[bytes | int] = []
        self.column = column
        self._break = b"=" + newline
        self._newline = newline

    def splice(self, before: bytes, content: Content, rest: int) -> None:
        """An edit, and the text before it.

        Args:
            before: quoted-printable already.
            content: see `insert`.
            rest: how the line goes on behind the edit.
        """
        self.encoded(before)
        self.insert(content)
        self.make_room(rest)

    def encoded(self, data: bytes) -> None:
        """Text that is quoted-printable already."""
        if not data:
            return
        self.content.append(data)
        newline = data.rfind(b"\n")
        self.column = self.column + len(data) if newline < 0 else len(data) - newline - 1

    def insert(self, content: Content) -> None:
        """Text without line ends, not encoded yet, and places of sealed parts."""
        for item in content:
            if isinstance(item, int):
                self.make_room(MESSAGE_CHARS + 1)
                self.content.append(item)
                self.column += MESSAGE_CHARS
            else:
                self._fold(escape_quoted(item))

    def insert_any_length(self, place: int) -> None:
        """A place whose value is folded by itself, between two breaks that nobody sees."""
        self.make_room(SOFT_LINE)
        self.content += (place, self._break)
        self.column = 0

    def make_room(self, length: int) -> None:
        """Break the line unless so many characters fit onto it."""
        if self.column and self.column + length > SOFT_LINE:
            self._break_softly()

    def _break_softly(self) -> None:
        last = self.content[-1] if self.content else b""
        if self.column == SOFT_LINE and isinstance(last, bytes) and last:
            # a full line has no room for the break itself: its last character moves on
            cut = -3 if last[-3:-2] == b"=" else -1
            self.content[-1:] = [last[:cut], self._break, last[cut:]]
            self.column = -cut
        else:
            self.content.append(self._break)
            self.column = 0

    def hard_break(self) -> None:
        """End the line for good."""
        self.content.append(self._newline)
        self.column = 0

    def _fold(self, data: bytes) -> None:
        start, size = 0, len(data)
        while self.column + size - start >= SOFT_LINE:
            end = start + max(0, SOFT_LINE - 1 - self.column)
            escape = data.rfind(b"=", max(start, end - 2), end)
            end = escape if escape >= 0 else end
            if end > start:
                self.content.append(data[start:end])
                self.column += end - start
                start = end
            self._break_softly()
        self.content.append(data[start:])
        self.column += size - start


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
