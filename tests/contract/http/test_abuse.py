"""What strangers try: a request that two readers could understand differently is refused, and what is behind it unread.

`fate` puts another request right behind each of these, reads to the end of the line, and tells whether it was run.
"""

import pytest
from tests.contract.http.conftest import Expect, Serve
from tests.contract.http.requests import CLOSE, HOST, fate, get, last, post, together, told
from tests.contract.http.shapes import CHUNKS, FRAMING, HEADERS, REQUEST_LINES, STRANGERS, ZERO

#: time that a stranger has here, so that waiting for the end is short
SOON = {"request_timeout_seconds": 0.4, "idle_timeout_seconds": 0.4}
#: longer than anybody waits: what is refused then is refused for what it is, and a busy machine looks like no idle one
LATE = {"request_timeout_seconds": 30.0, "idle_timeout_seconds": 30.0}


@pytest.mark.parametrize("case", FRAMING)
def test_a_body_without_one_clear_end_is_refused(serve: Serve, expect: Expect, case: str) -> None:
    expect(fate(serve(), FRAMING[case]), "400, closed", "413, closed", "501, closed")


@pytest.mark.parametrize("case", CHUNKS)
def test_chunks_that_are_not_by_the_letter_are_refused(serve: Serve, expect: Expect, case: str) -> None:
    expect(fate(serve(), CHUNKS[case]), "400, closed", "413, closed")


@pytest.mark.parametrize("case", HEADERS)
def test_headers_that_are_not_by_the_letter_are_refused(serve: Serve, expect: Expect, case: str) -> None:
    expect(fate(serve(), HEADERS[case]), "400, closed")


@pytest.mark.parametrize("case", REQUEST_LINES)
def test_a_request_line_that_is_not_by_the_letter_is_refused(serve: Serve, expect: Expect, case: str) -> None:
    expect(fate(serve(), REQUEST_LINES[case]), "400, closed", "405, closed", "501, closed", "505, closed")


@pytest.mark.parametrize("case", STRANGERS)
def test_who_speaks_something_else_is_told_and_cut(serve: Serve, expect: Expect, case: str) -> None:
    expect(together(serve(**SOON), STRANGERS, alone=True)[case], "400, closed", "408, closed", "505, closed")


NOTHING = {"CR LF": b"\r\n" * 500, "LF": b"\n" * 500, "spaces": b" " * 500, "NUL": bytes(500)}


@pytest.mark.parametrize("case", NOTHING)
def test_a_line_full_of_nothing_ends(serve: Serve, expect: Expect, case: str) -> None:
    expect(together(serve(**SOON), NOTHING, alone=True)[case], "nothing, closed", "400, closed", "408, closed")


def test_a_coding_in_http_1_0_ends_the_line(serve: Serve, expect: Expect) -> None:
    data = b"POST /b HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n" + ZERO
    expect(fate(serve(), data), "400, closed", "200, closed")


def test_a_header_like_a_coding_is_none(serve: Serve, expect: Expect) -> None:
    expect(fate(serve(), post(ZERO, b"Transfer_Encoding: chunked")), "200 then 400, closed")


def test_what_came_before_a_malformed_request_is_answered_first(serve: Serve, expect: Expect) -> None:
    expect(fate(serve(), get("/a") + b"nonsense\r\n\r\n"), "200 then 400, closed")


def test_a_slow_answer_is_not_lost_because_of_nonsense_behind_it(serve: Serve, expect: Expect) -> None:
    expect(fate(serve(), get("/later/100") + b"nonsense\r\n\r\n"), "200 then 400, closed")


def test_a_request_hidden_in_a_body_is_a_body(serve: Serve, expect: Expect) -> None:
    hidden = get("/smuggled/hidden")
    talk = serve().talk(post(hidden, b"Content-Length: %d" % len(hidden), b"Connection: close"))
    expect(f"{talk} {serve().count('seen', 'hidden')}", "200, closed 0")


