"""Rows are found without SQLite's help, whatever their size; and whatever the bytes are, nothing wrong is found."""

import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from mailwake.eventlog import End, files, segments
from mailwake.eventlog.files import PAGE_BYTES, LogFile, Place
from mailwake.eventlog.salvage import Salvage
from mailwake.eventlog.view import END

#: Around every size at which SQLite puts more of a row elsewhere.
SIZES = [
    *(0, 1, 100, 2_000, 2_019, 2_020, 2_030, 4_000, 10_000),
    *range(PAGE_BYTES - 70, PAGE_BYTES + 10, 7),
    *range(PAGE_BYTES + 2_000, PAGE_BYTES + 2_080, 9),
    *(2 * PAGE_BYTES - 40, 2 * PAGE_BYTES, 100_000, 1_000_000),
]


def content(n: int, size: int) -> bytes:
    """What cannot be packed, so that a row is as long as it says."""
    return random.Random(n).randbytes(size)


def write(folder: Path, sizes: list[int]) -> Place:
    """A segment of each size, the first half copied into the file, the other beside it; left open."""
    place = files.place_of(folder, "edge-0", 1)
    file = LogFile(place, End(0, 0))
    for n, size in enumerate(sizes):
        file.append(n, segments.pack([content(n, size)]), 1)
        if n == len(sizes) // 2:
            file._db.execute("PRAGMA wal_checkpoint(PASSIVE)")
    copy = folder / "copy"
    copy.mkdir()
    for suffix in ("", "-wal"):
        shutil.copy(f"{place.path}{suffix}", copy)
    file.close()
    return Place(copy / place.path.name, 1)


def test_rows_of_every_size_are_found_in_the_file_and_beside_it(tmp_path: Path) -> None:
    place = write(tmp_path, SIZES)
    with closing(Salvage(place)) as salvage:
        numbers = salvage.numbers(0, END, 1_000)
        assert numbers == list(range(1, len(SIZES) + 1))
        for number, size in zip(numbers, SIZES, strict=True):
            segment = salvage.segment("edge-0", number)
            assert segment is not None
            assert segment.records == (content(number - 1, size),)
            assert (segment.before, segment.written_at) == (number - 1, number - 1)


def test_rows_of_the_first_format_are_found_too(tmp_path: Path) -> None:
    path = tmp_path / "edge-0.log"
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        db.execute("CREATE TABLE segment (number INTEGER PRIMARY KEY, written_at, count, crc32, body)")
        for number in (1, 2):
            body = segments.pack([b"x" * 50_000] * number)
            check = segments.checksum(number, 7, number, body)
            db.execute("INSERT INTO segment VALUES (?, 7, ?, ?, ?)", (number, number, check, body))
    with closing(Salvage(Place(path, 1))) as salvage:
        found = [salvage.segment("edge-0", number) for number in salvage.numbers(0, END, 10)]
    assert [(segment and len(segment.records), segment and segment.before) for segment in found] == [
        (1, None),
        (2, None),
    ]


def test_only_what_was_asked_for_is_told(tmp_path: Path) -> None:
    place = write(tmp_path, [10] * 20)
    with closing(Salvage(place)) as salvage:
        assert salvage.numbers(3, 8, 100) == [4, 5, 6, 7]
        assert salvage.numbers(3, 8, 2) == [4, 5]
        assert salvage.segment("edge-0", 99) is None


def test_a_row_that_is_damaged_in_the_file_is_taken_from_its_copy_beside_it(tmp_path: Path) -> None:
    place = write(tmp_path, [3_000] * 12)
    main = bytearray(place.path.read_bytes())
    where = main.index(content(4, 3_000))  # the fifth
    main[where] ^= 1
    place.path.write_bytes(main)
    with closing(Salvage(place)) as salvage:
        assert salvage.segment("edge-0", 5) is not None


@pytest.mark.parametrize("seed", range(8))
def test_from_any_bytes_nothing_wrong_is_found_and_nobody_falls_over(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    place = write(tmp_path, [chance.choice(SIZES[:-1]) for _ in range(20)])
    for path in (place.path, Path(f"{place.path}-wal")):
        raw = bytearray(path.read_bytes())
        for _ in range(60):
            at = chance.randrange(len(raw))
            raw[at : at + chance.choice((1, 2, 9, 700))] = chance.randbytes(chance.choice((1, 2, 9)))
        path.write_bytes(raw[: chance.randrange(len(raw) // 2, len(raw))])
    with closing(Salvage(place)) as salvage:
        for number in salvage.numbers(0, END, 10_000):
            segment = salvage.segment("edge-0", number)
            assert segment is None or set(segment.records[0]) <= {(number - 1) % 251}


def test_an_empty_file_and_noise_have_nothing(tmp_path: Path) -> None:
    for content in (b"", b"x", random.Random(1).randbytes(5 * PAGE_BYTES), bytes((13,)) * 3 * PAGE_BYTES):
        path = tmp_path / "edge-0.log"
        path.write_bytes(content)
        Path(f"{path}-wal").write_bytes(content)
        with closing(Salvage(Place(path, 1))) as salvage:
            assert all(salvage.segment("edge-0", number) is None for number in salvage.numbers(0, END, 10_000))
