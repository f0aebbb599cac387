"""What a recipient allows: every choice is theirs alone, durable before it is confirmed, and felt at once."""

import re

import pytest
from tests.edge.conftest import (
    DELIVERY,
    NONCES,
    NOW_MICROS,
    RECIPIENT,
    TARGET,
    HeldWriter,
    RunningEdge,
    StartEdge,
    click,
    message,
)
from tests.every import every

from mailwake.edge.nonces import MAX_AGE_SECONDS
from mailwake.edge.pixel import GIF
from mailwake.events import EventType, Note
from mailwake.modes import Mode, Modes
from mailwake.tokens import Purpose

TOKEN = message(Purpose.UNSUBSCRIBE_BODY)
NOW = NOW_MICROS // 1_000_000


def choose(edge: RunningEdge, choice: str, *, token: str = TOKEN) -> int:
    found = re.search(r'name="nonce" value="([^"]+)"', edge.ask(f"/p/{token}").text)
    assert found
    form = "application/x-www-form-urlencoded"
    pressed = {"Origin": "null", "User-Agent": "Firefox"}
    return edge.post(f"/p/{token}", f"nonce={found[1]}&choice={choice}".encode(), form, **pressed).status


def test_a_page_that_was_kept_for_too_long_brings_one_with_which_it_works(edge: RunningEdge) -> None:
    (nonce,) = re.findall(r'name="nonce" value="([^"]+)"', edge.ask(f"/p/{TOKEN}").text)
    edge.clock[0] += (MAX_AGE_SECONDS + 1) * 1_000_000
    seen = len(edge.events())
    late = edge.post(f"/p/{TOKEN}", f"nonce={nonce}&choice=stop".encode())
    assert (late.status, "Nothing has changed yet" in late.text, len(edge.events())) == (400, True, seen)
    (fresh,) = re.findall(r'name="nonce" value="([^"]+)"', late.text)
    assert edge.post(f"/p/{TOKEN}", f"nonce={fresh}&choice=stop".encode()).status == 200
    assert edge.events()[-1].type is EventType.CONSENT_WITHDRAWN


def test_a_scanner_that_sends_the_form_leaves_the_list_only_with_a_second_press(edge: RunningEdge) -> None:
    (nonce,) = re.findall(r'name="nonce" value="([^"]+)"', edge.ask(f"/p/{TOKEN}").text)
    second = edge.post(f"/p/{TOKEN}", f"nonce={nonce}&choice=unsubscribe".encode())
    assert second.status == 200
    assert [event.note for event in edge.events()][-1] is Note.UNSUBSCRIBE_DOUBTED
    (again,) = re.findall(r'name="again" value="([^"]+)"', second.text)
    assert edge.post(f"/p/{TOKEN}", f"again={again}".encode()).status == 200
    assert edge.events()[-1].type is EventType.UNSUBSCRIBED


def test_the_wish_not_to_be_tracked_is_never_doubted(edge: RunningEdge) -> None:
    (nonce,) = re.findall(r'name="nonce" value="([^"]+)"', edge.ask(f"/p/{TOKEN}").text)
    assert edge.post(f"/p/{TOKEN}", f"nonce={nonce}&choice=stop".encode()).status == 200
    assert edge.events()[-1].type is EventType.CONSENT_WITHDRAWN


@pytest.mark.parametrize(
    ("choice", "type_", "axis"),
    [
        ("stop", EventType.CONSENT_WITHDRAWN, "both"),
        ("stop-opens", EventType.CONSENT_WITHDRAWN, "opens"),
        ("stop-clicks", EventType.CONSENT_WITHDRAWN, "clicks"),
        ("allow", EventType.CONSENT_GIVEN, "both"),
        ("unsubscribe", EventType.UNSUBSCRIBED, ""),
    ],
)
def test_every_button_says_what_it_says(edge: RunningEdge, choice: str, type_: EventType, axis: str) -> None:
    assert choose(edge, choice) == 200
    viewed, chosen = edge.events()
    assert viewed.note is Note.PREFERENCES_VIEWED
    assert (chosen.type, chosen.reason, chosen.note) == (type_, axis, Note.BUTTON)
    assert (chosen.delivery, chosen.recipient) == (DELIVERY, RECIPIENT)


