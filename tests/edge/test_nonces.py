"""Nonces: minted with a page, good for that page and a day."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailwake.edge.nonces import MAX_AGE_SECONDS, Nonces

NONCES = Nonces(b"k" * 32)


@pytest.mark.parametrize("age", [0, 1, MAX_AGE_SECONDS])
def test_a_nonce_holds_for_a_day(age: int) -> None:
    assert NONCES.holds(NONCES.mint("token", now_seconds=1_000), "token", now_seconds=1_000 + age)


@pytest.mark.parametrize("age", [-1, MAX_AGE_SECONDS + 1])
def test_a_nonce_is_worthless_before_and_after(age: int) -> None:
    assert not NONCES.holds(NONCES.mint("token", now_seconds=1_000), "token", now_seconds=1_000 + age)


def test_a_nonce_is_good_for_its_own_page_and_installation() -> None:
    nonce = NONCES.mint("token", now_seconds=1_000)
    assert not NONCES.holds(nonce, "other", now_seconds=1_000)
    assert not Nonces(b"x" * 32).holds(nonce, "token", now_seconds=1_000)


def test_the_time_in_a_nonce_cannot_be_changed() -> None:
    tag = NONCES.mint("token", now_seconds=1_000).partition(".")[2]
    assert not NONCES.holds(f"{90_000:x}.{tag}", "token", now_seconds=90_000)


@pytest.mark.parametrize("stamp", ["f" * 7_000, "-" + "f" * 7_000, "0" * 7_000])
def test_a_time_of_thousands_of_digits_is_no_fault(stamp: str) -> None:
    assert not NONCES.holds(f"{stamp}.{NONCES.mint('token', now_seconds=0)[2:]}", "token", now_seconds=1_000)


@given(st.text(max_size=60))
def test_no_text_of_a_stranger_holds(text: str) -> None:
    assert not NONCES.holds(text, "token", now_seconds=1_000)
