"""Who asks to leave is heard in many languages, and who only speaks of it is left to a person."""

import tomllib
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.every import every

from mailwake.notices.leave_words import asks_to_leave

TABLE = tomllib.loads(files("mailwake.notices").joinpath("leave_words.toml").read_text(encoding="utf-8"))["words"]


@every("word", [word for words in TABLE.values() for word in words])
def test_every_word_alone_on_a_line_counts_in_subject_and_text(word: str) -> None:
    assert asks_to_leave(word.upper(), "")
    assert asks_to_leave("Re: Autumn", f"\n\n  {word}.  \n-- \nAnn\n> quoted\n")


@every(
    ("subject", "text"),
    [
        ("UNSUBSCRIBE", ""),
        ("", "Stop!!!\n"),
        ("", "„Abmelden“\r\n\r\nAm 2. November schrieb News:\r\n> Hallo"),
        ("", "* désinscrire *"),
        ("Re: Autumn", "DE\u0301SINSCRIRE"),
        ("Re: Autumn", "please   unsubscribe\tme"),
    ],
)
def test_case_marks_and_spaces_do_not_matter(subject: str, text: str) -> None:
    assert asks_to_leave(subject, text)


@every(
    "line",
    [
        "How do I unsubscribe my colleague from this list?",
        "Please do not unsubscribe me",
        "don't stop",
        "Don\u2019t unsubscribe me!",
        "I will never unsubscribe, I love it.",
        "Stop by our office on Monday",
        "Non-stop",
        "The bus stop",
        "Where is the unsubscribe link?",
        "Kann man sich hier auch wieder abmelden?",
        "Ich möchte mich nicht abmelden",
        "Comment se désinscrire ?",
        "unsubscribe from the weekly list but keep the monthly one",
        "no",
        "Thanks, the opt out worked",
        "> unsubscribe",
        "| stop",
        "https://example.com/unsubscribe",
        "unsubscribe@example.com",
        "",
        "...",
        "x" * 100_000,
    ],
)
def test_sentences_that_hold_the_word_do_not_count(line: str) -> None:
    assert asks_to_leave("Re: Autumn", line) is None
    assert asks_to_leave(line, "Hello,\nthanks") is None


@pytest.mark.parametrize("subject", ["Re: Unsubscribe", "RE: Stop", "AW: Abmelden", "Fwd: stop"])
def test_a_subject_that_repeats_ours_does_not_count(subject: str) -> None:
    assert asks_to_leave(subject, "What does that mean?") is None


def test_only_the_first_line_counts() -> None:
    assert asks_to_leave("Re: Autumn", "Please send me the blue one.\n\nunsubscribe\n") is None


@given(st.text(max_size=200), st.text(max_size=500))
def test_any_text_is_taken(subject: str, text: str) -> None:
    assert asks_to_leave(subject, text) in (
        None,
        *{asks_to_leave(word, "") for words in TABLE.values() for word in words},
    )
