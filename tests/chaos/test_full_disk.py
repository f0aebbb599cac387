"""P3: a full disk breaks no redirect and no pixel; what it costs is counted to the last hit; it heals by itself."""

import os
import random
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import pytest
from tests.chaos.conftest import Say
from tests.chaos.installation import Installation, Role, until
from tests.chaos.oracle import DECISIONS, Asked, Kind, assert_stored, compare, records
from tests.chaos.readers import Readers

HITS_PER_SECOND = 600
#: more decisions than in life, because they are what may not be confirmed
SHARES = {Kind.OPEN: 50, Kind.CLICK: 30, Kind.UNSUBSCRIBE: 10, Kind.WITHDRAW: 8, Kind.FORGED: 2}


class Disk(Protocol):
    """Where the log is."""

    def fill(self, edge: Role) -> None:
        """From now on nothing can be written."""
        ...

    def clear(self, edge: Role) -> None:
        """There is room again."""
        ...


class Quota:
    """The kernel refuses to let any file of the process grow; needs no privilege. Writes fail with EFBIG."""

    def fill(self, edge: Role) -> None:
        _, hard = resource.prlimit(edge.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(edge.pid, resource.RLIMIT_FSIZE, (4_096, hard))  # the report beside the log still fits

    def clear(self, edge: Role) -> None:
        _, hard = resource.prlimit(edge.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(edge.pid, resource.RLIMIT_FSIZE, (hard, hard))


class SmallDisk:
    """A file system of its own that hits fill by themselves; needs root. Writes fail with ENOSPC."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def fill(self, edge: Role) -> None:
        del edge  # a few seconds of hits do it

    def clear(self, edge: Role) -> None:
        del edge
        subprocess.run(("mount", "-o", "remount,size=512m", str(self._folder)), check=True)


@contextmanager
def small_disk(folder: Path) -> Iterator[SmallDisk]:
    folder.mkdir(parents=True)
    subprocess.run(("mount", "-t", "tmpfs", "-o", "size=24m,mode=700", "tmpfs", str(folder)), check=True)
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(("umount", "--lazy", str(folder)), check=True)


def live_through(house: Installation, disk: Disk, *, full_seconds: float, say: Say) -> None:
    edge, work = house.role("edge").start(), house.role("work")
    edge.wait_until_ready()
    readers = Readers(house, rate=HITS_PER_SECOND, dice=random.Random(1), shares=SHARES)
    readers.start()
    until(lambda: bool(confirmed(readers.asked)), "something was recorded")
    disk.fill(edge)
    until(lambda: any(one.status == 503 for one in readers.asked), "the disk was full")
    time.sleep(full_seconds)
    disk.clear(edge)
    cleared_at = time.monotonic()
    until(lambda: bool(confirmed(readers.asked, cleared_at)), "decisions were confirmed again")
    time.sleep(0.5)
    asked = readers.stop()
    assert edge.stop() == 0
    work.start().wait_until_ready()
    house.wait_until_taken_in()
    assert work.stop() == 0
    reckon(house, asked, edge.report(), say)


def confirmed(asked: list[Asked], since: float = 0.0) -> list[Asked]:
    """Decisions that were confirmed; what is asked meanwhile may or may not be among them."""
    return [one for one in list(asked) if one.kind in DECISIONS and one.status == 200 and one.sent_at > since]


def reckon(house: Installation, asked: list[Asked], report: dict[str, int], say: Say) -> None:
    found = compare(asked, (record.event for record in records(house.data / "log")))
    refused = [one for one in asked if one.status == 503]
    say(f"{found} · told to come again {len(refused):,} · unrecorded by the edge's own count {report['unrecorded']:,}")
    assert not [one for one in asked if one.status is None], "a request was not answered"
    assert not found.wrong, found.wrong[:5]
    assert not found.doubled
    assert not found.unasked
    assert not found.recorded_though_refused
    assert not [one for one in found.lost if one.kind in DECISIONS], "a decision was confirmed and is not there"
    assert found.lost
    assert refused
    assert report["unrecorded"] == len(found.lost) + len(refused)
    assert report["recorded"] == found.recorded == assert_stored(house.data)
    assert report["received"] == sum(
        report[way] for way in ("recorded", "inert", "unsure", "expired", "rejected", "unrecorded")
    )


@pytest.mark.long
def test_hits_on_a_full_disk_are_answered_and_counted_exactly(tmp_path: Path, say: Say) -> None:
    with Installation(tmp_path) as house:
        live_through(house, Quota(), full_seconds=1.0, say=say)


@pytest.mark.long
@pytest.mark.parametrize("kind", ["quota", "small disk"])
def test_a_disk_that_stays_full_for_a_while_heals_without_a_hand(tmp_path: Path, say: Say, kind: str) -> None:
    with Installation(tmp_path) as house:
        if kind == "quota":
            live_through(house, Quota(), full_seconds=30.0, say=say)
        elif os.geteuid() != 0 or sys.platform != "linux":
            say("NOT ROOT: no file system of its own could be mounted; the quota stands for it")
            live_through(house, Quota(), full_seconds=5.0, say=say)
        else:
            with small_disk(house.data / "log") as disk:
                live_through(house, disk, full_seconds=30.0, say=say)
