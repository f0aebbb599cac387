"""A refusal is made comparable: names go, codes are kept apart, and any text is read."""

from hypothesis import given
from hypothesis import strategies as st

from mailwake.bounces.words import quote, read_words


def test_names_and_links_go_and_codes_are_kept() -> None:
    words = read_words(
        "host mx.example.net[192.0.2.1] said: 550-5.7.26 see 550 5.7.26 http://example.org/x <a@example.net>"
    )
    assert (words.server, words.links, words.codes, words.replies) == (
        "mx.example.net",
        "http://example.org/x",
        ("7.26", "7.26"),
        ("550", "550"),
    )
    assert "example" not in words.plain


def test_what_a_relay_puts_before_any_answer_says_nothing() -> None:
    assert "unknown" not in read_words("5.1.0 - Unknown address error 550-'5.7.1 access denied'").plain


@given(st.text(max_size=500))
def test_any_text_is_read_and_quoted(reason: str) -> None:
    words = read_words(reason)
    assert len(words.plain) <= 2 * len(reason)
    assert len(quote(reason, "a").encode()) <= 1_000