def test_looking_changes_nothing(edge: RunningEdge) -> None:
    for method in ("GET", "HEAD"):
        assert edge.ask(f"/p/{TOKEN}?choice=stop", method=method).status == 200
    assert {event.type for event in edge.events()} == {EventType.UNKNOWN}


def test_a_withdrawal_is_felt_at_once(edge: RunningEdge) -> None:
    choose(edge, "stop")
    before = len(edge.events())
    assert edge.ask(f"/o/{message()}").body == GIF
    assert edge.ask(click())["Location"] == TARGET
    assert len(edge.events()) == before
    edge.ask(f"/o/{message(recipient=99)}")
    assert len(edge.events()) == before + 1


def test_who_allows_it_again_wakes_no_mail_that_they_have(edge: RunningEdge) -> None:
    choose(edge, "stop")
    choose(edge, "allow")
    edge.ask(f"/o/{message()}")
    assert edge.events()[-1].type is EventType.CONSENT_GIVEN


def test_withdrawing_one_axis_leaves_the_other_as_it_is(edge: RunningEdge) -> None:
    choose(edge, "stop-opens")
    edge.ask(f"/o/{message()}")
    edge.ask(click())
    assert [event.type for event in edge.events()[-2:]] == [EventType.CONSENT_WITHDRAWN, EventType.CLICKED]


def test_nothing_of_the_request_is_kept_of_who_withdrew(edge: RunningEdge) -> None:
    choose(edge, "stop")
    choose(edge, "unsubscribe")
    withdrawn, unsubscribed = edge.events()[-2:]
    assert (withdrawn.request is None, unsubscribed.request) == (False, None)


@pytest.mark.parametrize("purpose", [Purpose.READ, Purpose.UNSUBSCRIBE_HEADER])
def test_the_token_of_pixel_or_header_can_neither_see_nor_choose(edge: RunningEdge, purpose: Purpose) -> None:
    token = message(purpose)
    nonce = NONCES.mint(token, now_seconds=NOW)
    assert edge.ask(f"/p/{token}").status == 404
    assert edge.post(f"/p/{token}", f"nonce={nonce}&choice=allow".encode()).status == 404
    assert edge.events() == []


@every(
    "body",
    [
        "choice=stop",
        "nonce=x&choice=stop",
        f"nonce={NONCES.mint(TOKEN, now_seconds=NOW)}",
        f"nonce={NONCES.mint(TOKEN, now_seconds=NOW)}&choice=everything",
        f"nonce={NONCES.mint(message(Purpose.UNSUBSCRIBE_BODY, recipient=5), now_seconds=NOW)}&choice=stop",
        "List-Unsubscribe=One-Click",
    ],
)
def test_any_other_post_changes_nothing(edge: RunningEdge, body: str) -> None:
    assert edge.post(f"/p/{TOKEN}", body.encode()).status == 400
    assert edge.events() == []


def test_a_log_that_is_away_is_not_confirmed(start_edge: StartEdge) -> None:
    edge = start_edge(writer=HeldWriter(refuses=True))
    nonce = NONCES.mint(TOKEN, now_seconds=NOW)
    answer = edge.post(f"/p/{TOKEN}", f"nonce={nonce}&choice=stop".encode())
    assert answer.status == 503
    assert answer["Retry-After"] is not None


def test_where_to_see_what_is_known_is_linked_where_there_is_such_a_page(start_edge: StartEdge) -> None:
    edge = start_edge(privacy={"page_url": "https://privacy.example.com/"})
    page = edge.ask(f"/p/{TOKEN}").text
    assert f'<a href="https://privacy.example.com/k/{TOKEN}">What we know from your mail</a>' in page
    aggregate = message(Purpose.UNSUBSCRIBE_BODY, modes=Modes(opens=Mode.AGGREGATE, clicks=Mode.AGGREGATE))
    assert "/k/" not in edge.ask(f"/p/{aggregate}").text


def test_no_such_page_no_link(edge: RunningEdge) -> None:
    assert "/k/" not in edge.ask(f"/p/{TOKEN}").text
