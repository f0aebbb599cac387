"""Builds the table of address ranges that `mailwake.origins.ranges` describes and reads, from published lists."""

from __future__ import annotations

import csv
import json
import sys
from array import array
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from ipaddress import ip_address
from itertools import accumulate
from typing import NamedTuple

from mailwake.errors import BadInput
from mailwake.origins.ranges import FORMAT, HEADER_BYTES

_V4_END, _V6_END = 1 << 32, 1 << 64


class Range(NamedTuple):
    """One line of a published list: first and last address as numbers, and who announces them."""

    first: int
    last: int
    asn: int
    organisation: str


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
