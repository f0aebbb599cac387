"""Fields that came before are not parsed again; nobody may be able to tell, whatever the request says."""

import asyncio
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from mailwake.edge.exchange import Exchange
from mailwake.edge.http import HttpServer, _Connection
from mailwake.edge.response import Response
from mailwake.sections import Edge

FIRST = b"GET /first HTTP/1.1\r\n"
REQUEST_LINES = (
    b"GET /a HTTP/1.1", b"GET /a?b=%00#c HTTP/1.1", b"GET / HTTP/1.1", b"GET /a HTTP/1.0", b"GET /a HTTP/1.2",
    b"GET /a\xff HTTP/1.1", b"GET /a b HTTP/1.1", b"GET  /a HTTP/1.1", b"GET /a\tb HTTP/1.1", b"GET /a\x00 HTTP/1.1",
    b"GET http://other/a HTTP/1.1", b"GET //other/a HTTP/1.1", b"GET * HTTP/1.1", b"GET a HTTP/1.1", b"GET /a",
    b"HEAD /a HTTP/1.1", b"POST /a HTTP/1.1", b"OPTIONS * HTTP/1.1", b"CONNECT x:1 HTTP/1.1", b"get /a HTTP/1.1",
    b"\r\nGET /a HTTP/1.1", b"\nGET /a HTTP/1.1", b"GET /a HTTP/1.1\r\nHost: second", b"GET /a HTTP/1.1\nX: y",
)  # fmt: skip
FIELDS = (
    b"Host: x", b"Host: y", b"host: x", b"Host: ", b"Connection: keep-alive", b"Connection: close", b"Accept: */*",
    b"Connection: upgrade", b"Upgrade: h2c", b"Content-Length: 0", b"Content-Length: 3", b"Transfer-Encoding: chunked",
    b"Expect: 100-continue", b"X : y", b" folded", b"X: a\nb", b"X: \x80", b"X: " + b"y" * 1_100, b"",
)  # fmt: skip


class Wire:
    """A line's other end: keeps what it was told."""

    def __init__(self) -> None:
        self.said: list[object] = []

    def get_extra_info(self, _name: str) -> None:
        return None

    def is_closing(self) -> bool:
        return "close" in self.said

    def write(self, data: bytes) -> None:
        self.said.append(data)

    def __getattr__(self, name: str) -> Any:
        return lambda *_: self.said.append(name)


class Told:
    """A server in memory, and all that its handler was given."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, ...]] = []
        self.server = HttpServer(Edge(), self.answer)
        self.server.wake = lambda: None  # type: ignore[method-assign]  # no loop runs here; see `hears`

    def answer(self, exchange: Exchange) -> None:
        self.asked.append(
            (exchange.method, exchange.target, exchange.head, exchange.host, exchange.keep, exchange.body)
        )
        exchange.answer(Response(200))

    def hears(self, data: bytes) -> tuple[object, ...]:
        """What becomes of bytes on a line of their own."""
        wire, self.asked = Wire(), []
        line = _Connection(self.server)
        line.connection_made(wire)  # type: ignore[arg-type]  # all of a transport that is asked of it
        line.take(data)
        while self.server.arrived:
            self.server.take_in()
        return self.asked, wire.said, self.server.refused


@given(
    st.sampled_from(REQUEST_LINES),
    st.lists(st.sampled_from(FIELDS), max_size=5),
    st.sampled_from((b"", b"abc", b"GET /b HTTP/1.1\r\nHost: x\r\n\r\n")),
)
@example(b"GET /a HTTP/1.1", [b"Host: x"], b"")
@example(b"GET /a HTTP/1.1", [b"Host: x", b"Content-Length: 3"], b"abc")
def test_a_request_is_read_alike_whether_its_fields_came_before_or_not(
    request_line: bytes, fields: list[bytes], behind: bytes
) -> None:
    rest = b"".join(field + b"\r\n" for field in fields) + b"\r\n"
    fresh, warm = Told(), Told()
    warm.hears(FIRST + rest)
    warm.server.refused = 0
    data = request_line + b"\r\n" + rest + behind
    assert warm.hears(data) == fresh.hears(data)


def test_what_came_before_is_not_parsed_again() -> None:
    told = Told()
    told.hears(FIRST + b"Host: x\r\n\r\n")
    line = _Connection(told.server)
    line.connection_made(Wire())  # type: ignore[arg-type]
    line._parser = None  # type: ignore[assignment]  # whoever asked it would fail
    line.take(b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
    assert [asked[1] for asked in told.asked] == [b"/first", b"/a"]


def test_only_so_many_fields_are_remembered() -> None:
    told = Told()
    for number in range(2_000):
        told.hears(FIRST + b"Host: x\r\nX: %d\r\n\r\n" % number)
    assert len(told.server.known) == 1_024


def test_with_the_next_tick_of_the_clock_they_are_forgotten() -> None:
    told = Told()
    told.hears(FIRST + b"Host: x\r\n\r\n")
    assert told.server.known

    async def tick() -> None:
        told.server._tick()

    asyncio.run(tick())
    assert not told.server.known
