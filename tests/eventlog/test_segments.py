"""Packing records, and noticing when they are no longer what was packed."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailwake.errors import Unreadable
from mailwake.eventlog.segments import checksum, lengths_of, pack, unpack

#: what a browser sends with every hit, and what differs
ALIKE = b"Accept-Language: en-US,en;q=0.9\r\nUser-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64)\r\n" * 5
HITS = [random.Random(n).randbytes(40) + ALIKE for n in range(60)]
#: such a body as it was first written
PACKED = bytes.fromhex("983a0000b80b000028b52ffd6050458d00003061626378797a0200b203fe90d4f26e08")


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


def test_what_repeats_is_packed_and_comes_back() -> None:
    body = pack(HITS)
    assert len(body) < sum(map(len, HITS)) / 5
    assert unpack(body, len(HITS)) == tuple(HITS)
    assert lengths_of(body, len(HITS)) == tuple(map(len, HITS))


@pytest.mark.parametrize("records", [[], HITS[:3], [random.Random(1).randbytes(40_000)]])
def test_little_and_what_does_not_repeat_lies_there_as_it_is(records: list[bytes]) -> None:
    assert pack(records).endswith(b"".join(records))
    assert unpack(pack(records), len(records)) == tuple(records)


@given(st.data())
def test_a_packed_body_that_is_cut_or_longer_or_has_other_lengths_is_refused(data: st.DataObject) -> None:
    body = pack(HITS)
    cut, record = data.draw(st.integers(0, len(body) - 1)), data.draw(st.integers(0, len(HITS) - 1))
    longer = bytearray(body)
    longer[4 * record] ^= 1
    for wrong in (body[:cut], bytes(longer)):
        with pytest.raises(Unreadable):
            unpack(wrong, len(HITS))
    with pytest.raises(Unreadable):
        lengths_of(bytes(longer), len(HITS))


def test_what_was_packed_before_can_be_read() -> None:
    assert unpack(PACKED, 2) == (b"abc" * 5_000, b"xyz" * 1_000)
