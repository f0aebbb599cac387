"""The signed file: what is written is read, and nothing else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailwake.detours.file import Detour, digest, pack, unpack
from mailwake.detours.signing import Seal
from mailwake.errors import Unreadable
from mailwake.tokens import KeyRing

KEYS = KeyRing({1: bytes(range(32))})
SEAL = Seal(KEYS)
DETOURS = (
    Detour(template=7, number=3, to="https://www.example.com/ü?a=1#b"),
    Detour(target=digest("https://old.example.com/"), to=""),
)


def test_what_was_written_is_read() -> None:
    told = unpack(pack(DETOURS, SEAL, written_at=12), SEAL)
    assert (told.detours, told.written_at) == (DETOURS, 12)


@given(place=st.integers(0, 1_000), bit=st.integers(0, 7))
def test_no_bit_of_it_can_be_changed(place: int, bit: int) -> None:
    raw = bytearray(pack(DETOURS, SEAL, written_at=12))
    raw[place % len(raw)] ^= 1 << bit
    with pytest.raises(Unreadable):
        unpack(bytes(raw), SEAL)


def test_a_rotation_of_keys_takes_no_detour_back() -> None:
    rotated = KeyRing({1: bytes(range(32)), 2: bytes(range(1, 33))})
    assert unpack(pack(DETOURS, SEAL, written_at=1), Seal(rotated)).detours == DETOURS


def test_the_seal_of_a_decision_is_none_of_a_file_and_tells_parts_apart() -> None:
    assert SEAL.of_decision("a") != SEAL.of_file(b"a")
    decisions = (("a", "b"), ("ab", ""), (None, "b"), ("", "b"), (1,), ("1",))
    assert len({SEAL.of_decision(*parts) for parts in decisions}) == 6
