"""Nobody may take a line for longer than his limits: slow senders, slow readers, idlers, and those who just leave.

Deadlines are short here, so that waiting for them is quick; nothing is measured.
"""

import select
import time

import pytest
from tests.contract.http.conftest import Expect, Serve
from tests.contract.http.engines import Server, new_name
from tests.contract.http.requests import get, last, post, together, told
from tests.line import Line

SOON = {"request_timeout_seconds": 0.4, "idle_timeout_seconds": 0.4}
#: a server that has not acted by then will not
PATIENCE_SECONDS = 2.0
BEGINNINGS = {
    "nothing": b"",
    "one letter": b"G",
    "half a line": b"GET /a HTTP/1.1\r\nHost:",
    "all but the last byte": get("/a")[:-1],
    "a head, and no body": post(b"", b"Content-Length: 5"),
    "half a body": post(b"he", b"Content-Length: 5"),
    "a head, and no chunk": post(b"", b"Transfer-Encoding: chunked"),
    "half a chunk": post(b"5\r\nhe", b"Transfer-Encoding: chunked"),
    "chunks without an end": post(b"5\r\nhello\r\n", b"Transfer-Encoding: chunked"),
    "half a trailer": post(b"5\r\nhello\r\n0\r\nA: ", b"Transfer-Encoding: chunked"),
}


@pytest.mark.parametrize("case", BEGINNINGS)
def test_who_stops_in_the_middle_is_told_and_cut(serve: Serve, expect: Expect, case: str) -> None:
    expect(
        together(serve(**SOON), BEGINNINGS, alone=True)[case], "408, closed" if case != "nothing" else "nothing, closed"
    )


@pytest.mark.parametrize("case", ["in a request line", "in a header", "in a body", "in a chunk"])
def test_a_byte_now_and_then_wins_no_time(serve: Serve, expect: Expect, case: str) -> None:
    start = {
        "in a request line": b"GET /",
        "in a header": b"GET /a HTTP/1.1\r\nX: ",
        "in a body": post(b"", b"Content-Length: 5000"),
        "in a chunk": post(b"1000\r\n", b"Transfer-Encoding: chunked"),
    }[case]
    server = serve(**SOON)
    with server.line() as line:
        line.send(start)
        expect(trickle([line], server), "1 of 1 cut, the others answered")


def test_two_hundred_slow_senders_are_cut_and_the_others_answered(serve: Serve, expect: Expect) -> None:
    server = serve(**SOON)
    lines = [server.line() for _ in range(200)]
    try:
        for line in lines:
            line.send(b"GET /")
        expect(trickle(lines, server), "200 of 200 cut, the others answered")
    finally:
        for line in lines:
            line.close()


def trickle(lines: list[Line], server: Server) -> str:
    """Send a byte on every line each 50 ms; tells how many were cut, and whether others were answered meanwhile."""
    count, answered = len(lines), True
    end = time.monotonic() + PATIENCE_SECONDS
    lines = list(lines)
    while lines and time.monotonic() < end:
        for line in list(lines):
            try:
                line.send(b"G")
                is_open = not line.is_readable(0) or bool(line.socket.recv(1 << 16))
            except ConnectionError:
                is_open = False
            if not is_open:
                lines.remove(line)
        answered &= server.ask("/").status == 200
        select.select([], [], [], 0.05)
    return f"{count - len(lines)} of {count} cut, the others {'answered' if answered else 'not answered'}"


def test_an_idle_line_is_closed_without_a_word(serve: Serve, expect: Expect) -> None:
    expect(serve(**SOON).talk(get("/a"), patience_seconds=PATIENCE_SECONDS), "200, closed")


def test_a_slow_handler_is_waited_for(serve: Serve, expect: Expect) -> None:
    expect(serve(**SOON).talk(last("/later/900"), patience_seconds=6), "200, closed")


def test_a_line_in_use_is_not_closed(serve: Serve, expect: Expect) -> None:
    with serve(**SOON).line() as line:
        for number in range(12):
            line.send(get(f"/{number}"))
            assert line.read().status == 200
            select.select([], [], [], 0.1)
        line.send(last())
        expect(line.read().status, 200)


def test_a_reader_who_does_not_read_is_cut(serve: Serve, expect: Expect) -> None:
    with serve(**SOON).line() as line:
        line.send(get("/big/1000000") * 60)
        trouble = select.poll()
        trouble.register(line.socket, 0)  # nothing but errors
        expect("cut" if trouble.poll(PATIENCE_SECONDS * 1_000) else "kept", "cut")


