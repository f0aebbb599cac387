"""Many lines at once: each has a request looked at, then it is the others' turn; what waits takes little memory."""

from __future__ import annotations

from typing import cast

from tests.edge.test_http_known import Told, Wire

from mailwake.edge.exchange import Exchange
from mailwake.edge.http import _CROWD, HttpServer, _Connection
from mailwake.sections import Edge


def line_of(server: HttpServer) -> _Connection:
    line = _Connection(server)
    line.connection_made(Wire())  # type: ignore[arg-type]  # all of a transport that is asked of it
    return line


def wire_of(line: _Connection) -> Wire:
    return cast("Wire", line._transport)


def requests(name: bytes, count: int) -> bytes:
    return b"".join(b"GET /%s%d HTTP/1.1\r\nHost: x\r\n\r\n" % (name, number) for number in range(count))


def targets(told: Told) -> list[object]:
    return [asked[1] for asked in told.asked]


def test_a_thousand_requests_of_one_line_keep_another_waiting_for_one() -> None:
    told = Told()
    greedy, modest = line_of(told.server), line_of(told.server)
    greedy.data_received(requests(b"greedy", 1_000))
    modest.data_received(requests(b"modest", 1))
    told.server.take_in()
    assert targets(told) == [b"/greedy0", b"/modest0"]
    modest.data_received(requests(b"again", 1))
    told.server.take_in()
    assert targets(told)[2:] == [b"/greedy1", b"/again0"]
    while told.server.arrived:
        told.server.take_in()
    assert targets(told)[4:] == [b"/greedy%d" % number for number in range(2, 1_000)]


def test_while_requests_of_a_line_wait_no_more_is_read_of_it() -> None:
    told = Told()
    line = line_of(told.server)
    line.data_received(requests(b"a", 3))
    for taken in (1, 2):
        told.server.take_in()
        assert len(told.asked) == taken
        assert wire_of(line).said.count("pause_reading") > wire_of(line).said.count("resume_reading")
    told.server.take_in()
    assert wire_of(line).said[-1] == "resume_reading"
    assert targets(told) == [b"/a0", b"/a1", b"/a2"]


def test_of_a_crowd_each_line_is_read_once_in_a_round() -> None:
    told = Told()
    lines = [line_of(told.server) for _ in range(2 * _CROWD)]
    for line in lines:
        line.data_received(requests(b"a", 1))
    paused = [line for line in lines if wire_of(line).said[-1] == "pause_reading"]
    assert len(paused) == _CROWD
    told.server.take_in()
    assert {wire_of(line).said[-1] for line in paused} == {"resume_reading"}
    assert len(told.asked) == 2 * _CROWD


def test_what_waits_for_its_turn_when_the_server_stops_is_answered() -> None:
    told = Told()
    line = line_of(told.server)
    line.data_received(requests(b"a", 3))
    told.server.take_in()
    told.server.stopping = True
    line.retire()
    assert "close" not in wire_of(line).said
    while told.server.arrived:
        told.server.take_in()
    assert targets(told) == [b"/a0", b"/a1", b"/a2"]
    assert wire_of(line).said.count("write_eof") == 1


def test_a_line_that_ends_leaves_what_is_behind_alone() -> None:
    asked: list[bytes] = []

    def note(exchange: Exchange) -> None:
        asked.append(exchange.target)

    server = HttpServer(Edge(), note)
    server.wake = lambda: None  # type: ignore[method-assign]
    line = line_of(server)
    line.data_received(
        requests(b"a", 1) + b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" + requests(b"b", 2)
    )
    for _ in range(10):
        server.take_in()
    assert asked == [b"/a0", b"/last"]
    assert not server.arrived
