"""What RFC 9110 and 9112 ask of a server, on a real socket. Every line ends by `Connection: close` or by a refusal."""

import re
import time
from email.utils import parsedate_to_datetime

import pytest
from tests.contract.http.conftest import Expect, Serve
from tests.contract.http.engines import Talk, new_name
from tests.contract.http.requests import CLOSE, HOST, fate, get, last, outcome, post, told


def targets(talk: Talk) -> str:
    """What was answered, in order."""
    return " ".join(told(answer).target if answer.status == 200 else str(answer.status) for answer in talk.answers)


def test_a_line_stays_open_for_the_next_request(serve: Serve, expect: Expect) -> None:
    with serve().line() as line:
        said = []
        for path in ("/a", "/b", "/c"):
            line.send(get(path))
            said.append(told(line.read()).target)
    expect(" ".join(said), "/a /b /c")


def test_an_answer_has_its_exact_length(serve: Serve, expect: Expect) -> None:
    answer = serve().talk(last()).answers[0]
    expect(f"{answer['Content-Length']} {answer['Transfer-Encoding']}", f"{len(answer.body)} None")


def test_an_answer_has_the_date_in_the_form_of_the_rfc(serve: Serve, expect: Expect) -> None:
    date = serve().talk(last()).answers[0]["Date"] or ""
    is_right = re.fullmatch(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT", date)
    expect("now" if is_right and abs(parsedate_to_datetime(date).timestamp() - time.time()) < 60 else date, "now")


def test_head_gets_the_headers_of_get_and_no_body(serve: Serve, expect: Expect) -> None:
    with serve().line() as line:
        line.send(get("/big/100", method=b"HEAD"))
        head = line.read(head_only=True)
        line.send(last("/big/100"))  # the next answer starts right behind: there was no body
        body = line.read()
    names = [{name.lower() for name, _ in each.headers} - {"connection"} for each in (head, body)]
    expect(f"{head['Content-Length']}, without {names[1] - names[0] or 'nothing'}", "100, without nothing")


@pytest.mark.parametrize("case", [1, 2, 3, 7, 50])
def test_requests_may_come_in_pieces_of_so_many_bytes(serve: Serve, expect: Expect, case: int) -> None:
    data = get("/a") + get("/b") + post(b"5\r\nhello\r\n0\r\n\r\n", b"Transfer-Encoding: chunked", b"Connection: close")
    talk = serve().talk(*(data[start : start + case] for start in range(0, len(data), case)))
    expect(f"{targets(talk)} {told(talk.answers[-1]).body}", "/a /b /b hello")


def test_pipelined_requests_are_answered_in_order(serve: Serve, expect: Expect) -> None:
    paths = [f"/{number}" for number in range(50)]
    talk = serve().talk(b"".join(map(get, paths)) + last())
    expect(targets(talk), " ".join([*paths, "/last"]))


def test_a_slow_answer_is_not_overtaken_by_one_behind_it(serve: Serve, expect: Expect) -> None:
    expect(targets(serve().talk(get("/later/100") + get("/quick") + last())), "/later/100 /quick /last")


def test_of_a_deep_pipeline_few_are_under_way_at_once(serve: Serve, expect: Expect) -> None:
    server, name = serve(max_pipelined=8), new_name()
    with server.line() as line:
        line.send(get(f"/held/{name}") * 100 + last())
        server.wait_for(1, name)
        under_way = max(server.count("waiting", name) for _ in range(5))
        server.ask(f"/open/{name}")
        answers = [line.read().status for _ in range(101)]
    expect(f"{'few' if under_way <= 8 else under_way}, {len(answers)} answered", "few, 101 answered")


@pytest.mark.parametrize("case", ["close", "Close", "keep-alive, close", "close, TE", "foo,close"])
def test_a_request_that_asks_to_close_is_the_last(serve: Serve, expect: Expect, case: str) -> None:
    talk = serve().talk(get("/a", b"Connection: " + case.encode()) + last("/b"))
    said = (talk.answers[0]["Connection"] or "").lower() if talk.answers else None
    expect(f"{talk}, says {said}", "200, closed, says close")


@pytest.mark.parametrize("case", ["bare", "with a host", "asking to stay"])
def test_http_1_0_is_closed_unless_the_answer_says_that_it_stays_open(serve: Serve, expect: Expect, case: str) -> None:
    more = {"bare": b"", "with a host": HOST, "asking to stay": HOST + b"Connection: keep-alive\r\n"}[case]
    talk = serve().talk(b"GET /a HTTP/1.0\r\n" + more + b"\r\n")
    stays = (talk.answers[0]["Connection"] or "").lower() == "keep-alive"
    expect(f"{talk}{', as it said' if stays else ''}", "200, closed", "200, left open, as it said")


def test_http_1_0_gets_no_chunks(serve: Serve, expect: Expect) -> None:
    talk = serve().talk(b"GET /a HTTP/1.0\r\n\r\n")
    expect(talk.answers[0]["Transfer-Encoding"], None)


CHUNKED = {
    "one chunk": b"5\r\nhello\r\n0\r\n\r\n",
    "several": b"1\r\nh\r\n2\r\nel\r\n2\r\nlo\r\n0\r\n\r\n",
    "upper and lower case": b"A\r\nhello hell\r\n0b\r\no hello hel\r\n0\r\n\r\n",
    "leading zeros": b"0005\r\nhello\r\n0000\r\n\r\n",
    "extensions": b"5;a;b=c\r\nhello\r\n0;d=e\r\n\r\n",
    "a quoted extension": b'5;a="b c"\r\nhello\r\n0\r\n\r\n',
    "trailers": b"5\r\nhello\r\n0\r\nX-Sum: 1\r\nY: 2\r\n\r\n",
    "nothing": b"0\r\n\r\n",
}
BODIES = {"upper and lower case": "hello hello hello hel", "nothing": ""}


@pytest.mark.parametrize("case", CHUNKED)
def test_a_chunked_body_is_put_together(serve: Serve, expect: Expect, case: str) -> None:
    talk = serve().talk(post(CHUNKED[case], b"Transfer-Encoding: chunked", b"Connection: close"))
    wanted = BODIES.get(case, "hello")
    expect(told(talk.answers[0]).body if talk.statuses == [200] else talk, wanted)


@pytest.mark.parametrize("case", ["Host: evil", "Content-Length: 3", "Transfer-Encoding: chunked", "X-Role: admin"])
def test_a_trailer_never_becomes_a_header(serve: Serve, expect: Expect, case: str) -> None:
    body = b"5\r\nhello\r\n0\r\n%s\r\n\r\n" % case.encode()
    talk = serve().talk(post(body, b"Transfer-Encoding: chunked", b"Connection: close"))
    if talk.statuses == [200]:
        name, _, value = case.partition(": ")
        seen = [pair for pair in told(talk.answers[0]).headers if pair == (name.lower(), value)]
        expect("among the headers" if seen and name != "Transfer-Encoding" else "dropped", "dropped")
    else:
        expect(talk, "400, closed")


LENGTHS = {
    "plain": (b"Content-Length: 5", b"hello"),
    "leading zeros": (b"Content-Length: 00005", b"hello"),
    "blanks around it": (b"Content-Length: \t 5 \t", b"hello"),
    "no blank": (b"Content-Length:5", b"hello"),
    "lower case": (b"content-length: 5", b"hello"),
    "zero": (b"Content-Length: 0", b""),
    "none": (b"X-None: 0", b""),
}


@pytest.mark.parametrize("case", LENGTHS)
def test_a_body_has_the_length_that_was_told(serve: Serve, expect: Expect, case: str) -> None:
    line, body = LENGTHS[case]
    talk = serve().talk(post(body, line, b"Connection: close"))
    expect(told(talk.answers[0]).body if talk.statuses == [200] else talk, body.decode())


@pytest.mark.parametrize("case", [b"Content-Length: 5", b"Transfer-Encoding: chunked"], ids=lambda line: line.decode())
def test_behind_a_body_the_line_goes_on_or_is_closed_as_it_was_told(serve: Serve, expect: Expect, case: bytes) -> None:
    body = b"hello" if case.startswith(b"C") else b"5\r\nhello\r\n0\r\n\r\n"
    talk = serve().talk(post(body, case) + last())
    expect(outcome(talk, count=2), "/b /last", "closed as it was told")


def test_a_get_may_have_a_body(serve: Serve, expect: Expect) -> None:
    talk = serve().talk(get("/a", b"Content-Length: 5", b"Connection: close") + b"hello")
    expect(told(talk.answers[0]).body, "hello")


ABSOLUTE = {
    "with a path": (b"http://y:80/a?b", "/a?b of y:80"),
    "without a path": (b"http://y", "/ of y"),
    "with a query alone": (b"http://y?a/b", "/?a/b of y"),
    "in upper case": (b"HTTP://Y/A", "/A of Y"),
    "https": (b"https://y/a", "/a of y"),
}


@pytest.mark.parametrize("case", ABSOLUTE)
def test_an_absolute_target_names_path_and_host(serve: Serve, expect: Expect, case: str) -> None:
    target, wanted = ABSOLUTE[case]
    talk = serve().talk(b"GET %s HTTP/1.1\r\n" % target + HOST + CLOSE + b"\r\n")
    asked = told(talk.answers[0]) if talk.statuses == [200] else None
    expect(f"{asked.target} of {asked.host}" if asked else talk, wanted)


def test_options_may_be_asked_of_the_whole_server(serve: Serve, expect: Expect) -> None:
    talk = serve().talk(b"OPTIONS * HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n")
    expect(told(talk.answers[0]).target if talk.statuses == [200] else talk, "*")


def test_no_tunnel_is_opened(serve: Serve, expect: Expect) -> None:
    data = b"CONNECT x:443 HTTP/1.1\r\n" + HOST + b"\r\n"
    expect(fate(serve(), data), "400, closed", "405, closed", "501, closed")


def test_empty_lines_before_a_request_are_passed_over(serve: Serve, expect: Expect) -> None:
    expect(targets(serve().talk(b"\r\n" + get("/a") + b"\r\n\r\n" + last())), "/a /last")


@pytest.mark.parametrize("case", ["100-continue", "100-Continue"])
def test_a_client_that_waits_is_told_to_go_on(serve: Serve, expect: Expect, case: str) -> None:
    with serve().line() as line:
        line.send(post(b"", b"Content-Length: 5", b"Expect: " + case.encode(), b"Connection: close"))
        first = line.read().status if line.is_readable(1) else "nothing"
        line.send(b"hello")
        expect(f"{first} {told(line.read()).body}", "100 hello")


def test_a_client_of_http_1_0_is_not_told_to_go_on(serve: Serve, expect: Expect) -> None:
    head = b"POST /b HTTP/1.0\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
    expect(serve().talk(head, b"hello"), "200, closed")


def test_another_expectation_fails(serve: Serve, expect: Expect) -> None:
    expect(
        serve().talk(post(b"hello", b"Content-Length: 5", b"Expect: a-miracle", b"Connection: close")), "417, closed"
    )


def test_a_body_that_is_too_long_is_refused_before_it_is_sent(serve: Serve, expect: Expect) -> None:
    talk = serve().talk(post(b"", b"Content-Length: 8193", b"Expect: 100-continue"))
    expect(talk, "413, closed")


@pytest.mark.parametrize("case", ["websocket", "h2c", "TLS/1.0", "nonsense"])
def test_a_wish_to_upgrade_is_answered_as_if_it_had_not_been_made(serve: Serve, expect: Expect, case: str) -> None:
    upgrade = (b"Connection: Upgrade, HTTP2-Settings", b"HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA")
    talk = serve().talk(get("/a", b"Upgrade: " + case.encode(), *upgrade) + last())
    expect(outcome(talk, count=2), "/a /last", "closed as it was told")


def test_a_wish_to_upgrade_costs_no_body(serve: Serve, expect: Expect) -> None:
    """So it is with curl --http2 and a form."""
    wish = (b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA")
    answers = serve().talk(post(b"hello", b"Content-Length: 5", *wish) + last()).answers
    expect(told(answers[0]).body if answers and answers[0].status == 200 else answers, "hello")


@pytest.mark.parametrize("case", ["OPTIONS", "PUT", "DELETE", "TRACE", "PATCH", "PROPFIND", "SEARCH", "REPORT"])
def test_every_method_reaches_the_handler_which_knows_what_it_offers(serve: Serve, expect: Expect, case: str) -> None:
    talk = serve().talk(get("/a", b"Connection: close", method=case.encode()))
    expect(told(talk.answers[0]).method if talk.statuses == [200] else talk, case)


@pytest.mark.parametrize(
    "case",
    ["/a%2Fb", "/a/../b", "/./a", "//c//x", "/%zz%", "/%ff%fe%00", "/a;x=1", "/?q=?&r=%00", "/?a?b", "/{}|^`<>\"'"],
)
def test_a_target_is_handed_on_as_it_came(serve: Serve, expect: Expect, case: str) -> None:
    talk = serve().talk(last(case))
    expect(told(talk.answers[0]).target if talk.statuses == [200] else talk, case)


def test_headers_are_handed_on_as_they_came(serve: Serve, expect: Expect) -> None:
    lines = [b"USER-agent: caf\xe9\t", b"X-Twice: 1", b"x-twice: 2", b"Empty:", b"A: b  c", b"Connection: close"]
    kept = [("USER-agent", "caf\xe9"), ("X-Twice", "1"), ("x-twice", "2"), ("Empty", ""), ("A", "b  c")]
    seen = told(serve().talk(get("/a", *lines)).answers[0]).headers[1:-1]
    lower = [(name.lower(), value) for name, value in kept]
    changed = ["names in lower case"] if [name for name, _ in seen] == [name for name, _ in lower] else []
    changed += ["blanks behind a value stay"] if seen[0][1] == "caf\xe9\t" else []
    stripped = [(name.lower(), value.strip()) for name, value in seen]
    expect(" and ".join(changed) or "as they came" if stripped == lower else seen, "as they came")


def test_a_long_head_within_the_limit_is_read(serve: Serve, expect: Expect) -> None:
    expect(serve().talk(get("/a", b"Cookie: " + b"c" * 60_000, b"Connection: close")), "200, closed")


def test_a_fault_of_the_handler_is_answered_and_takes_nobody_down(serve_alone: Serve, expect: Expect) -> None:
    talk = serve_alone().talk(get("/fault") + last())
    expect(" ".join(map(str, talk.statuses)), "500 200", "500")
