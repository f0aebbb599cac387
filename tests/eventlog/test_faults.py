"""What a log promises when its files are damaged: it goes on by itself, serves nothing wrong, counts what it lost."""

import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path

import pytest

from mailwake.eventlog import End, files, notes
from mailwake.eventlog.opening import begin_next, open_last
from mailwake.eventlog.segments import pack
from mailwake.eventlog.sqlite import SqliteReader, append_now

WRITE_AND_CRASH = """
import asyncio, os, pathlib, random, sys
from mailwake.eventlog import sqlite

def content(n, k):
    return random.Random(n * 10 + k).randbytes(n * 397 % 9000) if n % 3 else bytes(n * 397 % 9000)

async def main():
    writer = sqlite.SqliteWriter.open(pathlib.Path(sys.argv[1]), "edge-0")
    for n in range(60):
        await writer.write([b"%d.%d|" % (n, k) + content(n, k) for k in range(n % 7 + 1)])
        if n == 30:
            sqlite._CHECKPOINT_BYTES = 0
            writer.tidy()
            sqlite._CHECKPOINT_BYTES = 1 << 40
    writer.tidy()
    os._exit(0)

asyncio.run(main())
"""


def content(n: int, k: int) -> bytes:
    """Of a record; some can be packed."""
    return random.Random(n * 10 + k).randbytes(n * 397 % 9000) if n % 3 else bytes(n * 397 % 9000)


WRITTEN = [b"%d.%d|" % (n, k) + content(n, k) for n in range(60) for k in range(n % 7 + 1)]
PLACES = 8


