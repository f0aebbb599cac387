"""Headers are added where the sender has none, at the end of the header, and nothing can slip in with them."""

import email

import pytest
from tests.compose.conftest import HOST, KEYS, make_copy

from mailwake.compose.copy import Copy
from mailwake.compose.message import instrument
from mailwake.compose.options import ComposeOptions
from mailwake.errors import BadInput
from mailwake.tokens import Purpose, TokenReader

HTML = b"Content-Type: text/html\r\n\r\n<p>x</p>"
FULL = ComposeOptions(unsubscribe_mailto="stop@example.com", feedback_id="7::marketing:example")


def added(raw: bytes, options: ComposeOptions = FULL, copy: Copy | None = None) -> dict[str, str]:
    message = email.message_from_bytes(instrument(raw, copy or make_copy(), options).message)
    before = email.message_from_bytes(raw)
    return {name: value for name, value in message.items() if value not in before.get_all(name, [])}


def test_all_four_headers_are_added_where_there_are_none() -> None:
    headers = added(b"Subject: x\r\n" + HTML)
    url = headers["List-Unsubscribe"].split(">")[0].removeprefix("<")
    token = TokenReader(KEYS, [HOST]).message(url.rsplit("/", 1)[1], HOST, Purpose.UNSUBSCRIBE_HEADER)
    assert (token.delivery, token.recipient) == (5, 6)
    assert headers["List-Unsubscribe"].endswith(">, <mailto:stop@example.com>")
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert headers["Feedback-ID"] == "7::marketing:example"
    assert headers["X-Mailwake"] == "tracked"


def test_a_sender_who_has_a_list_unsubscribe_keeps_it_alone() -> None:
    headers = added(b"LIST-UNSUBSCRIBE: <https://example.com/u>\r\n" + HTML)
    assert "List-Unsubscribe" not in headers
    assert "List-Unsubscribe-Post" not in headers


def test_a_list_id_is_added_where_the_sender_has_none() -> None:
    options = ComposeOptions(list_id="News <news.example.com>")
    assert added(b"Subject: x\r\n" + HTML, options)["List-Id"] == "News <news.example.com>"
    assert "List-Id" not in added(b"List-Id: <mine.example.com>\r\n" + HTML, options)
    assert "List-Id" not in added(b"Subject: x\r\n" + HTML)


def test_the_senders_own_feedback_id_stays() -> None:
    assert "Feedback-ID" not in added(b"Feedback-ID: a:b:c:d\r\n" + HTML)


def test_nobody_can_unsubscribe_where_nobody_is_known() -> None:
    assert "List-Unsubscribe" not in added(b"Subject: x\r\n" + HTML, copy=make_copy(delivery=0, recipient=0))


@pytest.mark.parametrize("newline", [b"\r\n", b"\n", b"\r"])
def test_they_stand_at_the_end_of_the_header_with_the_messages_own_line_end(newline: bytes) -> None:
    raw = (b"Subject: x\r\n folded\r\n" + HTML).replace(b"\r\n", newline)
    message = instrument(raw, make_copy(), ComposeOptions(list_unsubscribe=False)).message
    assert message.startswith(raw.partition(newline * 2)[0] + newline + b"X-Mailwake: tracked" + newline * 2)


def test_a_header_that_ends_without_a_line_end_gets_one() -> None:
    message = instrument(b"Subject: x", make_copy(), ComposeOptions(list_unsubscribe=False)).message
    assert message == b"Subject: x\r\nX-Mailwake: untouched; no_html"


def test_a_header_that_ends_in_nonsense_is_ended_before_it() -> None:
    raw = b"Subject: x\r\nnonsense\r\n\r\nbody"
    message = instrument(raw, make_copy(), ComposeOptions(list_unsubscribe=False)).message
    assert message == b"Subject: x\r\nX-Mailwake: untouched; no_html\r\nnonsense\r\n\r\nbody"


@pytest.mark.parametrize(
    "base", ["https://a.example\r\nBcc: x@example.com", "https://a.example/ x", "https://a.example>"]
)
def test_a_base_url_that_no_header_can_hold_is_refused(base: str) -> None:
    copy = Copy(minter=make_copy().minter, base_url=base, token=make_copy().token)
    with pytest.raises(BadInput):
        instrument(b"Subject: x\r\n" + HTML, copy, FULL)
