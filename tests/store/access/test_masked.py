"""The stores as whoever may not know people sees them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.every import every
from tests.insight import seeding

from mailwake.events import EventType, Handle
from mailwake.insight.stores import Stores
from mailwake.store.access.masked import (
    Hidden,
    MaskedState,
    handle_of,
    masked_events,
    pseudonym,
    without_addresses,
)

FIRST: dict[str, int | str] = {"only": "", "after_at": 0, "after_id": 0, "limit": 100}


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    opened = seeding.open_stores(tmp_path)
    seeding.by_hand(opened)
    yield opened
    seeding.close(opened)


@given(st.integers(min_value=1, max_value=2**63 - 1))
def test_a_pseudonym_leads_back_to_the_person_it_is_of(number: int) -> None:
    assert handle_of(pseudonym(Handle(number))) == number


@every("name", ["", "person-", "person-abc", "person-" + "7" * 13, "ann@example.com", "person-" + "1" * 13])
def test_what_is_no_pseudonym_leads_nowhere(name: str) -> None:
    assert handle_of(name) is None


@every(
    ("text", "told"),
    [
        ("550 5.1.1 <ann@example.com>: user unknown", "550 5.1.1 <[address]>: user unknown"),
        ("to=ann+shop@example.com, b@c.example", "to=[address], [address]"),
        ("https://x.example/u?e=ann%40example.com&b=1", "https://x.example/u?e=[address]&b=1"),
        ("a@b@c.example", "[address]"),
        ("nobody here", "nobody here"),
        ("a @ b", "a @ b"),
    ],
)
def test_addresses_are_taken_out_of_texts(text: str, told: str) -> None:
    assert without_addresses(text) == told


@given(st.text(alphabet="a@%40.<> =", max_size=200))
def test_nothing_that_looks_like_an_address_is_left(text: str) -> None:
    assert without_addresses(without_addresses(text)) == without_addresses(text)


def test_addresses_fields_and_searches_are_hidden(stores: Stores) -> None:
    address = "person1@example.com"
    (handle,) = stores.state.known_handles([address]).values()
    masked = MaskedState(stores.state)
    assert masked.addresses([handle]) == {handle: pseudonym(handle)}
    assert masked.recipients([handle])[handle].fields == {}
    assert masked.known_handles([pseudonym(handle)]) == {pseudonym(handle): handle}
    assert masked.known_handles([pseudonym(Handle(5))]) == {}
    for asked in ([address], ["nobody@example.com"], [pseudonym(handle), address]):
        with pytest.raises(Hidden):
            masked.known_handles(asked)
    with pytest.raises(Hidden):
        masked.handles([address], now=seeding.micros())
    masked.close()
    assert stores.state.addresses([handle]) == {handle: address}


def test_answers_of_the_event_store_quote_no_address(stores: Stores) -> None:
    mail = seeding.sending(stores, "Quoted")
    mail.people(["quoted@example.com"])
    mail.add(EventType.BOUNCED, 0, 5, id=70, reason="550 5.1.1 <quoted@example.com>: user unknown")
    mail.write()
    whole, masked = stores.events, masked_events(stores.events)
    assert masked.ask("latest") == whole.ask("latest")
    asked: dict[str, int | str] = {"campaign": int(mail.campaign.id), **FIRST}
    told, hidden = (repr(store.ask("event_rows", **asked)) for store in (whole, masked))
    assert "quoted@example.com" in told
    assert "quoted@example.com" not in hidden
    assert "550 5.1.1 <[address]>: user unknown" in hidden
    assert masked.cursors() == whole.cursors()
    assert masked.among([Handle(1)]).ask("latest") == whole.among([Handle(1)]).ask("latest")
