"""The scale of modes, and the rule that the strictest wins."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailwake.modes import INDIVIDUAL, OFF, Mode, Modes, strictest

all_modes = st.builds(Modes, opens=st.sampled_from(Mode), clicks=st.sampled_from(Mode))


def test_the_order_of_modes_is_their_rank() -> None:
    assert Mode.OFF < Mode.AGGREGATE < Mode.DELIVERABILITY < Mode.INDIVIDUAL


def test_every_mode_is_found_by_its_word() -> None:
    assert [Mode.from_word(mode.word) for mode in Mode] == list(Mode)


def test_an_unknown_word_is_refused_with_the_words_that_exist() -> None:
    with pytest.raises(ValueError, match="off, aggregate, deliverability, individual"):
        Mode.from_word("full")


def test_deliverability_knows_opens_only() -> None:
    assert Modes(opens=Mode.DELIVERABILITY, clicks=Mode.DELIVERABILITY).clicks is Mode.AGGREGATE


@given(all_modes)
def test_a_byte_brings_the_modes_back(modes: Modes) -> None:
    assert Modes.from_byte(modes.to_byte()) == modes


@pytest.mark.parametrize("value", [0x04, 0x40, 0xFF])
def test_a_byte_that_names_no_mode_is_refused(value: int) -> None:
    with pytest.raises(ValueError, match="not a valid Mode"):
        Modes.from_byte(value)


@given(st.lists(all_modes, max_size=5), all_modes)
def test_another_voice_never_raises_a_mode(voices: list[Modes], another: Modes) -> None:
    before, after = strictest(voices), strictest([*voices, another])
    assert after.opens <= before.opens
    assert after.clicks <= before.clicks


def test_without_any_voice_nothing_is_forbidden() -> None:
    assert strictest([]) == INDIVIDUAL


def test_each_axis_finds_its_own_strictest() -> None:
    voices = [Modes(opens=Mode.OFF, clicks=Mode.INDIVIDUAL), Modes(opens=Mode.INDIVIDUAL, clicks=Mode.AGGREGATE)]
    assert strictest(voices) == Modes(opens=Mode.OFF, clicks=Mode.AGGREGATE)
    assert strictest([*voices, OFF]) == OFF
