"""Who has withdrawn: the file the pipeline writes, and what was heard here since."""

import os
from array import array
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailwake.edge.inert import InertSet


def write(path: Path, *handles: int, age: int = 0) -> None:
    path.write_bytes(array("Q", handles).tobytes())
    os.utime(path, ns=(age, age))


def test_without_a_file_nobody_has_withdrawn(tmp_path: Path) -> None:
    assert 1 not in InertSet(tmp_path / "inert.bin")


@given(st.sets(st.integers(0, 2**64 - 1), max_size=50), st.integers(0, 2**64 - 1))
def test_exactly_the_handles_in_the_file_are_inert(
    tmp_path_factory: pytest.TempPathFactory, handles: set[int], other: int
) -> None:
    path = tmp_path_factory.mktemp("inert") / "inert.bin"
    write(path, *sorted(handles))
    inert = InertSet(path)
    assert all(handle in inert for handle in handles)
    assert (other in inert) == (other in handles)
    assert len(inert) == len(handles)


def test_a_new_file_takes_effect_when_it_is_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "inert.bin"
    inert = InertSet(path)
    write(path, 5)
    assert 5 not in inert
    inert.reload()
    assert 5 in inert
    write(path, 6, age=1)
    inert.reload()
    assert (5 in inert, 6 in inert) == (False, True)


@pytest.mark.parametrize("raw", [b"123", array("Q", [2, 1]).tobytes(), array("Q", [1, 2]).tobytes() + b"x"])
def test_a_damaged_file_counts_everybody_as_withdrawn_until_it_is_well(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "inert.bin"
    path.write_bytes(raw)
    inert = InertSet(path)
    assert (inert.closed, 12_345 in inert) == (True, True)
    write(path, 1, 2, age=1)
    inert.reload()
    assert (inert.closed, 12_345 in inert) == (False, False)


def test_a_withdrawal_heard_here_outlives_a_file_that_has_not_heard_of_it(tmp_path: Path) -> None:
    path = tmp_path / "inert.bin"
    inert = InertSet(path)
    inert.add(7)
    write(path, 5)
    inert.reload()
    assert 7 in inert
    write(path, 5, 7, age=1)
    inert.reload()
    write(path, 5, age=2)
    inert.reload()
    assert 7 not in inert


def test_a_withdrawal_taken_back_here_is_forgotten(tmp_path: Path) -> None:
    inert = InertSet(tmp_path / "inert.bin")
    inert.add(7)
    inert.discard(7)
    inert.discard(8)
    assert 7 not in inert
