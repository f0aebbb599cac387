"""P2: a disk that hangs and gives no error keeps no reader waiting, and what became of every hit is told later."""

import os
import random
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.chaos.conftest import Say
from tests.chaos.installation import Installation, until
from tests.chaos.oracle import DECISIONS, assert_stored, compare, records
from tests.chaos.readers import Readers
from tests.chaos.test_full_disk import SHARES, confirmed

from mailwake.edge.recording import PATIENCE_SECONDS

HANGS_SECONDS = 15.0
#: The edge looks once a second who has waited too long, and a busy machine takes its time for that.
LATE_SECONDS = PATIENCE_SECONDS + 4.0
IMAGE_BYTES = 256 << 20


@contextmanager
def frozen_disk(image: Path, folder: Path) -> Iterator[None]:
    """A file system for the log alone, for `freeze` to hang. Whatever happens, it is thawed and gone at the end."""
    folder.mkdir(parents=True)
    with image.open("wb") as file:
        file.truncate(IMAGE_BYTES)
    subprocess.run(("mkfs.ext4", "-q", "-F", str(image)), check=True)
    subprocess.run(("mount", "-o", "loop", str(image), str(folder)), check=True)
    try:
        yield
    finally:
        subprocess.run(("fsfreeze", "--unfreeze", str(folder)), check=False, capture_output=True)
        subprocess.run(("umount", "--lazy", str(folder)), check=True)


def freeze(folder: Path, how: str) -> float:
    """Let every write wait from now on, or go on again; gives the moment."""
    subprocess.run(("fsfreeze", how, str(folder)), check=True)
    return time.monotonic()


def live_through(house: Installation, say: Say) -> None:
    log = house.data / "log"
    edge, work = house.role("edge").start().wait_until_ready(), house.role("work")
    readers = Readers(house, rate=300, dice=random.Random(1), shares=SHARES)
    readers.start()
    until(lambda: bool(confirmed(readers.asked)), "something was recorded")
    froze_at = freeze(log, "--freeze")
    time.sleep(HANGS_SECONDS)
    thawed_at = freeze(log, "--unfreeze")
    until(lambda: bool(confirmed(readers.asked, thawed_at)), "decisions were confirmed again")
    asked = readers.stop()
    assert edge.stop() == 0
    work.start().wait_until_ready()
    house.wait_until_taken_in()
    assert work.stop() == 0
    report = edge.report()
    found = compare(asked, (record.event for record in records(log)))
    refused = [one for one in asked if one.status == 503]
    during = [one for one in asked if froze_at < one.sent_at < thawed_at - LATE_SECONDS]
    say(f"{found} · told to come again {len(refused)} · asked while it hung {len(during)} · shed {report['shed']}")
    assert during
    assert all(0 < one.answered_at < thawed_at for one in during), "a reader waited for the disk"
    assert not found.wrong
    assert not found.doubled
    assert not found.unasked
    assert not [one for one in found.lost if one.kind in DECISIONS], "a decision was confirmed and is not there"
    assert report["unrecorded"] == len(found.lost) + len(refused) - len(found.recorded_though_refused)
    assert report["recorded"] == found.recorded == assert_stored(house.data)


@pytest.mark.long
def test_a_disk_that_hangs_keeps_no_reader_waiting(tmp_path: Path, say: Say) -> None:
    if os.geteuid() != 0:
        say("NOT ROOT: no file system of its own could be frozen; tests/edge/test_recording.py alone speaks for this")
        return
    with Installation(tmp_path) as house, frozen_disk(tmp_path / "disk", house.data / "log"):
        live_through(house, say)
