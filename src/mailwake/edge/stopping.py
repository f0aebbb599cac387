"""How an edge that stops takes leave of those who are on the line."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from socket import SO_LINGER, SOL_SOCKET
from struct import pack
from typing import Protocol, TypeVar

#: How long a line that rests is kept at a stop: a request is on its way for less, and a busy line asks by then.
LEAVE_SECONDS = 1.0
#: struct linger: on, zero seconds; closing sends a reset
_NO_LINGER = pack("ii", 1, 0)


class Line(Protocol):
    """One client's."""

    def retire(self) -> None:
        """Leave at once when nothing is owed."""

    def abort(self) -> None:
        """Cut it."""


_Each = TypeVar("_Each", bound=Line)


async def part(lines: set[_Each], gone: asyncio.Event, *, read: Callable[[], None], grace_seconds: float) -> None:
    """See to it that all lines go.

    One on which nothing is owed stays for a moment, since closing it would lose what was asked on it just now; whoever
    asks then is answered, and told that the line ends. What rests after that is closed, and after the grace all is cut.

    Args:
        lines: those there are; whoever goes leaves the set.
        gone: set when the last one has gone.
        read: takes in what has arrived.
        grace_seconds: for all of it.
    """
    if await _within(gone, LEAVE_SECONDS):
        return
    read()
    for line in list(lines):
        line.retire()
    if not await _within(gone, grace_seconds - LEAVE_SECONDS):
        for line in list(lines):
            line.abort()


def cut(transport: asyncio.Transport) -> None:
    """End a line at once, and let the kernel forget what the other side does not read."""
    line = transport.get_extra_info("socket")
    if line is not None:
        line.setsockopt(SOL_SOCKET, SO_LINGER, _NO_LINGER)
    transport.abort()


async def _within(gone: asyncio.Event, seconds: float) -> bool:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(gone.wait(), seconds)
    return gone.is_set()
