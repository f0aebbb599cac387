"""Many phrases are found in one pass, and the same ones as by asking for each."""

from hypothesis import given
from hypothesis import strategies as st

from mailwake.bounces.lookup import Lookup, beginnings

PHRASES = (
    "user unknown",
    "unknown user",
    "full",
    "spf",
    "(bl)",
    "rbl",
    "mailbox is full",
    "n't exist",
    "満杯",
    "é plein",
)
LOOKUP = Lookup(PHRASES)


def test_phrases_are_found_where_they_stand() -> None:
    assert LOOKUP.said_in("550 user unknown, mailbox is full (bl)") == {
        "user unknown",
        "full",
        "mailbox is full",
        "(bl)",
    }


def test_a_phrase_begins_where_a_word_begins() -> None:
    assert LOOKUP.said_in("carefully superuser unknowns") == frozenset()


def test_where_words_are_not_apart_a_phrase_may_begin_anywhere() -> None:
    assert LOOKUP.said_in("箱が満杯です") == {"満杯"}


@given(st.lists(st.sampled_from([*PHRASES, "user", "un", "known", " ", "-", "mail", "x"]), max_size=12))
def test_nothing_is_found_that_is_not_there_and_nothing_missed_behind_a_space(pieces: list[str]) -> None:
    words = " ".join(pieces)
    assert LOOKUP.said_in(words) == {phrase for phrase in PHRASES if phrase in words}
    assert LOOKUP.said_in(words, beginnings(words)) == LOOKUP.said_in(words)
