"""What is told once is read once, and is forgotten when the set holds it."""

from pathlib import Path

import pytest

from mailwake.inert.entries import SILENT
from mailwake.inert.tails import ENTRY_BYTES, Heard, Tail, Tails, read_tail


@pytest.fixture
def tail(tmp_path: Path) -> Tail:
    return Tail(tmp_path, "edge-0")


def heard(number: int) -> Heard:
    return Heard(number, SILENT, number)


def test_what_was_read_is_not_read_again(tail: Tail, tmp_path: Path) -> None:
    tails = Tails(tmp_path)
    for number in (1, 2):
        tail.add(heard(number))
        assert list(tails.news()) == [heard(number)]
    assert list(tails.news()) == []
    tail.close()


def test_half_an_entry_is_read_when_it_is_whole(tail: Tail, tmp_path: Path) -> None:
    tail.add(heard(1))
    raw, tails = tail.path.read_bytes(), Tails(tmp_path)
    tail.path.write_bytes(raw[:-1])
    assert list(tails.news()) == []
    tail.path.write_bytes(raw)
    assert list(tails.news()) == [heard(1)]
    tail.close()


def test_under_load_it_does_not_grow_for_ever(tail: Tail, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailwake.inert.tails._WORTH_IT", 10)
    tails, seen = Tails(tmp_path), set[int]()
    for number in range(1, 101):
        tail.add(heard(number))
        tail.forget(as_of=number - 5)
        seen |= {each.handle for each in tails.news()}
        assert tail.path.stat().st_size <= 16 * ENTRY_BYTES
    assert seen == set(range(1, 101))
    tail.forget(as_of=101)
    assert list(read_tail(tail.path)) == []
    tail.close()


def test_what_another_life_left_is_forgotten_in_its_time(tail: Tail, tmp_path: Path) -> None:
    tail.add(heard(1))
    tail.close()
    again = Tail(tmp_path, "edge-0")
    again.add(heard(2))
    assert list(read_tail(again.path)) == [heard(1), heard(2)]
    again.forget(as_of=3)
    assert list(read_tail(again.path)) == []
    again.close()
