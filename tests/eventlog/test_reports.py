"""What a role tells of itself is there whole, for its owner alone, and up to the end."""

import asyncio
import errno
import json
from pathlib import Path
from typing import Any

import pytest

from mailwake.eventlog.reports import reporting, write_report


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def test_a_report_is_written_whole_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "edge-0.json"
    for received in (3, 4):
        write_report(path, {"received": received})
    assert read(path) == {"received": 4}
    assert path.stat().st_mode & 0o077 == 0
    assert [each.name for each in tmp_path.iterdir()] == ["edge-0.json"]


def test_a_role_reports_at_once_again_and_for_the_last_time_when_it_stops(tmp_path: Path) -> None:
    path, ticks, numbers = tmp_path / "relay.json", iter(range(100, 1_000)), iter(range(1_000))

    async def go() -> dict[str, Any]:
        third = asyncio.Event()

        def facts() -> dict[str, int]:
            number = next(numbers)
            if number == 3:
                third.set()
            return {"messages": number}

        async with reporting(path, "relay", facts, clock=lambda: next(ticks), every_seconds=0.0):
            await third.wait()
            return read(path)

    before, after = asyncio.run(go()), read(path)
    assert (before["role"], before["started_at"], before["stopped"]) == ("relay", 100, 0)
    assert before["written_at"] > 100
    assert after["stopped"] == 1
    assert after["messages"] > before["messages"]


def test_a_disk_that_takes_no_report_stops_nobody(tmp_path: Path) -> None:
    async def go() -> None:
        async with reporting(tmp_path / "missing" / "relay.json", "relay", dict, clock=lambda: 1):
            await asyncio.sleep(0)

    asyncio.run(go())
    assert list(tmp_path.iterdir()) == []


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
