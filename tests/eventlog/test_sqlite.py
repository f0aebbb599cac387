"""The SQLite log when disk, file or another process misbehaves. What it always promises: see the contract suite."""

import asyncio
import os
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mailwake.errors import BadInput, Unavailable
from mailwake.eventlog import files
from mailwake.eventlog.files import PAGE_BYTES, LogFile
from mailwake.eventlog.sqlite import SqliteReader, SqliteWriter, append_now


def all_records(folder: Path, writer: str = "edge-0") -> list[bytes]:
    reader, cursor, found = SqliteReader(folder), 0, list[bytes]()
    while segments := reader.read({writer: cursor}, limit_records=1_000):
        mine = [segment for segment in segments if segment.writer == writer]
        found += [record for segment in mine for record in segment.records]
        cursor = mine[-1].number
    return found


@contextmanager
def no_room_above(limit_bytes: int) -> Iterator[None]:
    """No file of this process may grow past the limit, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


def test_a_second_writer_of_the_same_sequence_is_refused(tmp_path: Path) -> None:
    async def scene() -> None:
        first = SqliteWriter.open(tmp_path, "edge-0")
        with pytest.raises(Unavailable, match="another process already writes the log edge-0"):
            SqliteWriter.open(tmp_path, "edge-0")
        await first.close()
        await SqliteWriter.open(tmp_path, "edge-0").close()

    asyncio.run(scene())


APPEND = """
import pathlib, sys
from mailwake.errors import Unavailable
from mailwake.eventlog.sqlite import append_now
try:
    append_now(pathlib.Path(sys.argv[1]), "edge-0", [b"x"], patience_seconds=0)
except Unavailable as fault:
    print(fault)
"""


def test_a_second_process_is_refused_too(tmp_path: Path) -> None:
    lock = files.Lock(tmp_path, "edge-0")
    child = subprocess.run([sys.executable, "-c", APPEND, str(tmp_path)], capture_output=True, text=True, check=True)
    lock.release()
    assert "another process already writes the log edge-0" in child.stdout
    assert all_records(tmp_path) == []


@pytest.mark.parametrize("name", ["", "Edge", "a/b", "../x", "a.b", "-x", "a b"])
def test_a_writer_s_name_cannot_leave_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput, match="no name for a log"):
        append_now(tmp_path, name, [b"x"])


def test_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    append_now(tmp_path / "log", "cli", [b"x"])
    assert (tmp_path / "log").stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "log").iterdir())


def test_commands_append_without_a_loop_one_after_the_other(tmp_path: Path) -> None:
    for n in range(3):
        append_now(tmp_path, "cli", [b"%d" % n, b"and more"])
    append_now(tmp_path, "cli", [])
    assert all_records(tmp_path, "cli") == [b"0", b"and more", b"1", b"and more", b"2", b"and more"]


def test_a_full_disk_is_told_counted_and_survived(tmp_path: Path) -> None:
    async def scene() -> SqliteWriter:
        writer = SqliteWriter.open(tmp_path, "edge-0", retry_seconds=0.0)
        await writer.write([b"before"])
        with no_room_above(40_000):
            for _ in range(2):
                with pytest.raises(Unavailable, match="cannot be written") as caught:
                    await writer.write([os.urandom(100_000)])
                assert caught.value.retry_after_seconds > 0
        await writer.write([b"after"])
        await writer.close()
        return writer

    writer = asyncio.run(scene())
    assert (writer.faults, writer.abandoned) == (2, 2)
    assert all_records(tmp_path) == [b"before", b"after"]


def test_a_file_whose_sync_failed_is_abandoned_and_what_it_says_later_is_void(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The segment may well be in the file; its callers were told that it is not, so it must not come back."""
    append = LogFile.append

    def unsynced(self: LogFile, written_at: int, body: bytes, count: int) -> None:
        append(self, written_at, body, count)
        raise sqlite3.OperationalError("disk I/O error")

    async def scene() -> None:
        writer = SqliteWriter.open(tmp_path, "edge-0")
        await writer.write([b"one"])
        monkeypatch.setattr(LogFile, "append", unsynced)
        with pytest.raises(Unavailable):
            await writer.write([b"lost"])
        monkeypatch.setattr(LogFile, "append", append)
        await writer.write([b"two"])
        await writer.close()

    asyncio.run(scene())
    assert {path.name for path in tmp_path.glob("*.log")} == {"edge-0.log", "edge-0.2.log"}
    assert all_records(tmp_path) == [b"one", b"two"]
    segments = SqliteReader(tmp_path).read({}, limit_records=10)
    assert [segment.number for segment in segments] == [1, 2]


