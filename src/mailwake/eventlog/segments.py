"""How the records of one group commit lie in one piece of bytes.

Layout: the length of every record, 4 bytes little-endian each, then the records without anything between them. The
number of records stands beside the body. The checksum (CRC-32, as in zlib) covers both and the segment's place.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

from mailwake.errors import Unreadable

_PLACE = struct.Struct("<QQI")
_BEFORE = struct.Struct("<Q")


def pack(records: Sequence[bytes]) -> bytes:
    """One body for all records, in their order."""
    return struct.pack(f"<{len(records)}I", *map(len, records)) + b"".join(records)


def unpack(body: bytes, count: int) -> tuple[bytes, ...]:
    """The records of a body made by `pack`.

    Raises:
        Unreadable: the lengths do not add up.
    """
    place = 4 * count
    if count < 0 or len(body) < place:
        raise Unreadable(f"a segment of {count} records has only {len(body)} bytes")
    lengths = struct.unpack_from(f"<{count}I", body)
    if place + sum(lengths) != len(body):
        raise Unreadable(f"the records of a segment take {place + sum(lengths)} bytes, but there are {len(body)}")
    records = []
    for length in lengths:
        records.append(body[place : place + length])
        place += length
    return tuple(records)


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
