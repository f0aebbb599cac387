"""A compact, memory-mapped table from address ranges to autonomous systems, built by `mailwake update-data`.

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

import json
import mmap
import sys
from bisect import bisect_left, bisect_right
from datetime import date
from itertools import accumulate, pairwise
from pathlib import Path

from mailwake.errors import BadInput

FORMAT = "mailwake-asn-1"
HEADER_BYTES = 1024


class AsnTable:
    """Looks up addresses in a file made by `mailwake.cli.update_data.ranges.build`.

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
