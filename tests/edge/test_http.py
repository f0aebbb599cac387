"""What is particular to our HTTP layer; what is asked of any server stands in tests/contract/http."""

import gc
import threading
import time
import tracemalloc
from functools import partial
from pathlib import Path

import pytest
from tests.edge.conftest import Background, StartServer
from tests.line import Answer, Line

from mailwake.edge import http
from mailwake.edge.exchange import Exchange
from mailwake.edge.response import Response

GET = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
LAST = b"GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


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


def lines_in_memory() -> int:
    return sum(isinstance(each, http._Connection) for each in gc.get_objects())


def wait_until_all_lines_are_gone() -> None:
    end = time.monotonic() + 20
    while lines_in_memory():
        assert time.monotonic() < end, f"{lines_in_memory()} lines are still there"
        time.sleep(0.01)


def test_a_line_that_is_gone_leaves_nothing_for_the_collector(start_server: StartServer) -> None:
    """Every reader comes on a line of their own; waiting for the collector would hold thousands of them in memory."""
    server = start_server(echo)
    gc.collect()
    gc.disable()
    try:
        for _ in range(20):
            assert ask(server, GET).status == 200
        wait_until_all_lines_are_gone()
    finally:
        gc.enable()


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_five_thousand_requests_on_five_hundred_lines_leave_nothing(start_server: StartServer) -> None:
    server = start_server(echo)

    def visit(times: int) -> None:
        for _ in range(times):
            lines = [Line(server.port) for _ in range(100)]
            for line in lines:
                line.send(GET * 9 + LAST)
            for line in lines:
                assert line.rest().count(b" 200 OK") == 10
                line.close()

    visit(1)
    gc.collect()
    files = open_files()
    tracemalloc.start()
    try:
        visit(5)
        wait_until_all_lines_are_gone()  # a busy server hears of the last ones after we have closed them
        gc.collect()
        # what the lines held would be half a megabyte; threads that start meanwhile take some tens of kB
        assert tracemalloc.get_traced_memory()[0] < 200_000
    finally:
        tracemalloc.stop()
    assert open_files() <= files


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


def test_a_request_with_a_body_is_the_last_on_its_line(start_server: StartServer) -> None:
    with Line(start_server(echo).port) as line:
        line.send(b"POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello" + GET)
        answer = line.read()
        assert (answer.body, answer["Connection"]) == (b"POST /b hello", "close")
        assert line.is_closed()


@pytest.mark.parametrize("data", [b"GET /a HTTP/2.0\r\nHost: x\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"])
def test_http_2_without_a_proxy_is_refused_with_the_right_word(start_server: StartServer, data: bytes) -> None:
    assert ask(start_server(echo), data).status == 505


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


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: b", "a\nb", "a\rb"])
def test_an_answer_cannot_be_made_with_a_line_break_in_a_header(value: str) -> None:
    with pytest.raises(ValueError, match="line break"):
        Response(200, [("Location", value)])


def stop_listening(server: Background) -> None:
    """Ask it to stop, and wait until nobody new is let in: from then on the stop goes on."""
    server.ask_to_stop()
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            Line(server.port).close()
        except OSError:
            return
        time.sleep(0.005)
    raise AssertionError("it still listens")


def test_whoever_asks_during_a_stop_on_a_line_that_rested_is_answered_and_told_to_leave(
    start_server: StartServer,
) -> None:
    server = start_server(echo)
    with Line(server.port) as rested, Line(server.port) as fresh:
        rested.send(GET)
        assert rested.read()["Connection"] is None
        stop_listening(server)
        for line in (rested, fresh):
            line.send(GET)
            answer = line.read()
            assert (answer.status, answer["Connection"]) == (200, "close")


def test_an_answer_that_says_good_bye_is_not_lost_to_what_was_asked_meanwhile(start_server: StartServer) -> None:
    """Closing a line on which something unread waits resets it, and the kernel takes back what was not read yet."""
    server = start_server(echo)
    with Line(server.port) as line:
        line.send(GET)
        line.read()
        stop_listening(server)
        line.send(GET)
        line.send(GET * 50)
        line.send(GET * 50)
        assert line.read().status == 200
        assert line.socket.recv(1) == b"", "an end, and no reset"


def test_a_length_with_thousands_of_zeros_is_a_length(start_server: StartServer) -> None:
    """Python refuses to read so many digits."""
    head = b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: %s5\r\n\r\n" % (b"0" * 5_000)
    assert ask(start_server(echo), head + b"hello").body == b"POST /a hello"