@pytest.fixture(scope="module")
def crashed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log whose writer was killed: half of it is in the file, half in the log beside it."""
    folder = tmp_path_factory.mktemp("crashed")
    subprocess.run([sys.executable, "-c", WRITE_AND_CRASH, str(folder)], check=True)
    assert (folder / "edge-0.log").stat().st_size > 300_000
    assert (folder / "edge-0.log-wal").stat().st_size > 300_000
    return folder


@pytest.fixture
def copies(crashed: Path, tmp_path: Path) -> Callable[[], Path]:
    """Copies of the crashed log, each for one damage."""
    made: list[Path] = []

    def copy() -> Path:
        for old in made:
            shutil.rmtree(old)
        made[:] = [tmp_path / "log"]
        return shutil.copytree(crashed, made[0])

    return copy


def read_all(folder: Path) -> tuple[list[bytes], int, list[int]]:
    """Records, how many were lost, and the numbers of the segments."""
    found, lost, numbers = list[bytes](), 0, list[int]()
    with closing(SqliteReader(folder)) as log:
        while step := log.read({"edge-0": numbers[-1] if numbers else 0}, limit_records=25):
            for segment in step:
                found += segment.records
                lost += segment.lost
                numbers.append(segment.number)
    return found, lost, numbers


def check(folder: Path, written: list[bytes] = WRITTEN) -> int:
    """Go on writing, read everything, and say how many records are lost."""
    before, _, _ = read_all(folder)  # with nobody there to mend anything
    assert _is_part(before, written)
    append_now(folder, "edge-0", [b"after"])
    found, lost, numbers = read_all(folder)
    assert found[-1] == b"after"
    assert _is_part(found[:-1], written)
    assert numbers == sorted(set(numbers))
    assert len(found) + lost == len(written) + 1
    with closing(SqliteReader(folder)) as log:
        assert log.extents()["edge-0"].end.records == len(written) + 1
        assert log.read({}, limit_records=10**6)
        assert log.damage or not lost
    append_now(folder, "edge-0", [b"again"])
    assert read_all(folder)[0] == [*found, b"again"]
    return lost


def _is_part(some: list[bytes], every: list[bytes]) -> bool:
    left = iter(every)
    return all(record in left for record in some)


def test_a_writer_that_was_killed_left_everything_it_confirmed(copies: Callable[[], Path]) -> None:
    assert check(copies()) == 0


@pytest.mark.parametrize("name", ["edge-0.log", "edge-0.log-wal"])
def test_a_file_that_was_cut_off_anywhere_costs_its_end_and_every_record_of_it_is_counted(
    copies: Callable[[], Path], name: str
) -> None:
    _cut(copies, name, PLACES)


@pytest.mark.long
@pytest.mark.parametrize("name", ["edge-0.log", "edge-0.log-wal"])
def test_a_file_that_was_cut_off_in_very_many_places_is_counted_too(copies: Callable[[], Path], name: str) -> None:
    _cut(copies, name, 400)


def _cut(copies: Callable[[], Path], name: str, places: int) -> None:
    size = (copies() / name).stat().st_size
    for at in sorted({0, 1, size - 1, *random.Random(name).sample(range(size), places)}):
        folder = copies()
        with (folder / name).open("r+b") as file:
            file.truncate(at)
        check(folder)


def test_a_torn_write_at_the_end_costs_only_what_was_torn(copies: Callable[[], Path]) -> None:
    """Sectors of the last commit that the disk did not take, as after a power cut."""
    for torn in (b"\0" * 512, b"\xff" * 4096, random.Random(1).randbytes(9_000)):
        folder = copies()
        with (folder / "edge-0.log-wal").open("r+b") as file:
            file.seek(-len(torn), 2)
            file.write(torn)
        assert 0 < check(folder) <= 7


@pytest.mark.parametrize(
    "name",
    [
        "edge-0.log",
        "edge-0.log-wal",
        *(pytest.param(name, marks=pytest.mark.long) for name in ("edge-0.log-shm", "edge-0.end", "edge-0.lock")),
    ],
)
def test_a_flipped_bit_anywhere_serves_nothing_wrong_and_what_it_costs_is_counted(
    copies: Callable[[], Path], name: str
) -> None:
    _flip(copies, name, PLACES)


@pytest.mark.long
@pytest.mark.parametrize("name", ["edge-0.log", "edge-0.log-wal", "edge-0.log-shm", "edge-0.end"])
def test_a_flipped_bit_in_very_many_places_is_counted_too(copies: Callable[[], Path], name: str) -> None:
    _flip(copies, name, 500)


def _flip(copies: Callable[[], Path], name: str, places: int) -> None:
    bits = 8 * (copies() / name).stat().st_size
    for bit in random.Random(name).sample(range(bits), min(places, bits)):
        folder = copies()
        flip(folder / name, bit)
        assert check(folder) <= 7, "one segment at most: none of these shares its page with another"


def flip(path: Path, bit: int) -> None:
    with path.open("r+b") as file:
        file.seek(bit // 8)
        (byte,) = file.read(1)
        file.seek(bit // 8)
        file.write(bytes((byte ^ 1 << bit % 8,)))


def test_the_head_of_a_file_may_be_damaged(copies: Callable[[], Path]) -> None:
    _flip_head(copies, range(3, 100, 12))


@pytest.mark.long
def test_every_byte_of_a_file_s_head_may_be_damaged(copies: Callable[[], Path]) -> None:
    _flip_head(copies, range(100))


def _flip_head(copies: Callable[[], Path], places: Iterable[int]) -> None:
    for byte in places:
        folder = copies()
        flip(folder / "edge-0.log", 8 * byte + byte % 8)
        check(folder)


def test_a_note_of_a_reader_that_was_damaged_frees_nothing(tmp_path: Path) -> None:
    append_now(tmp_path, "edge-0", [b"x"])
    notes.write_passed(tmp_path, "pipeline", {"edge-0": End(1, 1)})
    whole = (tmp_path / "pipeline.passed").read_bytes()
    for bit in range(8 * len(whole)):
        (tmp_path / "pipeline.passed").write_bytes(whole)
        flip(tmp_path / "pipeline.passed", bit)
        assert notes.passed_by_all(tmp_path, "edge-0") <= 1
    (tmp_path / "pipeline.passed").write_bytes(whole)
    assert notes.passed_by_all(tmp_path, "edge-0") == 1


def test_damage_in_a_file_that_was_closed_long_ago_costs_that_file_alone(tmp_path: Path) -> None:
    for n in range(4):
        append_now(tmp_path, "edge-0", [b"%d" % n] * 3)
        begin_next(tmp_path, "edge-0", End(n + 1, 3 * (n + 1))).close()
    (tmp_path / "edge-0.2.log").write_bytes(b"scribble" * 10_000)
    found, lost, _ = read_all(tmp_path)
    assert (found, lost) == ([b"0"] * 3 + [b"2"] * 3 + [b"3"] * 3, 3)
    files.remove(files.place_of(tmp_path, "edge-0", 2))
    assert read_all(tmp_path)[:2] == (found, 3)


def test_a_segment_that_sqlite_was_not_told_of_counts_before_anything_is_written_behind_it(tmp_path: Path) -> None:
    """A kill between the write and the index of it, while somebody else has the file open."""
    log, later = tmp_path / "log", tmp_path / "later"
    append_now(log, "edge-0", [b"first"])
    killed = open_last(log, "edge-0")
    killed.append(1, pack([b"second"]), 1)
    shutil.copytree(log, later)
    further = open_last(later, "edge-0")
    further.append(2, pack([b"third", b"fourth"]), 2)
    shutil.copyfile(later / "edge-0.log-wal", log / "edge-0.log-wal")
    next_one = open_last(log, "edge-0")
    try:
        assert next_one.place.first == 4
        with closing(SqliteReader(log)) as reader:
            assert reader.extents()["edge-0"].end == End(3, 4)
        assert read_all(log) == ([b"first", b"second", b"third", b"fourth"], 0, [1, 2, 3])
    finally:
        for file in (killed, further, next_one):
            file.close()