def test_a_slow_reader_gets_everything(serve: Serve, expect: Expect) -> None:
    with serve().line() as line:
        line.send(get("/big/3000000", b"Connection: close"))
        select.select([], [], [], 0.2)
        expect(len(line.read().body), 3_000_000)


def test_a_line_too_many_is_refused_and_the_others_live(serve_alone: Serve, expect: Expect) -> None:
    server = serve_alone(max_connections=2)
    with server.line() as one, server.line() as two:
        for line in (one, two):
            line.send(get("/a"))
            assert line.read().status == 200
        three = server.talk(last(), patience_seconds=PATIENCE_SECONDS)
        one.send(last())
        happened = f"{three}, and the first {one.read().status}"
    expect(happened, "503, closed, and the first 200")


def test_who_only_stops_sending_still_gets_the_answer(serve: Serve, expect: Expect) -> None:
    with serve().line() as line:
        line.send(get("/later/100"))
        line.finish()
        expect(line.rest()[:12].decode() or "nothing", "HTTP/1.1 200")


def test_who_only_stops_sending_gets_all_answers_of_a_pipeline(serve: Serve, expect: Expect) -> None:
    with serve().line() as line:
        line.send(get("/later/50") * 3)
        line.finish()
        expect("all" if line.rest().count(b"HTTP/1.1 200") == 3 else "not all", "all")


@pytest.mark.parametrize("case", ["a head", "a body"])
def test_a_request_cut_off_by_its_sender_is_not_run(serve: Serve, expect: Expect, case: str) -> None:
    server, name = serve(), new_name()
    whole = get(f"/smuggled/{name}", b"Content-Length: 5", method=b"POST") + b"hello"
    with server.line() as line:
        line.send(whole[:-7] if case == "a head" else whole[:-2])
        line.finish()
        line.rest()
    expect(server.count("seen", name), 0)


@pytest.mark.parametrize("case", ["a head", "a body", "an answer that waits", "an answer under way"])
@pytest.mark.long
def test_three_hundred_that_leave_without_a_goodbye_harm_nobody(serve_alone: Serve, expect: Expect, case: str) -> None:
    data = {
        "a head": get("/a")[:-3],
        "a body": post(b"he", b"Content-Length: 5"),
        "an answer that waits": get("/later/50"),
        "an answer under way": get("/big/1000000"),
    }[case]
    server = serve_alone()
    before = fewest(server)
    for _ in range(300):
        line = server.line()
        line.send(data)
        line.reset()
    expect(f"{left_over(server, before)} more descriptors", "0 more descriptors")


def fewest(server: Server) -> int:
    """How many descriptors are open when nobody is there."""
    return min(open_now(server) for _ in range(10))


def left_over(server: Server, before: int) -> int:
    """How many more there are once everything that can end has ended."""
    for _ in range(300):
        if (now := open_now(server)) <= before:
            return 0
    return now - before


def open_now(server: Server) -> int:
    """Descriptors right now, after the server had time to look around."""
    server.ask("/")
    select.select([], [], [], 0.01)
    return server.descriptors


def test_a_thousand_lines_that_come_and_go_leave_nothing(serve_alone: Serve, expect: Expect) -> None:
    server = serve_alone()
    before = fewest(server)
    for number in range(1_000):
        with server.line() as line:
            if number % 2:
                line.send(get("/a"))
                line.read()
    expect(f"{left_over(server, before)} more descriptors", "0 more descriptors")


@pytest.mark.long
def test_memory_and_descriptors_stay_as_they_are(serve_alone: Serve, expect: Expect) -> None:
    """20,000 requests on 2,000 lines, after a tenth of it to warm up."""
    server = serve_alone()
    ten = get("/a", b"User-Agent: " + b"x" * 100) * 9 + last()

    def visit(times: int) -> None:
        for _ in range(times):
            lines = [server.line() for _ in range(50)]
            for line in lines:
                line.send(ten)
            for line in lines:
                line.rest()
                line.close()

    visit(4)
    before, memory = fewest(server), server.resident_bytes
    visit(40)
    grown = server.resident_bytes - memory
    happened = f"{left_over(server, before)} descriptors and {'a few' if grown < 4_000_000 else grown} bytes more"
    expect(happened, "0 descriptors and a few bytes more")
    assert told(server.ask("/a")).target == "/a"
