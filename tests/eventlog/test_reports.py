"""What a role tells of itself is there from the start up to the end."""

import asyncio
import json
from pathlib import Path
from typing import Any

from mailwake.eventlog.reports import reporting


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


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
