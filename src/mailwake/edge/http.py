"""HTTP/1.1 for the edge: strict, small, and as fast as one Python process gets. llhttp parses, uvloop carries.

What it gives: keep-alive, pipelining in order, HEAD, `100-continue`, limits on everything a stranger can make long, and
a stop that drains. What it does not: TLS, HTTP/2, compression, ranges, validators; the proxy in front has those, or
they have no use here. Header bytes and target are handed on exactly as they came, because odd ones are evidence.

llhttp in its strict mode already refuses what request smuggling is made of: bare LF, obs-fold, space before a colon,
two or odd lengths, a length beside a transfer coding, bad chunks. `tests/edge/test_http.py` keeps that true.

Source: RFC 9110, RFC 9112 (sections 2.2, 3.2, 6, 9.3, 9.6)
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from email.utils import formatdate
from http import HTTPStatus
from socket import socket
from typing import cast

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from mailwake.settings import Edge

#: Larger reads are parsed in pieces of this size, so that one read cannot hold thousands of requests.
_PIECE_BYTES = 4_096
#: How long a refused client may go on sending before the line is cut; closing at once could cost it our answer.
_LINGER_SECONDS = 2.0
_FOREVER = float("inf")
_BODILESS = (b"GET", b"HEAD")
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

_log = logging.getLogger(__name__)


class _Refused(Exception):
    """Stops llhttp inside a callback."""


class Response:
    """An answer, made once and sent many times; the date and the connection's fate are added when it leaves.

    Args:
        status: such as 200.
        headers: names and values, ASCII; `Content-Length` is added.
        body: what a GET gets; a HEAD gets the same headers alone.
    """

    __slots__ = ("body", "head", "status")

    def __init__(self, status: int, headers: Sequence[tuple[str, str]] = (), body: bytes = b"") -> None:
        lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *(f"{name}: {value}" for name, value in headers)]
        if any("\r" in line or "\n" in line for line in lines):
            raise ValueError("a header with a line break")
        self.status = status
        self.head = "".join(f"{line}\r\n" for line in [*lines, f"Content-Length: {len(body)}"]).encode("ascii")
        self.body = body


def plain(status: int, *headers: tuple[str, str]) -> Response:
    """A bare answer for those who do not speak HTTP, or ask what nobody offers."""
    body = f"{status} {HTTPStatus(status).phrase}\n".encode()
    fixed = (("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", "no-store"))
    return Response(status, [*fixed, ("X-Content-Type-Options", "nosniff"), *headers], body)


_REFUSALS = {code: plain(code) for code in (400, 408, 413, 417, 431, 500, 503, 505)}


class Exchange:
    """One request, and the one place its answer goes to."""

    __slots__ = ("_connection", "body", "headers", "host", "keep", "method", "peer", "response", "target")

    def __init__(self, connection: _Connection, method: str, target: bytes, *, keep: bool) -> None:
        self._connection = connection
        #: whether the line stays open after the answer
        self.keep = keep
        self.response: Response | None = None
        #: upper case
        self.method = method
        #: path and query as they came, not decoded
        self.target = target
        #: in wire order, names as sent, undecoded
        self.headers: list[tuple[bytes, bytes]] = []
        #: the Host header, or the authority of an absolute target; None: a client of HTTP/1.0 named none
        self.host: bytes | None = None
        self.body = b""
        #: address at the other end of the connection
        self.peer = connection.peer

    def answer(self, response: Response) -> None:
        """Send the answer, once, now or later; it leaves when all earlier ones on this connection have."""
        self.response = response
        self._connection.flush()


Handler = Callable[[Exchange], None]


class _Connection(asyncio.Protocol):
    """One client's line. llhttp calls the `on_` methods."""

    def __init__(self, server: HttpServer) -> None:
        self._server = server
        self._limits = server.limits
        self._parser = HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._queue: deque[Exchange] = deque()
        self._backlog = b""
        self._held = self._blocked = False
        self._ended = self._lingering = False
        #: bytes of the message that is coming in, its body apart; None between messages
        self._taken: int | None = None
        self._target = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._named: list[tuple[bytes, bytes]] = []
        self._body = b""
        self._refusal = 400
        self.peer = ""
        self.deadline = _FOREVER

    # --- what asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        self.peer = peer[0] if isinstance(peer, tuple) else ""
        self._server.connections.add(self)
        self.deadline = self._server.now + self._limits.idle_timeout_seconds
        if len(self._server.connections) > self._limits.max_connections:
            self._refuse(503)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._transport = None
        self._ended = True
        self._queue.clear()
        self._server.connections.discard(self)
        self._server.left()

    def data_received(self, data: bytes) -> None:
        if self._ended:
            return
        if self._held:
            self._backlog += data
        elif len(data) <= _PIECE_BYTES:
            self._parse(data)
        else:
            self._parse_pieces(data)

    def eof_received(self) -> bool:
        """The client sends no more; it may still be waiting for answers."""
        self._ended = True
        return bool(self._queue)

    def pause_writing(self) -> None:
        self._blocked = True
        self.deadline = self._server.now + self._limits.request_timeout_seconds
        self._hold(b"")

    def resume_writing(self) -> None:
        self._blocked = False
        self._rest()
        self._release()

    # --- reading

    def _parse_pieces(self, data: bytes) -> None:
        for start in range(0, len(data), _PIECE_BYTES):
            if self._ended:
                return
            if self._held:
                self._backlog += data[start:]
                return
            self._parse(data[start : start + _PIECE_BYTES])

    def _parse(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:
            self._ended = True  # no protocol of ours to change to; what was asked is answered, then we part
            self.flush()
        except HttpParserError:
            if not self._ended:  # after `Connection: close` nobody listens any more
                self._refuse(self._refusal)
        if self._taken is not None and not self._ended:
            self._taken += len(data)
            if self._taken - len(self._body) > self._limits.max_header_bytes:
                self._refuse(431)
        if len(self._queue) >= self._limits.max_pipelined:
            self._hold(b"")

    def _hold(self, rest: bytes) -> None:
        """Read no more until some answers have left."""
        self._backlog += rest
        if not self._held and self._transport is not None and not self._transport.is_closing():
            self._held = True
            self._transport.pause_reading()

    def _release(self) -> None:
        if not self._held or self._blocked or len(self._queue) > self._limits.max_pipelined // 2:
            return
        self._held = False
        backlog, self._backlog = self._backlog, b""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()
            if backlog:
                self.data_received(backlog)

    # --- what llhttp calls

    def on_message_begin(self) -> None:
        self._taken = 0
        self._target = self._body = b""
        self._headers = []
        self.deadline = self._server.now + self._limits.request_timeout_seconds

    def on_url(self, part: bytes) -> None:
        self._target += part

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        self._named, self._headers = self._headers, []  # trailers come later, and nobody here reads them
        if self._parser.get_method() not in _BODILESS:
            self._before_body()

    def _before_body(self) -> None:
        for name, value in self._named:
            lower = name.lower()
            if lower == b"content-length" and int(value) > self._limits.max_body_bytes:
                self._stop(413)
            elif lower == b"expect":
                if value.lower() != b"100-continue":
                    self._stop(417)
                if not self._queue and self._transport is not None:
                    self._transport.write(_CONTINUE)

    def on_body(self, part: bytes) -> None:
        self._body += part
        if len(self._body) > self._limits.max_body_bytes:
            self._stop(413)

    def _stop(self, status: int) -> None:
        """Make llhttp stop here; `_parse` gives the answer."""
        self._refusal = status
        raise _Refused

    def on_message_complete(self) -> None:
        self._taken = None
        self.deadline = _FOREVER  # from here on they wait for us
        parser = self._parser
        keep = parser.should_keep_alive()
        exchange = Exchange(self, parser.get_method().decode("ascii"), self._target, keep=keep)
        exchange.headers, exchange.body = self._named, self._body
        host = None
        odd = not keep
        for name, value in self._named:
            if len(name) == 4 and name.lower() == b"host":  # lengths first: a request has thirteen headers
                if host is not None:
                    self._stop(400)
                host = value
            elif len(name) == 10 and name.lower() == b"connection":
                odd = True
        if host is None or odd:
            exchange.keep = self._look_closer(host)
        exchange.host = host
        if not self._target.startswith(b"/"):
            self._take_apart(exchange)
        self._ended = not exchange.keep
        self._queue.append(exchange)
        self._server.run(exchange)

    def _look_closer(self, host: bytes | None) -> bool:
        """Check the version where it matters; whether the line stays open."""
        version = self._parser.get_http_version()
        if version not in ("1.0", "1.1"):
            self._stop(505)
        if version == "1.1" and host is None:
            self._stop(400)  # RFC 9112 section 3.2
        # a client of HTTP/1.0 would have to be told that the line stays open; closing is always right
        return version == "1.1" and self._parser.should_keep_alive()

    def _take_apart(self, exchange: Exchange) -> None:
        """An absolute target's host stands for the Host header: RFC 9112 section 3.2.2."""
        scheme, found, rest = self._target.partition(b"://")
        if found and scheme.lower() in (b"http", b"https"):
            exchange.host, slash, path = rest.partition(b"/")
            exchange.target = slash + path or b"/"

    # --- answering

    def flush(self) -> None:
        """Send every answer whose turn has come."""
        transport, queue = self._transport, self._queue
        if transport is None:
            return
        while queue:
            exchange = queue[0]
            response = exchange.response
            if response is None:
                return
            queue.popleft()
            last = not exchange.keep or (self._server.stopping and not queue)
            tail = self._server.tail_close if last else self._server.tail
            transport.write(response.head + tail if exchange.method == "HEAD" else response.head + tail + response.body)
            if last:
                queue.clear()
                self._part(transport)
                return
        if self._ended:
            self._part(transport)
        else:
            self._rest()
            if self._held:
                self._release()

    def _rest(self) -> None:
        """Nothing is owed: idle time runs, unless a request is on its way in."""
        if self._taken is None and not self._queue and not self._blocked:
            self.deadline = self._server.now + self._limits.idle_timeout_seconds

    def _refuse(self, status: int) -> None:
        """Answer a fault after all that is owed, and part."""
        self._ended = self._lingering = True
        self._server.refused += 1
        exchange = Exchange(self, "GET", b"", keep=False)
        self._queue.append(exchange)
        exchange.answer(_REFUSALS[status])

    def _part(self, transport: asyncio.Transport) -> None:
        if self._lingering and not transport.is_closing():
            transport.write_eof()
            self.deadline = self._server.now + _LINGER_SECONDS
        else:
            transport.close()

    # --- time and stop

    def expire(self) -> None:
        """The deadline has passed: say so to a slow sender, cut every other line."""
        if self._transport is None:
            return
        if self._blocked or self._lingering:
            self._transport.abort()
        elif self._taken is not None:
            self._refuse(408)
        else:
            self._transport.close()

    def retire(self) -> None:
        """The server stops: leave at once when nothing is owed."""
        if self._transport is not None and not self._queue:
            self._transport.close()

    def abort(self) -> None:
        """Cut the line."""
        if self._transport is not None:
            self._transport.abort()


class HttpServer:
    """Listens, and hands every request to one function on the event loop.

    Args:
        limits: what a stranger may take.
        handler: gets each request, in order per connection; it sees to it that `Exchange.answer` is called once.

    Attributes:
        refused: requests that were no acceptable HTTP.
        faults: requests whose handler failed; they were answered with 500.
    """

    def __init__(self, limits: Edge, handler: Handler) -> None:
        self.limits = limits
        self.connections: set[_Connection] = set()
        self.refused = self.faults = 0
        self.stopping = False
        self.now = 0.0
        self.tail = self.tail_close = b""
        self._handler = handler
        self._server: asyncio.Server | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._empty: asyncio.Event | None = None
        self._tick_seconds = min(1.0, limits.request_timeout_seconds / 4, limits.idle_timeout_seconds / 4)

    async def start(self, listener: socket) -> None:
        """Accept connections from a bound socket."""
        loop = asyncio.get_running_loop()
        self._tick()
        self._server = await loop.create_server(lambda: _Connection(self), sock=listener, backlog=2_048)

    async def stop(self, *, grace_seconds: float = 10.0) -> None:
        """Accept nothing new, answer what has come in, then close; after the grace the rest is cut."""
        if self._server is None:
            return
        self.stopping = True
        self._empty = asyncio.Event()
        self._server.close()
        for connection in list(self.connections):
            connection.retire()
        self.left()
        try:
            await asyncio.wait_for(self._empty.wait(), grace_seconds)
        except TimeoutError:
            for connection in list(self.connections):
                connection.abort()
        if self._timer is not None:
            self._timer.cancel()

    def left(self) -> None:
        """A connection has gone."""
        if self._empty is not None and not self.connections:
            self._empty.set()

    def run(self, exchange: Exchange) -> None:
        """Hand a request over; a fault of ours is answered and counted, and takes nobody else down."""
        try:
            self._handler(exchange)
        except Exception:  # noqa: BLE001 - the one catch-all: a reader is never punished for our fault
            self.faults += 1
            _log.exception("edge.fault")
            exchange.answer(_REFUSALS[500])

    def _tick(self) -> None:
        """One clock for all: the Date header, and the deadlines of every connection."""
        loop = asyncio.get_running_loop()
        self.now = loop.time()
        date = f"Date: {formatdate(time.time(), usegmt=True)}\r\n"
        self.tail, self.tail_close = f"{date}\r\n".encode(), f"{date}Connection: close\r\n\r\n".encode()
        for connection in [each for each in self.connections if each.deadline < self.now]:
            connection.expire()
        self._timer = loop.call_later(self._tick_seconds, self._tick)
