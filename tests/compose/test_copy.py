"""What an address may say of a copy depends on the mode, axis by axis."""

from datetime import date

import pytest
from tests.compose.conftest import HOST, KEYS, make_copy

from mailwake.compose.copy import Slot
from mailwake.modes import INDIVIDUAL, Mode, Modes
from mailwake.tokens import MessageToken, Purpose, TokenReader

READER = TokenReader(KEYS, [HOST])


def read(url: str, *purposes: Purpose) -> MessageToken:
    return READER.message(url.split("/")[4], HOST, *purposes)


def test_an_individual_copy_is_named_in_every_address() -> None:
    copy = make_copy()
    named = MessageToken(INDIVIDUAL, 77, 5, 6, date(2026, 11, 23))
    assert read(copy.pixel_url(), Purpose.READ) == named
    assert read(copy.click_url("x"), Purpose.READ) == named
    assert read(copy.unsubscribe_header_url(), Purpose.UNSUBSCRIBE_HEADER) == named
    assert read(copy.unsubscribe_url(), Purpose.UNSUBSCRIBE_BODY) == named
    assert read(copy.preferences_url(), Purpose.UNSUBSCRIBE_BODY) == named


def test_paths_say_what_they_are_for() -> None:
    copy = make_copy()
    starts = [copy.pixel_url(), copy.click_url("x"), copy.unsubscribe_url(), copy.preferences_url()]
    assert [url.split("/")[3] for url in starts] == ["o", "c", "u", "p"]
    assert copy.click_url("link").endswith("/link")


@pytest.mark.parametrize("other", [Mode.OFF, Mode.AGGREGATE, Mode.DELIVERABILITY, Mode.INDIVIDUAL])
def test_an_aggregate_axis_gives_everybody_the_same_address_whatever_the_other_axis(other: Mode) -> None:
    def pixel(opens: Mode, clicks: Mode, who: int) -> str:
        return make_copy(modes=Modes(opens=opens, clicks=clicks), delivery=who, recipient=who).pixel_url()

    def click(opens: Mode, clicks: Mode, who: int) -> str:
        return make_copy(modes=Modes(opens=opens, clicks=clicks), delivery=who, recipient=who).click_url("x")

    assert pixel(Mode.AGGREGATE, other, 1) == pixel(Mode.AGGREGATE, Mode.AGGREGATE, 2)
    assert click(other, Mode.AGGREGATE, 1) == click(Mode.AGGREGATE, Mode.AGGREGATE, 2)


def test_an_aggregate_address_names_nobody() -> None:
    copy = make_copy(modes=Modes(opens=Mode.AGGREGATE, clicks=Mode.AGGREGATE))
    for url in (copy.pixel_url(), copy.click_url("x")):
        token = read(url, Purpose.READ)
        assert (token.delivery, token.recipient, token.template) == (0, 0, 77)


def test_deliverability_knows_who_and_not_which_copy() -> None:
    token = read(make_copy(modes=Modes(opens=Mode.DELIVERABILITY, clicks=Mode.OFF)).pixel_url(), Purpose.READ)
    assert (token.delivery, token.recipient) == (0, 6)


def test_unsubscribing_works_in_every_mode() -> None:
    for opens in Mode:
        copy = make_copy(modes=Modes(opens=opens, clicks=Mode.OFF))
        assert read(copy.unsubscribe_header_url(), Purpose.UNSUBSCRIBE_HEADER).recipient == 6


def test_a_header_token_is_worth_nothing_in_the_body() -> None:
    from mailwake.errors import Untrusted

    with pytest.raises(Untrusted):
        read(make_copy().unsubscribe_header_url(), Purpose.UNSUBSCRIBE_BODY, Purpose.READ)


def test_only_what_is_asked_for_is_sealed() -> None:
    assert make_copy().values({Slot.HEADER})[Slot.OPENED] == b""
    values = make_copy().values({Slot.OPENED, Slot.CLICKED, Slot.HEADER, Slot.PAGE})
    assert all(values)
    assert values[Slot.OPENED] == values[Slot.CLICKED]
