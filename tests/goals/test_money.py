"""Amounts are whole minor units, exactly, or refused with a reason."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.every import every

from mailwake.errors import BadInput
from mailwake.goals.money import MOST, currency_named, digits, minor_units, shown


@every(
    ("amount", "currency", "minor", "text"),
    [
        ("19.99", "EUR", 1_999, "19.99 EUR"),
        ("0.1", "USD", 10, "0.10 USD"),
        ("1234", "JPY", 1_234, "1,234 JPY"),
        ("5.000", "JPY", 5, "5 JPY"),
        ("1.005", "KWD", 1_005, "1.005 KWD"),
        (" 007.50 ", "GBP", 750, "7.50 GBP"),
        ("0", "EUR", 0, "0.00 EUR"),
    ],
)
def test_an_amount_becomes_minor_units_and_text(amount: str, currency: str, minor: int, text: str) -> None:
    assert minor_units(amount, currency) == minor
    assert shown(minor, currency) == text


@every(
    ("amount", "currency", "words"),
    [
        ("-1", "EUR", "below zero"),
        ("19.999", "EUR", "more digits than EUR"),
        ("1.5", "JPY", "more digits than JPY"),
        ("1e5", "EUR", "no value"),
        ("19,99", "EUR", "no value"),
        ("NaN", "EUR", "no value"),
        ("", "EUR", "no value"),
        ("٣", "EUR", "no value"),
        ("9" * 15, "EUR", "cannot be meant"),
        ("9" * 400, "EUR", "no value"),
    ],
)
def test_what_is_no_amount_is_refused_with_what_to_do(amount: str, currency: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        minor_units(amount, currency)


def test_currencies_are_those_of_iso_4217() -> None:
    assert currency_named(" eur ") == "EUR"
    assert {digits()[code] for code in ("JPY", "EUR", "BHD", "CLF")} == {0, 2, 3, 4}
    assert len(digits()) > 150
    for text in ("EURO", "XXX", "", "€"):
        with pytest.raises(BadInput, match="no currency"):
            currency_named(text)


@given(st.integers(0, MOST), st.sampled_from(sorted(digits())))
def test_reading_undoes_showing(minor: int, currency: str) -> None:
    assert minor_units(shown(minor, currency).removesuffix(f" {currency}").replace(",", ""), currency) == minor
