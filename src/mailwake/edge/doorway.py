"""Reads the PROXY protocol header at the beginning of a line, then leaves the line to HTTP for good.

The network of the other side decides, never the bytes: a line from a named proxy has to begin with the header, and is
cut without a word when it does not; a line from anywhere else begins with HTTP, and a header there is no HTTP. So there
is nothing to guess, which the protocol forbids (section 2: "must not try to guess"), and nobody but a named proxy can
say who a reader is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol, cast

from mailwake.edge.proxyline import FarEnd, read_far_end
from mailwake.errors import Untrusted


class Connection(Protocol):
    """What the doorway needs of the HTTP connection behind it."""

    peer: str
    deadline: float

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The line is open."""

    def data_received(self, data: bytes) -> None:
        """Bytes have come."""

    def eof_received(self) -> bool | None:
        """The other side sends no more."""

    def connection_lost(self, exc: Exception | None) -> None:
        """The line is gone."""

    def abort(self) -> None:
        """Cut the line."""


class Porter:
    """Makes a doorway for every line, and counts whom it had to turn away.

    Args:
        trusts: whether an address is one of our proxies.
        patience_seconds: time for the whole header; a proxy sends it at once.

    Attributes:
        unannounced: lines of our own proxies that did not begin with the header they had to begin with.
    """

    def __init__(self, trusts: Callable[[str], bool], *, patience_seconds: float) -> None:
        self.trusts = trusts
        self.patience_seconds = patience_seconds
        self.unannounced = 0

    def __call__(self, connection: Connection) -> asyncio.Protocol:
        """What reads the first bytes of a line."""
        return _Doorway(self, connection)


class _Doorway(asyncio.Protocol):
    """One line until its header is read. Limits are the connection's, which knows of the line from the start."""

    def __init__(self, porter: Porter, connection: Connection) -> None:
        self._porter = porter
        self._connection = connection
        self._transport: asyncio.Transport | None = None
        self._header = b""
        #: until when the line may idle once HTTP has begun
        self._idle_until = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        connection = self._connection
        connection.connection_made(transport)
        if not self._porter.trusts(connection.peer):
            self._transport.set_protocol(cast("asyncio.Protocol", connection))
            return
        self._idle_until = connection.deadline
        connection.deadline = min(connection.deadline, _now() + self._porter.patience_seconds)

    def data_received(self, data: bytes) -> None:
        if self._transport is None or self._transport.is_closing():
            return  # refused already
        self._header += data
        try:
            far_end = read_far_end(self._header)
        except Untrusted:
            self._connection.abort()
            return
        if far_end is not None:
            self._step_aside(self._transport, far_end)

    def _step_aside(self, transport: asyncio.Transport, far_end: FarEnd) -> None:
        connection = self._connection
        connection.deadline = self._idle_until
        if far_end.address is not None:
            connection.peer = far_end.address
        transport.set_protocol(cast("asyncio.Protocol", connection))
        if far_end.rest:
            connection.data_received(far_end.rest)

    def eof_received(self) -> bool | None:
        return self._connection.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport is not None and (self._header or self._connection.deadline <= _now()):
            self._porter.unannounced += 1  # half a header, or none in time; a mere look at the port is no fault
        self._transport = None
        self._connection.connection_lost(exc)


def _now() -> float:
    return asyncio.get_running_loop().time()
