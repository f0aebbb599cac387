"""JSON lines: any keys in any order, bytes that are no UTF-8, and nothing that hurts."""

import json

import pytest
from tests.every import every

from mailwake.accesslog.columns import Hit
from mailwake.accesslog.json_lines import JsonLines
from mailwake.errors import Unreadable

LINE = {
    "msec": "1795435200.250", "request_method": "GET", "host": "track.example.com", "request_uri": "/o/x",
    "status": "200", "request_id": "abc", "remote_addr": "192.0.2.24", "http_user_agent": "Mail/1.0",
}  # fmt: skip


def read(**change: object) -> Hit:
    hit = JsonLines().read(json.dumps({**LINE, **change}).encode())
    assert hit is not None
    return hit


def test_a_line_of_nginx_is_the_request_it_tells_of() -> None:
    hit = read()
    assert (hit.at, hit.host, hit.name, hit.status) == (1_795_435_200_250_000, b"track.example.com", "abc", 200)
    assert (hit.request.method, hit.request.path, hit.request.peer) == ("GET", b"/o/x", "192.0.2.24")
    assert hit.request.head == b"Host: track.example.com\r\nUser-Agent: Mail/1.0"
    assert hit.request.told == ("host", "user-agent")


def test_a_header_that_is_empty_was_not_sent_and_is_told() -> None:
    hit = read(http_user_agent="", http_accept_language="")
    assert hit.request.head == b"Host: track.example.com"
    assert hit.request.told == ("host", "user-agent", "accept-language")


def test_keys_may_stand_in_any_order_and_change_from_line_to_line() -> None:
    reader = JsonLines()
    turned = dict(reversed(LINE.items()))
    lines = [json.dumps(each).encode() for each in (LINE, turned, {**LINE, "more": 1}, LINE)]
    hits = [reader.read(line) for line in lines]
    assert {(hit.at, hit.host, hit.request.path, hit.name) for hit in hits if hit} == {
        (1_795_435_200_250_000, b"track.example.com", b"/o/x", "abc")
    }
    assert len([hit for hit in hits if hit]) == 4


def test_numbers_may_be_numbers() -> None:
    hit = read(msec=1795435200.25, status=200, request_id=None)
    assert (hit.at, hit.status, hit.name) == (1_795_435_200_250_000, 200, "")


def test_bytes_that_are_no_utf_8_stay_what_they_are() -> None:
    """nginx with escape=json leaves them alone: caf\\xe9 from a client of former times."""
    line = json.dumps(LINE).encode().replace(b"Mail/1.0", b"caf\xe9 \xc3\xa9")
    hit = JsonLines().read(line)
    assert hit is not None
    assert hit.request.head.endswith(b"User-Agent: caf\xe9 \xc3\xa9")


def test_escapes_of_json_are_undone() -> None:
    line = json.dumps(LINE).encode().replace(b"Mail/1.0", b'a\\"b\\\\c\\u00e9')
    hit = JsonLines().read(line)
    assert hit is not None
    assert hit.request.head.endswith(b'User-Agent: a"b\\c\xc3\xa9')


@every(
    "line",
    [
        b"{", b"{}", b"[]", b"[[[]]]", b"null", b'"x"', b"{" * 100_000, b"[" * 100_000, b'{"a":' * 50_000,
        b'{"msec":"1"}', b'{"msec":1e400}', b"{\xff}", b'{"a":"\x00"}',
        json.dumps({**LINE, "http_user_agent": "\ud800"}).encode(),
        json.dumps({**LINE, "msec": "soon"}).encode(),
        json.dumps({**LINE, "msec": {"a": [1]}}).encode(),
        json.dumps({**LINE, "host": ""}).encode(),
    ],
    ids=lambda line: repr(line[:30]),
)  # fmt: skip
def test_what_tells_no_request_is_unreadable_and_harmless(line: bytes) -> None:
    with pytest.raises(Unreadable):
        JsonLines().read(line)


@every("key", ["http_user_agent", "http_accept_language", "host", "request_uri", "request_method"])
@every("smuggled", ["x\r\nAccept-Language: de", "x\nSec-Fetch-Mode: no-cors", "x\0", "\r"])
def test_no_value_makes_a_header_of_its_own(key: str, smuggled: str) -> None:
    value = f"/o/{smuggled}" if key == "request_uri" else smuggled
    with pytest.raises(Unreadable, match="line break or a NUL"):
        read(**{key: value})


def test_a_log_with_ever_new_keys_takes_no_memory() -> None:
    reader = JsonLines()
    for number in range(2_000):
        reader.read(json.dumps({**LINE, f"key{number}": 1}).encode())
    assert len(reader._shapes) <= 256