def test_while_the_disk_is_away_nothing_waits_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []

    def refuse(self: LogFile, *_: object) -> None:
        tries.append(1)
        raise sqlite3.OperationalError("disk I/O error")

    async def scene() -> None:
        writer = SqliteWriter.open(tmp_path, "edge-0", retry_seconds=3_600.0)
        monkeypatch.setattr(LogFile, "append", refuse)
        for _ in range(5):
            with pytest.raises(Unavailable):
                await writer.write([b"x"])
        await writer.close()

    asyncio.run(scene())
    assert len(tries) == 2  # the file that broke and its successor; then only after the pause


def test_a_flipped_bit_costs_one_segment_and_is_reported(tmp_path: Path) -> None:
    for word in (b"first", b"second" * 50, b"third"):
        append_now(tmp_path, "edge-0", [word])
    path = tmp_path / "edge-0.log"
    raw = bytearray(path.read_bytes())
    raw[raw.index(b"second") + 3] ^= 1
    path.write_bytes(raw)
    reader = SqliteReader(tmp_path)
    found = reader.read({}, limit_records=100)
    assert [(segment.number, segment.records) for segment in found] == [(1, (b"first",)), (2, ()), (3, (b"third",))]
    assert [(damage.writer, damage.number) for damage in reader.damage] == [("edge-0", 2)]


def test_a_file_that_is_no_database_is_reported_and_the_sequence_goes_on_above_it(tmp_path: Path) -> None:
    append_now(tmp_path, "edge-0", [b"gone"])
    (tmp_path / "edge-0.log").write_bytes(b"scribble" * 1_000)
    append_now(tmp_path, "edge-0", [b"new"])
    reader = SqliteReader(tmp_path)
    (segment,) = reader.read({}, limit_records=100)
    assert segment.records == (b"new",)
    assert segment.number > files.LEAP
    assert segment.lost == 1
    assert ("edge-0.log", None) in {(damage.file, damage.number) for damage in reader.damage}


def test_a_file_cut_short_is_reported_and_does_not_stop_other_writers(tmp_path: Path) -> None:
    for _ in range(5):
        append_now(tmp_path, "edge-0", [os.urandom(50_000)])
    append_now(tmp_path, "edge-1", [b"well"])
    path = tmp_path / "edge-0.log"
    path.write_bytes(path.read_bytes()[:100_000])
    reader = SqliteReader(tmp_path)
    found = reader.read({}, limit_records=100)
    assert [segment.records for segment in found if segment.writer == "edge-1"] == [(b"well",)]
    assert {damage.writer for damage in reader.damage} == {"edge-0"}


def test_numbers_that_a_reader_has_passed_are_never_given_again(tmp_path: Path) -> None:
    """After a restored backup the file may end before the reader's cursor."""
    append_now(tmp_path, "edge-0", [b"one"])
    SqliteReader(tmp_path).passed("pipeline", {"edge-0": 7})
    append_now(tmp_path, "edge-0", [b"two"])
    (segment,) = SqliteReader(tmp_path).read({"edge-0": 7}, limit_records=10)
    assert (segment.number, segment.records) == (8, (b"two",))


