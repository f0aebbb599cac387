"""A real writer on a disk that fails: what was confirmed is there, what was refused is not, and it comes back.

The disk fails in a process of its own: by a small library put before the system's (faulty_disk.c, needs a C compiler),
by a real file system that is full or read-only (needs root), or by file size limits (always).
"""

import asyncio
import contextlib
import os
import secrets
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from mailwake.errors import Unavailable
from mailwake.eventlog import End
from mailwake.eventlog.sqlite import SqliteReader, SqliteWriter, append_now

SOURCE = Path(__file__).with_name("faulty_disk.c")
PROGRAM = """
import asyncio, pathlib, sys
from mailwake.errors import Unavailable
from mailwake.eventlog.sqlite import SqliteWriter

async def main():
    writer = SqliteWriter.open(pathlib.Path(sys.argv[1]), "edge-0", retry_seconds=0.0)
    print("ready", flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        if line == "tidy\\n":
            writer.tidy(now=True)
            print("kept", flush=True)
            continue
        try:
            await writer.write([line.strip().encode()])
            print("kept", flush=True)
        except Unavailable:
            print("refused", flush=True)
    await writer.close()
    print(writer.faults, writer.abandoned, flush=True)

asyncio.run(main())
"""


class Writer:
    """A process with a log, told line by line what to write."""

    def __init__(self, folder: Path, environment: dict[str, str] | None = None) -> None:
        self.folder = folder
        self.kept: list[bytes] = []
        self.refused: list[bytes] = []
        self._n = 0
        self._child = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | (environment or {}),
        )
        assert self._answer() == "ready"

    def _answer(self) -> str:
        assert self._child.stdout is not None
        return self._child.stdout.readline().strip()

    def _say(self, line: str) -> str:
        assert self._child.stdin is not None
        self._child.stdin.write(line + "\n")
        self._child.stdin.flush()
        return self._answer()

    def write(self, times: int = 1, size: int = 200) -> int:
        """Write some records; how many were kept."""
        before = len(self.kept)
        for _ in range(times):
            self._n += 1
            record = f"{self._n}." + secrets.token_urlsafe(size)  # nothing in it can be packed away
            (self.kept if self._say(record) == "kept" else self.refused).append(record.encode())
        return len(self.kept) - before

    def tidy(self) -> None:
        self._say("tidy")

    def kill(self) -> None:
        self._child.kill()
        self._child.communicate()

    def close(self) -> tuple[int, int]:
        """Faults, and files that were given up."""
        assert self._child.stdin is not None
        self._child.stdin.close()
        faults, abandoned = map(int, self._answer().split())
        assert self._child.wait() == 0
        assert self._child.stdout is not None
        self._child.stdout.close()
        return faults, abandoned

    def check(self) -> None:
        """What was confirmed is there, what was refused is not, in order, and counted."""
        with closing(SqliteReader(self.folder)) as log:
            segments = log.read({}, limit_records=10**6)
            assert [record for segment in segments for record in segment.records] == self.kept
            assert sum(segment.lost for segment in segments) == 0
            assert log.extents()["edge-0"].end.records == len(self.kept)
            assert log.damage == set()


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("NOT PROVEN HERE: a failing disk needs a C compiler (cc); install one and run this again")
    built = tmp_path_factory.mktemp("library") / "faulty_disk.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", built, SOURCE, "-ldl"], check=True)
    return built


class FaultyDisk:
    """A folder that fails on order."""

    def __init__(self, library: Path, folder: Path) -> None:
        self.folder = folder / "log"
        self._order, self._log = folder / "order", folder / "syncs"
        self.order("well")
        self.environment = {
            "LD_PRELOAD": str(library),
            "FAULTY_FOLDER": str(self.folder),
            "FAULTY_ORDER": str(self._order),
            "FAULTY_LOG": str(self._log),
        }

    def order(self, how: str) -> None:
        fresh = self._order.with_suffix(".new")
        fresh.write_text(how, encoding="utf-8")
        fresh.replace(self._order)

    def syncs(self) -> list[tuple[int, str]]:
        """Result and file of every sync so far."""
        lines = self._log.read_text(encoding="utf-8").splitlines()
        return [(int(line.split(" ", 1)[0]), Path(line.split(" ", 1)[1]).name) for line in lines]


