"""A file is put in place whole or not at all, for its owner alone; a report also on a disk that is full."""

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest

from mailwake.files import replace, write_report


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def test_a_file_is_put_in_place_whole_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file.bin"
    for content in (b"a longer content", b"content"):
        replace(path, content)
    assert path.read_bytes() == b"content"
    assert [each.name for each in path.parent.iterdir()] == ["file.bin"]
    assert (path.stat().st_mode & 0o077, path.parent.stat().st_mode & 0o077) == (0, 0)


def test_where_the_disk_takes_no_file_the_one_that_is_there_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file.bin"
    replace(path, b"before")

    def refused(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", refused)
    with pytest.raises(OSError, match="Input/output"):
        replace(path, b"after")
    assert path.read_bytes() == b"before"
    assert [each.name for each in tmp_path.iterdir()] == ["file.bin"], "nothing half written is left"


def test_a_report_is_written_whole_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "edge-0.json"
    for received in (3, 4):
        write_report(path, {"received": received})
    assert read(path) == {"received": 4}
    assert path.stat().st_mode & 0o077 == 0
    assert [each.name for each in tmp_path.iterdir()] == ["edge-0.json"]


def fill(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on the disk has no room for a new file."""

    def full(self: Path, content: bytes) -> int:
        with self.open("wb") as file:
            file.write(content[:10])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)


def test_a_report_on_a_full_disk_is_written_over_the_one_that_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "edge-0.json"
    write_report(path, {"unrecorded": 0, "problem": ""})
    before = path.stat()
    fill(monkeypatch)
    write_report(path, {"unrecorded": 155_000, "problem": "the log edge-0 cannot be written: disk I/O error"})
    after = path.stat()
    assert read(path) == {"unrecorded": 155_000, "problem": "the log edge-0 cannot be written: disk I/O error"}
    assert (after.st_size, after.st_ino) == (before.st_size, before.st_ino), "not one block more"
    write_report(path, {"unrecorded": 1})
    assert read(path) == {"unrecorded": 1}, "nothing of a longer one is left"
    assert [each.name for each in tmp_path.iterdir()] == ["edge-0.json"]


def test_a_report_that_fits_nowhere_leaves_the_old_one_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "edge-0.json"
    write_report(path, {"unrecorded": 0})
    fill(monkeypatch)
    with pytest.raises(OSError, match="No space"):
        write_report(path, {"names": "x" * 5_000})
    assert read(path) == {"unrecorded": 0}
    with pytest.raises(OSError, match="No such file"):
        write_report(tmp_path / "edge-1.json", {"unrecorded": 0})