def test_waiting_counts_the_records_after_the_cursors(tmp_path: Path) -> None:
    append_now(tmp_path, "edge-0", [b"x"] * 3)
    append_now(tmp_path, "edge-0", [b"x"] * 4)
    append_now(tmp_path, "relay", [b"x"] * 5)
    reader = SqliteReader(tmp_path)
    assert reader.waiting({}) == 12
    assert reader.waiting({"edge-0": 1}) == 9
    assert reader.waiting({"edge-0": 2, "relay": 1}) == 0


def test_a_folder_that_cannot_be_made_is_told_before_anything_is_promised(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Unavailable, match="cannot write"):
        append_now(tmp_path / "file" / "log", "edge-0", [b"x"])


def test_a_long_queue_is_cut_off_instead_of_filling_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailwake.eventlog.sqlite.QUEUE_RECORDS", 10)

    async def scene() -> list[Exception | None]:
        writer, heard = SqliteWriter.open(tmp_path, "edge-0"), list[Exception | None]()
        for _ in range(15):
            writer.append([b"x"], heard.append)
        await writer.close()
        return heard

    heard = asyncio.run(scene())
    assert len(heard) == 15
    assert sum(isinstance(fault, Unavailable) for fault in heard) == 5
    assert len(all_records(tmp_path)) == 10


def test_commits_of_one_record_are_checkpointed_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each takes a page of the file beside the log; counting their bytes alone would let it grow to gigabytes."""
    monkeypatch.setattr("mailwake.eventlog.sqlite._CHECKPOINT_BYTES", 20 * PAGE_BYTES)
    log = tmp_path / "edge-0.log"

    async def scene() -> int:
        writer, written = SqliteWriter.open(tmp_path, "edge-0"), 0
        before = log.stat().st_size
        while log.stat().st_size == before and written < 2_000:
            await writer.write([b"x"])
            written += 1
        await writer.close()
        return written

    assert asyncio.run(scene()) < 2_000


def test_checkpoints_go_on_beside_the_commits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without them the log would stay empty, and the file beside it would grow with every segment."""
    monkeypatch.setattr("mailwake.eventlog.sqlite._CHECKPOINT_BYTES", 200_000)
    log, beside = tmp_path / "edge-0.log", tmp_path / "edge-0.log-wal"

    async def scene() -> int:
        writer, written, before = SqliteWriter.open(tmp_path, "edge-0"), 0, -1
        while log.stat().st_size < 1_000_000 or beside.stat().st_size != before:
            before = beside.stat().st_size
            await writer.write([os.urandom(50_000)])
            written += 1
            assert written < 20_000
        await writer.close()
        return written

    written = asyncio.run(scene())
    assert len(all_records(tmp_path)) == written


def test_a_file_made_anew_is_opened_anew(tmp_path: Path) -> None:
    append_now(tmp_path, "edge-0", [b"before"])
    reader = SqliteReader(tmp_path)
    assert len(reader.read({}, limit_records=10)) == 1
    files.remove(files.place_of(tmp_path, "edge-0", 1))
    append_now(tmp_path, "edge-0", [b"after"])
    assert [segment.records for segment in reader.read({}, limit_records=10)] == [(b"after",)]


COUNT = """
import asyncio, pathlib, sys
from mailwake.eventlog.sqlite import SqliteWriter
async def main():
    writer = SqliteWriter.open(pathlib.Path(sys.argv[1]), "edge-0")
    for n in range(10**6):
        await writer.write([b"%d" % n])
        print(n, flush=True)
asyncio.run(main())
"""


def test_what_was_confirmed_survives_a_kill(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", COUNT, str(tmp_path)], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        confirmed = [child.stdout.readline() for _ in range(50)]
        child.kill()
        confirmed += child.stdout.readlines()
    told = [b"%d" % int(line) for line in confirmed if line.endswith("\n")]
    assert all_records(tmp_path)[: len(told)] == told
