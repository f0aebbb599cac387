"""P7: under ten times the load that it can bear the edge leaves out what matters least, and answers everybody."""

import json
import os
import random
import shutil
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from tests.chaos.conftest import Say
from tests.chaos.installation import Installation, Role
from tests.chaos.oracle import DECISIONS, Kind, compare, records
from tests.chaos.readers import Readers, write_requests
from tests.chaos.vitals import look_at

from mailwake.events import EventType

SECONDS = float(os.environ.get("MAILWAKE_OVERLOAD_SECONDS", "60"))
KINDS = [Kind.OPEN, Kind.OPEN, Kind.CLICK]
#: privacy-security P7
FACTOR, AVAILABILITY = 10, 0.999
MAX_BYTES = 400_000_000
#: Lines of the flood; with 64 requests on each they can fill the log's queue of 65,536 records over three quarters.
LINES = 850
#: Decisions and hits that are followed one by one, beside the flood.
FOLLOWED_PER_SECOND = 50
SHARES = {Kind.OPEN: 30, Kind.CLICK: 40, Kind.UNSUBSCRIBE: 20, Kind.WITHDRAW: 10}


class SlowDisk(threading.Thread):
    """Holds the log's file, so that commits wait for it: three seconds out of four, which is longer than hits wait."""

    def __init__(self, log: Path) -> None:
        super().__init__(daemon=True)
        self._log, self._enough = log, threading.Event()

    def run(self) -> None:
        db = sqlite3.connect(self._log, isolation_level=None, timeout=30)
        while not self._enough.is_set():
            db.execute("BEGIN IMMEDIATE")
            self._enough.wait(3.0)
            db.execute("ROLLBACK")
            self._enough.wait(1.0)
        db.close()

    def stop(self) -> None:
        self._enough.set()
        self.join()


def own_core(number: int) -> tuple[str, ...]:
    """A core for the edge and one for who asks, where there are two."""
    cores = sorted(os.sched_getaffinity(0))
    found = shutil.which("taskset") is not None and len(cores) > 1
    return ("taskset", "-c", str(cores[number])) if found else ()


def flood(house: Installation, *shape: str) -> dict[str, Any]:
    """Let a flood come and go; gives what it says."""
    role = house.module("flood", str(house.ports["edge"]), str(house.folder / "requests"), *shape)
    role.command = (*own_core(1), *role.command)
    role.start()
    assert role.process is not None
    assert role.process.wait() == 0, role.errors()
    said: dict[str, Any] = json.loads(role.out.read_text(encoding="utf-8").splitlines()[-1])
    return said


def live_through(folder: Path, *, seconds: float, lines: int, say: Say, slow: bool) -> dict[str, Any]:
    """Measure what it can do, offer ten times that, and reckon. Gives the edge's own report."""
    with Installation(folder) as house:
        write_requests(folder / "requests", house, KINDS, first=1 << 32, count=20_000)
        edge = house.role("edge", before=own_core(0)).start().wait_until_ready()
        can = flood(house, "--requests", "20000")
        rate = can["sent"] / can["seconds"]
        readers = Readers(house, rate=FOLLOWED_PER_SECOND, dice=random.Random(1), shares=SHARES)
        disk = SlowDisk(house.data / "log" / "edge-0.log")
        readers.start()
        if slow:
            disk.start()
        shape = ("--rate", str(FACTOR * rate), "--seconds", str(seconds), "--connections", str(lines))
        said = flood(house, *shape)
        if slow:
            disk.stop()
        time.sleep(0.3)
        asked = readers.stop()
        peak = look_at(edge, house).peak
        assert edge.stop() == 0
        report = edge.report()
        reckon_flood(said, rate, seconds, say)
        say(f"memory at most {peak / 1e6:.0f} MB · unrecorded {report['unrecorded']:,}, of those shed {report['shed']}")
        assert peak <= MAX_BYTES
        followed = [record.event for record in records(house.data / "log") if (record.event.delivery or 0) < 1 << 32]
        found = compare(asked, followed)
        say(f"followed one by one: {found}")
        assert not [one for one in asked if one.kind in DECISIONS and one.status != 200], "a decision was not confirmed"
        assert not [one for one in asked if one.status is None]
        assert not found.wrong
        assert not found.doubled
        assert not found.unasked
        assert not [one for one in found.lost if one.kind in DECISIONS]
        assert report["unrecorded"] == sum(report["shed"].values()) >= len(found.lost)
        assert_kept(house, edge, can["sent"] + said["sent"] + len(asked))
        return report


def reckon_flood(said: dict[str, Any], rate: float, seconds: float, say: Say) -> None:
    """Availability of those who got a connection, and how soon the overload was forgotten."""
    offered, answered = said["sent"] + said["turned_away"], sum(said["answers"].values())
    say(
        f"one worker did {rate:,.0f} hits/s; offered {offered / seconds:,.0f}/s, {offered / seconds / rate:.1f} times "
        f"as much · got in {said['sent']:,} · answered {answered:,} in {said['seconds']:.1f} s · cut {said['cut']}"
    )
    assert offered >= 0.9 * FACTOR * rate * seconds
    assert answered >= AVAILABILITY * said["sent"]
    assert "503" not in said["answers"]


def assert_kept(house: Installation, edge: Role, asked: int) -> None:
    """Every hit is in the log or counted as left out."""
    report = edge.report()
    assert report["received"] == asked
    assert report["received"] == report["recorded"] + report["unrecorded"]
    assert report["recorded"] == sum(1 for _ in records(house.data / "log"))


@pytest.mark.long
def test_ten_times_the_load_costs_nobody_an_answer(tmp_path: Path, say: Say) -> None:
    live_through(tmp_path, seconds=1.0, lines=32, say=say, slow=False)


@pytest.mark.long
def test_a_minute_of_ten_times_the_load_costs_nobody_an_answer(tmp_path: Path, say: Say) -> None:
    live_through(tmp_path, seconds=SECONDS, lines=300, say=say, slow=False)


@pytest.mark.long
def test_overload_and_a_slow_disk_cost_opens_first_and_never_a_decision(tmp_path: Path, say: Say) -> None:
    report = live_through(tmp_path, seconds=SECONDS, lines=LINES, say=say, slow=True)
    shed = report["shed"]
    assert shed[EventType.OPENED] > shed.get(EventType.CLICKED, 0)
