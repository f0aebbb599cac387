"""The file that tells every process that records hits whose mail is silent: ``<data>/inert.bin``.

Little-endian::

    magic 8 | written at 8 | as of 8 | entries 4 | news 4 | everybody: opens 2, clicks 2 | CRC-32 of the body 4
    CRC-32 of the above 4
    body: the entries (`Entries.to_bytes`), then 16 bytes for each piece of news: said at 8, put here at 8

*As of* is the moment up to which everything that anybody said is in the set; a file that is written by somebody who
reads a log of last week says so. *Everybody* is the switch of the installation. *News* are what was put in within the
last minute by another way than through the mail, so that readers can tell how long it took to reach them.

The file is replaced as a whole, so a reader sees the old one or the new one. A file of a version before this one
(bare handles) has no such head and counts as damaged: silent for everybody, until the keeper has written it anew.
"""

from __future__ import annotations

import sys
import zlib
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from struct import Struct
from typing import NamedTuple

from mailwake.errors import Unavailable, Unreadable
from mailwake.files import replace
from mailwake.inert.entries import Before, Entries

MAGIC = b"MWINERT2"
_HEAD = Struct("<8sQQIIHHI")
_CRC = Struct("<I")
HEAD_BYTES = _HEAD.size + _CRC.size
_PIECE_BYTES = 16


class News(NamedTuple):
    """Something that was said, and put into the file later; microseconds since 1970."""

    said_at: int
    put_at: int


@dataclass(frozen=True, kw_only=True)
class Head:
    """What stands before the entries."""

    #: microseconds since 1970, as all times here
    written_at: int
    #: all that was said up to then is in the set
    as_of: int
    #: holds for everybody, whether a token names somebody or not
    everybody: Before
    entries: int
    news: int
    body_crc: int


@dataclass(frozen=True, kw_only=True)
class InertFile:
    """What the file says."""

    head: Head
    entries: Entries
    news: tuple[News, ...] = ()


def pack(entries: Entries, *, written_at: int, as_of: int, everybody: Before, news: Sequence[News] = ()) -> bytes:
    """The content of the file."""
    told = array("Q", [time for piece in news for time in piece])
    if sys.byteorder == "big":
        told.byteswap()
    body = entries.to_bytes() + told.tobytes()
    head = _HEAD.pack(MAGIC, written_at, as_of, len(entries), len(news), *everybody, zlib.crc32(body))
    return head + _CRC.pack(zlib.crc32(head)) + body


def read_head(raw: bytes) -> Head:
    """The head of a file, of which more may follow.

    Raises:
        Unreadable: it is no file of this version, or damaged.
    """
    if len(raw) < HEAD_BYTES or raw[:8] != MAGIC:
        raise Unreadable("it has no head of this version")
    if _CRC.unpack_from(raw, _HEAD.size)[0] != zlib.crc32(raw[: _HEAD.size]):
        raise Unreadable("its head is damaged")
    _, written_at, as_of, entries, news, opens, clicks, crc = _HEAD.unpack_from(raw)
    return Head(
        written_at=written_at,
        as_of=as_of,
        everybody=Before(opens, clicks),
        entries=entries,
        news=news,
        body_crc=crc,
    )


def unpack(raw: bytes) -> InertFile:
    """What a file says.

    Raises:
        Unreadable: it is no file of this version, or damaged anywhere.
    """
    head, body = read_head(raw), raw[HEAD_BYTES:]
    if zlib.crc32(body) != head.body_crc:
        raise Unreadable("its body is damaged")
    end = len(body) - head.news * _PIECE_BYTES
    try:
        entries = Entries.from_bytes(body[: max(end, 0)], head.entries)
    except ValueError as fault:
        raise Unreadable(str(fault)) from None
    told = array("Q", body[end:])
    if sys.byteorder == "big":
        told.byteswap()
    pieces = zip(told[::2], told[1::2], strict=True)
    return InertFile(head=head, entries=entries, news=tuple(News(*piece) for piece in pieces))


def replace_file(path: Path, content: bytes) -> None:
    """Put the file in place, durable and as a whole.

    Raises:
        Unavailable: it cannot be written; withdrawals do not reach the edge.
    """
    try:
        replace(path, content)
    except OSError as fault:
        raise Unavailable(f"cannot write {path}: {fault.strerror}; withdrawals cannot take effect") from fault
