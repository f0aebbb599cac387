"""Tracked links: they lead where the author meant, nowhere else, and for ever."""

from collections.abc import Iterator

import pytest
from tests.edge.conftest import DELIVERY, KEYS, RECIPIENT, TARGET, RunningEdge, StartEdge, click, link, message
from tests.every import every

from mailwake.events import EventType, Note
from mailwake.modes import Mode, Modes
from mailwake.tokens import KeyRing, LinkToken, Minter, Purpose, decode, encode

BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def test_a_click_is_in_the_log_when_the_redirect_arrives(edge: RunningEdge) -> None:
    answer = edge.ask(click())
    assert (answer.status, answer["Location"], answer.body) == (302, TARGET, b"")
    (event,) = edge.events()
    assert (event.type, event.link, event.delivery, event.recipient) == (EventType.CLICKED, 3, DELIVERY, RECIPIENT)


def test_a_redirect_tells_the_target_nothing_and_is_not_kept(edge: RunningEdge) -> None:
    answer = edge.ask(click())
    assert answer["Referrer-Policy"] == "no-referrer"
    assert answer["Cache-Control"] == "no-store, private"
    assert answer["Set-Cookie"] is None


@pytest.mark.parametrize(
    "suffix",
    ["?url=https://evil.example.com/", "?u=//evil.example.com", "?redirect=x&next=y", "#https://evil.example.com/"],
)
def test_nothing_on_the_url_changes_where_it_leads(edge: RunningEdge, suffix: str) -> None:
    assert edge.ask(click() + suffix)["Location"] == TARGET


@every("suffix", ["/", "/x", ";x=1", "%20", ".html", "//evil.example.com", "\\evil.example.com"])
def test_more_path_is_another_link_and_that_does_not_exist(edge: RunningEdge, suffix: str) -> None:
    answer = edge.ask(click() + suffix)
    assert (answer.status, answer["Location"]) == (404, None)


