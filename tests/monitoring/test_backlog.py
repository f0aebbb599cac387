"""A reader that stops is told before the disk fills, and the doctor says how long that takes."""

import os
import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from mailwake.eventlog import End, notes
from mailwake.eventlog.sqlite import SqliteReader, append_now
from mailwake.monitoring.backlog import STOPPED_MICROS, Backlog, Pace, backlogs, room
from mailwake.sections import Log

START = 1_793_613_600_000_000
MINUTE = 60_000_000
DAY = 1_440 * MINUTE
Usage = namedtuple("Usage", "total used free")


def write(data: Path, at: int, records: int = 10, *, writer: str = "edge-0", size: int = 100) -> None:
    append_now(data / "log", writer, [os.urandom(size) for _ in range(records)], clock=lambda: at, keep=Log())
    for path in (data / "log").glob(f"{writer}*.log"):
        if path.stat().st_mtime > at / 1e6:
            os.utime(path, (at / 1e6, at / 1e6))


def passed(data: Path, at: int, **segments: int) -> None:
    cursors = {name.replace("_", "-"): segment for name, segment in segments.items()}
    SqliteReader(data / "log").passed("pipeline", cursors)
    os.utime(data / "log" / "pipeline.passed", (at / 1e6, at / 1e6))


def only(data: Path, now: int) -> Backlog:
    (found,) = backlogs(data, now=now)
    return found


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The room that is left on the disk, to be set."""
    left = [10**12]
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**12, 0, left[0]))
    return left


def test_without_a_log_nobody_is_behind(tmp_path: Path) -> None:
    assert backlogs(tmp_path, now=START) == []
    assert room(tmp_path, keep_days=7, now=START).log_bytes == 0


def test_a_reader_that_passed_everything_keeps_up_however_long_ago(tmp_path: Path) -> None:
    write(tmp_path, START)
    passed(tmp_path, START, edge_0=1)
    found = only(tmp_path, START + 30 * DAY)
    assert (found.records, found.since, found.pace) == (0, None, Pace.KEEPS_UP)


def test_a_reader_that_leaves_records_lying_has_stopped(tmp_path: Path) -> None:
    write(tmp_path, START)
    passed(tmp_path, START, edge_0=1)
    write(tmp_path, START + MINUTE, 7)
    early = only(tmp_path, START + MINUTE + STOPPED_MICROS)
    assert (early.records, early.since, early.pace) == (7, START + MINUTE, Pace.KEEPS_UP)
    assert only(tmp_path, START + MINUTE + STOPPED_MICROS + 1).pace is Pace.STOPPED


def test_a_reader_that_works_off_an_old_backlog_has_not_stopped(tmp_path: Path) -> None:
    for n in range(3):
        write(tmp_path, START + n)
    passed(tmp_path, START + DAY, edge_0=1)
    assert only(tmp_path, START + DAY + MINUTE).pace is Pace.KEEPS_UP


def test_the_pipeline_is_missed_where_it_never_read(tmp_path: Path) -> None:
    write(tmp_path, START)
    found = only(tmp_path, START + DAY)
    assert (found.reader, found.records, found.passed_at, found.pace) == ("pipeline", 10, 0, Pace.STOPPED)


def test_every_reader_is_told_of(tmp_path: Path) -> None:
    write(tmp_path, START)
    passed(tmp_path, START, edge_0=1)
    notes.write_passed(tmp_path / "log", "archive", {})
    told = {found.reader: found.records for found in backlogs(tmp_path, now=START)}
    assert told == {"pipeline": 0, "archive": 10}


def test_a_backlog_that_takes_a_large_part_of_the_room_is_told(tmp_path: Path, free: list[int]) -> None:
    write(tmp_path, START, 50, size=10_000)
    passed(tmp_path, START, edge_0=1)
    write(tmp_path, START, 50, size=10_000)
    found = only(tmp_path, START + 1)
    assert 400_000 < found.bytes < 800_000
    assert found.pace is Pace.KEEPS_UP
    free[0] = 1_000_000
    assert only(tmp_path, START + 1).pace is Pace.BEHIND


def test_after_a_removal_what_waits_is_counted_from_where_the_log_begins(tmp_path: Path) -> None:
    for day in range(12):
        write(tmp_path, START + day * DAY)
    passed(tmp_path, START + 12 * DAY, edge_0=12)
    write(tmp_path, START + 12 * DAY)
    assert only(tmp_path, START + 12 * DAY).records == 10
    notes.write_passed(tmp_path / "log", "new", {"edge-0": End(0, 0)})
    (new,) = [each for each in backlogs(tmp_path, now=START + 12 * DAY) if each.reader == "new"]
    assert new.records == 80


def test_the_disk_lasts_where_as_much_goes_as_comes(tmp_path: Path, free: list[int]) -> None:
    for day in range(12):
        write(tmp_path, START + day * DAY, size=10_000)
        passed(tmp_path, START + day * DAY, edge_0=day + 1)
    found = room(tmp_path, keep_days=7, now=START + 12 * DAY)
    assert found.bytes_per_day is not None
    assert 90_000 < found.bytes_per_day < 300_000
    assert found.days_left is None
    free[0] = 200_000
    assert room(tmp_path, keep_days=7, now=START + 12 * DAY).days_left is None


def test_a_young_log_still_grows(tmp_path: Path, free: list[int]) -> None:
    write(tmp_path, START, size=100_000)
    write(tmp_path, START + DAY // 2, size=100_000)
    passed(tmp_path, START + DAY // 2, edge_0=2)
    now = START + DAY // 2
    assert room(tmp_path, keep_days=7, now=now).days_left is None
    free[0] = 8_000_000
    left = room(tmp_path, keep_days=7, now=now).days_left
    assert left is not None
    assert 1.5 < left < 2.1


def test_with_a_reader_that_stopped_nothing_goes_and_the_disk_fills(tmp_path: Path, free: list[int]) -> None:
    for day in range(12):
        write(tmp_path, START + day * DAY, size=10_000)
    free[0] = 1_000_000
    left = room(tmp_path, keep_days=7, now=START + 12 * DAY).days_left
    assert left is not None
    assert 3 < left < 12


def test_nothing_is_foretold_from_less_than_an_hour(tmp_path: Path) -> None:
    write(tmp_path, START)
    assert room(tmp_path, keep_days=7, now=START + 59 * MINUTE).bytes_per_day is None
