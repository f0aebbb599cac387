"""Bytes with places that are filled per recipient: what a template or message is compiled to.

Rendering is one join. A place is a number: the index of what stands there among one recipient's values.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import NamedTuple, Protocol, cast

from mailwake.tokens import MESSAGE_CHARS

#: What is put into a text: bytes as they stand, numbers as places.
Content = tuple[bytes | int, ...]


_LOOSE = (bytes, int)


class Edit(NamedTuple):
    """Replace the text between two offsets; make one with `put`."""

    start: int
    end: int
    content: Content
    #: a line end may be put in front of it: it stands between quotes, or is markup of ours
    may_break: bool
    #: of what is put in
    length: int

    @classmethod
    def put(cls, start: int, end: int, content: Content, *, may_break: bool = False) -> Edit:
        """An edit; a place counts as long as a sealed part."""
        length = sum([MESSAGE_CHARS if isinstance(item, int) else len(item) for item in content])
        return cls(start, end, content, may_break, length)

    def moved(self, by: int) -> Edit:
        """The same edit, counted from another place."""
        return Edit(self.start + by, self.end + by, self.content, self.may_break, self.length)


class Patch(NamedTuple):
    """The edits of a stretch of text."""

    start: int
    end: int
    #: in order; offsets count from the start of the stretch
    edits: tuple[Edit, ...]


def flatten(patches: Iterable[Patch]) -> list[Edit]:
    """The edits of all patches; offsets count from the start of the text.

    Args:
        patches: in order.
    """
    return [edit.moved(patch.start) for patch in patches for edit in patch.edits]


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
        content: what it is made of; kept as it is, so it must not change.
    """

    __slots__ = ("_plan", "_slots", "_was_filled")

    def __init__(self, content: list[bytes | int]) -> None:
        #: pieces; index and slot of places; the slot that every second piece is besides, if there is one. In one, so
        #: that another thread never sees half of a change
        self._plan: tuple[list[bytes | int], list[tuple[int, int]], int | None] = (
            content,
            [(index, item) for index, item in enumerate(content) if isinstance(item, int)],
            None,
        )
        self._slots = frozenset([slot for _, slot in self._plan[1]])
        self._was_filled = False

    @property
    def slots(self) -> Collection[int]:
        """The places it has."""
        return self._slots

    def fill(self, values: Sequence[bytes]) -> bytes:
        """All bytes, with the places filled; see `Block`."""
        content, places, usual = self._plan
        if usual is None and self._was_filled and places:
            content, places, usual = self._plan = _compact(content, self._slots)
        self._was_filled = True
        pieces = content[:]
        if usual is not None:
            pieces[1::2] = [values[usual]] * (len(pieces) // 2)
        for index, slot in places:
            pieces[index] = values[slot]
        return b"".join(cast("list[bytes]", pieces))


def _compact(
    content: Sequence[bytes | int], slots: Collection[int]
) -> tuple[list[bytes | int], list[tuple[int, int]], int]:
    """A plan for many fills; a message that goes to one recipient alone is filled once."""
    pieces = merge(content)
    order = cast("list[int]", pieces[1::2])
    usual = max(slots, key=order.count)
    return pieces, [(2 * index + 1, slot) for index, slot in enumerate(order) if slot != usual], usual


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

    def __init__(self, blocks: list[bytes | int | Block]) -> None:
        self._blocks: list[Block] = []
        start = 0
        for index, block in enumerate(blocks):
            if not isinstance(block, _LOOSE):
                self._blocks += (Layout(cast("list[bytes | int]", blocks[start:index])), block)
                start = index + 1
        self._blocks.append(Layout(cast("list[bytes | int]", blocks[start:])))
        self._slots = frozenset([slot for block in self._blocks for slot in block.slots])

    @property
    def slots(self) -> Collection[int]:
        """Every place that some block asks for."""
        return self._slots

    def fill(self, values: Sequence[bytes]) -> bytes:
        """All bytes, with the places filled; see `Block`."""
        if len(self._blocks) == 1:
            return self._blocks[0].fill(values)
        return b"".join([block.fill(values) for block in self._blocks])


def splice(raw: bytes, patches: Iterable[Patch]) -> list[bytes | int]:
    """A text with its edits, as content.

    Args:
        raw: the text.
        patches: in order, none inside another; offsets in bytes.
    """
    content: list[bytes | int] = []
    position = 0
    for begin, _, edits in patches:
        for start, end, new, _, _ in edits:
            content.append(raw[position : begin + start])
            content += new
            position = begin + end
    content.append(raw[position:])
    return content


def merge(content: Sequence[bytes | int]) -> list[bytes | int]:
    """The same content in as few pieces as can be."""
    merged, start = list[bytes | int](), 0
    for index, item in enumerate(content):
        if isinstance(item, int):
            merged += (b"".join(cast("Sequence[bytes]", content[start:index])), item)
            start = index + 1
    merged.append(b"".join(cast("Sequence[bytes]", content[start:])))
    return merged
