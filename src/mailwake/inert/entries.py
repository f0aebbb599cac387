"""The set itself: for each recipient and axis, up to which day of issue mail stays silent.

The rule is about the mail, not about the person: a token that was sealed before the day in the set records nothing.
Whoever wants no watching at all has a day that never comes. Whoever agreed again has the day after that, because old
mail never wakes up again, and a token tells only its day: mail of the very day of a new consent stays silent too.
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import IntFlag
from typing import NamedTuple

from mailwake.events import SECOND
from mailwake.tokens import EPOCH

#: the day that never comes: no mail may record anything
EVER = 0xFFFF
#: nothing is said of an axis
NEVER = 0


class Axes(IntFlag):
    """What a hit belongs to; a look at a page belongs to both."""

    OPENS = 1
    CLICKS = 2
    BOTH = 3


class Before(NamedTuple):
    """Mail that was sealed before these days records nothing; days since `mailwake.tokens.EPOCH`."""

    opens: int = NEVER
    clicks: int = NEVER

    def holds(self, day: int, axes: int) -> bool:
        """Whether mail of a day is silent on any of these axes."""
        return bool((axes & Axes.OPENS and day < self.opens) or (axes & Axes.CLICKS and day < self.clicks))

    def joined(self, other: Before) -> Before:
        """What both forbid."""
        return Before(max(self.opens, other.opens), max(self.clicks, other.clicks))


NOTHING = Before()
SILENT = Before(EVER, EVER)


def before(axes: int, day: int) -> Before:
    """The same day for some axes, nothing for the other."""
    return Before(day if axes & Axes.OPENS else NEVER, day if axes & Axes.CLICKS else NEVER)


def day_after(at: int) -> int:
    """The number of the day after a moment, in UTC.

    Args:
        at: microseconds since 1970.
    """
    date = datetime.fromtimestamp(at // SECOND, UTC).date() + timedelta(days=1)
    return min(max((date - EPOCH).days, NEVER + 1), EVER - 1)


class Entries:
    """Recipients and their days, in 12 bytes each, ascending by handle; never changed.

    Args:
        handles: ascending, each once.
        opens: for each handle, see `Before`.
        clicks: the same for the other axis.
    """

    def __init__(self, handles: array[int], opens: array[int], clicks: array[int]) -> None:
        self._handles, self._opens, self._clicks = handles, opens, clicks

    @classmethod
    def of(cls, told: Mapping[int, Before]) -> Entries:
        """Those of a mapping."""
        return cls(array("Q"), array("H"), array("H")).merged(told)

    def __len__(self) -> int:
        """How many recipients there are."""
        return len(self._handles)

    def get(self, handle: int) -> Before | None:
        """What is said of a recipient; None: nothing."""
        handles = self._handles
        if not handles:
            return None
        place = bisect_left(handles, handle)
        if place < len(handles) and handles[place] == handle:
            return Before(self._opens[place], self._clicks[place])
        return None

    def merged(self, changes: Mapping[int, Before]) -> Entries:
        """These with some others in their place; `NOTHING` takes one out."""
        handles, opens, clicks = array("Q"), array("H"), array("H")
        done = 0
        for handle, said in sorted(changes.items()):
            place = bisect_left(self._handles, handle, done)
            handles += self._handles[done:place]
            opens += self._opens[done:place]
            clicks += self._clicks[done:place]
            done = place + (place < len(self._handles) and self._handles[place] == handle)
            if said != NOTHING:
                handles.append(handle)
                opens.append(said.opens)
                clicks.append(said.clicks)
        return Entries(handles + self._handles[done:], opens + self._opens[done:], clicks + self._clicks[done:])

    def to_bytes(self) -> bytes:
        """Handles, then days of opens, then days of clicks, little-endian."""
        return b"".join(_little(column).tobytes() for column in (self._handles, self._opens, self._clicks))

    @classmethod
    def from_bytes(cls, raw: bytes, count: int) -> Entries:
        """What `to_bytes` wrote.

        Raises:
            ValueError: the length does not fit the count.
        """
        if len(raw) != count * ENTRY_BYTES:
            raise ValueError("the length does not fit the count")
        columns = (array("Q", raw[: count * 8]), array("H", raw[count * 8 : count * 10]), array("H", raw[count * 10 :]))
        handles, opens, clicks = map(_little, columns)
        return cls(handles, opens, clicks)


ENTRY_BYTES = 12


def _little(column: array[int]) -> array[int]:
    """The same numbers in the other order of bytes, where this machine has the other one."""
    if sys.byteorder == "big":
        column = column[:]
        column.byteswap()
    return column
