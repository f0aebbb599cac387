"""Lines of text are taken apart as they were put together, whatever stands in a user agent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.every import every

from mailwake.accesslog.text import COMBINED, COMMON, USUAL, TextFormat, unescape
from mailwake.errors import BadInput

LINE = '192.0.2.24 - - [23/Nov/2026:12:00:01 +0000] "GET /o/x HTTP/1.1" 200 43 "-" "Mail/1.0"'
VALUES = ["192.0.2.24", "-", "-", "23/Nov/2026:12:00:01 +0000", "GET /o/x HTTP/1.1", "200", "43", "-", "Mail/1.0"]


def nginx(value: bytes) -> str:
    """As nginx 1.22.1 escapes a value by default, seen on the real one."""
    return "".join(chr(b) if 32 <= b < 127 and b not in b'"\\' else f"\\x{b:02X}" for b in value) or "-"


def apache(value: bytes) -> str:
    """As Apache's mod_log_config escapes: quotes and backslashes with a backslash, the rest in hexadecimal."""
    words = {0x22: '\\"', 0x5C: "\\\\", 0x0A: "\\n", 0x09: "\\t", 0x0D: "\\r", 0x08: "\\b", 0x0B: "\\v", 0x0C: "\\f"}
    return "".join(words.get(b, chr(b) if 32 <= b < 127 else f"\\x{b:02x}") for b in value) or "-"


def test_combined_is_taken_apart() -> None:
    assert TextFormat(COMBINED).split(LINE) == VALUES


def test_the_usual_formats_are_told_apart() -> None:
    common, vhost = LINE.removesuffix(' "-" "Mail/1.0"'), f"track.example.com {LINE}"
    fitting = {
        line: [text for text in USUAL if TextFormat(text).split(line)] for line in (LINE, common, vhost, f"v {common}")
    }
    assert list(fitting.values()) == [[COMBINED], [COMMON], [f"%v {COMBINED}"], [f"%v {COMMON}"]]


def test_columns_that_follow_are_passed_over_as_in_the_main_format_of_nginx() -> None:
    assert TextFormat(COMBINED).split(LINE + ' "198.51.100.7, 203.0.113.9" 0.003') == VALUES
    assert TextFormat(COMBINED).split(LINE + "x") is None


@pytest.mark.parametrize("escaped", [nginx, apache])
@given(referer=st.binary(max_size=40), agent=st.binary(max_size=60))
def test_any_header_comes_back_from_its_escapes(escaped: object, referer: bytes, agent: bytes) -> None:
    assert callable(escaped)
    line = LINE.replace('"-" "Mail/1.0"', f'"{escaped(referer)}" "{escaped(agent)}"')
    values = TextFormat(COMBINED).split(line)
    assert values is not None
    for value, sent in zip(values[-2:], (referer, agent), strict=True):
        assert unescape(value).encode("latin-1") == sent or (value == "-" and not sent)


@every("value", ["\\xZZ", "\\", "\\x", "\\x2", "\\q", "\\u0022", "a\\"])
def test_what_is_no_escape_stays_as_it_stands(value: str) -> None:
    assert unescape(value) == value


def test_a_format_of_ones_own_is_the_string_of_the_configuration() -> None:
    line = 'track.example.com|1795435200.250|GET /o/x HTTP/1.1|de, en;q=0.9|"Mail \\x22 1.0"|abc'
    text = '$host|$msec|$request|$http_accept_language|"${http_user_agent}"|$request_id'
    hit = TextFormat(text).read(TextFormat(text).split(line) or [])
    assert hit is not None
    assert (hit.host, hit.at, hit.name) == (b"track.example.com", 1_795_435_200_250_000, "abc")
    assert hit.request.head == b'Host: track.example.com\r\nAccept-Language: de, en;q=0.9\r\nUser-Agent: Mail " 1.0'


def test_apaches_directives_may_carry_an_argument() -> None:
    text = '%h %{%Y-%m-%dT%H:%M:%SZ}t %m %U %>s "%{Accept-Language}i"'
    found = TextFormat(text, host="track.example.com")
    hit = found.read(found.split('192.0.2.24 2026-11-23T12:00:01Z HEAD /o/x 200 "de"') or [])
    assert hit is not None
    assert (hit.request.method, hit.request.path, hit.status, hit.request.told) == (
        "HEAD", b"/o/x", 200, ("accept-language",),
    )  # fmt: skip


@every(
    ("text", "problem"),
    [
        ("", "names no values"),
        ("combined", "names no values"),
        ("$host$msec", "side by side"),
        ("%U%q %t %m", "side by side"),
        ("$host $request", "no column holds the time"),
        ("$msec $request_uri", "no column holds the method"),
        ("$msec $request_method", "no column holds the path"),
    ],
)
def test_a_format_that_cannot_work_says_why(text: str, problem: str) -> None:
    with pytest.raises(BadInput, match=problem):
        TextFormat(text)


@every("filling", ['"', "\\", '\\"', " ", "[", "] ", '" "', "a", '\\\\"', "\0", "\x1b[2J", " [", '" 200 '], ids=repr)
def test_a_line_costs_no_more_than_its_length(filling: str) -> None:
    """Two megabytes: what grew with the square would not come back today."""
    line = '192.0.2.24 - - [23/Nov/2026:12:00:01 +0000] "GET /o/x' + filling * (2_000_000 // len(filling))
    for text in USUAL:
        values = TextFormat(text).split(line)
        assert values is None or values[-9 if "Referer" in text else -7] == "192.0.2.24"
