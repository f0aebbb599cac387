"""Old files go when everybody has passed them, never before, and a kill at any moment does no harm."""

import asyncio
import contextlib
import itertools
import os
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from mailwake.eventlog import End, files, notes
from mailwake.eventlog.keeping import DAY, HOUR, Keeper, Look
from mailwake.eventlog.opening import begin_next, open_last
from mailwake.eventlog.sqlite import SqliteReader, SqliteWriter, append_now
from mailwake.sections import Log

START = 1_793_613_600_000_000
WEEK = Log(keep_days=7)


class Time:
    """The wall clock and the steady one, moved by hand; they only part when a test says so."""

    def __init__(self) -> None:
        self.wall = START
        self.seconds = 1_000.0

    def clock(self) -> int:
        return self.wall

    def steady(self) -> float:
        return self.seconds

    def move(self, micros: int) -> None:
        self.wall += micros
        self.seconds += micros / 1_000_000


@pytest.fixture
def time() -> Time:
    return Time()


def daily(folder: Path, time: Time, days: int, *, writer: str = "edge-0", keep: Log | None = WEEK) -> None:
    """So many days with two records each, a segment a day."""
    for day in range(days):
        append_now(folder, writer, [b"%d" % day, b"x"], keep=keep, clock=time.clock)
        time.move(DAY)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("original")
    daily(folder, Time(), 12)
    pass_all(folder)
    return folder


@pytest.fixture
def passed(original: Path, tmp_path: Path, time: Time) -> Path:
    """A log of twelve days, a file a day, that its only reader has passed."""
    time.move(12 * DAY)
    return shutil.copytree(original, tmp_path / "log")


@pytest.fixture
def unread(passed: Path) -> Path:
    """The same that nobody has read."""
    (passed / "pipeline.passed").unlink()
    return passed


def starts(folder: Path, writer: str = "edge-0") -> list[int]:
    return [place.first for place in files.places(folder)[writer]]


def pass_all(folder: Path, reader: str = "pipeline") -> None:
    with closing(SqliteReader(folder)) as log:
        log.passed(reader, {writer: extent.end.segment for writer, extent in log.extents().items()})


def keeper(folder: Path, time: Time, keep: Log | None = WEEK) -> Keeper:
    return Keeper(folder, "edge-0", keep, clock=time.clock, steady=time.steady)


def sweep(folder: Path, time: Time, keep: Log | None = WEEK) -> list[int]:
    return [place.first for place in keeper(folder, time, keep).sweep()]


def test_a_new_file_is_begun_every_day(tmp_path: Path, time: Time) -> None:
    daily(tmp_path, time, 4)
    assert starts(tmp_path) == [1, 2, 3, 4]


def test_a_new_file_is_begun_after_so_much(tmp_path: Path, time: Time) -> None:
    small = Log(file_megabytes=1)
    for _ in range(4):
        append_now(tmp_path, "edge-0", [os.urandom(600_000)], keep=small, clock=time.clock)
    assert starts(tmp_path) == [1, 3]


def test_a_log_that_is_kept_for_ever_stays_in_one_file(tmp_path: Path, time: Time) -> None:
    daily(tmp_path, time, 30, keep=None)
    pass_all(tmp_path)
    assert starts(tmp_path) == [1]
    assert sweep(tmp_path, time, keep=None) == []


def test_what_is_passed_and_old_goes_and_what_is_younger_stays(passed: Path, time: Time) -> None:
    before = sum(files.size_of(place) for place in files.places(passed)["edge-0"])
    assert sweep(passed, time) == [1, 2, 3, 4, 5]
    assert starts(passed) == [6, 7, 8, 9, 10, 11, 12]
    assert sum(files.size_of(place) for place in files.places(passed)["edge-0"]) < before
    with closing(SqliteReader(passed)) as log:
        assert time.clock() - log.read({}, limit_records=1)[0].written_at == 7 * DAY


def test_what_one_reader_has_not_passed_stays_however_old_it_is(passed: Path, time: Time) -> None:
    notes.write_passed(passed, "archive", {"edge-0": End(2, 4)})
    assert sweep(passed, time) == [1, 2]
    assert starts(passed)[0] == 3


@pytest.mark.parametrize("note", [None, "", "{", "[]", '{"edge-0": "x"}', '{"edge-1": [99, 99]}', '{"edge-0": 2}'])
def test_without_a_note_that_can_be_read_nothing_goes(unread: Path, time: Time, note: str | None) -> None:
    if note is not None:
        (unread / "pipeline.passed").write_text(note, encoding="utf-8")
    assert sweep(unread, time) == ([1, 2] if note == '{"edge-0": 2}' else [])


def test_notes_of_earlier_versions_are_understood(unread: Path, time: Time) -> None:
    (unread / "pipeline.passed").write_text('{"edge-0": 12}', encoding="utf-8")
    assert sweep(unread, time) == [1, 2, 3, 4, 5]


