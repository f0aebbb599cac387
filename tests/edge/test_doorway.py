"""A line that a proxy of ours opens says who is at its far end, and nobody else can say it."""

from pathlib import Path
from typing import Any

import pytest
from tests.edge.conftest import HOST, RunningEdge, StartEdge, message
from tests.edge.test_proxyline import binary, inet
from tests.line import Line

from mailwake.edge.proxyline import SIGNATURE
from mailwake.errors import Misconfigured
from mailwake.settings import parse

OPEN = f"GET /o/{message()} HTTP/1.1\r\nHost: {HOST}\r\n".encode()
ASK = OPEN + b"\r\n"
TEXT = b"PROXY TCP4 203.0.113.9 10.0.0.1 56324 443\r\n"
BINARY = binary(inet("203.0.113.9"), tail=b"\x02\x00\x11track.example.com")


def start(start_edge: StartEdge, *, proxies: str = "127.0.0.1/32", **edge: Any) -> RunningEdge:
    return start_edge(edge={"proxy_protocol": True, "trusted_proxies": [proxies], **edge})


def peers(edge: RunningEdge) -> list[str]:
    return [event.request.peer for event in edge.events() if event.request]


@pytest.mark.parametrize("header", [TEXT, BINARY], ids=["text", "binary"])
def test_the_far_end_is_the_evidence(start_edge: StartEdge, header: bytes) -> None:
    edge = start(start_edge)
    with edge.line() as line:
        line.send(header + ASK)
        assert line.read().status == 200
        line.send(ASK)  # the header counts for the whole line
        assert line.read().status == 200
    assert peers(edge) == ["203.0.113.9"] * 2
    assert edge.stop()["unannounced"] == 0


@pytest.mark.parametrize("header", [TEXT, BINARY], ids=["text", "binary"])
def test_a_header_may_come_byte_by_byte(start_edge: StartEdge, header: bytes) -> None:
    edge = start(start_edge)
    with edge.line() as line:
        for byte in header + ASK:
            line.send(bytes((byte,)))
        assert line.read().status == 200
    assert peers(edge) == ["203.0.113.9"]


@pytest.mark.parametrize(
    "data",
    [
        ASK,
        b"PROXY TCP4 nonsense\r\n" + ASK,
        b"PROXY UNKNOWN " + b"x" * 200,
        SIGNATURE + b"\x21\x11\xff\xff",
        binary(command=0x2F) + ASK,
        b"\x16\x03\x01\x02\x00",
    ],
    ids=["absent", "garbage", "endless", "oversize", "unknown command", "TLS"],
)
def test_a_proxy_that_does_not_say_who_is_cut_without_a_word_and_counted(start_edge: StartEdge, data: bytes) -> None:
    edge = start(start_edge)
    with edge.line() as line:
        line.send(data)
        assert line.is_closed()
    assert peers(edge) == []
    report = edge.stop()
    assert (report["unannounced"], report["received"]) == (1, 0)


@pytest.mark.parametrize("data", [b"", b"PROXY TCP4 203", SIGNATURE, BINARY[:-1]])
def test_a_proxy_that_keeps_us_waiting_is_cut_and_counted(start_edge: StartEdge, data: bytes) -> None:
    edge = start(start_edge, request_timeout_seconds=0.1)
    with edge.line() as line:
        line.send(data)
        assert line.is_closed()
    assert edge.stop()["unannounced"] == 1


def test_a_look_at_the_port_is_no_fault(start_edge: StartEdge) -> None:
    edge = start(start_edge)
    edge.line().close()
    with edge.line() as line:  # a second line, so that the first is over
        line.send(TEXT + ASK)
        line.read()
    assert edge.stop()["unannounced"] == 0


@pytest.mark.parametrize("header", [TEXT, BINARY], ids=["text", "binary"])
def test_from_anywhere_else_the_header_is_no_http(start_edge: StartEdge, header: bytes) -> None:
    edge = start(start_edge, proxies="192.0.2.0/24")
    with edge.line() as line:
        line.send(header + ASK)
        assert line.read().status == 400
        assert line.is_closed()
    assert peers(edge) == []


