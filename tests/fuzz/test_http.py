"""Streams of requests, damaged in every way: our server, llhttp and h11 must agree on where each request ends.

Whoever refuses earlier is right; whoever goes on must read the same requests. Our own has to be at least as strict as
llhttp. However a stream is cut into packets, it says the same.
"""

import contextlib
import re
from collections.abc import Iterator

import h11
import pytest
from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from hypothesis import strategies as st
from tests.fuzz.conftest import Watched
from tests.fuzz.effort import effort, try_all
from tests.fuzz.mutations import mutated
from tests.line import Line

Request = tuple[bytes, bytes, bytes]

METHODS = st.sampled_from([b"GET", b"HEAD", b"POST", b"OPTIONS", b"PUT", b"CONNECT", b"TRACE", b"PROPFIND"])
TARGETS = st.sampled_from([b"/", b"/a?b=c", b"/%zz/../x", b"*", b"http://y/z", b"http://y?z", b"//a//b", b"/#f"])
HEADERS = st.sampled_from(
    [
        b"Accept: */*", b"Cookie: a=b; c=d", b"X:", b"X-Long: " + b"y" * 90, b"Connection: keep-alive",
        b"Connection: close", b"Connection: Upgrade\r\nUpgrade: websocket", b"Expect: 100-continue",
        b"Content-Type: text/plain", b"TE: trailers", b"Via: 1.1 x", b"X-Odd: caf\xe9",
    ]
)  # fmt: skip
BODIES = st.sampled_from([b"", b"hello", b"GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n", b"0\r\n\r\n", b"x" * 70])
WORDS = [
    b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"\n\n", b" ", b"\t", b"\0", b"\x0b", b"\x7f", b"\xff", b":", b": ",
    b" :", b";", b",", b"\r\n ", b"Content-Length: 5\r\n", b"Content-Length: 0\r\n", b"content-length:+1\r\n",
    b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: gzip, chunked\r\n", b"Transfer-Encoding : chunked\r\n",
    b"transfer-encoding: identity\r\n", b"Host: y\r\n", b"Expect: 100-continue\r\n", b"Connection: close\r\n",
    b"Upgrade: h2c\r\n", b"HTTP/1.0", b"HTTP/1.1", b"HTTP/2.0", b"0\r\n\r\n", b"5\r\nhello\r\n", b"-1", b"0x",
    b"fffffffffffffffff", b"0", b"1", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
]  # fmt: skip


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """One good request."""
    head = [b"%s %s HTTP/1.%d" % (draw(METHODS), draw(TARGETS), draw(st.sampled_from([1, 1, 1, 0]))), b"Host: x"]
    head += draw(st.lists(HEADERS, max_size=3))
    body, framing = draw(BODIES), draw(st.sampled_from(["none", "none", "length", "chunked"]))
    if framing == "none":
        return b"\r\n".join(head) + b"\r\n\r\n"
    if framing == "length":
        return b"\r\n".join([*head, b"Content-Length: %d" % len(body)]) + b"\r\n\r\n" + body
    return b"\r\n".join([*head, b"Transfer-Encoding: chunked"]) + b"\r\n\r\n" + draw(chunks(body))


@st.composite
def chunks(draw: st.DrawFn, body: bytes) -> bytes:
    """A body in chunks."""
    written, place = b"", 0
    while place < len(body):
        length = draw(st.integers(1, len(body) - place))
        extension = draw(st.sampled_from([b"", b"", b";a=b", b';a="b;c"']))
        written += b"%x%s\r\n%s\r\n" % (length, extension, body[place : place + length])
        place += length
    return written + b"0\r\n" + draw(st.sampled_from([b"", b"", b"A: b\r\n", b"Content-Length: 3\r\n"])) + b"\r\n"


STREAMS = mutated(st.lists(requests(), min_size=1, max_size=4).map(b"".join), WORDS)
#: a stream, and where it is cut into packets
INPUTS = st.tuples(STREAMS, st.lists(st.integers(0, 1_000), max_size=6).map(sorted))


def llhttp_reads(stream: bytes) -> list[Request]:
    """The requests that llhttp finds before it refuses; wishes to upgrade are hidden from it, or it skips the body."""
    found: list[Request] = []

    class Reader:
        target = body = b""

        def on_message_begin(self) -> None:
            self.target = self.body = b""

        def on_url(self, part: bytes) -> None:
            self.target += part

        def on_body(self, part: bytes) -> None:
            self.body += part

        def on_message_complete(self) -> None:
            found.append((parser.get_method(), self.target, self.body))

    parser = HttpRequestParser(Reader())
    with contextlib.suppress(HttpParserError, HttpParserUpgrade):
        parser.feed_data(without_upgrades(stream))
    return found