def test_the_newest_file_never_goes(tmp_path: Path, time: Time) -> None:
    daily(tmp_path, time, 3)
    pass_all(tmp_path)
    time.move(400 * DAY)
    assert sweep(tmp_path, time) == [1, 2]
    assert starts(tmp_path) == [3]


def test_other_writers_files_are_left_alone(passed: Path, time: Time) -> None:
    for path in passed.glob("*.log"):
        shutil.copy(path, path.with_name(path.name.replace("edge-0", "edge-01")))
    notes.write_passed(passed, "pipeline", {"edge-0": End(12, 24), "edge-01": End(12, 24)})
    (passed / "edge-0.99.log-wal").write_bytes(b"left over")
    (passed / "edge-01.99.log-wal").write_bytes(b"left over")
    sweep(passed, time)
    assert starts(passed, "edge-01")[0] == 1
    assert not (passed / "edge-0.99.log-wal").exists()
    assert (passed / "edge-01.99.log-wal").exists()


def test_totals_add_up_after_a_removal_and_numbers_go_on(passed: Path, time: Time) -> None:
    with closing(SqliteReader(passed)) as log:
        before = log.extents()["edge-0"]
        sweep(passed, time)
        after = log.extents()["edge-0"]
        assert (before.end, before.removed) == (End(12, 24), 0)
        assert (after.end, after.first, after.removed) == (End(12, 24), 6, 10)
        assert log.position("edge-0", 5) == 10
        assert log.waiting({}) == 14
        assert sum(len(segment.records) + segment.lost for segment in log.read({}, limit_records=100)) == 14
    append_now(passed, "edge-0", [b"more"], keep=WEEK, clock=time.clock)
    with closing(SqliteReader(passed)) as log:
        assert log.extents()["edge-0"].end == End(13, 25)


def test_even_when_all_went_but_an_empty_file_numbers_go_on(tmp_path: Path, time: Time) -> None:
    daily(tmp_path, time, 3)
    begin_next(tmp_path, "edge-0", End(3, 6)).close()
    pass_all(tmp_path)
    time.move(20 * DAY)
    assert sweep(tmp_path, time)
    assert starts(tmp_path) == [4]
    for name in ("pipeline.passed", "edge-0.end"):
        (tmp_path / name).unlink()
    append_now(tmp_path, "edge-0", [b"more"], keep=WEEK, clock=time.clock)
    with closing(SqliteReader(tmp_path)) as log:
        assert log.extents()["edge-0"].end.segment == 4


def test_a_reader_gives_the_room_of_a_removed_file_back(unread: Path, time: Time) -> None:
    with closing(SqliteReader(unread)) as log:
        found = log.read({}, limit_records=1_000)
        log.passed("pipeline", {"edge-0": found[-1].number})
        assert sweep(unread, time)
        assert _deleted_but_open(unread) != []
        log.read({"edge-0": found[-1].number}, limit_records=10)
        assert _deleted_but_open(unread) == []
        assert log.damage == set()


def _deleted_but_open(folder: Path) -> list[str]:
    found = []
    for each in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found.append(str(each.readlink()))
    return [link for link in found if link.startswith(str(folder)) and link.endswith("(deleted)")]


def test_a_file_that_cannot_be_read_goes_by_the_time_it_was_changed(passed: Path, time: Time) -> None:
    damaged = passed / "edge-0.log"
    damaged.write_bytes(b"scribble" * 4_000)
    os.utime(damaged, (time.clock() / 1e6, time.clock() / 1e6))
    assert sweep(passed, time) == []
    os.utime(damaged, (START / 1e6, START / 1e6))
    assert sweep(passed, time) == [1, 2, 3, 4, 5]


def test_after_a_jump_of_the_clock_nothing_goes_for_a_day(passed: Path, time: Time) -> None:
    looking = keeper(passed, time)
    time.wall += 365 * DAY
    assert looking.sweep(now=True) == []
    time.move(23 * HOUR)
    assert looking.sweep(now=True) == []
    time.move(2 * HOUR)
    assert [place.first for place in looking.sweep(now=True)] == list(range(1, 12))


def test_it_looks_once_an_hour(passed: Path, time: Time) -> None:
    note = (passed / "pipeline.passed").read_bytes()
    (passed / "pipeline.passed").unlink()
    looking = keeper(passed, time)
    assert looking.sweep() == []
    (passed / "pipeline.passed").write_bytes(note)
    time.move(HOUR - 1_000_000)
    assert looking.sweep() == []
    time.move(1_000_000)
    assert len(looking.sweep()) == 6


