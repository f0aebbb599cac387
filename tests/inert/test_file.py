"""The file is taken whole or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailwake.errors import Unreadable
from mailwake.inert.entries import SILENT, Before, Entries
from mailwake.inert.file import News, pack, read_head, unpack

FILE = pack(
    Entries.of({5: SILENT, 9: Before(100, 0)}),
    written_at=7,
    as_of=6,
    everybody=Before(0, 12),
    news=(News(3, 4), News(5, 6)),
)

#: The same as the first version with this format wrote it (2026-11-26).
GOLDEN = bytes.fromhex(
    "4d57494e4552543207000000000000000600000000000000020000000200000000000c006b4b808e785a0fc505000000"
    "000000000900000000000000ffff6400ffff000003000000000000000400000000000000050000000000000006000000"
    "00000000"
)


def test_edges_of_other_versions_read_it() -> None:
    """While a version takes over, older edges read what the newer pipeline writes: who cannot, records nobody."""
    assert FILE == GOLDEN


def test_everything_comes_back() -> None:
    found = unpack(FILE)
    assert (found.head.written_at, found.head.as_of, found.head.everybody) == (7, 6, Before(0, 12))
    assert [found.entries.get(handle) for handle in (5, 9, 6)] == [SILENT, Before(100, 0), None]
    assert found.news == (News(3, 4), News(5, 6))
    assert read_head(FILE) == found.head


@given(st.integers(0, len(FILE) * 8 - 1))
def test_no_flipped_bit_is_overlooked(place: int) -> None:
    raw = bytearray(FILE)
    raw[place // 8] ^= 1 << place % 8
    with pytest.raises(Unreadable):
        unpack(bytes(raw))


@given(st.integers(0, len(FILE) - 1))
def test_no_cut_is_overlooked(length: int) -> None:
    with pytest.raises(Unreadable):
        unpack(FILE[:length])


def test_a_file_of_bare_handles_is_none() -> None:
    """As versions before this one wrote it: nobody may think that it holds nobody."""
    for handles in ((), (5,), (5, 9)):
        with pytest.raises(Unreadable, match="version"):
            unpack(b"".join(handle.to_bytes(8, "little") for handle in handles))


def test_more_than_there_should_be_is_refused() -> None:
    with pytest.raises(Unreadable):
        unpack(FILE + bytes(12))