def damaged(text: str) -> Iterator[str]:
    raw = decode(text)
    for bit in range(0, len(raw) * 8, 5):
        changed = bytearray(raw)
        changed[bit // 8] ^= 1 << bit % 8
        yield encode(bytes(changed))
    yield text[:-1]
    yield text + "A"
    yield text + "="
    yield ""


def test_a_damaged_message_part_never_leads_anywhere(edge: RunningEdge) -> None:
    with edge.line() as line:
        for text in damaged(message()):
            line.send(f"GET /c/{text}/{link()} HTTP/1.1\r\nHost: track.example.com\r\n\r\n".encode())
            answer = line.read()
            assert (answer.status, answer["Location"]) == (404, None)
    assert edge.events() == []


def test_a_damaged_link_part_leads_nowhere_and_is_evidence(edge: RunningEdge) -> None:
    tries = list(damaged(link()))
    with edge.line() as line:
        for text in tries:
            line.send(f"GET /c/{message()}/{text} HTTP/1.1\r\nHost: track.example.com\r\n\r\n".encode())
            answer = line.read()
            assert (answer.status, answer["Location"]) == (404, None)
    events = edge.events()
    assert len(events) == len(tries)
    assert {(event.type, event.note, event.delivery) for event in events} == {
        (EventType.UNKNOWN, Note.LINK_REFUSED, DELIVERY)
    }


def test_a_damaged_link_of_a_copy_that_names_nobody_is_no_evidence(edge: RunningEdge) -> None:
    modes = Modes(opens=Mode.AGGREGATE, clicks=Mode.AGGREGATE)
    assert edge.ask(f"/c/{message(modes=modes, delivery=0, recipient=0)}/{link()[:-1]}").status == 404
    assert edge.events() == []


def respelled(text: str) -> Iterator[str]:
    """What some program on the way takes for the same text, or the same bytes."""
    last = BASE64URL.index(text[-1])
    spare = {0: 0, 2: 15, 3: 3}[len(text) % 4]  # bits of the last character that mean nothing
    yield from (text[:-1] + BASE64URL[last ^ low] for low in range(1, spare + 1) if not low & ~spare)
    yield from (text + end for end in ("=", "==", "====", "%3D", "%3d", "%00", "%0a", ".", "!"))
    yield f"%{ord(text[0]):02X}{text[1:]}"
    yield f"{text[:9]}%{ord(text[9]):02x}{text[10:]}"
    yield text.swapcase()
    yield text[:9] + "!" + text[9:]
    yield text.translate({ord("-"): "+", ord("_"): "%2F"}) + "+"


def test_no_other_spelling_of_a_link_leads_anywhere(edge: RunningEdge) -> None:
    paths = [f"/c/{text}/{link()}" for text in respelled(message())]
    paths += [f"/c/{message()}/{text}" for text in respelled(link())]
    with edge.line() as line:
        for path in paths:
            line.send(f"GET {path} HTTP/1.1\r\nHost: track.example.com\r\n\r\n".encode())
            answer = line.read()
            assert (answer.status, answer["Location"]) == (404, None), path
    assert {(event.type, event.note) for event in edge.events()} == {(EventType.UNKNOWN, Note.LINK_REFUSED)}


@every(
    "path", ["/c/", "/c//", "/c/x", f"/c/{message()}", f"/c/{message()}/", f"/c/{link()}", f"/c/{link()}/{message()}"]
)
def test_without_both_parts_in_their_places_there_is_no_link(edge: RunningEdge, path: str) -> None:
    answer = edge.ask(path)
    assert (answer.status, answer["Location"]) == (404, None)
    assert not [event for event in edge.events() if event.type is EventType.CLICKED]


@every("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "PROPFIND", "MKCOL"])
def test_a_link_is_followed_by_reading_alone(edge: RunningEdge, method: str) -> None:
    answer = edge.ask(click(), method=method)
    assert (answer.status, answer["Allow"], answer["Location"]) == (405, "GET, HEAD", None)
    assert click() not in answer.text
    assert edge.events() == []


def test_parts_of_different_templates_do_not_belong_together(edge: RunningEdge) -> None:
    answer = edge.ask(f"/c/{message()}/{link(template=8)}")
    assert (answer.status, answer["Location"]) == (404, None)
    assert edge.events() == []
    assert edge.stop()["reasons"] == {"template": 1}


@pytest.mark.parametrize("purpose", [Purpose.UNSUBSCRIBE_HEADER, Purpose.UNSUBSCRIBE_BODY])
def test_a_token_for_something_else_leads_nowhere(edge: RunningEdge, purpose: Purpose) -> None:
    assert edge.ask(f"/c/{message(purpose)}/{link()}")["Location"] is None


def test_a_token_of_another_host_or_another_key_leads_nowhere(start_edge: StartEdge) -> None:
    edge = start_edge(tracking={"former_hosts": ["old.example.com"]})
    elsewhere, stranger = Minter(KEYS, "old.example.com"), Minter(KeyRing({1: b"\xff" * 32}), "track.example.com")
    assert edge.ask(f"/c/{message(minter=elsewhere)}/{link()}").status == 404
    assert edge.ask(f"/c/{message(minter=stranger)}/{link()}").status == 404
    old = elsewhere.link(LinkToken(7, 3, TARGET))
    assert edge.ask(f"/c/{message(minter=elsewhere)}/{old}", host="old.example.com")["Location"] == TARGET


def test_a_decoy_shows_a_harmless_page_and_is_evidence(edge: RunningEdge) -> None:
    answer = edge.ask(click(""))
    assert (answer.status, answer["Location"]) == (200, None)
    (event,) = edge.events()
    assert (event.type, event.note, event.link) == (EventType.UNKNOWN, Note.DECOY, 3)


@every(
    ("target", "expected"),
    [
        ("https://bücher.example.com/straße?q=ü", "https://xn--bcher-kva.example.com/stra%C3%9Fe?q=%C3%BC"),
        ("https://example.com/a%0d%0ab", "https://example.com/a%0d%0ab"),
        ("https://example.com/a\r\nSet-Cookie: b", "https://example.com/a%0D%0ASet-Cookie:%20b"),
        ("https://example.com/\x00\u2028", "https://example.com/%00%E2%80%A8"),
        ("https://example.com/?a=%zz&b=[]{}|<>\"'`^", "https://example.com/?a=%zz&b=[]{}|<>\"'`^"),
    ],
)
def test_a_target_is_one_line_of_ascii_and_otherwise_what_the_author_wrote(
    edge: RunningEdge, target: str, expected: str
) -> None:
    answer = edge.ask(click(target))
    assert answer["Location"] == expected
    assert answer["Set-Cookie"] is None


def test_head_gets_the_same_redirect(edge: RunningEdge) -> None:
    assert edge.ask(click(), method="HEAD")["Location"] == TARGET
    assert [event.request.method for event in edge.events() if event.request] == ["HEAD"]


def test_an_old_link_still_leads_there_and_is_no_longer_recorded(edge: RunningEdge) -> None:
    assert edge.ask(click(age_days=400))["Location"] == TARGET
    assert edge.ask(click(age_days=401))["Location"] == TARGET
    assert edge.ask(click(age_days=2_000))["Location"] == TARGET
    assert len(edge.events()) == 1
    assert edge.stop()["expired"] == 2


def test_a_replayed_link_is_answered_every_time(edge: RunningEdge) -> None:
    with edge.line() as line:
        for _ in range(50):
            line.send(f"GET {click()} HTTP/1.1\r\nHost: track.example.com\r\n\r\n".encode())
            assert line.read()["Location"] == TARGET
    assert len(edge.events()) == 50
