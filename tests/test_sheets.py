"""A list as CSV is read whole, or its fault is named with the line where it begins."""

import csv
import io
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.every import every

from mailwake.consents import files as consents
from mailwake.errors import BadInput
from mailwake.merge.people import parse_people
from mailwake.sheets import rows_of
from mailwake.suppression import files as suppression


def test_records_have_the_line_that_they_start_on() -> None:
    text = '\ufeffemail;name\r\nann@example.com;"Ann\r\nof ""Garden"""\r\n\r\nbob@example.com;5" pipe\r\n'
    assert list(rows_of(text)) == [
        (1, ["email", "name"]),
        (2, ["ann@example.com", 'Ann\r\nof "Garden"']),
        (4, []),
        (5, ["bob@example.com", '5" pipe']),
    ]


def readers() -> list[Callable[[str], object]]:
    return [lambda text: parse_people(text, name="list.csv"), suppression.read_list, consents.read_list]


@every("read", readers(), ids=["people", "suppression", "consents"])
@every("lines", [200, 20_000])
def test_a_quote_that_never_closes_costs_nobody_without_a_word(read: Callable[[str], object], lines: int) -> None:
    rows = [f"u{number}@example.com,Name{number},granted" for number in range(lines)]
    rows[5] = 'u5@example.com,"Name5,granted'
    with pytest.raises(BadInput, match="a quote that opens on line 7 never closes; close it or take it out"):
        read("\n".join(["email,name,state", *rows]))


def test_a_cell_that_is_too_long_is_named_with_its_line() -> None:
    text = f"email,name\nann@example.com,Ann\nbob@example.com,{'x' * 140_000}\n"
    with pytest.raises(BadInput, match=r"line 3: a cell has more than 131,072 characters; shorten it"):
        list(rows_of(text))


@given(st.text(alphabet='a",\n\r "', max_size=60))
def test_a_quote_is_open_where_the_reader_runs_into_the_end(text: str) -> None:
    """The last cell then takes in whatever is written behind."""
    rows = list(csv.reader(io.StringIO(f"a,{text}\x01", newline="")))
    more = list(csv.reader(io.StringIO(f"a,{text}\x01\nlast", newline="")))
    is_open = more[-1] != ["last"] or len(more) != len(rows) + 1
    try:
        assert [cells for _, cells in rows_of(f"a,{text}\x01")] == rows
        assert not is_open
    except BadInput:
        assert is_open
