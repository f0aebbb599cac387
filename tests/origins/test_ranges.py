"""The table from addresses to operators."""

from datetime import date
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailwake.cli.update_data.ranges import Range, build, read_csv
from mailwake.errors import BadInput
from mailwake.origins.databases import SHIPPED
from mailwake.origins.ranges import HEADER_BYTES, AsnTable

MADE = date(2026, 11, 1)
SIX = [Range(int(ip_address("2001:db8::")), int(ip_address("2001:db8:0:ffff:ffff:ffff:ffff:ffff")), 64500, "Six")]


def table(folder: Path, four: list[Range], six: list[Range] = SIX) -> AsnTable:
    path = folder / "t.bin"
    path.write_bytes(build(four, six, made=MADE, source="test"))
    return AsnTable(path)


def owner(found: AsnTable, ip: str) -> int | None:
    return found.owner(ip_address(ip).packed)


def test_addresses_find_the_operator_of_their_range(tmp_path: Path) -> None:
    found = table(tmp_path, [Range(10, 19, 1, "One"), Range(20, 20, 2, "Zwölf")])
    numbers = [found.owner(n.to_bytes(4)) for n in (0, 9, 10, 19, 20, 21, 2**32 - 1)]
    assert numbers == [None, None, 1, 1, 2, None, None]
    assert found.organisation(2) == "Zwölf"
    assert found.organisation(3) is None
    assert found.date == MADE


def test_both_families_are_told(tmp_path: Path) -> None:
    found = table(tmp_path, [Range(0, 2**32 - 1, 7, "All")])
    assert owner(found, "255.255.255.255") == 7
    assert owner(found, "2001:db8:0:1::5") == 64500
    assert owner(found, "2001:db8:1::") is None
    assert owner(found, "::") is None


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(1, 50), st.integers(1, 4)), min_size=1, max_size=30))
def test_it_agrees_with_a_plain_search(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[tuple[int, int, int]]
) -> None:
    ranges, start = [], 0
    for gap, width, asn in pieces:
        start += gap
        ranges.append(Range(start, start + width - 1, asn, f"AS {asn}"))
        start += width
    found = table(tmp_path_factory.mktemp("t"), ranges)
    for number in range(start + 3):
        expected = next((each.asn for each in ranges if each.first <= number <= each.last), None)
        assert found.owner(number.to_bytes(4)) == expected


def test_lists_are_read_with_numbers_and_with_addresses() -> None:
    rows = list(read_csv(['16777216,16777471,13335,"Cloudflare, Inc."', "2001::,2001::ffff,6939,HE"]))
    assert rows[0] == Range(16777216, 16777471, 13335, "Cloudflare, Inc.")
    assert rows[1].first == int(ip_address("2001::"))


@pytest.mark.parametrize("line", ["", "1,2", "a,b,c,d", "1.2.3.4,5.6.7.8,x,y"])
def test_a_line_of_another_shape_is_named(line: str) -> None:
    with pytest.raises(BadInput, match="line 2"):
        list(read_csv(["1,2,3,x", line or "\x00,"]))


def test_ranges_out_of_order_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="out of order"):
        table(tmp_path, [Range(20, 30, 1, "a"), Range(10, 15, 2, "b")])


def test_an_empty_list_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no ranges"):
        table(tmp_path, [])


@pytest.mark.parametrize(
    "damage", [lambda b: b[:-1], lambda b: b"x" * len(b), lambda b: b[:HEADER_BYTES], lambda _: b""]
)
def test_a_damaged_file_is_refused(tmp_path: Path, damage: object) -> None:
    path = tmp_path / "t.bin"
    path.write_bytes(damage(build([Range(1, 2, 3, "x")], SIX, made=MADE, source="t")))  # type: ignore[operator]  # a lambda
    with pytest.raises(BadInput):
        AsnTable(path)


def test_the_shipped_table_knows_the_world() -> None:
    shipped = AsnTable(SHIPPED / "asn.bin")
    assert owner(shipped, "8.8.8.8") == 15169
    assert shipped.organisation(15169) == "Google LLC"