@pytest.fixture
def disk(library: Path, tmp_path: Path) -> FaultyDisk:
    return FaultyDisk(library, tmp_path)


FAULTS = ("eio-write", "eio-sync", "full", "read-only")


@pytest.mark.parametrize("fault", FAULTS)
def test_a_disk_that_fails_and_comes_back_costs_what_was_refused_and_nothing_else(disk: FaultyDisk, fault: str) -> None:
    writer = Writer(disk.folder, disk.environment)
    assert writer.write(5) == 5
    disk.order(fault)
    assert writer.write(4) == 0
    disk.order("well")
    assert writer.write(5) == 5
    disk.order(fault)
    assert writer.write() == 0
    disk.order("well")
    assert writer.write(2) == 2
    faults, abandoned = writer.close()
    assert faults == 5
    assert abandoned >= 2
    writer.check()


@pytest.mark.long
@pytest.mark.parametrize("fault", FAULTS)
def test_a_kill_while_the_disk_fails_loses_nothing_that_was_confirmed(disk: FaultyDisk, fault: str) -> None:
    writer = Writer(disk.folder, disk.environment)
    writer.write(5)
    disk.order(fault)
    assert writer.write(2) == 0
    writer.kill()
    disk.order("well")
    again = Writer(disk.folder, disk.environment)
    again.write(3)
    again.close()
    with closing(SqliteReader(disk.folder)) as log:
        segments = log.read({}, limit_records=10**6)
        found = [record for segment in segments for record in segment.records]
        assert [record for record in found if record not in writer.refused] == [*writer.kept, *again.kept]
        assert sum(segment.lost for segment in segments) == 0
        assert log.damage == set()


@pytest.mark.parametrize("fault", FAULTS)
def test_while_the_disk_fails_housekeeping_does_no_harm(disk: FaultyDisk, fault: str) -> None:
    writer = Writer(disk.folder, disk.environment)
    writer.write(5)
    disk.order(fault)
    writer.tidy()
    disk.order("well")
    writer.write(5)
    writer.tidy()
    writer.close()
    writer.check()


def test_a_file_whose_sync_failed_is_never_synced_again(disk: FaultyDisk) -> None:
    """The second sync would succeed, and what the first lost would be taken for safe."""
    writer = Writer(disk.folder, disk.environment)
    writer.write(3)
    disk.order("eio-sync")
    writer.write(1)
    disk.order("well")
    writer.write(3)
    writer.tidy()
    writer.close()
    syncs = disk.syncs()
    (failed, *more) = [place for place, (result, _) in enumerate(syncs) if result]
    name = syncs[failed][1]
    assert name == "edge-0.log-wal"
    assert not more
    assert name not in {later for _, later in syncs[failed + 1 :]}
    assert "edge-0.log" not in {later for _, later in syncs[failed + 1 :]}
    writer.check()


def test_a_refused_record_that_a_reader_has_seen_is_not_followed_by_another_of_its_number(disk: FaultyDisk) -> None:
    """It is in the file although its sync failed; a reader that opens the file then cannot know better."""
    writer = Writer(disk.folder, disk.environment)
    writer.write(3)
    disk.order("eio-sync")
    writer.write(1)
    with closing(SqliteReader(disk.folder)) as log:
        seen = log.read({}, limit_records=100)
        log.passed("pipeline", {"edge-0": seen[-1].number})
    disk.order("well")
    writer.write(2)
    writer.close()
    with closing(SqliteReader(disk.folder)) as log:
        news = log.read({"edge-0": seen[-1].number}, limit_records=100)
        assert [record for segment in news for record in segment.records] == writer.kept[3:]
        assert sum(segment.lost for segment in news) == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 3 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"NOT PROVEN HERE: a real full disk needs root: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_is_really_full_is_survived(small_disk: Path) -> None:
    writer = Writer(small_disk / "log")
    while writer.write(size=50_000):
        assert len(writer.kept) < 100
    assert len(writer.kept) > 10
    refused = len(writer.refused)
    assert writer.write(5, size=50_000) == 0
    (small_disk / "log" / "big").unlink(missing_ok=True)
    subprocess.run(["mount", "-o", "remount,size=16m", str(small_disk)], check=True)
    assert writer.write(5, size=50_000) == 5
    writer.close()
    assert len(writer.refused) == refused + 5
    writer.check()


