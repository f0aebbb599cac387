"""Sealed parts, damaged in every way: none is believed but the very text that was sealed."""

from datetime import date

import pytest
from hypothesis import strategies as st
from tests.fuzz.effort import effort, try_all
from tests.fuzz.mutations import mutated

from mailwake.errors import Untrusted
from mailwake.modes import INDIVIDUAL
from mailwake.tokens import KeyRing, LinkToken, MessageToken, Minter, Purpose, TokenReader

HOST = "track.example.com"
KEYS = KeyRing({1: bytes(range(32)), 7: bytes(range(32, 64))})
MINTER = Minter(KEYS, HOST)
READER = TokenReader(KEYS, [HOST])
SEALED = [
    *(MINTER.message(purpose, MessageToken(INDIVIDUAL, 1, 2, 3, date(2026, 11, 23))) for purpose in Purpose),
    MINTER.link(LinkToken(1, 2, "https://x.example/?a=b")),
    MINTER.link(LinkToken(1, 3, "https://x.example/" + "a" * 500)),
]
WORDS = [
    b"=",
    b"==",
    b"A",
    b"-",
    b"_",
    b"+",
    b"/",
    b" ",
    b"\n",
    b"%41",
    b"\0",
    b"\xc3\xa9",
    b"\xe2\x80\x8b",
    SEALED[0].encode(),
]


def check(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    for purpose in Purpose:
        with_refusal(lambda purpose=purpose: READER.message(text, HOST, purpose), text)
    with_refusal(lambda: READER.link(text, HOST), text)


def with_refusal(read: object, text: str) -> None:
    assert callable(read)
    try:
        read()
    except Untrusted:
        return
    assert text in SEALED, "something else than what was sealed is believed"


def test_what_was_sealed_is_believed() -> None:
    for text in SEALED:
        check(text.encode())
    assert READER.link(SEALED[-1], HOST).target.endswith("a" * 500)


@effort(quick=200, thorough=50_000)
def test_no_damaged_text_is_believed(examples: int) -> None:
    try_all(check, mutated(st.sampled_from(SEALED).map(str.encode), WORDS), examples)


@pytest.mark.long
def test_of_a_million_random_texts_none_is_believed() -> None:
    """Same length, same alphabet, and every other one with the first character of a real one."""
    import random

    source = random.Random(20_261_123)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for number in range(1_000_000):
        text = "".join(source.choices(alphabet, k=55))
        text = SEALED[0][0] + text[1:] if number % 2 else text
        with pytest.raises(Untrusted):
            READER.message(text, HOST, Purpose.READ)
