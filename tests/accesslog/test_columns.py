"""Which column holds what, and what follows from a column that is not there."""

import pytest
from tests.every import every

from mailwake.accesslog.columns import Columns, Hit, Writing
from mailwake.errors import Unreadable

PLAIN = Writing(absent="-")
GOOD = {"msec": "1795435200.250", "request": "GET /o/x HTTP/1.1", "host": "track.example.com"}


def read(columns: dict[str, str], *, host: str = "") -> Hit | None:
    return Columns([*columns], PLAIN, host=host).read([*columns.values()])


def hit(columns: dict[str, str], *, host: str = "") -> Hit:
    found = read(columns, host=host)
    assert found is not None
    return found


def test_the_request_line_gives_method_and_target() -> None:
    found = hit({**GOOD, "request": "HEAD /o/x?a=b HTTP/2.0"})
    assert (found.request.method, found.request.path) == ("HEAD", b"/o/x?a=b")
    assert hit({**GOOD, "request": "GET /o/x"}).request.path == b"/o/x"
    assert hit({**GOOD, "request": "GET /o/x y HTTP/1.1"}).request.path == b"/o/x y"


def test_an_absolute_target_brings_its_own_host() -> None:
    found = hit({**GOOD, "request": "GET http://other.example.com:8080/o/x HTTP/1.1"})
    assert (found.host, found.request.path) == (b"other.example.com:8080", b"/o/x")
    assert found.request.head == b"Host: track.example.com"


def test_columns_of_their_own_go_before_the_request_line() -> None:
    found = hit({**GOOD, "request": "PUT /elsewhere HTTP/1.1", "request_method": "GET", "request_uri": "/o/x"})
    assert (found.request.method, found.request.path) == ("GET", b"/o/x")


@every(
    "target", ["/", "/index.html", "/o", "/O/x", "/o%2Fx", "//o/x", "/c/x/y", "/u/x", "x/o/", "", "*", "\x16\x03\x01"]
)
def test_only_pixels_are_hits(target: str) -> None:
    assert read({**GOOD, "request": f"GET {target} HTTP/1.1"}) is None


def test_a_line_that_is_no_pixel_is_not_looked_at_any_further() -> None:
    assert read({**GOOD, "request": "GET / HTTP/1.1", "msec": "broken", "host": "-"}) is None


@every("request_line", ["", "-", "GET", "\x16\x03\x01\x02", " ", "GET  HTTP/1.1"])
def test_a_request_that_is_none_is_no_pixel(request_line: str) -> None:
    assert read({**GOOD, "request": request_line}) is None


def test_without_a_host_the_operator_is_asked_for_it() -> None:
    bare = {key: value for key, value in GOOD.items() if key != "host"}
    with pytest.raises(Unreadable, match="say --host"):
        read(bare)
    found = hit(bare, host="track.example.com")
    assert found.host == b"track.example.com"
    assert (found.request.head, found.request.told) == (b"", ())


def test_the_name_of_the_distribution_is_not_the_host_that_was_asked_for() -> None:
    asked = {"x-host-header": "track.example.com", "cs(Host)": "d111111abcdef8.cloudfront.net"}
    found = hit({"msec": "1795435200", "request": "GET /o/x", **asked})
    assert found.host == b"track.example.com"
    assert found.request.head == b"Host: track.example.com"


def test_day_and_time_of_day_may_stand_apart() -> None:
    parts = {"date": "2026-11-23", "time": "12:00:00", "cs-method": "GET", "cs-uri-stem": "/o/x", "host": "t"}
    assert hit(parts).at == 1_795_435_200_000_000
    assert hit({**parts, "timestamp(ms)": "1795435200250"}).at == 1_795_435_200_250_000
    with pytest.raises(Unreadable):
        read({**parts, "date": "-"})


def test_a_query_is_part_of_what_was_asked_for() -> None:
    parts = {"msec": "1795435200", "cs-method": "GET", "cs-uri-stem": "/o/x", "cs-uri-query": "a=b", "host": "t"}
    assert hit(parts).request.path == b"/o/x?a=b"
    assert hit({**parts, "cs-uri-query": "-"}).request.path == b"/o/x"


@every(
    ("column", "header"),
    [
        ("http_user_agent", b"User-Agent: v"),
        ("cs(User-Agent)", b"User-Agent: v"),
        ("request_user_agent", b"User-Agent: v"),
        ("http_sec_ch_ua_mobile", b"Sec-Ch-Ua-Mobile: v"),
        ("HTTP_X_MOZ", b"X-Moz: v"),
        ("cs(Referer)", b"Referer: v"),
        ("x-forwarded-for", b"X-Forwarded-For: v"),
        ("http_x_forwarded_for", b"X-Forwarded-For: v"),
    ],
)
def test_headers_are_known_by_the_names_of_their_columns(column: str, header: bytes) -> None:
    found = hit({**GOOD, column: "v"})
    assert found.request.head == b"Host: track.example.com\r\n" + header
    assert found.request.told == ("host", header.decode().partition(":")[0].lower())


@every("column", ["bytes_sent", "http_", "cs()", "sent_http_etag", "upstream_addr", "cs-bytes"])
def test_other_columns_are_passed_over(column: str) -> None:
    assert hit({**GOOD, column: "v"}).request == hit(GOOD).request


@every(
    ("logged", "peer"),
    [
        ("192.0.2.24", "192.0.2.24"),
        ("2001:0db8:85a3:0000:0000:8a2e:0370:7334", "2001:db8:85a3::8a2e:370:7334"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("::ffff:192.0.2.24", "::ffff:192.0.2.24"),
        ("-", ""),
        ("unix:", ""),
        ("mail.example.com", ""),
        ("192.0.2.256", ""),
        ("192.0.2.024", ""),
        ("192.0.2.24, 198.51.100.7", ""),
        ("x" * 5_000, ""),
        ("\ud800", ""),
    ],
)
def test_an_address_is_one_or_not_known(logged: str, peer: str) -> None:
    assert hit({**GOOD, "remote_addr": logged}).request.peer == peer


@every(
    ("logged", "status"),
    [("200", 200), ("000", 0), ("499", 499), ("-", None), ("2", None), ("9" * 9_000, None), ("²00", None)],
)
def test_a_status_is_three_digits_or_not_known(logged: str, status: int | None) -> None:
    assert hit({**GOOD, "status": logged}).status == status


def test_a_line_with_too_few_columns_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="fewer columns"):
        Columns([*GOOD], PLAIN).read(["1795435200"])


def test_columns_that_cannot_tell_of_a_request_say_what_they_lack() -> None:
    columns = Columns(["host", "request"], PLAIN)
    with pytest.raises(Unreadable, match="time"):
        columns.read(["track.example.com", "GET /o/x"])