def h11_reads(stream: bytes) -> list[Request]:
    """The requests that h11 finds before it refuses."""
    found: list[Request] = []
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(stream)
    try:
        for _ in range(20):
            request = connection.next_event()
            if not isinstance(request, h11.Request):
                break
            body = b""
            while isinstance(part := connection.next_event(), h11.Data):
                body += bytes(part.data)
            if not isinstance(part, h11.EndOfMessage):
                break
            found.append((request.method, request.target, body))
            connection.send(h11.Response(status_code=200, headers=[("Content-Length", "0")]))
            connection.send(h11.EndOfMessage())
            connection.start_next_cycle()
    except (h11.RemoteProtocolError, h11.LocalProtocolError):
        pass
    return found


def converse(watched: Watched, stream: bytes, cuts: list[int]) -> tuple[list[Request], list[int]]:
    """What our server hands on, and the statuses of its answers; it has to close the line."""
    watched.handled.clear()
    with Line(watched.port) as line:
        try:
            for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
                line.send(stream[start:end])
            line.finish()
        except OSError:
            pass  # it has refused already
        said = line.rest()
    return list(watched.handled), list(statuses(said))


def statuses(said: bytes) -> Iterator[int]:
    """Of answers that follow each other without a gap."""
    place = 0
    while place < len(said):
        head = re.compile(rb"HTTP/1\.1 (\d{3}) [^\r\n]+\r\n((?:[^\r\n]+\r\n)*)\r\n").match(said, place)
        assert head, said[place:]
        length = re.search(rb"Content-Length: (\d+)\r\n", head[2])
        assert length or head[1] == b"100"
        has_body = head.end() < len(said) and not said.startswith(b"HTTP/", head.end())
        place = head.end() + (int(length[1]) if length and has_body else 0)
        yield int(head[1])


def without_upgrades(text: bytes) -> bytes:
    """The same text, with headers that are no wishes."""
    return re.sub(rb"(?i)upgrade:", b"x-grade:", text)


def comparable(request: Request) -> Request:
    """A request with its target as our server tells it, without scheme and host; a body may hold half of a wish."""
    method, target, body = request
    absolute = re.fullmatch(rb"(?i:https?)://[^/?#]+(.*)", target)
    if absolute:
        target = absolute[1] if absolute[1].startswith(b"/") else b"/" + absolute[1]
    return method, target, body.lower().replace(b"u", b"x").replace(b"p", b"-")


def check(watched: Watched, stream: bytes, cuts: list[int]) -> None:
    whole, answers = converse(watched, stream, [])
    pieces, said = converse(watched, stream, [min(cut, len(stream)) for cut in cuts])
    assert whole == pieces, "packets decide what is read"
    assert [status < 300 for status in answers] == [status < 300 for status in said]
    assert watched.server.faults == 0
    refusals = [status for status in answers if status >= 300]
    assert refusals == [] or refusals == answers[-1:], "something is said after a refusal"
    assert all(status in {400, 408, 413, 414, 417, 431, 505} for status in refusals)
    assert answers.count(200) == len(whole)
    for name, others in (("llhttp", llhttp_reads(stream)), ("h11", h11_reads(stream))):
        for ours, theirs in zip(whole, others, strict=False):
            assert comparable(ours) == comparable(theirs), f"{name} sees another request"
        if name == "llhttp":
            assert len(whole) <= len(others), "llhttp is stricter"


#: what fuzzing has found, oldest first; each was wrong once
FOUND: dict[str, tuple[bytes, list[int]]] = {
    "a body behind a wish to upgrade": (
        b"POST / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 5\r\n\r\nhello",
        [],
    ),
    "a bare LF before a request": (b"\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", []),
    "more behind a body than a head may have": (
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello" + b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 30,
        [60],
    ),
}


@pytest.mark.parametrize("name", FOUND)
def test_what_was_found_once_stays_right(watched: Watched, name: str) -> None:
    check(watched, *FOUND[name])


@effort(quick=60, thorough=6_000)
def test_readers_agree_on_requests_however_damaged(watched: Watched, examples: int) -> None:
    try_all(lambda case: check(watched, *case), INPUTS, examples)


@effort(quick=30, thorough=800)
def test_any_bytes_end_in_a_refusal_or_an_answer(watched: Watched, examples: int) -> None:
    noise = st.tuples(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=3).map(sorted))
    try_all(lambda case: check(watched, *case), noise, examples)
