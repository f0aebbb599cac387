"""What is lost, and who is not recorded for want of knowledge, is said aloud when it begins and when it ends."""

import logging
from pathlib import Path
from typing import Any

import pytest
from tests.silence import write_set

from mailwake.edge.counters import Counters
from mailwake.errors import Unavailable
from mailwake.eventlog.losing import AGAIN_SECONDS, CALM_SECONDS, LossAlarm
from mailwake.inert.alarm import SetAlarm
from mailwake.inert.reader import InertSet


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Any:
    caplog.set_level(logging.INFO)

    def told() -> list[tuple[str, str, dict[str, Any]]]:
        lines = [(each.levelname, each.message, each.values) for each in caplog.records]  # type: ignore[attr-defined]
        caplog.clear()
        return lines

    return told


def test_a_loss_is_told_at_once_every_minute_and_with_its_sum_at_the_end(said: Any) -> None:
    counters, clock = Counters(recorded=7), Clock()
    alarm, full = LossAlarm(counters, seconds=clock), Unavailable("the log edge-0 cannot be written: disk I/O error")
    alarm.look()
    assert (said(), alarm.losing) == ([], 0)
    for _ in range(int(AGAIN_SECONDS)):
        counters.lose(3, full)
        alarm.look()
        clock.now += 1
    assert said() == [("ERROR", "hits.lost", {"lost": 3, "seconds": 0, "problem": str(full)})]
    counters.lose(3, full)
    alarm.look()
    lost = 3 * (int(AGAIN_SECONDS) + 1)
    assert said() == [("ERROR", "hits.lost", {"lost": lost, "seconds": 60, "problem": str(full)})]
    assert alarm.losing == lost
    clock.now += 1
    counters.recorded += 1
    alarm.look()
    assert said() == [], "one that was kept among many that were lost is no end"
    clock.now += CALM_SECONDS
    alarm.look()
    assert said() == [("ERROR", "hits.kept_again", {"lost": lost, "seconds": 66, "problem": str(full)})]
    assert alarm.losing == 0


def test_quiet_alone_does_not_end_a_loss_and_the_next_one_begins_anew(said: Any) -> None:
    counters, clock = Counters(), Clock()
    alarm = LossAlarm(counters, seconds=clock)
    counters.lose(2, Unavailable("full"))
    alarm.look()
    said()
    clock.now += 3_600
    alarm.look()
    assert (said(), alarm.losing) == ([], 2)
    counters.dated += 1
    alarm.look()
    assert [event for _, event, _ in said()] == ["hits.kept_again"]
    counters.lose(5, Unavailable("full"))
    alarm.look()
    assert said() == [("ERROR", "hits.lost", {"lost": 5, "seconds": 0, "problem": "full"})]


def test_the_set_is_told_when_it_cannot_be_asked_and_when_it_can_again(said: Any, tmp_path: Path) -> None:
    path, counters = tmp_path / "inert.bin", Counters(unsure=4)
    inert = InertSet(path)
    alarm = SetAlarm(inert, counters)
    alarm.look()
    alarm.look()
    assert said() == [("WARNING", "inert.closed", {"standing": "missing"})]
    counters.unsure += 3
    write_set(path)
    inert.reload()
    alarm.look()
    alarm.look()
    assert said() == [("WARNING", "inert.open", {"unsure": 3})]


def test_a_set_that_can_be_asked_says_nothing(said: Any, tmp_path: Path) -> None:
    write_set(tmp_path / "inert.bin")
    SetAlarm(InertSet(tmp_path / "inert.bin"), Counters()).look()
    assert said() == []
