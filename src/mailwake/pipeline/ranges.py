"""A compact, memory-mapped table from address ranges to autonomous systems, and its builder.

The published lists are CSV of 30 MB; as a search tree (MMDB) they would still be 15. Here they are sorted arrays that
are searched in place: nothing is parsed at start, and processes share the pages. Layout, little-endian::

    one line of JSON (format, date, counts), padded with spaces to 1,024 bytes
    v6 starts  uint64: upper 64 bits of the first address of each range
    v4 starts  uint32: first address of each range
    v6 owners  uint32: ASN, 0 for a gap          v4 owners  the same
    names      uint32: ASNs in order, then uint32 offsets, one more than names, then UTF-8

A range ends where the next one starts. Ranges finer than /64 (0.2 % of IPv6) are told by their /64.
"""

from __future__ import annotations

import csv
import json
import mmap
import os
import sys
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from ipaddress import ip_address
from itertools import accumulate, pairwise
from pathlib import Path
from typing import NamedTuple

from mailwake.errors import BadInput

FORMAT = "mailwake-asn-1"
HEADER_BYTES = 1024
_V4_END, _V6_END = 1 << 32, 1 << 64


class Range(NamedTuple):
    """One line of a published list: first and last address as numbers, and who announces them."""

    first: int
    last: int
    asn: int
    organisation: str


class AsnTable:
    """Looks up addresses in a file made by `build`.

    Args:
        path: the file; it is mapped, not read, and must not change in place.

    Raises:
        BadInput: the file is no such table, is cut short, or this is a big-endian machine.
    """

    def __init__(self, path: Path) -> None:
        if sys.byteorder != "little":
            raise BadInput(f"{path} needs a little-endian machine; name an MMDB in enrich.asn_mmdb instead")
        try:
            with path.open("rb") as file:
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            header = json.loads(self._map[:HEADER_BYTES])
            if header["format"] != FORMAT:
                raise ValueError(header["format"])
            counts = {name: int(header[name]) for name in ("v6", "v4", "names", "name_bytes")}
            #: the day the list was made
            self.date = date.fromisoformat(header["date"])
        except (OSError, ValueError, KeyError, TypeError) as fault:
            raise BadInput(f"{path} is no ASN table of this version: {fault}") from None
        self._slice(path, **counts)

    def _slice(self, path: Path, *, v6: int, v4: int, names: int, name_bytes: int) -> None:
        widths = (8 * v6, 4 * v4, 4 * v6, 4 * v4, 4 * names, 4 * (names + 1), name_bytes)
        ends = list(accumulate(widths, initial=HEADER_BYTES))
        if ends[-1] != len(self._map) or min(v6, v4) < 1:
            raise BadInput(f"{path} should have {ends[-1]} bytes and has {len(self._map)}; fetch it again")
        view = memoryview(self._map)
        parts = [view[a:b] for a, b in pairwise(ends)]
        self._v6, self._v4 = parts[0].cast("Q"), parts[1].cast("I")
        self._owner6, self._owner4 = parts[2].cast("I"), parts[3].cast("I")
        self._asns, self._offsets, self._names = parts[4].cast("I"), parts[5].cast("I"), parts[6]

    def owner(self, packed: bytes) -> int | None:
        """The ASN that announces an address, None for nobody.

        Args:
            packed: the address, 4 or 16 bytes in network order.
        """
        if len(packed) == 4:
            place = bisect_right(self._v4, int.from_bytes(packed)) - 1
            return (self._owner4[place] or None) if place >= 0 else None
        place = bisect_right(self._v6, int.from_bytes(packed[:8])) - 1
        return (self._owner6[place] or None) if place >= 0 else None

    def organisation(self, asn: int) -> str | None:
        """The name behind an ASN, None when the table has none."""
        place = bisect_left(self._asns, asn)
        if place == len(self._asns) or self._asns[place] != asn:
            return None
        return str(self._names[self._offsets[place] : self._offsets[place + 1]], "utf-8")


def read_csv(lines: Iterable[str]) -> Iterator[Range]:
    """Ranges from ``first,last,asn,organisation``; addresses as text or as numbers.

    Raises:
        BadInput: a line has another shape; the message names it.
    """
    for number, row in enumerate(csv.reader(lines), 1):
        try:
            first, last, asn, organisation = row[:4]
            yield Range(_number(first), _number(last), int(asn), organisation)
        except ValueError:
            raise BadInput(f"line {number} is not `first,last,asn,organisation`") from None


def _number(text: str) -> int:
    return int(text) if text.isdigit() else int(ip_address(text))


def build(v4: Iterable[Range], v6: Iterable[Range], *, made: date, source: str) -> bytes:
    """A table file from two lists of ranges, each sorted by first address.

    Args:
        made: the day the lists were made.
        source: where they come from, for the header.

    Raises:
        BadInput: a list is empty or not in order.
    """
    names: dict[int, str] = {}
    starts4, owners4 = _flatten(_seen(v4, names), end=_V4_END, shift=0)
    starts6, owners6 = _flatten(_seen(v6, names), end=_V6_END, shift=64)
    asns = sorted(names)
    blobs = [names[asn].encode() for asn in asns]
    offsets = list(accumulate(map(len, blobs), initial=0))
    counts = {"v6": len(starts6), "v4": len(starts4), "names": len(asns), "name_bytes": offsets[-1]}
    header = json.dumps({"format": FORMAT, "date": made.isoformat(), "source": source, **counts})
    sections = [("Q", starts6), ("I", starts4), ("I", owners6), ("I", owners4), ("I", asns), ("I", offsets)]
    body = b"".join(_little(code, values) for code, values in sections)
    return header.encode().ljust(HEADER_BYTES) + body + b"".join(blobs)


def _seen(ranges: Iterable[Range], names: dict[int, str]) -> Iterator[Range]:
    for each in ranges:
        names.setdefault(each.asn, each.organisation)
        yield each


def _flatten(ranges: Iterable[Range], *, end: int, shift: int) -> tuple[list[int], list[int]]:
    """Starts and owners without overlaps: gaps get owner 0, neighbours of one owner become one range."""
    starts, owners = [0], [0]
    after = 0
    for first, last, asn, _ in ranges:
        begin, stop = first >> shift, (last >> shift) + 1
        if begin < starts[-1] or stop > end or stop <= begin:
            raise BadInput(f"the range that starts at {first} is out of order")
        if begin > after:
            _put(starts, owners, after, 0)
        _put(starts, owners, begin, asn)
        after = max(after, stop)
    if after == 0:
        raise BadInput("the list has no ranges")
    if after < end:
        _put(starts, owners, after, 0)
    return starts, owners


def _put(starts: list[int], owners: list[int], begin: int, asn: int) -> None:
    if starts[-1] == begin:
        owners[-1] = asn
    elif owners[-1] != asn:
        starts.append(begin)
        owners.append(asn)


def _little(code: str, values: Sequence[int]) -> bytes:
    numbers = array(code, values)
    if sys.byteorder != "little":
        numbers.byteswap()
    return numbers.tobytes()


def write_atomically(path: Path, content: bytes) -> None:
    """Put a file in place whole or not at all, readable by its owner alone."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
