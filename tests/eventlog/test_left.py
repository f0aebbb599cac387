"""Files of a writer that does not come back go like those of one that is there."""

from contextlib import closing
from pathlib import Path

import pytest
from tests.eventlog.test_keeping import START, WEEK, Time, daily, pass_all, starts

from mailwake.errors import Unavailable
from mailwake.eventlog import files
from mailwake.eventlog.keeping import DAY
from mailwake.eventlog.left import tend_left
from mailwake.eventlog.sqlite import SqliteReader, append_now
from mailwake.sections import Log


@pytest.fixture
def time() -> Time:
    return Time()


def left(folder: Path, time: Time, keep: Log = WEEK) -> list[str]:
    return [place.path.name for place in tend_left(folder, keep, clock=time.clock)]


def held(folder: Path, writer: str = "edge-2") -> list[bytes]:
    with closing(SqliteReader(folder)) as reader:
        segments = reader.read({}, limit_records=1_000_000)
    return [record for segment in segments if segment.writer == writer for record in segment.records]


def test_the_last_file_of_a_worker_that_is_gone_goes_in_its_time(tmp_path: Path, time: Time) -> None:
    daily(tmp_path, time, 1, writer="edge-2")
    pass_all(tmp_path)
    time.move(5 * DAY)
    assert left(tmp_path, time) == []
    assert held(tmp_path)
    time.move(2 * DAY)
    assert left(tmp_path, time) == ["edge-2.log"]
    assert held(tmp_path) == []
    assert left(tmp_path, time) == [], "nothing is left to do"


def test_numbers_go_on_when_the_worker_comes_back(tmp_path: Path, time: Time) -> None:
    daily(tmp_path, time, 3, writer="edge-2")
    pass_all(tmp_path)
    time.move(30 * DAY)
    left(tmp_path, time)
    append_now(tmp_path, "edge-2", [b"again"], keep=WEEK, clock=time.clock)
    with closing(SqliteReader(tmp_path)) as reader:
        (segment,) = reader.read({"edge-2": 3}, limit_records=10)
    assert (segment.number, segment.before, segment.records) == (4, 6, (b"again",))


def test_what_a_reader_has_not_passed_stays(tmp_path: Path, time: Time) -> None:
    daily(tmp_path, time, 2, writer="edge-2")
    time.move(30 * DAY)
    for _ in range(3):
        assert left(tmp_path, time) == []
        assert len(held(tmp_path)) == 4
        assert len(starts(tmp_path, "edge-2")) == 3, "and one empty file is enough"


def test_a_sequence_that_is_being_written_is_its_writers(tmp_path: Path, time: Time) -> None:
    daily(tmp_path, time, 1, writer="edge-2")
    pass_all(tmp_path)
    time.move(30 * DAY)
    lock = files.Lock(tmp_path, "edge-2")
    try:
        assert left(tmp_path, time) == []
    finally:
        lock.release()
    assert left(tmp_path, time) == ["edge-2.log"]


@pytest.mark.parametrize("writer", ["send-7", "relay"])
def test_logs_with_a_rule_of_their_own_stay(tmp_path: Path, time: Time, writer: str) -> None:
    daily(tmp_path, time, 1, writer=writer, keep=None)
    pass_all(tmp_path)
    time.move(400 * DAY)
    assert left(tmp_path, time) == []


def test_no_log_is_nothing_to_do_and_a_bad_disk_is_said(tmp_path: Path, time: Time) -> None:
    assert left(tmp_path / "nowhere", time) == []
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable, match="cannot look after old files"):
        left(tmp_path / "file", time)
    assert time.wall == START
