"""What strangers do to the tracking host as a whole: floods, odd requests, curiosity. Each test is a promise."""

import base64
import random
import tracemalloc
from collections.abc import Iterator

import pytest
from tests.edge.conftest import DELIVERY, HOST, TARGET, RunningEdge, StartEdge, click, link, message
from tests.every import every

from mailwake.edge.pages import MISDIRECTED, NOT_FOUND
from mailwake.edge.pixel import GIF
from mailwake.events import EventType

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
CANARY = "canary-7f3a"
WEBDAV = ["PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "SEARCH", "REPORT"]


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()


def invented(count: int) -> Iterator[str]:
    """Texts of a token's length and alphabet; every other one begins like a real one."""
    source, real = random.Random(20_261_123), message()
    for number in range(count):
        text = "".join(source.choices(ALPHABET, k=len(real)))
        yield real[0] + text[1:] if number % 2 else text


@pytest.mark.long
def test_of_five_thousand_invented_tokens_none_is_believed_and_a_real_click_in_between_always(
    edge: RunningEdge,
) -> None:
    """Memory stays flat and the log holds the real clicks alone; a million of them: tests/fuzz/test_tokens.py."""
    tokens = invented(5_000)
    with edge.line() as line:

        def flood(rounds: int) -> None:
            for _ in range(rounds):
                paths = [f"/o/{next(tokens)}" if n % 2 else f"/c/{next(tokens)}/{link()}" for n in range(50)]
                line.send(b"".join(map(get, [*paths, click()])))
                answers = [line.read() for _ in range(51)]
                assert {answer["Location"] for answer in answers[:-1]} == {None}
                assert answers[-1]["Location"] == TARGET

        flood(40)
        tracemalloc.start()
        try:
            flood(60)
            assert tracemalloc.get_traced_memory()[0] < 500_000
        finally:
            tracemalloc.stop()
    assert [event.type for event in edge.events()] == [EventType.CLICKED] * 100
    report = edge.stop()
    assert (report["rejected"], report["recorded"]) == (5_000, 100)


@every("method", ["OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", *WEBDAV])
@every("what", ["pixel", "link"])
def test_every_method_but_get_and_head_is_refused_reflects_nothing_and_leaves_no_record(
    edge: RunningEdge, what: str, method: str
) -> None:
    path = f"/o/{message()}" if what == "pixel" else click()
    answer = edge.ask(path, method=method, headers={"X-Canary": CANARY})
    assert (answer.status, answer["Allow"], answer["Location"]) == (405, "GET, HEAD", None)
    assert CANARY not in answer.text
    assert edge.events() == []


@pytest.mark.parametrize("what", ["pixel", "link"])
def test_head_gets_the_headers_of_get_and_is_kept_as_what_it_is(edge: RunningEdge, what: str) -> None:
    path = f"/o/{message()}" if what == "pixel" else click()
    head, whole = edge.ask(path, method="HEAD"), edge.ask(path)
    assert [pair for pair in head.headers if pair[0] != "Date"] == [pair for pair in whole.headers if pair[0] != "Date"]
    assert [event.request.method for event in edge.events() if event.request] == ["HEAD", "GET"]


ODD = {
    "a path of 64 kB": ("/o/" + "A" * 65_536, {}),
    "1,000 headers": (f"/o/{message()}", {f"X-{number}": "y" for number in range(1_000)}),
    "a cookie of 100 kB": (f"/o/{message()}", {"Cookie": "c" * 100_000}),
    "UTF-8 in the path": ("/o/\u00c3\u00a9", {}),
    "bad UTF-8 in the path": ("/o/\xff\xfe", {}),
    "a NUL in a header": (f"/o/{message()}", {"User-Agent": "a\x00b"}),
    "a percent sign alone": ("/c/%/%", {}),
    "percent signs and no digits": ("/c/%zz/%g1", {}),
    "an encoded bad byte": ("/c/%ff%fe/%00", {}),
    "a path upwards": (f"/x/..{click()}", {}),
    "a path upwards, encoded": (f"/x/%2e%2e{click()}", {}),
    "a path upwards behind": (f"{click()}/../../o/x", {}),
    "two slashes in front": (f"/{click()}", {}),
    "two slashes inside": (click().replace("/c/", "/c//"), {}),
    "a dot inside": (click().replace("/c/", "/./c/"), {}),
    "an encoded letter": (click().replace("/c/", "/%63/"), {}),
    "an upper case letter": (click().replace("/c/", "/C/"), {}),
    "a backslash": (click().replace("/c/", "\\c\\"), {}),
    "a semicolon": (click() + ";jsessionid=1", {}),
}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_request_is_the_clients_fault_and_names_no_other_path(
    edge: RunningEdge, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    path, headers = ODD[name]
    answer = edge.ask(path, headers=headers)
    assert 400 <= answer.status < 500
    assert answer["Location"] is None
    assert "Traceback" not in answer.text
    assert [event.type for event in edge.events() if event.type is not EventType.UNKNOWN] == []
    assert edge.stop()["faults"] == 0
    assert caplog.records == []


def test_a_link_clicked_a_thousand_times_over_is_answered_and_kept_each_time(edge: RunningEdge) -> None:
    """What it counts for is decided later: tests/pipeline/test_floods.py."""
    with edge.line() as line:
        for _ in range(20):
            line.send(get(click()) * 50)
            assert {line.read()["Location"] for _ in range(50)} == {TARGET}
    assert [event.delivery for event in edge.events()] == [DELIVERY] * 1_000


def test_a_cache_is_given_nothing_to_compare_and_every_open_comes_here(edge: RunningEdge) -> None:
    for name in ("If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Match", "If-Range", "Cache-Control"):
        answer = edge.ask(f"/o/{message()}", headers={name: '"x"'})
        assert (answer.status, answer.body) == (200, GIF)
        assert not [name for name, _ in answer.headers if name.lower() in ("etag", "last-modified", "expires", "age")]
    assert len(edge.events()) == 6


def test_the_target_never_learns_of_the_link_it_was_reached_by(edge: RunningEdge) -> None:
    where = click()
    answer = edge.ask(where)
    assert answer["Referrer-Policy"] == "no-referrer"
    message_part, link_part = where.split("/")[2:]
    for _, value in answer.headers:
        assert message_part not in value
        assert link_part not in value
    assert answer["Location"] == TARGET


@every(
    "payload",
    [
        CANARY,
        f"<script>{CANARY}</script>",
        f"%3Cscript%3E{CANARY}%3C/script%3E",
        f"{{{{{CANARY}}}}}",
        f"javascript:{CANARY}",
        f"%0d%0aSet-Cookie:%20{CANARY}",
    ],
)
def test_what_does_not_exist_is_answered_with_the_same_bytes_whatever_was_asked(
    edge: RunningEdge, payload: str
) -> None:
    headers = dict.fromkeys(
        ["Referer", "User-Agent", "Cookie", "X-Forwarded-Host", "Accept-Language", "Origin"], payload
    )
    for path in (f"/{payload}", f"/c/{payload}/x?{payload}", f"/u/{payload}", f"/p/{payload}#{payload}"):
        answer = edge.ask(path, headers=headers)
        assert (answer.status, answer.body) == (404, NOT_FOUND.body)
        assert CANARY not in str(answer.headers)
    elsewhere = edge.ask("/", host=f"{CANARY}.example.com", headers=headers)
    assert (elsewhere.status, elsewhere.body) == (421, MISDIRECTED.body)
    assert CANARY not in str(elsewhere.headers)


@every("suffix", [".html", ".svg", ".js", ".gif", "/x.html", "?x.html", "%2ehtml"])
def test_a_pixel_is_a_picture_and_nothing_else_whatever_its_address_ends_in(edge: RunningEdge, suffix: str) -> None:
    answer = edge.ask(f"/o/{message()}{suffix}", headers={"Accept": "text/html"})
    assert (answer.status, answer["Content-Type"], answer.body) == (200, "image/gif", GIF)
    assert (answer["X-Content-Type-Options"], answer["Content-Security-Policy"]) == ("nosniff", "default-src 'none'")


def test_a_token_in_another_spelling_is_no_token(edge: RunningEdge) -> None:
    """Decoders that are lenient read all of these as the same bytes."""
    real = message()
    padded = real + "=" * (-len(real) % 4)
    others = [padded, padded + "====", real + "!", real[:9] + "\t" + real[9:], real.replace("-", "+").replace("_", "/")]
    others += [real[:-1] + last for last in ALPHABET if last != real[-1]]
    raw = base64.urlsafe_b64decode(padded)
    assert base64.urlsafe_b64decode(padded + "====") == raw
    for text in (each for each in others if each != real):
        assert edge.ask(f"/c/{text.replace(chr(9), '%09')}/{link()}")["Location"] is None
    assert edge.events() == []


@pytest.mark.long
def test_two_thousand_who_send_a_byte_now_and_then_keep_nobody_waiting(start_edge: StartEdge) -> None:
    """All are cut when their ten seconds are over, and meanwhile every other request is answered."""
    edge = start_edge()
    slow = [edge.line() for _ in range(2_000)]
    try:
        for line in slow:
            line.send(b"GET /o/")
        answered = rounds = 0
        while slow:
            rounds += 1
            assert rounds < 5_000
            with edge.line() as other:
                other.send(get(click()) * 20)
                answered += [other.read()["Location"] for _ in range(20)].count(TARGET)
            for line in slow[:: 1 + len(slow) // 100]:  # each in turn, about a hundred at a time
                if line.is_readable(0):
                    assert b" 408 " in line.rest()
                    line.close()
                    slow.remove(line)
                else:
                    line.send(b"A")
            random.Random(rounds).shuffle(slow)
    finally:
        for line in slow:
            line.close()
    assert answered == rounds * 20
    report = edge.stop()
    assert (report["recorded"], report["refused"], report["faults"]) == (answered, 2_000, 0)
