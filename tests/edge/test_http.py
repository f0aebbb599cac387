"""The HTTP layer on a real socket: conformance, limits, and what strangers try."""

import gc
import select
import threading
import time
from functools import partial

import pytest
from tests.edge.conftest import Background, StartServer
from tests.line import Answer, Line

from mailwake.edge import http
from mailwake.edge.exchange import Exchange
from mailwake.edge.response import Response

GET = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"


def echo(exchange: Exchange) -> None:
    """Say what was asked."""
    exchange.answer(Response(200, [], b"%s %s %s" % (exchange.method.encode(), exchange.target, exchange.body)))


def ask(server: Background, data: bytes) -> Answer:
    with Line(server.port) as line:
        line.send(data)
        return line.read()


class Waiting:
    """A handler that answers when the test says so."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []
        self.came = threading.Semaphore(0)

    def __call__(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)
        self.came.release()

    def wait_for(self, count: int) -> None:
        for _ in range(count):
            assert self.came.acquire(timeout=10)


def test_a_line_stays_open_for_the_next_request(start_server: StartServer) -> None:
    with Line(start_server(echo).port) as line:
        for path in (b"/a", b"/b"):
            line.send(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path)
            assert line.read().body == b"GET %s " % path


def lines_in_memory() -> int:
    return sum(isinstance(each, http._Connection) for each in gc.get_objects())


def test_a_line_that_is_gone_leaves_nothing_for_the_collector(start_server: StartServer) -> None:
    """Every reader comes on a line of their own; waiting for the collector would hold thousands of them in memory."""
    server = start_server(echo)
    gc.collect()
    gc.disable()
    try:
        for _ in range(20):
            assert ask(server, GET).status == 200
        end = time.monotonic() + 20
        while lines_in_memory():
            assert time.monotonic() < end, f"{lines_in_memory()} lines are still there"
            time.sleep(0.01)
    finally:
        gc.enable()


def test_an_answer_has_its_exact_length_and_a_date(start_server: StartServer) -> None:
    answer = ask(start_server(echo), GET)
    assert answer["Content-Length"] == "7"
    assert (answer["Date"] or "").endswith(" GMT")
    assert answer["Connection"] is None


def test_head_gets_the_headers_of_get_and_no_body(start_server: StartServer) -> None:
    with Line(start_server(echo).port) as line:
        line.send(b"HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n")
        head = line.read(head_only=True)
        line.send(GET)  # the next answer starts right behind: there was no body
        assert line.read().body == b"GET /a "
    assert head["Content-Length"] == "8"


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 1_000])
def test_requests_may_come_in_pieces_of_any_size(start_server: StartServer, chunk: int) -> None:
    data = GET + b"POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
    with Line(start_server(echo).port) as line:
        for start in range(0, len(data), chunk):
            line.send(data[start : start + chunk])
        assert [line.read().body, line.read().body] == [b"GET /a ", b"POST /b hello"]


def test_pipelined_answers_leave_in_order_whatever_is_ready_first(start_server: StartServer) -> None:
    handler = Waiting()
    server = start_server(handler)
    with Line(server.port) as line:
        line.send(b"".join(b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n" % n for n in range(5)))
        handler.wait_for(5)
        for exchange in reversed(handler.exchanges):
            server.do(partial(echo, exchange))
        assert [line.read().body for _ in range(5)] == [b"GET /%d " % n for n in range(5)]


def test_a_deep_pipeline_is_read_only_as_far_as_it_is_answered(start_server: StartServer) -> None:
    handler = Waiting()
    server = start_server(handler, max_pipelined=8)
    with Line(server.port) as line:
        line.send(b"".join(b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n" % n for n in range(100)))
        handler.wait_for(8)
        seen = []
        for n in range(100):
            handler.wait_for(0 if n < 8 else 1)
            assert len(handler.exchanges) - n <= 8
            server.do(partial(echo, handler.exchanges[n]))
            seen.append(line.read().body)
    assert seen == [b"GET /%d " % n for n in range(100)]


def test_a_request_that_asks_to_close_is_the_last(start_server: StartServer) -> None:
    with Line(start_server(echo).port) as line:
        line.send(b"GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" + GET)
        assert line.read()["Connection"] == "close"
        assert line.is_closed()


@pytest.mark.parametrize("more", [b"", b"Host: x\r\n", b"Host: x\r\nConnection: keep-alive\r\n"])
def test_http_1_0_is_answered_and_closed(start_server: StartServer, more: bytes) -> None:
    with Line(start_server(echo).port) as line:
        line.send(b"GET /a HTTP/1.0\r\n" + more + b"\r\n")
        answer = line.read()
        assert (answer.status, answer["Connection"]) == (200, "close")
        assert line.is_closed()


def test_a_request_with_a_body_is_the_last_on_its_line(start_server: StartServer) -> None:
    with Line(start_server(echo).port) as line:
        line.send(b"POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello" + GET)
        answer = line.read()
        assert (answer.body, answer["Connection"]) == (b"POST /b hello", "close")
        assert line.is_closed()


def test_a_chunked_body_is_put_together_and_its_trailers_are_dropped(start_server: StartServer) -> None:
    head = b"POST /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert (
        ask(start_server(echo), head + b"3;a=b\r\nhel\r\n2\r\nlo\r\n0\r\nHost: evil\r\n\r\n").body == b"POST /b hello"
    )


def test_header_bytes_and_target_are_kept_as_they_came(start_server: StartServer) -> None:
    seen: list[Exchange] = []

    def look(exchange: Exchange) -> None:
        seen.append(exchange)
        echo(exchange)

    odd = b"Host:  x \r\nUSER-agent: caf\xe9\t\r\nX-Twice: 1\r\nx-twice: 2\r\nEmpty:\r\n\r\n"
    ask(start_server(look), b"GET /a%2Fb/../c;x=1?q=%zz&r HTTP/1.1\r\n" + odd)
    assert seen[0].target == b"/a%2Fb/../c;x=1?q=%zz&r"
    assert seen[0].host == b"x"
    assert seen[0].headers[1:] == ((b"USER-agent", b"caf\xe9"), (b"X-Twice", b"1"), (b"x-twice", b"2"), (b"Empty", b""))


POST = b"POST /b HTTP/1.1\r\nHost: x\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
MALFORMED = {
    "length and transfer coding": POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "transfer coding and length": POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "two lengths": POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    "the same length twice": POST + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
    "a list of lengths": POST + b"Content-Length: 5, 5\r\n\r\nhello",
    "a signed length": POST + b"Content-Length: +5\r\n\r\nhello",
    "a negative length": POST + b"Content-Length: -5\r\n\r\nhello",
    "an empty length": POST + b"Content-Length: \r\n\r\nhello",
    "an endless length": POST + b"Content-Length: 99999999999999999999\r\n\r\nhello",
    "an unknown coding": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "two codings": POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n",
    "chunked not last": POST + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
    "a hidden coding": POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "a bad chunk size": CHUNKED + b"0x5\r\nhello\r\n0\r\n\r\n",
    "a negative chunk": CHUNKED + b"-5\r\nhello\r\n0\r\n\r\n",
    "a chunk that goes on": CHUNKED + b"5\r\nhelloGET / HTTP/1.1\r\n\r\n",
    "a chunk behind a bare LF": CHUNKED + b"5\nhello\r\n0\r\n\r\n",
    "bare LF": b"GET /a HTTP/1.1\nHost: x\n\n",
    "bare LF between headers": b"GET /a HTTP/1.1\r\nHost: x\nX: y\r\n\r\n",
    "bare LF at the end": b"GET /a HTTP/1.1\r\nHost: x\r\n\n",
    "bare CR": b"GET /a HTTP/1.1\r\nHost: x\rX: y\r\n\r\n",
    "a folded header": b"GET /a HTTP/1.1\r\nHost: x\r\n X: y\r\n\r\n",
    "a space before the colon": b"GET /a HTTP/1.1\r\nHost : x\r\n\r\n",
    "a header without a name": b"GET /a HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n",
    "a header without a colon": b"GET /a HTTP/1.1\r\nHost: x\r\nnonsense\r\n\r\n",
    "NUL in a header": b"GET /a HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n",
    "two hosts": b"GET /a HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
    "no host": b"GET /a HTTP/1.1\r\nX: y\r\n\r\n",
    "two spaces": b"GET  /a HTTP/1.1\r\nHost: x\r\n\r\n",
    "a space in the target": b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n",
    "a control character in the target": b"GET /a\x01 HTTP/1.1\r\nHost: x\r\n\r\n",
    "a byte above 127 in the target": b"GET /\xe9 HTTP/1.1\r\nHost: x\r\n\r\n",
    "an unknown method": b"BREW /a HTTP/1.1\r\nHost: x\r\n\r\n",
    "a method in lower case": b"get /a HTTP/1.1\r\nHost: x\r\n\r\n",
    "HTTP/0.9": b"GET /a\r\n\r\n",
    "HTTP/1.2": b"GET /a HTTP/1.2\r\nHost: x\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "nonsense": b"\x00\x01\x02\x03\r\n\r\n",
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_request_is_refused_and_nothing_behind_it_is_read(start_server: StartServer, data: bytes) -> None:
    seen: list[Exchange] = []
    with Line(start_server(seen.append).port) as line:
        line.send(data + b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = line.read()
        assert (answer.status, answer["Connection"]) == (400, "close")
        assert line.is_closed()
    assert [exchange.target for exchange in seen] == []


@pytest.mark.parametrize("data", [b"GET /a HTTP/2.0\r\nHost: x\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"])
def test_http_2_without_a_proxy_is_refused_with_the_right_word(start_server: StartServer, data: bytes) -> None:
    assert ask(start_server(echo), data).status == 505


def test_what_came_before_a_malformed_request_is_answered_first(start_server: StartServer) -> None:
    with Line(start_server(echo).port) as line:
        line.send(GET + b"nonsense\r\n\r\n")
        assert [line.read().status, line.read().status] == [200, 400]
        assert line.is_closed()


def test_an_absolute_target_names_the_host(start_server: StartServer) -> None:
    seen: list[tuple[bytes | None, bytes]] = []

    def look(exchange: Exchange) -> None:
        seen.append((exchange.host, exchange.target))
        echo(exchange)

    server = start_server(look)
    ask(server, b"GET http://y:80/a?b HTTP/1.1\r\nHost: x\r\n\r\n")
    ask(server, b"GET HTTP://y HTTP/1.1\r\nHost: x\r\n\r\n")
    assert seen == [(b"y:80", b"/a?b"), (b"y", b"/")]


def test_empty_lines_before_a_request_are_passed_over(start_server: StartServer) -> None:
    with Line(start_server(echo).port) as line:
        line.send(b"\r\n" + GET + b"\r\n\r\n" + GET)
        assert [line.read().status, line.read().status] == [200, 200]


def test_a_client_that_waits_for_100_is_told_to_go_on(start_server: StartServer) -> None:
    with Line(start_server(echo).port) as line:
        line.send(b"POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
        assert line.read().status == 100
        line.send(b"hello")
        assert line.read().body == b"POST /b hello"


def test_another_expectation_fails(start_server: StartServer) -> None:
    data = b"POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: a-miracle\r\n\r\nhello"
    assert ask(start_server(echo), data).status == 417


def test_a_wish_to_upgrade_is_answered_as_if_it_had_not_been_made(start_server: StartServer) -> None:
    with Line(start_server(echo).port) as line:
        line.send(b"GET /a HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        answer = line.read()
        assert (answer.status, answer["Connection"]) == (200, "close")
        assert line.is_closed()


@pytest.mark.parametrize("method", [b"OPTIONS", b"PUT", b"DELETE", b"TRACE", b"PROPFIND", b"PATCH"])
def test_other_methods_reach_the_handler_which_knows_what_it_offers(start_server: StartServer, method: bytes) -> None:
    assert ask(start_server(echo), method + b" /a HTTP/1.1\r\nHost: x\r\n\r\n").body == method + b" /a "


def test_a_long_head_within_the_limit_is_read(start_server: StartServer) -> None:
    head = b"GET /a HTTP/1.1\r\nHost: x\r\nCookie: " + b"c" * 60_000 + b"\r\n\r\n"
    assert ask(start_server(echo), head).status == 200


@pytest.mark.parametrize("data", [b"GET /" + b"a" * 70_000, b"GET /a HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 12_000])
@pytest.mark.parametrize("end", [b"", b" HTTP/1.1\r\n\r\n"])
def test_a_head_above_the_limit_is_refused_finished_or_not(start_server: StartServer, data: bytes, end: bytes) -> None:
    with Line(start_server(echo).port) as line:
        line.send(data + end)
        assert line.read().status in (414, 431)


def test_a_body_above_the_limit_is_refused_before_it_is_sent(start_server: StartServer) -> None:
    data = b"POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 8193\r\nExpect: 100-continue\r\n\r\n"
    assert ask(start_server(echo), data).status == 413


def test_a_chunked_body_above_the_limit_is_refused(start_server: StartServer) -> None:
    head = b"POST /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert ask(start_server(echo), head + b"1000\r\n" + b"x" * 4096 + b"\r\n1001\r\n" + b"x" * 4097).status == 413


def test_a_body_of_tiny_chunks_cannot_go_on_for_ever(start_server: StartServer) -> None:
    head = b"POST /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert ask(start_server(echo), head + (b"1;" + b"e" * 100 + b"\r\nx\r\n") * 1_000).status == 413


@pytest.mark.parametrize(
    "start", [b"G", b"GET /a HTTP/1.1\r\nHost:", GET[:-1], b"POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nh"]
)
def test_a_slow_sender_is_told_and_cut(start_server: StartServer, start: bytes) -> None:
    with Line(start_server(echo, request_timeout_seconds=0.1).port) as line:
        line.send(start)
        assert line.read().status == 408
        assert line.is_closed()


def test_a_slow_sender_cannot_win_time_with_single_bytes(start_server: StartServer) -> None:
    with Line(start_server(echo, request_timeout_seconds=0.2).port) as line:
        line.socket.settimeout(0.02)
        answer = b""
        for _ in range(2_000):
            try:
                line.send(b"G" if not answer else b"")
                answer += line.socket.recv(1_000)
            except TimeoutError:
                continue
            break
    assert b" 408 " in answer


def test_an_idle_line_is_closed_without_a_word(start_server: StartServer) -> None:
    with Line(start_server(echo, idle_timeout_seconds=0.1).port) as line:
        line.send(GET)
        line.read()
        assert line.is_closed()


def test_a_reader_who_does_not_read_is_cut(start_server: StartServer) -> None:
    big = Response(200, [], b"x" * 1_000_000)
    server = start_server(lambda exchange: exchange.answer(big), request_timeout_seconds=0.1)
    with Line(server.port) as line:
        line.send(GET * 60)
        trouble = select.poll()
        trouble.register(line.socket, 0)  # nothing but errors
        assert trouble.poll(10_000)


def test_a_line_too_many_is_refused_and_the_others_live(start_server: StartServer) -> None:
    server = start_server(echo, max_connections=2)
    with Line(server.port) as one, Line(server.port) as two:
        for line in (one, two):
            line.send(GET)
            assert line.read().status == 200
        with Line(server.port) as three:
            assert three.read().status == 503
        one.send(GET)
        assert one.read().status == 200


def test_a_fault_of_ours_is_answered_and_takes_nobody_down(
    start_server: StartServer, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(exchange: Exchange) -> None:
        if exchange.target == b"/broken":
            raise RuntimeError("ours")
        echo(exchange)

    with Line(start_server(broken).port) as line:
        line.send(b"GET /broken HTTP/1.1\r\nHost: x\r\n\r\n" + GET)
        assert [line.read().status, line.read().status] == [500, 200]
    assert "edge.fault" in caplog.text


def test_a_client_that_leaves_before_its_answer_harms_nobody(start_server: StartServer) -> None:
    handler = Waiting()
    server = start_server(handler)
    gone = Line(server.port)
    gone.send(GET)
    handler.wait_for(1)
    gone.close()
    with Line(server.port) as line:
        line.send(GET)
        handler.wait_for(1)
        for exchange in handler.exchanges:
            server.do(partial(echo, exchange))
        assert line.read().status == 200


def test_a_client_that_only_stops_sending_still_gets_its_answer(start_server: StartServer) -> None:
    handler = Waiting()
    server = start_server(handler)
    with Line(server.port) as line:
        line.send(GET)
        handler.wait_for(1)
        line.socket.shutdown(1)
        server.do(lambda: echo(handler.exchanges[0]))
        assert line.read().status == 200
        assert line.is_closed()


def test_a_stop_answers_what_has_come_in_and_takes_nothing_new(start_server: StartServer) -> None:
    handler = Waiting()
    server = start_server(handler)
    with Line(server.port) as busy, Line(server.port) as idle:
        busy.send(GET)
        handler.wait_for(1)
        server.ask_to_stop()
        assert idle.is_closed()
        with pytest.raises(ConnectionRefusedError):
            Line(server.port)
        server.do(lambda: echo(handler.exchanges[0]))
        answer = busy.read()
        assert (answer.status, answer["Connection"]) == (200, "close")
        assert busy.is_closed()


def test_a_stop_does_not_wait_for_ever(start_server: StartServer) -> None:
    handler = Waiting()
    server = start_server(handler, grace_seconds=0.05)
    with Line(server.port) as line:
        line.send(GET)
        handler.wait_for(1)
        server.stop()
        assert line.is_closed()


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: b", "a\nb", "a\rb"])
def test_an_answer_cannot_be_made_with_a_line_break_in_a_header(value: str) -> None:
    with pytest.raises(ValueError, match="line break"):
        Response(200, [("Location", value)])
