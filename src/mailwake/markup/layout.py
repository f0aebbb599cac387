"""Bytes with places that are filled per recipient: what a template or message is compiled to.

Rendering is one join. A place is a number: the index of what stands there among one recipient's values.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple, Protocol, cast

#: What is put into a text: bytes as they stand, numbers as places.
Content = tuple[bytes | int, ...]


_LOOSE = (bytes, int)


class Edit(NamedTuple):
    """Replace the text between two offsets."""

    start: int
    end: int
    content: Content
    #: a line end may be put in front of it: it stands between quotes, or is markup of ours
    may_break: bool = False


class Block(Protocol):
    """A stretch of output."""

    @property
    def slots(self) -> Collection[int]:
        """The places it has."""
        ...

    def fill(self, values: Sequence[bytes]) -> bytes:
        """The stretch with its places filled.

        Args:
            values: what each place holds, by number.
        """
        ...


class Layout:
    """Fixed bytes and places, in order.

    Args:
        content: what it is made of.
    """

    __slots__ = ("_order", "_pieces", "_slots")

    def __init__(self, content: Sequence[bytes | int]) -> None:
        pieces, slots, start = list[bytes](), list[int](), 0
        for index, item in enumerate(content):
            if isinstance(item, int):
                pieces += (b"".join(cast("Sequence[bytes]", content[start:index])), b"")
                slots.append(item)
                start = index + 1
        pieces.append(b"".join(cast("Sequence[bytes]", content[start:])))
        self._pieces, self._order, self._slots = pieces, tuple(slots), frozenset(slots)

    @property
    def slots(self) -> Collection[int]:
        """The places it has."""
        return self._slots

    def fill(self, values: Sequence[bytes]) -> bytes:
        """All bytes, with the places filled; see `Block`."""
        pieces = self._pieces[:]
        pieces[1::2] = [values[slot] for slot in self._order]
        return b"".join(pieces)


class Wrapped:
    """A layout whose bytes are encoded as a whole, once they are known.

    Args:
        inner: the bytes before encoding.
        encode: makes the output of them.
        codec: what ASCII values have to be turned into before they stand among the bytes; None: nothing.
    """

    __slots__ = ("_codec", "_encode", "_inner")

    def __init__(self, inner: Block, encode: Callable[[bytes], bytes], codec: str | None = None) -> None:
        self._inner, self._encode, self._codec = inner, encode, codec

    @property
    def slots(self) -> Collection[int]:
        """The places it has."""
        return self._inner.slots

    def fill(self, values: Sequence[bytes]) -> bytes:
        """All bytes, encoded; see `Block`."""
        if self._codec:
            values = [value.decode("ascii").encode(self._codec) for value in values]
        return self._encode(self._inner.fill(values))


class Sheet:
    """Blocks in a row, joined where they can be.

    Args:
        blocks: what it is made of; bare content is gathered into layouts.
    """

    __slots__ = ("_blocks", "_slots")

    def __init__(self, blocks: Sequence[bytes | int | Block]) -> None:
        self._blocks: list[Block] = []
        loose: list[bytes | int] = []
        for block in blocks:
            if isinstance(block, _LOOSE):
                loose.append(block)
            else:
                self._blocks += (Layout(loose), block)
                loose = []
        self._blocks.append(Layout(loose))
        self._slots = frozenset(slot for block in self._blocks for slot in block.slots)

    @property
    def slots(self) -> Collection[int]:
        """Every place that some block asks for."""
        return self._slots

    def fill(self, values: Sequence[bytes]) -> bytes:
        """All bytes, with the places filled; see `Block`."""
        if len(self._blocks) == 1:
            return self._blocks[0].fill(values)
        return b"".join([block.fill(values) for block in self._blocks])


def splice(raw: bytes, edits: Sequence[Edit]) -> list[bytes | int]:
    """A text with its edits, as content.

    Args:
        raw: the text.
        edits: in order, none inside another; offsets in bytes.
    """
    content: list[bytes | int] = []
    position = 0
    for edit in edits:
        content.append(raw[position : edit.start])
        content += edit.content
        position = edit.end
    content.append(raw[position:])
    return content
