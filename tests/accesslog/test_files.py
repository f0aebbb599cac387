"""Files are read in pieces; what is half written, too long or cut off is noticed and hurts nobody."""

import gzip
import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailwake.accesslog import files
from mailwake.accesslog.files import MAX_LINE_BYTES, TOO_LONG, LogFile, find_logs
from mailwake.errors import BadInput


def read(path: Path, *, is_stream: bool = False) -> tuple[list[bytes | None], LogFile]:
    with path.open("rb") as file:
        log = LogFile(file, is_stream=is_stream)
        return [*log.lines()], log


def made(folder: Path, content: bytes, name: str = "log") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def test_lines_lose_their_ends_and_nothing_else(tmp_path: Path) -> None:
    found, log = read(made(tmp_path, b"one\n two \r\n\n\r\r\nlast\n"))
    assert found == [b"one", b" two ", b"", b"\r", b"last"]
    assert not log.unfinished


def test_a_line_without_an_end_is_left_for_the_next_time(tmp_path: Path) -> None:
    found, log = read(made(tmp_path, b"one\ntwo"))
    assert found == [b"one"]
    assert log.unfinished


def test_a_stream_and_a_compressed_file_end_where_they_end(tmp_path: Path) -> None:
    assert read(made(tmp_path, b"one\ntwo"), is_stream=True)[0] == [b"one", b"two"]
    found, log = read(made(tmp_path, gzip.compress(b"one\ntwo")))
    assert found == [b"one", b"two"]
    assert not log.unfinished


def test_compression_shows_by_the_first_bytes_whatever_the_name(tmp_path: Path) -> None:
    assert read(made(tmp_path, gzip.compress(b"a\n") + gzip.compress(b"b\n"), "x.log"))[0] == [b"a", b"b"]
    assert read(made(tmp_path, b"a\n", "x.gz"))[0] == [b"a"]


@pytest.mark.parametrize("content", [b"", b"\x1f", b"\n"])
def test_next_to_nothing_is_read_as_such(tmp_path: Path, content: bytes) -> None:
    assert read(made(tmp_path, content))[0] == ([b""] if content == b"\n" else [])


@pytest.mark.parametrize("cut", [1, 8, 200])
def test_a_compressed_file_that_was_cut_off_gives_what_it_has(tmp_path: Path, cut: int) -> None:
    whole = b"".join(b"line %d\n" % n for n in range(10_000))
    found, log = read(made(tmp_path, gzip.compress(whole)[:-cut]))
    assert log.damaged
    assert found == whole.splitlines()[: len(found)]


def test_a_compressed_file_with_a_damaged_middle_is_noticed(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(os.urandom(100_000).hex().encode() + b"\n"))
    packed[len(packed) // 2] ^= 0xFF
    assert read(made(tmp_path, bytes(packed)))[1].damaged


@pytest.mark.parametrize("length", [MAX_LINE_BYTES + 1, files.PIECE_BYTES, 10_000_000])
def test_a_line_that_is_too_long_is_passed_over_alone(tmp_path: Path, length: int) -> None:
    content = b"one\n" + b"x" * length + b"\ntwo\n" + b"y" * MAX_LINE_BYTES + b"\n"
    found, _ = read(made(tmp_path, content))
    assert found == [b"one", TOO_LONG, b"two", b"y" * MAX_LINE_BYTES]


def test_a_line_that_is_too_long_and_has_no_end_is_left_as_well(tmp_path: Path) -> None:
    path = made(tmp_path, b"one\n" + b"x" * 3_000_000)
    found, log = read(path)
    assert (found, log.unfinished) == ([b"one"], True)
    assert read(path, is_stream=True)[0] == [b"one", TOO_LONG]


@given(st.binary(max_size=300), st.integers(1, 40))
def test_pieces_of_any_size_give_the_same_lines(content: bytes, size: int) -> None:
    content = b"." + content  # no gzip
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as folder:
        patch.setattr(files, "PIECE_BYTES", size)
        found, log = read(made(Path(folder), content))
    lines = content.split(b"\n")
    assert found == [line.removesuffix(b"\r") for line in lines[:-1]]
    assert log.unfinished is bool(lines[-1])


def test_folders_are_searched_in_order_and_hidden_files_left_alone(tmp_path: Path) -> None:
    for name in ("b.log", "a/2.gz", "a/1.gz", ".hidden", "a/.part", ".cache/x"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    single = tmp_path / "b.log"
    found = find_logs([single, tmp_path])
    assert [path.relative_to(tmp_path).as_posix() for path in found] == ["b.log", "a/1.gz", "a/2.gz"]


def test_a_path_that_is_not_there_is_said_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="there is no"):
        find_logs([tmp_path / "missing"])