def fill(path: Path) -> None:
    """Take up all the room that is left."""
    with path.open("wb", buffering=0) as rest:
        for size in (65_536, 4_096, 1):
            with contextlib.suppress(OSError):
                while rest.write(b"x" * size):
                    pass


def test_on_a_full_disk_a_reader_still_reads_and_notes_how_far_it_got(small_disk: Path) -> None:
    """Otherwise nothing could ever be removed, and the disk would stay full."""
    for n in range(8):
        append_now(small_disk / "log", "edge-0", [b"%d" % n])
    with closing(SqliteReader(small_disk / "log")) as log:
        log.passed("pipeline", {"edge-0": 1})
        fill(small_disk / "rest")
        with pytest.raises(OSError, match="No space left"):
            (small_disk / "more").write_bytes(b"x")
        log.passed("pipeline", {"edge-0": 8})
        assert log.position("edge-0", 8) == 8
    assert '"edge-0": [8, 8]' in (small_disk / "log" / "pipeline.passed").read_text(encoding="utf-8")


def test_a_disk_that_is_really_read_only_is_told_and_works_again_when_it_is_not(small_disk: Path) -> None:
    append_now(small_disk / "log", "edge-0", [b"before"])
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(Unavailable, match="Read-only"):
        append_now(small_disk / "log", "edge-0", [b"refused"])
    with pytest.raises(Unavailable, match="Read-only"):
        SqliteWriter.open(small_disk / "log", "edge-0")
    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
    append_now(small_disk / "log", "edge-0", [b"after"])
    with closing(SqliteReader(small_disk / "log")) as log:
        found = [record for segment in log.read({}, limit_records=10) for record in segment.records]
    assert found == [b"before", b"after"]


# --- somebody else on the same file


@contextmanager
def stranger(path: Path, *statements: str) -> Iterator[sqlite3.Connection]:
    """Another program that opens our file and knows nothing of our lock."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for statement in statements:
            db.execute(statement)
        yield db


def test_a_stranger_who_holds_the_file_is_left_behind_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailwake.eventlog.files._BUSY_MILLISECONDS", 50)
    append_now(tmp_path, "edge-0", [b"one"])
    with stranger(tmp_path / "edge-0.log", "BEGIN IMMEDIATE"):
        append_now(tmp_path, "edge-0", [b"two"])
    append_now(tmp_path, "edge-0", [b"three"])
    with closing(SqliteReader(tmp_path)) as log:
        segments = log.read({}, limit_records=10)
        assert [segment.records for segment in segments] == [(b"one",), (b"two",), (b"three",)]
        assert log.extents()["edge-0"].end == End(3, 3)


def test_what_a_stranger_writes_under_our_next_number_is_void(tmp_path: Path) -> None:
    append_now(tmp_path, "edge-0", [b"one"])

    def intrude() -> None:
        with stranger(tmp_path / "edge-0.log", "INSERT INTO segment VALUES (2, 0, 1, 1, 0, x'00')"):
            pass

    _write_around(tmp_path, intrude)
    with closing(SqliteReader(tmp_path)) as log:
        segments = log.read({}, limit_records=10)
        assert [segment.records for segment in segments] == [(b"one",), (b"two",), (b"three",)]
        assert log.extents()["edge-0"].end == End(3, 3)


def _write_around(folder: Path, intrude: Callable[[], None]) -> None:
    """A writer that is open while somebody else comes in."""

    async def scene() -> None:
        writer = SqliteWriter.open(folder, "edge-0")
        intrude()
        with pytest.raises(Unavailable, match="UNIQUE"):
            await writer.write([b"two"])
        await writer.write([b"two"])
        await writer.write([b"three"])
        await writer.close()
        assert writer.abandoned == 1

    asyncio.run(scene())
