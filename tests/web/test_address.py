"""Where the dashboard is, for other processes."""

import stat
from pathlib import Path

import pytest

from mailwake.serving import address
from mailwake.serving.address import Address

HERE = Address(url="http://127.0.0.1:8026", pid=41)


def test_what_was_written_is_read(tmp_path: Path) -> None:
    address.write(tmp_path / "data", HERE)
    assert address.read(tmp_path / "data") == HERE


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    address.write(tmp_path, HERE)
    assert stat.S_IMODE((tmp_path / "web.json").stat().st_mode) == 0o600


def test_nothing_but_the_file_is_left_behind(tmp_path: Path) -> None:
    address.write(tmp_path, HERE)
    address.write(tmp_path, Address(url="http://127.0.0.1:1", pid=42))
    assert [path.name for path in tmp_path.iterdir()] == ["web.json"]


@pytest.mark.parametrize("text", [None, "", "{", "{}", "[1]", '{"url": 1, "pid": "x"}'])
def test_no_address_is_none_whatever_stands_there(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "web.json").write_text(text, encoding="utf-8")
    assert address.read(tmp_path) is None


def test_a_process_removes_its_own_address_and_nobody_elses(tmp_path: Path) -> None:
    address.write(tmp_path, HERE)
    address.remove(tmp_path, pid=99)
    assert address.read(tmp_path) == HERE
    address.remove(tmp_path, pid=41)
    address.remove(tmp_path, pid=41)
    assert address.read(tmp_path) is None
