"""The ledger and the log change together: after any crash a line is in both or in neither."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailwake.accesslog import ledger as module
from mailwake.accesslog.ledger import SPAN, Ledger
from mailwake.errors import Unavailable
from mailwake.events import SECOND, Micros

AT = Micros(1_795_435_200 * SECOND)
DAY = 86_400 * SECOND


def opened(folder: Path, last_segment: int = 0) -> Ledger:
    return Ledger(folder / "ledger", last_segment=last_segment)


def kept(folder: Path, *keys: int, at: Micros = AT, segment: int = 1) -> None:
    """Note keys with a segment that was written."""
    ledger = opened(folder, segment - 1)
    for key in keys:
        ledger.note(at, key)
    ledger.prepare(segment)
    ledger.commit()


def test_what_was_noted_is_known_at_once_and_after_a_commit_for_good(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    assert not ledger.knows(AT, 5)
    ledger.note(AT, 5)
    assert ledger.knows(AT, 5)
    assert not opened(tmp_path).knows(AT, 5)
    ledger.prepare(1)
    ledger.commit()
    assert opened(tmp_path, 1).knows(AT, 5)


def test_a_key_belongs_to_the_time_of_its_line(tmp_path: Path) -> None:
    kept(tmp_path, 5)
    again = opened(tmp_path, 1)
    assert again.knows(Micros(AT + SPAN - 1), 5)
    assert not again.knows(Micros(AT + SPAN), 5)


@pytest.mark.parametrize("is_written", [True, False])
def test_after_a_crash_the_log_says_whether_the_lines_are_in_it(tmp_path: Path, is_written: bool) -> None:
    ledger = opened(tmp_path, 6)
    ledger.note(AT, 5)
    ledger.prepare(7)  # and then the power fails
    again = opened(tmp_path, 7 if is_written else 6)
    assert again.knows(AT, 5) is is_written
    assert not (tmp_path / "ledger" / "pending").exists()


def test_a_crash_while_keys_are_added_loses_none_and_spoils_none(tmp_path: Path) -> None:
    kept(tmp_path, 1, 2)
    ledger = opened(tmp_path, 1)
    ledger.note(AT, 3)
    ledger.note(AT, 4)
    ledger.prepare(2)
    (file,) = (tmp_path / "ledger").glob("*.keys")
    with file.open("ab") as torn:
        torn.write((3).to_bytes(8, "little") + b"\x04\x00\x00")
    again = opened(tmp_path, 2)
    assert all(again.knows(AT, key) for key in (1, 2, 3, 4))
    assert file.stat().st_size % 8 == 0


def test_recovering_twice_is_recovering_once(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    ledger.note(AT, 9)
    ledger.prepare(1)
    pending = tmp_path / "ledger" / "pending"
    content = pending.read_bytes()
    opened(tmp_path, 1)
    pending.write_bytes(content)
    assert opened(tmp_path, 1).knows(AT, 9)


def test_what_is_forgotten_is_refused_and_not_counted_again(tmp_path: Path) -> None:
    kept(tmp_path, 1)
    kept(tmp_path, 2, at=Micros(AT + DAY), segment=2)
    ledger = opened(tmp_path, 2)
    assert ledger.forgotten_until == 0
    ledger.forget(Micros(AT + DAY))
    assert ledger.forgotten_until == AT + DAY
    again = opened(tmp_path, 2)
    assert again.forgotten_until == AT + DAY
    assert again.knows(Micros(AT + DAY), 2)
    assert len([*(tmp_path / "ledger").glob("*.keys")]) == 1


def test_as_long_as_nothing_was_forgotten_nothing_is_refused(tmp_path: Path) -> None:
    kept(tmp_path, 1)
    ledger = opened(tmp_path, 1)
    ledger.forget(Micros(AT - 30 * DAY))
    assert ledger.forgotten_until == 0


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 30)), max_size=60))
def test_memory_is_bounded_and_nothing_is_forgotten_for_it(noted: list[tuple[int, int]]) -> None:
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as name:
        patch.setattr(module, "_HELD", 5)
        ledger = opened(Path(name))
        known: set[tuple[int, int]] = set()
        for number, (span, key) in enumerate(noted, 1):
            at = Micros(AT + span * SPAN)
            assert ledger.knows(at, key) is ((span, key) in known)
            known.add((span, key))
            ledger.note(at, key)
            if number % 4 == 0:
                ledger.prepare(number)
                ledger.commit()
        assert all(ledger.knows(Micros(AT + span * SPAN), key) for span, key in known)
        assert sum(map(len, ledger._spans.values())) <= 5 + 31 + 4


def test_only_the_owner_may_look(tmp_path: Path) -> None:
    kept(tmp_path, 1)
    ledger = opened(tmp_path, 1)
    ledger.note(AT, 2)
    ledger.prepare(2)
    folder = tmp_path / "ledger"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


@pytest.mark.parametrize("name", ["pending", "forgotten"])
def test_a_damaged_file_stops_the_reading_and_says_what_to_do(tmp_path: Path, name: str) -> None:
    kept(tmp_path, 1)
    (tmp_path / "ledger" / name).write_bytes(b"\xffnonsense")
    with pytest.raises(Unavailable, match="damaged"):
        opened(tmp_path, 1)


def test_a_disk_that_takes_nothing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = opened(tmp_path)
    ledger.note(AT, 1)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unavailable, match="No space left"):
        ledger.prepare(1)
