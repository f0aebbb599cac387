"""A small HTTP/1.1 client: one kept connection, one request at a time, and an honest answer about what got through.

It sends exactly the header lines it is given, which general clients do not. It tries again while nobody answers, as
browsers and mailbox providers do, and tells how often a request was sent without an answer.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass

#: Longest pause between tries.
_MAX_PAUSE_SECONDS = 0.5


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """What came of a request."""

    #: HTTP status; None: nobody answered, ever
    status: int | None
    body: bytes = b""
    #: times it was sent and not answered; each may have arrived all the same
    unanswered: int = 0
    #: where a redirect leads; empty: nowhere
    location: str = ""


class Connection:
    """A connection that is opened again when it breaks.

    Args:
        host: of the server.
        port: of the server.
        patience_seconds: how long to keep trying.
        answer_seconds: how long to wait for one answer.
    """

    def __init__(self, host: str, port: int, *, patience_seconds: float = 60.0, answer_seconds: float = 15.0) -> None:
        self._host, self._port = host, port
        self._patience, self._answer = patience_seconds, answer_seconds
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: bytes) -> Reply:
        """Send a request until it is answered or patience ends."""
        unanswered, pause = 0, 0.02
        loop = asyncio.get_running_loop()
        until = loop.time() + self._patience
        while loop.time() < until:
            sent = False
            try:
                reader, writer = await self._connect()
                writer.write(request)
                sent = True
                status, body, location = await asyncio.wait_for(
                    _read(reader, request.startswith(b"HEAD ")), self._answer
                )
            except (OSError, EOFError, TimeoutError, ValueError):
                await self.close()
                unanswered += sent
            else:
                if status != 503:  # said not to have been done: RFC 9110 section 15.6.4
                    return Reply(status=status, body=body, unanswered=unanswered, location=location)
            await asyncio.sleep(pause)
            pause = min(_MAX_PAUSE_SECONDS, pause * 2)
        return Reply(status=None, unanswered=unanswered)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port)
        return self._streams

    async def close(self) -> None:
        """Let go of the connection."""
        if self._streams is not None:
            writer, self._streams = self._streams[1], None
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


async def _read(reader: asyncio.StreamReader, is_head: bool) -> tuple[int, bytes, str]:
    """Status, body and redirect of one answer.

    Raises:
        EOFError: the connection ended before the answer did.
        ValueError: that is no HTTP.
    """
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError as fault:
        raise ValueError("headers without end") from fault
    status = int(head[9:12])
    length, location = 0, ""
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
        elif name.lower() == b"location":
            location = value.strip().decode("latin-1")
    if is_head or status in (204, 304) or not length:
        return status, b"", location
    return status, await reader.readexactly(length), location