def test_a_writer_that_stays_begins_new_files_and_removes_old_ones_by_itself(tmp_path: Path, time: Time) -> None:
    async def scene() -> None:
        writer = SqliteWriter.open(tmp_path, "edge-0", keep=WEEK, clock=time.clock)
        for day in range(12):
            await writer.write([b"%d" % day])
            time.move(DAY)
            writer.tidy()
        await writer.close()
        assert (writer.faults, writer.abandoned, writer.end) == (0, 0, End(12, 12))
        pass_all(tmp_path)
        writer = SqliteWriter.open(tmp_path, "edge-0", keep=WEEK, clock=time.clock)  # its clock has not jumped
        writer.tidy(now=True)
        await writer.write([b"more"])
        await writer.close()
        assert writer.end == End(13, 13)

    asyncio.run(scene())
    assert (starts(tmp_path)[0], starts(tmp_path)[-1]) == (6, 13)


def test_a_file_that_somebody_deleted_under_a_writer_is_given_up(tmp_path: Path, time: Time) -> None:
    async def scene() -> None:
        writer = SqliteWriter.open(tmp_path, "edge-0", clock=time.clock)
        await writer.write([b"gone"] * 3)
        files.remove(files.place_of(tmp_path, "edge-0", 1))
        writer.tidy()
        await writer.write([b"kept"])
        await writer.close()
        assert writer.abandoned == 1

    asyncio.run(scene())
    with closing(SqliteReader(tmp_path)) as log:
        (segment,) = log.read({}, limit_records=10)
        assert (segment.number, segment.records, segment.before) == (2, (b"kept",), 3)


def test_an_empty_file_is_left_as_it_is(tmp_path: Path, time: Time) -> None:
    file = open_last(tmp_path, "edge-0")
    time.move(100 * DAY)
    assert keeper(tmp_path, time).look(file, file.end) is Look.WELL
    file.close()


# --- a kill between any two steps

STEP = """
import itertools, os, pathlib, sys
from mailwake.eventlog import files, keeping, opening, notes
from mailwake.eventlog.sqlite import append_now
from mailwake.sections import Log
folder, die_at, now = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
steps = itertools.count(1)
def dying(event, args):
    if event in ("open", "os.remove", "os.rename", "sqlite3.connect") and str(folder) in str(args[0]):
        if next(steps) == die_at:
            os._exit(9)
sys.addaudithook(dying)
append_now(folder, "edge-0", [b"last"], keep=Log(keep_days=7), clock=lambda: now)
print(next(steps) - 1)
"""


def _append_and_die(folder: Path, step: int, now: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", STEP, str(folder), str(step), str(now)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _records(folder: Path) -> list[bytes]:
    with closing(SqliteReader(folder)) as log:
        found = [record for segment in log.read({}, limit_records=1_000) for record in segment.records]
        assert log.damage == set()
        return found


@pytest.mark.long
def test_a_kill_between_any_two_steps_of_rotation_and_removal_loses_nothing_and_repeats_no_number(
    original: Path, tmp_path: Path
) -> None:
    """Every open, removal and renaming of a file is a place to die at."""
    for step in itertools.count(1):
        folder, clock = shutil.copytree(original, tmp_path / str(step)), Time()
        clock.move(12 * DAY)
        with closing(SqliteReader(folder)) as log:
            before = log.extents()["edge-0"].end
        done = _append_and_die(folder, step, clock.clock())
        assert done.returncode in (0, 9), done.stderr
        _check_after_kill(folder, clock, before)
        if done.returncode == 0:
            assert step > 20
            return


def _check_after_kill(folder: Path, clock: Time, before: End) -> None:
    with closing(SqliteReader(folder)) as log:
        after = log.extents()["edge-0"].end
    assert after in (before, End(before.segment + 1, before.records + 1))
    assert _records(folder)[-1] == (b"x" if after == before else b"last")
    append_now(folder, "edge-0", [b"again"], keep=WEEK, clock=clock.clock)
    pass_all(folder)
    sweep(folder, clock)
    with closing(SqliteReader(folder)) as log:
        assert log.extents()["edge-0"].end == End(after.segment + 1, after.records + 1)
    assert _records(folder)[-1] == b"again"
    assert not _left_over(folder)
    assert starts(folder)[0] >= 4


def _left_over(folder: Path) -> list[Path]:
    beside = [path for path in folder.iterdir() if path.name.endswith(("-wal", "-shm"))]
    return [path for path in beside if not path.with_name(path.name[:-4]).exists()]


@pytest.mark.parametrize("steps", [0, 1, 2, 3])
def test_a_removal_that_was_cut_short_is_finished_the_next_time(
    passed: Path, time: Time, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    for place in files.places(passed)["edge-0"]:
        for suffix in files.BESIDE:
            Path(f"{place.path}{suffix}").write_bytes(b"")
    unlink, left = Path.unlink, iter([None] * steps)

    def unsteady(self: Path, missing_ok: bool = False) -> None:
        if next(left, StopIteration) is StopIteration:
            raise OSError("killed here")
        unlink(self, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", unsteady)
    with pytest.raises(OSError, match="killed here"):
        keeper(passed, time).sweep()
    monkeypatch.undo()
    sweep(passed, time)
    assert starts(passed)[0] == 6
    assert not _left_over(passed)
