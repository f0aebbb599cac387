"""How the records of one group commit lie in one piece of bytes.

Layout: the length of every record, 4 bytes little-endian each, then the records without anything between them; packed
as one Zstandard frame (RFC 8878) where that is shorter, which the lengths tell: they add up to more than there is. The
number of records stands beside the body. The checksum (CRC-32, as in zlib) covers both and the segment's place.
"""

from __future__ import annotations

import struct
import sys
import zlib
from collections.abc import Sequence

from mailwake.errors import Unreadable

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_PLACE = struct.Struct("<QQI")
_BEFORE = struct.Struct("<Q")
#: From so many bytes on it is tried whether packing makes them fewer: in less nothing comes twice.
_WORTH_BYTES = 2_048
#: Browsers send the same lines again and again: of sixty hits this level leaves an eighth, higher ones hardly less.
_LEVEL = 1
#: Enough of a frame to say how long its content is: RFC 8878 section 3.1.1.1.
_FRAME_HEAD_BYTES = 18


def pack(records: Sequence[bytes]) -> bytes:
    """One body for all records, in their order."""
    lengths, content = struct.pack(f"<{len(records)}I", *map(len, records)), b"".join(records)
    if len(content) >= _WORTH_BYTES:
        packed = zstd.compress(content, level=_LEVEL)
        if len(packed) < len(content):
            return lengths + packed
    return lengths + content


def unpack(body: bytes, count: int) -> tuple[bytes, ...]:
    """The records of a body made by `pack`. What may be damaged is held against its checksum before.

    Raises:
        Unreadable: the lengths do not add up.
    """
    lengths = lengths_of(body, count)
    content, place = body[4 * count :], 0
    if len(content) != sum(lengths):
        try:
            content = zstd.decompress(content)
        except zstd.ZstdError as fault:
            raise Unreadable(f"a segment cannot be unpacked: {fault}") from None
    records = []
    for length in lengths:
        records.append(content[place : place + length])
        place += length
    return tuple(records)


def lengths_of(body: bytes, count: int) -> tuple[int, ...]:
    """The length of each record, if they can be true; nothing is unpacked.

    Raises:
        Unreadable: the lengths do not add up.
    """
    place = 4 * count
    if count < 0 or len(body) < place:
        raise Unreadable(f"a segment of {count} records has only {len(body)} bytes")
    lengths = struct.unpack_from(f"<{count}I", body)
    stored, content = len(body) - place, sum(lengths)
    if stored != content and not (stored < content and _holds(body[place : place + _FRAME_HEAD_BYTES], content)):
        raise Unreadable(f"the records of a segment take {place + content} bytes, but there are {len(body)}")
    return lengths


def _holds(head: bytes, content_bytes: int) -> bool:
    """Whether a frame that begins so says that so many bytes are packed in it."""
    try:
        return zstd.get_frame_info(head).decompressed_size == content_bytes
    except zstd.ZstdError:
        return False


def checksum(number: int, written_at: int, count: int, body: bytes, *, before: int | None = None) -> int:
    """CRC-32 over a segment and its place in the log, so that neither can be swapped unseen.

    Args:
        number: of the segment.
        written_at: microseconds since 1970.
        count: how many records it has.
        body: made by `pack`.
        before: records of the sequence before it; None in a file of the first format.
    """
    place = _PLACE.pack(number, written_at, count) + (b"" if before is None else _BEFORE.pack(before))
    return zlib.crc32(body, zlib.crc32(place))
