"""What a shop may say, and each thing that it may not, with the words that say what to do."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.every import every
from tests.ingest.notices import HOST, KEYS, TOKEN
from tests.webhooks.calls import NOW

from mailwake.errors import BadInput
from mailwake.events import EventType, Micros, Source, event_id
from mailwake.goals.calls import Known, read_call
from mailwake.goals.claims import MAX_WINDOW_DAYS, Claim, UnknownGoal, goal_of, read_line
from mailwake.tokens import Minter, Purpose, TokenReader

GOALS = {
    "purchase": goal_of("purchase", window_days=30, value="19.99", currency="EUR", now=NOW, by="test"),
    "signup": goal_of("signup", window_days=7, now=NOW, by="test"),
}
KNOWN = Known(goals=GOALS, reader=TokenReader(KEYS, [HOST, "other.example.com"]), hosts=("other.example.com", HOST))
REFERENCE = Minter(KEYS, HOST).reference(TOKEN, 3)
ORDER = {"goal": "purchase", "id": "order-1", "address": "ann@example.com"}


def read(*entries: dict[str, Any]) -> Any:
    body = entries[0] if len(entries) == 1 else {"conversions": list(entries)}
    return read_call(json.dumps(body).encode(), KNOWN, now=NOW)


def test_an_order_with_an_address_becomes_an_event() -> None:
    (event,) = read({**ORDER, "value": "24.90", "at": "2026-11-15T10:00:00+01:00"})
    assert (event.type, event.source, event.address) == (EventType.CONVERTED, Source.API, "ann@example.com")
    assert event.at == 1_794_733_200_000_000
    assert read_line(event.reason) == Claim(
        goal="purchase", value=2_490, currency="EUR", order=event_id("purchase", "order-1")
    )


def test_a_reference_names_copy_link_and_mode() -> None:
    (event,) = read({"goal": "signup", "id": "a", "reference": REFERENCE})
    assert (event.template, event.delivery, event.recipient, event.link) == (7, 4711, 99, 3)
    assert event.modes == TOKEN.modes.to_byte()
    assert event.address == ""
    assert read_line(event.reason) == Claim(goal="signup", order=event_id("signup", "a"))


def test_numbers_are_read_as_they_are_spelt() -> None:
    body = b'{"goal": "purchase", "id": "1", "handle": "5", "value": 0.1}'
    assert read_line(read_call(body, KNOWN, now=NOW)[0].reason) == Claim(
        goal="purchase", value=10, currency="EUR", order=event_id("purchase", "1")
    )


def test_what_is_left_out_is_as_the_goal_says_and_another_currency_has_no_value_of_it() -> None:
    said = [
        read_line(read({**ORDER, **more})[0].reason)
        for more in ({}, {"currency": "USD"}, {"value": "5", "currency": "usd"})
    ]
    assert [(each.value, each.currency) for each in said if each] == [(1_999, "EUR"), (None, ""), (500, "USD")]


def test_the_same_fact_has_the_same_key_whoever_is_named() -> None:
    one, other = read(ORDER)[0], read({**ORDER, "address": "ben@example.com", "value": "3"})[0]
    assert one.key == other.key
    assert read({**ORDER, "id": "order-2"})[0].key != one.key


@every(
    ("change", "words"),
    [
        ({"goal": "purchases"}, "there is no goal 'purchases'; there are purchase, signup"),
        ({"value": "-5"}, "below zero"),
        ({"value": -0.01}, "below zero"),
        ({"value": "1e40"}, "no value"),
        ({"value": "NaN"}, "no value"),
        ({"value": 10**20}, "no value"),
        ({"value": "5.555"}, "more digits"),
        ({"currency": "EURO"}, "no currency"),
        ({"goal": "signup", "value": "5"}, "needs a currency"),
        ({"at": "2031-01-01T00:00:00Z"}, "lies ahead"),
        ({"at": "2021-01-01T00:00:00Z"}, "more than 400 days ago"),
        ({"id": ""}, "id of your own"),
        ({"id": "x" * 201}, "too long"),
        ({"address": ""}, "one of reference, address or handle"),
        ({"handle": "5"}, "one of reference, address or handle"),
        ({"address": "nobody"}, "address"),
        ({"address": "", "handle": "-5"}, "no whole number"),
        ({"address": "", "handle": "9" * 19}, "no whole number"),
        ({"address": "", "reference": REFERENCE[:-1]}, "none of ours"),
        ({"address": "", "reference": Minter(KEYS, HOST).message(Purpose.READ, TOKEN)}, "none of ours"),
        ({"adress": "typo@example.com"}, "cannot be read.*adress"),
    ],
)
def test_what_cannot_be_is_refused_and_says_what_to_do(change: dict[str, Any], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        read({**ORDER, **change})


def test_of_several_the_faulty_one_is_named_and_none_is_taken() -> None:
    with pytest.raises(UnknownGoal, match="conversion 2: there is no goal"):
        read(ORDER, {**ORDER, "goal": "x"})
    with pytest.raises(BadInput, match="1 to 1,000 conversions, not 1,001"):
        read(*([ORDER] * 1_001))


@every("body", [b"", b"[]", b"{", b"[" * 5_000, b"\xff\xfe", b'{"conversions": []}', b'{"goal": 5}'])
def test_no_body_of_that_kind_is_an_error_of_ours(body: bytes) -> None:
    with pytest.raises(BadInput):
        read_call(body, KNOWN, now=NOW)


@every(
    ("given", "words"),
    [
        ({"name": "Pur chase"}, "lower-case"),
        ({"name": "-x"}, "lower-case"),
        ({"name": "x" * 41}, "lower-case"),
        ({"window_days": 0}, "0 days"),
        ({"window_days": MAX_WINDOW_DAYS + 1}, "366 days"),
        ({"value": "5"}, "needs a currency"),
        ({"value": "5", "currency": "ZZZ"}, "no currency"),
    ],
)
def test_a_goal_that_cannot_be_is_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        goal_of(**{"name": "x", "window_days": 30, "now": Micros(0), "by": "test", **given})


@given(
    st.builds(
        Claim,
        goal=st.from_regex(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?", fullmatch=True),
        value=st.none() | st.integers(0, 10**12),
        currency=st.sampled_from(["", "EUR", "JPY"]),
        order=st.none() | st.integers(0, 2**63 - 1),
    )
)
def test_a_line_says_the_claim_again(made: Claim) -> None:
    assert read_line(made.line) == made
    assert len(made.line) < 100


@given(st.text(max_size=60))
def test_any_other_line_is_no_claim_and_no_error(line: str) -> None:
    read_line(line)
