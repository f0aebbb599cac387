"""Packing records, and noticing when they are no longer what was packed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailwake.errors import Unreadable
from mailwake.eventlog.segments import checksum, pack, unpack


@given(st.lists(st.binary(max_size=50), max_size=20))
def test_packed_records_come_back(records: list[bytes]) -> None:
    assert unpack(pack(records), len(records)) == tuple(records)


@given(st.lists(st.binary(min_size=1, max_size=50), min_size=1, max_size=20), st.data())
def test_a_shorter_or_longer_body_is_refused(records: list[bytes], data: st.DataObject) -> None:
    body = pack(records)
    cut = data.draw(st.integers(0, len(body) - 1))
    for wrong in (body[:cut], body + b"x"):
        with pytest.raises(Unreadable):
            unpack(wrong, len(records))


@given(st.binary(max_size=60), st.integers(-2, 100))
def test_any_bytes_are_records_or_refused(body: bytes, count: int) -> None:
    try:
        records = unpack(body, count)
    except Unreadable:
        return
    assert pack(records) == body


@given(st.binary(min_size=1, max_size=60), st.data())
def test_one_flipped_bit_changes_the_checksum(body: bytes, data: st.DataObject) -> None:
    bit = data.draw(st.integers(0, len(body) * 8 - 1))
    changed = bytearray(body)
    changed[bit // 8] ^= 1 << bit % 8
    assert checksum(1, 2, 3, bytes(changed)) != checksum(1, 2, 3, body)


def test_the_checksum_covers_the_place_of_a_segment() -> None:
    assert (
        len({checksum(1, 5, 1, b"x"), checksum(2, 5, 1, b"x"), checksum(1, 6, 1, b"x"), checksum(1, 5, 2, b"x")}) == 4
    )
