"""The monitor's own work: one look a second at most, the disk's past, and the sums once an hour."""

import asyncio
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.monitoring.conftest import ENDS, NOW, SECOND, Installation

from mailwake.monitoring import watch as watch_module
from mailwake.monitoring.conservation import RECORD
from mailwake.monitoring.status import Status, look
from mailwake.monitoring.watch import Watch, microseconds

HOUR = 3_600 * SECOND


class Time:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


def watching(data: Path, clock: Callable[[], int] = microseconds) -> Watch:
    return Watch(data, keep_days=7, clock=clock)


def test_whoever_asks_within_a_second_gets_the_same_answer(installation: Installation, time: Time) -> None:
    async def story() -> None:
        watch = watching(installation.data, time)
        first, second = await asyncio.gather(watch.status(), watch.status())
        assert first is second
        time.now += SECOND
        assert await watch.status() is not first

    asyncio.run(story())


def test_a_clock_that_goes_back_does_not_freeze_the_answer(installation: Installation, time: Time) -> None:
    async def story() -> None:
        watch = watching(installation.data, time)
        first = await watch.status()
        time.now -= 24 * HOUR
        assert await watch.status() is not first

    asyncio.run(story())


def test_a_look_that_takes_long_is_remembered_for_ten_times_as_long(
    installation: Installation, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(data: Path, **known: Any) -> Status:
        time.now += 2 * SECOND
        return look(data, **known)

    async def story() -> None:
        monkeypatch.setattr(watch_module, "look", slow)
        watch = watching(installation.data, time)
        first = await watch.status()
        time.now += 17 * SECOND
        assert await watch.status() is first
        time.now += 2 * SECOND
        assert await watch.status() is not first

    asyncio.run(story())


def test_it_says_that_it_is_there(installation: Installation, time: Time) -> None:
    watch = watching(installation.data, time)
    time.now += SECOND
    watch.report()
    told = json.loads((installation.data / "monitor.json").read_text())
    assert told == {"role": "monitor", "started_at": NOW, "written_at": time.now}


def test_a_disk_that_takes_nothing_does_not_stop_the_watch(installation: Installation, time: Time) -> None:
    watching(installation.data / "gone", time).report()


def sums(installation: Installation) -> list[str]:
    path = installation.data / RECORD
    return path.read_text().splitlines() if path.exists() else []


def test_the_sums_are_written_down_once_an_hour(installation: Installation, time: Time) -> None:
    async def story() -> None:
        watch = watching(installation.data, time)
        for minutes, lines in ((0, 1), (1, 1), (30, 1), (60, 2), (61, 2)):
            time.now = NOW - NOW % HOUR + minutes * 60 * SECOND
            await watch.check_sums()
            assert len(sums(installation)) == lines

    asyncio.run(story())


def test_a_broken_sum_is_one_line_of_error_an_hour(
    installation: Installation, time: Time, caplog: pytest.LogCaptureFixture
) -> None:
    installation.edge(**(ENDS | {"received": 13}), stopped=1)

    async def story() -> None:
        watch = watching(installation.data, time)
        await watch.check_sums()
        await watch.check_sums()

    asyncio.run(story())
    records = [record for record in caplog.records if record.message == "conservation.broken"]
    assert [record.levelno for record in records] == [logging.ERROR]
    values = records[0].__dict__["values"]
    assert (values["sum"], values["name"], values["difference"]) == ("requests", "edge-0", 3)


def test_what_cannot_be_written_down_is_tried_again(
    installation: Installation, time: Time, caplog: pytest.LogCaptureFixture
) -> None:
    (installation.data / RECORD).mkdir()

    async def story() -> None:
        watch = watching(installation.data, time)
        await watch.check_sums()
        (installation.data / RECORD).rmdir()
        await watch.check_sums()

    asyncio.run(story())
    assert len(sums(installation)) == 1
    assert [record.message for record in caplog.records] == ["conservation.unrecorded"]


def test_it_watches_until_it_is_told_to_stop(installation: Installation, tmp_path: Path) -> None:
    async def story() -> None:
        stop = asyncio.Event()
        task = asyncio.create_task(watching(installation.data).run(stop))
        async with asyncio.timeout(20):
            while not (tmp_path / "monitor.json").exists() or not sums(installation):  # noqa: ASYNC110 - a file's coming raises no event
                await asyncio.sleep(0.01)
        stop.set()
        await task

    asyncio.run(story())
