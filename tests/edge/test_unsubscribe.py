"""Leaving the list: looking changes nothing, one click is enough, and nothing is confirmed that could be lost."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.edge.conftest import (
    DELIVERY,
    NONCES,
    NOW_MICROS,
    RECIPIENT,
    HeldWriter,
    RunningEdge,
    StartEdge,
    message,
)
from tests.every import every
from tests.line import Answer

from mailwake.edge.nonces import MAX_AGE_SECONDS
from mailwake.events import Event, EventType, Note
from mailwake.modes import Mode, Modes
from mailwake.tokens import Purpose

HEADER, BODY = message(Purpose.UNSUBSCRIBE_HEADER), message(Purpose.UNSUBSCRIBE_BODY)
ONE_CLICK = b"List-Unsubscribe=One-Click"
NOW = NOW_MICROS // 1_000_000


#: what a browser says with a form
PRESSED = {"Origin": "null", "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0"}
FORM = "application/x-www-form-urlencoded"


def nonce_in(page: Answer, field: str = "nonce") -> str:
    found = re.search(rf'name="{field}" value="([^"]+)"', page.text)
    assert found
    return found[1]


def unsubscribed(edge: RunningEdge) -> list[Event]:
    return [event for event in edge.events() if event.type is EventType.UNSUBSCRIBED]


@pytest.mark.parametrize("token", [HEADER, BODY])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_never_unsubscribes(edge: RunningEdge, token: str, method: str) -> None:
    for _ in range(3):
        assert edge.ask(f"/u/{token}", method=method).status == 200
    assert [(event.type, event.note) for event in edge.events()] == [(EventType.UNKNOWN, Note.UNSUBSCRIBE_VIEWED)] * 3


@pytest.mark.parametrize("query", ["?List-Unsubscribe=One-Click", "?confirm=1", "?nonce=x"])
def test_looking_with_a_query_never_unsubscribes_either(edge: RunningEdge, query: str) -> None:
    edge.ask(f"/u/{HEADER}{query}")
    assert unsubscribed(edge) == []


@pytest.mark.parametrize(
    "kind",
    [
        "application/x-www-form-urlencoded",
        "application/x-www-form-urlencoded; charset=UTF-8",
        "Application/X-WWW-Form-UrlEncoded;charset=us-ascii",
    ],
)
@pytest.mark.parametrize(
    "body", [ONE_CLICK, ONE_CLICK + b"\r\n", b"a=b&List-Unsubscribe=One-Click&c=", b"List%2DUnsubscribe=One%2DClick"]
)
def test_one_click_unsubscribes_without_a_page_a_redirect_or_a_cookie(
    edge: RunningEdge, kind: str, body: bytes
) -> None:
    answer = edge.post(f"/u/{HEADER}", body, kind)
    assert (answer.status, answer.body) == (200, b"")
    assert (answer["Location"], answer["Set-Cookie"]) == (None, None)
    (event,) = edge.events()
    assert (event.type, event.note, event.delivery, event.recipient) == (
        EventType.UNSUBSCRIBED,
        Note.ONE_CLICK,
        DELIVERY,
        RECIPIENT,
    )


@pytest.mark.parametrize("head", ["", "; charset=utf-8"])
def test_one_click_may_come_as_multipart(edge: RunningEdge, head: str) -> None:
    body = (
        b'--b\r\nContent-Disposition: form-data; name="extra"\r\n\r\n1\r\n'
        b'--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n'
    )
    assert edge.post(f"/u/{HEADER}", body, f"multipart/form-data{head}; boundary=b").status == 200
    assert len(unsubscribed(edge)) == 1


@pytest.mark.parametrize("bait", ["(" * 60_000, ";" * 60_000, ";a=b" * 15_000, ';"' * 30_000, ";a*0*=''%41" * 5_000])
def test_no_content_type_keeps_the_edge_busy_or_is_a_fault(edge: RunningEdge, bait: str) -> None:
    """The parser of mail headers works for minutes on each, while all other readers wait; see tests/test_forms.py."""
    kind = f"multipart/form-data; boundary=b; charset={bait}"
    body = b'--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n'
    assert edge.post(f"/u/{HEADER}", body, kind).status == 200
    assert len(unsubscribed(edge)) == 1
    assert edge.stop()["faults"] == 0


def test_one_click_may_come_without_a_content_type(edge: RunningEdge) -> None:
    assert edge.ask(f"/u/{HEADER}", method="POST", body=ONE_CLICK).status == 200
    assert len(unsubscribed(edge)) == 1


def test_one_click_on_the_link_in_the_body_is_honoured_too(edge: RunningEdge) -> None:
    assert edge.post(f"/u/{BODY}", ONE_CLICK).status == 200
    assert [event.note for event in unsubscribed(edge)] == [Note.ONE_CLICK]


@pytest.mark.parametrize("token", [HEADER, BODY])
def test_the_button_of_the_page_unsubscribes(edge: RunningEdge, token: str) -> None:
    page = edge.ask(f"/u/{token}")
    done = edge.post(f"/u/{token}", f"nonce={nonce_in(page)}&choice=unsubscribe".encode(), FORM, **PRESSED)
    assert (done.status, "unsubscribed" in done.text) == (200, True)
    assert [event.note for event in unsubscribed(edge)] == [Note.BUTTON]


@pytest.mark.parametrize(
    "headers", [{}, {"User-Agent": "curl/8.5.0"}, {"Origin": "null"}, {"Origin": "", "User-Agent": "x"}]
)
def test_a_scanner_that_sends_the_form_does_not_unsubscribe_with_one_press(
    edge: RunningEdge, headers: dict[str, str]
) -> None:
    page = edge.ask(f"/u/{BODY}")
    second = edge.post(f"/u/{BODY}", f"nonce={nonce_in(page)}&choice=unsubscribe".encode(), FORM, **headers)
    assert (second.status, unsubscribed(edge)) == (200, [])
    assert "press once more" in second.text
    assert edge.events()[-1].note is Note.UNSUBSCRIBE_DOUBTED


def test_the_second_button_always_counts(edge: RunningEdge) -> None:
    page = edge.ask(f"/u/{BODY}")
    second = edge.post(f"/u/{BODY}", f"nonce={nonce_in(page)}".encode())
    assert edge.post(f"/u/{BODY}", f"again={nonce_in(second, 'again')}".encode()).status == 200
    assert [event.note for event in unsubscribed(edge)] == [Note.BUTTON]


def test_the_nonce_of_the_first_button_is_not_that_of_the_second(edge: RunningEdge) -> None:
    nonce = nonce_in(edge.ask(f"/u/{BODY}"))
    assert edge.post(f"/u/{BODY}", f"again={nonce}".encode(), FORM, **PRESSED).status == 400
    assert unsubscribed(edge) == []


def test_where_second_buttons_are_off_the_first_is_enough_for_everybody(start_edge: StartEdge) -> None:
    edge = start_edge(edge={"second_button": False})
    nonce = nonce_in(edge.ask(f"/u/{BODY}"))
    edge.post(f"/u/{BODY}", f"nonce={nonce}".encode())
    assert [event.note for event in unsubscribed(edge)] == [Note.BUTTON]


def test_a_one_click_from_a_cloud_without_any_header_is_never_doubted(edge: RunningEdge) -> None:
    assert edge.ask(f"/u/{HEADER}", method="POST", body=ONE_CLICK).status == 200
    assert [event.note for event in unsubscribed(edge)] == [Note.ONE_CLICK]


@pytest.mark.parametrize("token", [HEADER, BODY])
def test_a_page_that_was_kept_for_too_long_brings_one_with_which_it_works(edge: RunningEdge, token: str) -> None:
    page = edge.ask(f"/u/{token}")
    edge.clock[0] += (MAX_AGE_SECONDS + 1) * 1_000_000
    late = edge.post(f"/u/{token}", f"nonce={nonce_in(page)}".encode(), FORM, **PRESSED)
    assert (late.status, "Nothing has changed yet" in late.text, unsubscribed(edge)) == (400, True, [])
    assert edge.post(f"/u/{token}", f"nonce={nonce_in(late)}".encode(), FORM, **PRESSED).status == 200
    assert [event.note for event in unsubscribed(edge)] == [Note.BUTTON]


def test_a_second_button_that_was_kept_for_too_long_does_too(edge: RunningEdge) -> None:
    second = edge.post(f"/u/{BODY}", f"nonce={nonce_in(edge.ask(f'/u/{BODY}'))}".encode())
    edge.clock[0] += (MAX_AGE_SECONDS + 1) * 1_000_000
    late = edge.post(f"/u/{BODY}", f"again={nonce_in(second, 'again')}".encode(), FORM, **PRESSED)
    assert edge.post(f"/u/{BODY}", f"nonce={nonce_in(late)}".encode(), FORM, **PRESSED).status == 200
    assert len(unsubscribed(edge)) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"x",
        b"List-Unsubscribe=one-click",
        b"List-Unsubscribe=",
        b"nonce=",
        b"nonce=0.0",
        b"nonce=" + NONCES.mint(BODY, now_seconds=NOW).encode(),
        b"nonce=" + NONCES.mint(HEADER, now_seconds=NOW - 86_401).encode(),
        b"nonce=" + NONCES.mint(HEADER, now_seconds=NOW + 1).encode(),
        b"\xff\xfe=%zz&&&===;",
        b"nonce=" + b"f" * 7_000 + b".x",
        b"again=" + b"f" * 7_000 + b".x",
        b"&" * 5_000,
    ],
)
def test_any_other_post_changes_nothing(edge: RunningEdge, body: bytes) -> None:
    assert edge.post(f"/u/{HEADER}", body or b" ").status == 400
    assert edge.events() == []
    assert edge.stop()["reasons"] == {"form": 1}


@pytest.mark.parametrize("token", ["x", message(), HEADER[:-1], HEADER + "="])
def test_a_token_that_does_not_hold_unsubscribes_nobody(edge: RunningEdge, token: str) -> None:
    assert edge.post(f"/u/{token}", ONE_CLICK).status == 404
    assert edge.ask(f"/u/{token}").status == 404
    assert edge.events() == []


def test_only_the_token_says_who(edge: RunningEdge) -> None:
    edge.post(f"/u/{HEADER}?recipient=1&delivery=2", ONE_CLICK + b"&recipient=3&email=a@example.com")
    (event,) = edge.events()
    assert (event.recipient, event.delivery) == (RECIPIENT, DELIVERY)


def test_asking_many_times_is_always_fine(edge: RunningEdge) -> None:
    assert {edge.post(f"/u/{HEADER}", ONE_CLICK).status for _ in range(20)} == {200}


def test_a_log_that_is_away_is_not_confirmed(start_edge: StartEdge) -> None:
    edge = start_edge(writer=HeldWriter(refuses=True))
    answer = edge.post(f"/u/{HEADER}", ONE_CLICK)
    assert answer.status == 503
    assert int(answer["Retry-After"] or 0) > 0
    assert edge.stop()["unrecorded"] == 1


def test_the_answer_waits_until_the_wish_is_durable(start_edge: StartEdge) -> None:
    writer = HeldWriter()
    edge = start_edge(writer=writer)
    with edge.line() as line:
        head = f"POST /u/{HEADER} HTTP/1.1\r\nHost: track.example.com\r\nContent-Length: {len(ONE_CLICK)}\r\n\r\n"
        line.send(head.encode() + ONE_CLICK)
        assert writer.came.acquire(timeout=10)
        line.socket.settimeout(0.05)
        with pytest.raises(TimeoutError):
            line.socket.recv(1)
        line.socket.settimeout(10)
        edge.background.do(writer.release)
        assert line.socket.recv(100).startswith(b"HTTP/1.1 200 ")


def test_the_wish_to_leave_never_expires_and_needs_no_tracking(edge: RunningEdge) -> None:
    off = Modes(opens=Mode.OFF, clicks=Mode.OFF)
    token = message(Purpose.UNSUBSCRIBE_HEADER, age_days=2_000, modes=off)
    assert edge.post(f"/u/{token}", ONE_CLICK).status == 200
    (event,) = edge.events()
    assert (event.type, event.recipient, event.request) == (EventType.UNSUBSCRIBED, RECIPIENT, None)


def test_what_one_sends_with_the_wish_is_kept_only_where_everything_may_be(edge: RunningEdge) -> None:
    half = Modes(opens=Mode.INDIVIDUAL, clicks=Mode.AGGREGATE)
    edge.post(f"/u/{message(Purpose.UNSUBSCRIBE_HEADER, modes=half)}", ONE_CLICK)
    edge.post(f"/u/{HEADER}", ONE_CLICK)
    assert [event.request is None for event in edge.events()] == [True, False]


def test_a_form_that_is_too_long_is_refused(edge: RunningEdge) -> None:
    assert edge.post(f"/u/{HEADER}", ONE_CLICK + b"&x=" + b"y" * 9_000).status == 413
    assert edge.events() == []


def test_a_token_that_names_nobody_is_answered_and_decides_nothing(edge: RunningEdge) -> None:
    """It tries the endpoint out as Gmail would, with nobody to unsubscribe."""
    token = message(Purpose.UNSUBSCRIBE_HEADER, template=0, delivery=0, recipient=0)
    answer = edge.post(f"/u/{token}", ONE_CLICK)
    assert (answer.status, answer.body, answer["Set-Cookie"]) == (200, b"", None)
    assert edge.events() == []


#: as scanners of six makers call; some of them run what scripts there are, and there are none
SCANNERS = (
    {"User-Agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0"},
    {"User-Agent": "Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1) BarracudaLinkProtect"},
    {"User-Agent": "python-requests/2.32", "Accept": "*/*"},
    {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/142.0.0.0", "Sec-Fetch-Mode": "navigate"},
    {"User-Agent": "GoogleImageProxy", "Accept": "image/*"},
    {"Purpose": "prefetch", "Sec-Purpose": "prefetch;prerender"},
)


@every("headers", SCANNERS, ids=str)
@every("path", [f"/u/{HEADER}", f"/u/{BODY}", f"/p/{BODY}"])
def test_whoever_looks_and_however_nobody_leaves(edge: RunningEdge, headers: dict[str, str], path: str) -> None:
    """AT-27."""
    for method in ("GET", "HEAD"):
        page = edge.ask(path, method=method, headers=headers)
        assert (page.status, b"<script" in page.body) == (200, False)
    assert {event.type for event in edge.events()} == {EventType.UNKNOWN}


def test_a_hundred_at_once_are_all_told_that_it_is_done(edge: RunningEdge) -> None:
    """AT-31; that it counts once: tests/leaving/test_holding.py."""
    with ThreadPoolExecutor(100) as pool:
        answers = list(pool.map(lambda _: edge.post(f"/u/{HEADER}", ONE_CLICK).status, range(100)))
    assert answers == [200] * 100
    assert {(event.recipient, event.note) for event in unsubscribed(edge)} == {(RECIPIENT, Note.ONE_CLICK)}