FLOODS = {
    "a path of 64 kB": (b"GET /" + b"a" * 65_536 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414),
    "a path without an end": (b"GET /" + b"a" * 200_000, 414),
    "a method without an end": (b"G" * 200_000, 414),
    "a cookie of 100 kB": (get("/a", b"Cookie: " + b"c" * 100_000), 431),
    "a cookie without an end": (b"GET /a HTTP/1.1\r\n" + HOST + b"Cookie: " + b"c" * 200_000, 431),
    "a name of 100 kB": (get("/a", b"X" * 100_000 + b": y"), 431),
    "1,000 headers": (get("/a", *(b"X-%d: y" % number for number in range(1_000))), 431),
    "1,000 empty headers": (get("/a", *[b"X:"] * 1_000), 431),
    "20,000 headers": (get("/a", *[b"X: y"] * 20_000), 431),
    "headers without an end": (b"GET /a HTTP/1.1\r\n" + HOST + b"X: y\r\n" * 20_000, 431),
    "a Range of 30,000 parts": (get("/a", b"Range: bytes=" + b"0-," * 30_000 + b"0-"), 431),
}


@pytest.mark.parametrize("case", FLOODS)
def test_a_head_past_the_limits_is_refused(serve: Serve, expect: Expect, case: str) -> None:
    wanted = f"{FLOODS[case][1]}, closed"
    expect(together(serve(**SOON), {name: data for name, (data, _) in FLOODS.items()})[case], wanted, "400, closed")


BODIES = {
    "a body past the limit": post(b"x" * 8_193, b"Content-Length: 8193"),
    "a body of 300 kB": post(b"x" * 300_000, b"Content-Length: 300000"),
    "a body that says 2 TB": post(b"x" * 100_000, b"Content-Length: 2199023255552"),
    "a long chunk": post(b"2001\r\n" + b"x" * 8_193 + b"\r\n" + ZERO, b"Transfer-Encoding: chunked"),
    "chunks past the limit": post(
        b"1000\r\n" + b"x" * 4_096 + b"\r\n1001\r\n" + b"x" * 4_097, b"Transfer-Encoding: chunked"
    ),
    "a chunk that says 16 EB": post(b"ffffffffffffff0\r\n" + b"x" * 100_000, b"Transfer-Encoding: chunked"),
    "a chunk of 64 bits": post(b"fffffffffffffffe\r\n" + b"x" * 100_000, b"Transfer-Encoding: chunked"),
    "tiny chunks without an end": post(b"1\r\nx\r\n" * 20_000, b"Transfer-Encoding: chunked"),
    "extensions without an end": post(b"1;" + b"e" * 200_000, b"Transfer-Encoding: chunked"),
    "an extension on every byte": post((b"1;" + b"e" * 100 + b"\r\nx\r\n") * 700, b"Transfer-Encoding: chunked"),
    "zeros without an end": post(b"0" * 200_000, b"Transfer-Encoding: chunked"),
    "trailers without an end": post(b"0\r\n" + b"A: b\r\n" * 40_000, b"Transfer-Encoding: chunked"),
}  # fmt: skip


@pytest.mark.parametrize("case", BODIES)
def test_a_body_past_the_limits_is_refused(serve: Serve, expect: Expect, case: str) -> None:
    expect(together(serve(**LATE), BODIES)[case], "413, closed", "400, closed", "431, closed")


def test_a_refusal_arrives_although_the_client_is_still_sending(serve: Serve, expect: Expect) -> None:
    with serve().line() as line:
        line.send(post(b"x" * 8_193, b"Content-Length: 4000000"))
        for _ in range(20):
            try:
                line.send(b"x" * 100_000)
            except ConnectionError:
                break
        try:
            happened = str(line.read().status) if line.is_readable(1) else "nothing"
        except ConnectionResetError:
            happened = "cut"
    expect(happened, "413")


def test_a_long_list_of_ranges_within_the_limit_changes_nothing(serve: Serve, expect: Expect) -> None:
    talk = serve().talk(get("/a", b"Range: bytes=" + b"0-," * 10_000 + b"0-", b"Connection: close"))
    expect(talk, "200, closed")


@pytest.mark.parametrize("case", ["<script>", "{{7*7}}", "' OR 1=1 --", "${jndi:ldap://x}", "%0d%0aSet-Cookie: a"])
def test_a_header_full_of_tricks_is_a_header(serve: Serve, expect: Expect, case: str) -> None:
    talk = serve().talk(get("/a", b"user-agent: " + case.encode(), CLOSE.strip()))
    expect(f"{talk} {dict(told(talk.answers[0]).headers)['user-agent']}", f"200, closed {case}")


def test_one_line_of_nonsense_harms_no_other_line(serve: Serve, expect: Expect) -> None:
    server = serve()
    with server.line() as good:
        for shape in (*FRAMING.values(), *HEADERS.values()):
            with server.line() as bad:
                bad.send(shape)
        good.send(last())
        expect(good.read().status, 200)
