"""The open pixel: everybody gets the same picture, and the token alone says what is kept."""

import pytest
from tests.edge.conftest import DELIVERY, HOST, NOW_MICROS, RECIPIENT, TEMPLATE, RunningEdge, message
from tests.every import every

from mailwake.edge.pixel import GIF
from mailwake.events import EventType, Note, Source
from mailwake.modes import INDIVIDUAL, Mode, Modes
from mailwake.tokens import Purpose


def path(**token: object) -> str:
    return f"/o/{message(**token)}"  # type: ignore[arg-type]  # the names are those of `message`


def test_an_open_is_in_the_log_when_the_picture_arrives(edge: RunningEdge) -> None:
    where = path()
    edge.ask(where, headers={"User-Agent": "Mail/1.0", "Accept-Language": "de"})
    (event,) = edge.events()
    assert (event.type, event.source, event.received_at) == (EventType.OPENED, Source.EDGE, NOW_MICROS)
    assert (event.template, event.delivery, event.recipient) == (TEMPLATE, DELIVERY, RECIPIENT)
    assert event.modes == INDIVIDUAL.to_byte()
    assert event.request is not None
    assert (event.request.method, event.request.path, event.request.peer) == ("GET", where.encode(), "127.0.0.1")
    assert event.request.headers == (
        (b"Host", HOST.encode()),
        (b"User-Agent", b"Mail/1.0"),
        (b"Accept-Language", b"de"),
    )
    assert event.request.head == b""


def test_the_picture_is_never_kept_by_anybody(edge: RunningEdge) -> None:
    answer = edge.ask(path())
    assert answer.status == 200
    assert answer.body == GIF
    assert answer["Content-Type"] == "image/gif"
    assert answer["Cache-Control"] == "no-store, no-cache, max-age=0, must-revalidate, private"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'"
    for absent in ("ETag", "Last-Modified", "Expires", "Age", "Set-Cookie", "Accept-Ranges"):
        assert answer[absent] is None


@pytest.mark.parametrize(
    "headers",
    [
        {"Range": "bytes=0-0"},
        {"Range": "bytes=" + ",".join(["0-"] * 10_000)},
        {"If-None-Match": "*"},
        {"If-Modified-Since": "Mon, 23 Nov 2026 12:00:00 GMT"},
        {"If-Range": '"x"', "Range": "bytes=1-2"},
    ],
)
def test_conditions_and_ranges_are_ignored(edge: RunningEdge, headers: dict[str, str]) -> None:
    answer = edge.ask(path(), headers=headers)
    assert (answer.status, answer.body) == (200, GIF)
    assert len(edge.events()) == 1


@pytest.mark.parametrize(
    "rest", ["", "x", "A" * 55, "A" * 20_000, message() + "x", message()[:-1], message() + "/", "%00", "../c/", "?x"]
)
def test_a_token_that_does_not_hold_gets_the_same_picture_and_no_record(edge: RunningEdge, rest: str) -> None:
    good, bad = edge.ask(path()), edge.ask(f"/o/{rest}")
    assert (bad.status, bad.headers, bad.body) == (good.status, good.headers, good.body)
    assert len(edge.events()) == 1
    assert edge.stop()["rejected"] == 1


@every("suffix", [".html", ".svg", ".js", ";.html", "/x.html", "%2ehtml", ".gif/x.svg"])
def test_no_suffix_makes_anything_else_of_the_picture(edge: RunningEdge, suffix: str) -> None:
    answer = edge.ask(path() + suffix)
    assert (answer.status, answer.body, answer["Content-Type"]) == (200, GIF, "image/gif")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'"
    assert edge.events() == []


@pytest.mark.parametrize("purpose", [Purpose.UNSUBSCRIBE_HEADER, Purpose.UNSUBSCRIBE_BODY])
def test_a_token_for_something_else_opens_nothing(edge: RunningEdge, purpose: Purpose) -> None:
    assert edge.ask(path(purpose=purpose)).body == GIF
    assert edge.events() == []


@pytest.mark.parametrize("suffix", ["?a=b", "#x", "?url=https://evil.example.com/"])
def test_what_hangs_on_the_path_changes_nothing(edge: RunningEdge, suffix: str) -> None:
    edge.ask(path() + suffix)
    (event,) = edge.events()
    assert event.request is not None
    assert event.request.path.endswith(suffix.encode())


def test_head_gets_no_picture_and_is_kept_as_what_it_is(edge: RunningEdge) -> None:
    answer = edge.ask(path(), method="HEAD")
    assert answer["Content-Length"] == str(len(GIF))
    (event,) = edge.events()
    assert event.request is not None
    assert event.request.method == "HEAD"


@every("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "PROPFIND"])
def test_other_methods_are_told_which_there_are(edge: RunningEdge, method: str) -> None:
    answer = edge.ask(path(), method=method)
    assert (answer.status, answer["Allow"]) == (405, "GET, HEAD")
    assert edge.events() == []


def test_the_picture_is_one_transparent_pixel() -> None:
    """Read by the letter of GIF89a: one by one, two colours, index 0 transparent, an image of one 0."""
    assert len(GIF) == 43
    assert GIF[:6] == b"GIF89a"
    assert GIF[6:10] == b"\x01\x00\x01\x00"
    assert GIF[10] == 0x80  # a global table of two colours
    assert GIF[19:27] == b"\x21\xf9\x04\x01\x00\x00\x00\x00"  # transparency on, index 0
    assert GIF[27:37] == b"\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00"
    assert GIF[37:] == b"\x02\x02\x44\x01\x00\x3b"
    codes = int.from_bytes(GIF[39:41], "little")
    assert [codes >> shift & 7 for shift in (0, 3, 6)] == [4, 0, 5]  # clear, colour 0, end


def test_the_end_of_a_mail_is_no_open(edge: RunningEdge) -> None:
    answer = edge.ask(f"{path()}/end", headers={"User-Agent": "Mail/1.0"})
    assert (answer.status, answer.body) == (200, GIF)
    (event,) = edge.events()
    assert (event.type, event.note) == (EventType.UNKNOWN, Note.END_PIXEL)
    assert (event.template, event.delivery, event.recipient) == (TEMPLATE, DELIVERY, RECIPIENT)


@pytest.mark.parametrize("opens", [Mode.AGGREGATE, Mode.DELIVERABILITY, Mode.OFF])
def test_where_no_event_per_recipient_may_be_the_end_leaves_nothing(edge: RunningEdge, opens: Mode) -> None:
    answer = edge.ask(f"{path(modes=Modes(opens=opens, clicks=Mode.INDIVIDUAL))}/end")
    assert (answer.status, answer.body) == (200, GIF)
    assert edge.events() == []


@every("behind", ["/END", "/end/", "/end/end", "/x", "/"])
def test_nothing_else_may_stand_behind_a_token(edge: RunningEdge, behind: str) -> None:
    answer = edge.ask(f"{path()}{behind}")
    assert (answer.status, answer.body) == (200, GIF)
    assert edge.events() == []


def test_a_machine_that_asks_for_the_head_alone_saw_no_end(edge: RunningEdge) -> None:
    edge.ask(f"{path()}/end", method="HEAD")
    assert edge.events() == []
