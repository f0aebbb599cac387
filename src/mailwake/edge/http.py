"""HTTP/1.1 for the edge: strict, small, and as fast as one Python process gets. llhttp parses, uvloop carries.

What it gives: keep-alive, pipelining in order, HEAD, `100-continue`, limits on everything a stranger can make long, and
a stop that drains. What it does not: TLS, HTTP/2, compression, ranges, validators; the proxy in front has those, or
they have no use here. Header bytes and target are handed on exactly as they came, because odd ones are evidence.

llhttp in its strict mode already refuses what request smuggling is made of: bare LF, obs-fold, space before a colon,
two or odd lengths, a length beside a transfer coding, bad chunks. `tests/contract/http` keeps that true.

Source: RFC 9110, RFC 9112 (sections 2.2, 3.2, 6, 9.3, 9.6)
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from email.utils import formatdate
from socket import SO_RCVBUF, SO_SNDBUF, SOL_SOCKET, socket
from typing import cast

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from mailwake.edge.exchange import BEGINNING, EMPTY_LINES, PLAIN_GET, UPGRADE, Exchange, hosts_of, take_apart
from mailwake.edge.response import plain
from mailwake.edge.stopping import cut, part
from mailwake.sections import Edge

#: How long a refused client may go on sending before the line is cut; closing at once could cost it our answer.
_LINGER_SECONDS = 2.0
_FOREVER = float("inf")
#: What a browser sends is shorter; however many lines so few bytes hold, they cost nobody anything.
_SHORT_HEAD_BYTES = 1_024
_VERSIONS = (b"HTTP/1.1", b"HTTP/1.0")
#: Fields of requests without a body that were found in order: whoever keeps a line open sends the same again and again.
_KNOWN_FIELDS = 1_024
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

_REFUSALS = {code: plain(code) for code in (400, 408, 413, 414, 417, 431, 500, 503, 505)}
#: What the kernel keeps of a line, each way; more than nearly all requests and answers have, times all lines at once.
_LINE_BYTES = 16_384
#: From so many arrivals of one round on a line is read once; the loop looks for more up to 48 times in a round.
_CROWD = 256

Handler = Callable[[Exchange], None]
_log = logging.getLogger(__name__)


class _Connection(asyncio.Protocol):
    """One client's line.

    A head is handed to llhttp when it is whole, so that its bytes can be kept as they came. A request with a body is
    the last on its line: its end is llhttp's to say, and only forms have one.
    """

    def __init__(self, server: HttpServer) -> None:
        self._server, self._arrived, self._limits = server, server.arrived, server.limits
        self._parser = HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._queue: deque[Exchange] = deque()
        #: the beginning of a head
        self._part = bytearray()
        #: what came after we stopped reading
        self._backlog = bytearray()
        self._held = self._blocked = self._awaits_turn = False
        self._ended = self._lingering = False
        self._complete = self._keep = False
        #: a request whose body is still coming in
        self._open: Exchange | None = None
        self._body, self._body_taken = b"", 0
        self.peer, self.deadline = "", _FOREVER

    # --- what asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(_LINE_BYTES)
        peer = transport.get_extra_info("peername")
        self.peer = peer[0] if isinstance(peer, tuple) else ""
        self._server.connections.add(self)
        self.deadline = self._server.idle_until
        if len(self._server.connections) > self._limits.max_connections:
            self._refuse(503)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._server.take_in()
        self._transport = None
        self._ended = True
        self._queue.clear()
        del self._parser  # it holds us as we hold it; parted, both go at once, and not when the collector next comes by
        self._server.connections.discard(self)
        self._server.left()

    def data_received(self, data: bytes) -> None:
        arrived = self._arrived
        if not arrived:
            self._server.wake()
        arrived.append((self, data))
        if len(arrived) > _CROWD and self._transport is not None:
            self._transport.pause_reading()
            self._server.paused.append(self)

    def take(self, data: bytes) -> None:
        """What came in on this line, when its turn has come; nothing: it has come for what was left over."""
        if not data:
            self._awaits_turn = False
            self._release()
        elif self._ended:
            return
        elif self._held:
            self._backlog += data
        elif self._open is not None:
            self._feed_body(data)
        elif self._part:
            self._add_part(data)
        elif not self._read_again(data):
            self._take_all(data)
        elif len(self._queue) >= self._limits.max_pipelined:
            self._hold(b"")

    def eof_received(self) -> bool:
        """The client sends no more; it may still be waiting for answers."""
        self._server.take_in()
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

    def _take_all(self, data: bytes) -> None:
        """A request from its first byte on; what comes behind it waits until all other lines have had their turn."""
        end = data.find(b"\r\n\r\n") + 4
        if end == 3:
            self._add_part(data)
            return
        rest = data[end:]
        self._read_head(data[:end])
        if self._open is not None:
            self._feed_body(rest)
        elif not self._ended and (rest or self._held or len(self._queue) >= self._limits.max_pipelined):
            self._hold(rest, for_turn=True)

    def _add_part(self, data: bytes) -> None:
        """Keep the beginning of a head until the rest has come, unless it cannot become one."""
        part, before = self._part, len(self._part)
        if not before:
            self.deadline = self._server.now + self._limits.request_timeout_seconds
        part += data
        if part.find(b"\r\n\r\n", max(0, before - 3)) >= 0:
            whole = bytes(part)
            part.clear()
            self._take_all(whole)
        elif len(part) > self._limits.max_header_bytes:
            self._refuse_length(part)
        elif part.count(b"\n", before) > part.count(b"\r\n", max(0, before - 1)) or not BEGINNING.match(part):
            self._refuse(400)  # a bare LF; counting is a hundred times as fast as an expression that looks behind

    def _read_again(self, data: bytes) -> bool:
        """Read one request without asking llhttp, where all but its target came before and was in order."""
        plain = PLAIN_GET.match(data)
        if plain is None or len(data) > self._limits.max_header_bytes:
            return False
        known = self._server.known.get(data[plain.end() :])
        if known is None:
            return False
        host, head = known
        self._run(Exchange(self, "GET", plain[1], head, host, self.peer, True))
        return True

    def _read_head(self, head: bytes) -> None:
        if head[0] < 32:
            head = EMPTY_LINES.sub(b"", head)
            if not head:
                return
        if len(head) > self._limits.max_header_bytes or (
            len(head) > _SHORT_HEAD_BYTES and head.count(b"\n") > self._limits.max_headers + 2
        ):
            self._refuse_length(head)
            return
        self._complete = self._keep = False
        try:
            self._parser.feed_data(head)
        except HttpParserUpgrade:
            if not self._read_without_upgrade(head):
                return
        except HttpParserError:
            self._refuse(400)
            return
        line, rest = head.split(b"\r\n", 1)
        words = line.split(b" ")
        if len(words) != 3 or words[2] not in _VERSIONS:
            self._refuse(505 if len(words) == 3 else 400)
            return
        method, target, version = words
        hosts = hosts_of(rest)
        if len(hosts) > 1 or (not hosts and version == b"HTTP/1.1") or head[0] < 32:
            self._refuse(400)  # RFC 9112 section 3.2; and llhttp passes over bare line ends before a request
            return
        host = hosts[0] if hosts else None
        exchange = Exchange(self, method.decode("ascii"), target, rest[:-4], host, self.peer)
        if not target.startswith(b"/") and not take_apart(exchange):
            self._refuse(400)
            return
        # a client of HTTP/1.0 would have to be told that the line stays open; closing is always right
        exchange.keep = self._keep and version == b"HTTP/1.1"
        if self._complete:
            if exchange.keep and exchange.host is host and len(rest) <= _SHORT_HEAD_BYTES:
                self._server.learn(rest, exchange)
            self._run(exchange)
        else:
            self._before_body(exchange, may_wait=version == b"HTTP/1.1")

    def _read_without_upgrade(self, head: bytes) -> bool:
        """We have no protocol to change to, and llhttp would skip the body: do as if the wish had not been made."""
        self._parser, self._complete = HttpRequestParser(self), False
        try:
            self._parser.feed_data(UPGRADE.sub(b"\r\nx-grade:", head))
        except (HttpParserError, HttpParserUpgrade):
            self._refuse(400)  # CONNECT
            return False
        return True

    def _before_body(self, exchange: Exchange, *, may_wait: bool) -> None:
        """Look at what is to come; clients of HTTP/1.0 do not know of waiting: RFC 9110 section 10.1.1."""
        self._open = exchange
        self.deadline = self._server.now + self._limits.request_timeout_seconds
        for name, value in exchange.headers:
            lower = name.lower()
            if lower == b"content-length" and int(value.lstrip(b"0") or 0) > self._limits.max_body_bytes:
                self._refuse(413)
                return
            if lower == b"expect" and may_wait:
                if value.lower() != b"100-continue":
                    self._refuse(417)
                    return
                if not self._queue and self._transport is not None:
                    self._transport.write(_CONTINUE)

    def _feed_body(self, data: bytes) -> None:
        exchange = self._open
        if exchange is None or self._ended:
            return
        self._body_taken += len(data)
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade):
            if not self._complete:
                self._refuse(400)
                return
        if len(self._body) > self._limits.max_body_bytes:
            self._refuse(413)
        elif self._complete:  # what stands behind it in the same packet was not asked for, and costs nobody anything
            exchange.body, exchange.keep = self._body, False
            self._open = None
            self._run(exchange)
        elif self._body_taken - len(self._body) > self._limits.max_header_bytes:
            self._refuse(413)

    def on_body(self, part: bytes) -> None:
        """Called by llhttp."""
        if not self._complete and len(self._body) <= self._limits.max_body_bytes:
            self._body += part

    def on_message_complete(self) -> None:
        """Called by llhttp; it forgets right after whether the line may stay open."""
        self._complete, self._keep = True, self._parser.should_keep_alive()

    def _run(self, exchange: Exchange) -> None:
        self.deadline = _FOREVER  # from here on they wait for us
        if not exchange.keep:
            self._ended = True
        self._queue.append(exchange)
        try:
            self._server.handler(exchange)
        except Exception:  # noqa: BLE001 - the one catch-all: a reader is never punished for our fault
            self._server.faults += 1
            _log.exception("edge.fault")
            exchange.answer(_REFUSALS[500])

    def _hold(self, rest: bytes, *, for_turn: bool = False) -> None:
        """Read no more until some answers have left, or all others have had their turn."""
        self._backlog += rest
        if not self._held and self._transport is not None and not self._transport.is_closing():
            self._held, self._awaits_turn = True, for_turn
            self._transport.pause_reading()
            if for_turn:
                self.data_received(b"")

    def _release(self) -> None:
        transport, backlog = self._transport, self._backlog
        if self._awaits_turn or self._blocked or len(self._queue) >= self._limits.max_pipelined or not self._held:
            return
        self._held = False
        if transport is not None and not transport.is_closing():
            end = backlog.find(b"\r\n\r\n") + 4
            data = bytes(backlog[:end] if end > 3 else backlog)
            del backlog[: len(data)]
            self.take(data)
            if backlog and not self._ended:
                self._hold(b"", for_turn=True)
            self.read_on()

    def read_on(self) -> None:
        """Read again, unless there is a reason not to."""
        if not self._held and self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

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
            last = not exchange.keep or (self._server.stopping and not queue and not self._backlog)
            tail = self._server.tail_close if last else self._server.tail
            # what nearly always leaves: the same bytes as a moment ago
            is_ready = response.tail is tail and exchange.method != "HEAD"
            transport.write(response.whole if is_ready else response.to_wire(tail, with_body=exchange.method != "HEAD"))
            if last:
                queue.clear()
                # who was not told before may be asking again just now; to close on that would cost it this answer
                self._ended, self._lingering = True, self._lingering or exchange.keep
                self._leave(transport)
                return
        if self._ended:
            self._leave(transport)
            return
        self._rest()
        if self._held:
            self._release()

    def _rest(self) -> None:
        """Nothing is owed: idle time runs, unless a request is on its way in."""
        if not self._part and self._open is None and not self._blocked and not self._queue:
            self.deadline = self._server.idle_until

    def _refuse(self, status: int) -> None:
        """Answer a fault after all that is owed, and part."""
        self._ended = self._lingering = True
        self._open = None
        self._server.refused += 1
        exchange = Exchange(self, "GET", b"", b"", None, self.peer)
        self._queue.append(exchange)
        exchange.answer(_REFUSALS[status])

    def _refuse_length(self, head: bytes | bytearray) -> None:
        """431, or 414 where the target alone is too long: RFC 9112 section 3."""
        self._refuse(414 if head.find(b"\r\n", 0, self._limits.max_header_bytes) < 0 else 431)

    def _leave(self, transport: asyncio.Transport) -> None:
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
            self.abort()
        elif self._part or self._open is not None:
            self._refuse(408)
        else:
            self._transport.close()

    def retire(self) -> None:
        """The server stops: leave at once when nothing is owed."""
        if self._transport is not None and not self._queue and not self._backlog:
            self._transport.close()

    def abort(self) -> None:
        """Cut the line."""
        if self._transport is not None:
            cut(self._transport)


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
        #: what came in on each line since `take_in`; always the same list, which every line fills
        self.arrived: list[tuple[_Connection, bytes]] = []
        #: lines of which no more is read in this round
        self.paused: list[_Connection] = []
        #: of fields that were in order, with the empty line: their host, and they without the empty line
        self.known: dict[bytes, tuple[bytes | None, bytes]] = {}
        self.refused = self.faults = 0
        self.stopping = False
        self.now = self.idle_until = 0.0
        self.tail = self.tail_close = b""
        self.handler = handler
        self._server: asyncio.Server | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._empty: asyncio.Event | None = None
        self._tick_seconds = min(1.0, limits.request_timeout_seconds / 4, limits.idle_timeout_seconds / 4)

    async def start(self, listener: socket, *, door: Callable[[_Connection], asyncio.Protocol] | None = None) -> None:
        """Accept connections from a bound socket.

        Args:
            listener: bound, not yet listening.
            door: makes what reads the first bytes of a line before HTTP does; None: HTTP begins at once.
        """
        loop = asyncio.get_running_loop()
        self._tick()
        meet = (lambda: _Connection(self)) if door is None else (lambda: door(_Connection(self)))
        for option in (SO_RCVBUF, SO_SNDBUF):
            listener.setsockopt(SOL_SOCKET, option, _LINE_BYTES)  # its lines inherit it
        self._server = await loop.create_server(meet, sock=listener, backlog=65_535)  # or what the kernel allows

    async def stop(self, *, grace_seconds: float = 10.0) -> None:
        """Accept nothing new, answer what comes in on the lines there are, and close; after the grace, cut the rest."""
        if self._server is None:
            return
        self.stopping, self._empty = True, asyncio.Event()
        self._server.close()
        self.left()
        await part(self.connections, self._empty, read=self.take_in, grace_seconds=grace_seconds)
        if self._timer is not None:
            self._timer.cancel()

    def wake(self) -> None:
        """Deal with what comes in as soon as all lines that have something now were read.

        Reading is the kernel's work and the rest is ours: a processor that does each for many lines at a time keeps its
        caches warm. Nothing waits longer for it, because the loop goes on with what arrived before it looks for more.
        """
        asyncio.get_running_loop().call_soon(self.take_in)

    def take_in(self) -> None:
        """Deal with all that has arrived."""
        arrived = self.arrived[::-1]
        self.arrived.clear()
        while arrived:
            connection, data = arrived.pop()  # and let go: together they are large
            try:
                connection.take(data)
            except Exception:  # noqa: BLE001 - one line's trouble must not cost the others their answers
                self.faults += 1
                _log.exception("edge.fault")
                connection.abort()
        while self.paused:
            self.paused.pop().read_on()

    def learn(self, fields: bytes, exchange: Exchange) -> None:
        """Remember fields that were in order, until the clock's next tick: no longer than a burst, and never many."""
        if len(self.known) < _KNOWN_FIELDS:
            self.known[fields] = (exchange.host, exchange.head)

    def left(self) -> None:
        """A connection has gone."""
        if self._empty is not None and not self.connections:
            self._empty.set()

    def _tick(self) -> None:
        """One clock for all: the Date header, and the deadlines of every connection."""
        loop = asyncio.get_running_loop()
        self.now = loop.time()
        self.idle_until = self.now + self.limits.idle_timeout_seconds
        self.known.clear()
        date = f"Date: {formatdate(time.time(), usegmt=True)}\r\n"
        self.tail, self.tail_close = f"{date}\r\n".encode(), f"{date}Connection: close\r\n\r\n".encode()
        for connection in [each for each in self.connections if each.deadline < self.now]:
            connection.expire()
        self._timer = loop.call_later(self._tick_seconds, self._tick)