def test_from_anywhere_else_http_is_answered_under_the_address_it_comes_from(start_edge: StartEdge) -> None:
    edge = start(start_edge, proxies="192.0.2.0/24")
    edge.ask(f"/o/{message()}", headers={"X-Forwarded-For": "203.0.113.9"})
    assert peers(edge) == ["127.0.0.1"]


@pytest.mark.parametrize("header", [b"PROXY UNKNOWN\r\n", binary(family=0x00)], ids=["text", "binary"])
def test_a_far_end_that_the_proxy_does_not_know_is_not_known(start_edge: StartEdge, header: bytes) -> None:
    """Not even by a header of the request: a proxy that looks at no bytes passes on what strangers claim."""
    edge = start(start_edge)
    with edge.line() as line:
        line.send(header + OPEN + b"X-Forwarded-For: 6.6.6.6\r\n\r\n")
        assert line.read().status == 200
    assert peers(edge) == [""]


def test_a_proxy_may_speak_for_itself(start_edge: StartEdge) -> None:
    edge = start(start_edge)
    with edge.line() as line:
        line.send(binary(command=0x20, family=0x00) + ASK)
        assert line.read().status == 200
    assert peers(edge) == ["127.0.0.1"]


def test_a_stranger_behind_the_proxy_cannot_name_another_address(start_edge: StartEdge) -> None:
    edge = start(start_edge)
    with edge.line() as line:
        line.send(TEXT + OPEN + b"X-Forwarded-For: 6.6.6.6\r\n\r\n")
        line.read()
        line.send(TEXT + ASK)  # nor begin again
        assert line.read().status == 400
    assert peers(edge) == ["203.0.113.9"]


def test_behind_two_proxies_the_second_is_believed_about_the_first(start_edge: StartEdge) -> None:
    edge = start_edge(edge={"proxy_protocol": True, "trusted_proxies": ["127.0.0.1/32", "10.0.0.0/8"]})
    with edge.line() as line:
        line.send(b"PROXY TCP4 10.1.1.1 10.0.0.1 1 2\r\n" + OPEN + b"X-Forwarded-For: 203.0.113.9\r\n\r\n")
        line.read()
    assert peers(edge) == ["203.0.113.9"]


def test_a_line_too_many_is_refused_before_its_header(start_edge: StartEdge) -> None:
    edge = start(start_edge, max_connections=1)
    with edge.line() as one:
        one.send(TEXT + ASK)
        assert one.read().status == 200
        with edge.line() as two:
            two.send(TEXT + ASK)
            assert two.read().status == 503
            assert two.is_closed()


def test_a_line_may_idle_after_its_header_as_long_as_any(start_edge: StartEdge) -> None:
    edge = start(start_edge, request_timeout_seconds=0.1, idle_timeout_seconds=30)
    with edge.line() as line, edge.line() as slow:
        line.send(TEXT)
        slow.send(b"P")
        assert slow.is_closed()  # well after the time for a header
        line.send(ASK)
        assert line.read().status == 200


def test_a_stop_does_not_wait_for_lines_without_a_header(start_edge: StartEdge) -> None:
    edge = start(start_edge)
    with edge.line() as line:
        line.send(b"PROXY")
        edge.stop()
        assert line.is_closed()


def test_without_the_option_the_header_is_no_http(start_edge: StartEdge) -> None:
    edge = start_edge(edge={"trusted_proxies": ["127.0.0.1/32"]})
    with Line(edge.port) as line:
        line.send(TEXT + ASK)
        assert line.read().status == 400


def test_the_option_without_a_named_proxy_stops_the_start() -> None:
    with pytest.raises(Misconfigured, match=r"edge\.trusted_proxies"):
        parse({"edge": {"proxy_protocol": True}}, root=Path())
