"""`mailwake work` takes the log in: once, or until it is told to stop."""

import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from mailwake.cli.init import make
from mailwake.cli.work import open_worker, start_worker, tell
from mailwake.errors import Misconfigured, Unavailable
from mailwake.eventlog.sqlite import append_now
from mailwake.events import CampaignId, Event, EventType, Micros, Source, encode_event
from mailwake.inert.keeper import read_file
from mailwake.inert.reader import microseconds
from mailwake.pipeline.dead import DeadLetters, take_again
from mailwake.pipeline.item import Drop, Item
from mailwake.pipeline.worker import Pass
from mailwake.settings import load
from mailwake.store.events import open_events


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make(tmp_path, base_url="http://localhost:8025", brand="Example", individual=True)
    return tmp_path


def log(folder: Path, n: int = 1) -> None:
    now, campaign = Micros(10**15), CampaignId(1)
    sent = [
        Event(type=EventType.SENT, received_at=now, source=Source.SEND, key=f"sent:{each}", campaign=campaign)
        for each in range(n)
    ]
    append_now(folder / "mailwake-data" / "log", "send", [encode_event(event) for event in sent])


def command(folder: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "mailwake", "work", "--config", str(folder / "mailwake.toml"), *words]


def test_once_takes_in_what_waits_and_leaves(folder: Path) -> None:
    log(folder, 3)
    done = subprocess.run(command(folder, "--once"), capture_output=True, text=True, check=True)
    assert done.stdout == "read 3 · stored 3\n"
    again = subprocess.run(command(folder, "--once"), capture_output=True, text=True, check=True)
    assert again.stdout == "read 0 · stored 0\n"


def test_once_keeps_the_set_of_those_who_withdrew_fresh_however_long_ago_the_last_hit_was(folder: Path) -> None:
    """Once from a timer is all that runs; an edge records nobody when the set says nothing of the last 15 minutes."""
    log(folder)
    for _ in range(2):
        began = microseconds()
        subprocess.run(command(folder, "--once"), capture_output=True, check=True)
        found = read_file(folder / "mailwake-data" / "inert.bin")
        assert found is not None
        assert found.head.as_of >= began


def test_what_was_set_aside_is_taken_in_once_it_can_be(folder: Path) -> None:
    dead = folder / "mailwake-data" / "dead"
    now, campaign = Micros(10**15), CampaignId(1)
    event = Event(type=EventType.SENT, received_at=now, source=Source.SEND, key="sent:dead", campaign=campaign)
    item = Item(record=encode_event(event), writer="send", segment=7, index=0, written_at=now)
    kept = DeadLetters(dead).keep(item, Drop.POISON, "a bug that is mended now")
    (dead / "odd.json").write_text("{}", encoding="utf-8")
    (dead / "half.taken").write_text("{}", encoding="utf-8")
    again = subprocess.run(command(folder, "--again"), capture_output=True, text=True, check=True)
    assert again.stdout.startswith("1 records are in the log again")
    assert "half.taken, odd.json" in again.stdout
    assert not kept.exists()
    done = subprocess.run(command(folder, "--once"), capture_output=True, text=True, check=True)
    assert done.stdout == "read 1 · stored 1\n"


def test_a_log_that_takes_nothing_leaves_it_where_it_was(tmp_path: Path) -> None:
    item = Item(record=b"x", writer="edge-0", segment=1, index=0, written_at=Micros(1))
    kept = DeadLetters(tmp_path).keep(item, Drop.POISON, "x")

    def full(_records: Sequence[bytes]) -> None:
        raise Unavailable("the disk is full")

    with pytest.raises(Unavailable):
        take_again(tmp_path, full)
    assert [path.name for path in tmp_path.iterdir()] == [kept.name]


def test_it_says_when_it_is_ready_and_stops_when_told(folder: Path) -> None:
    log(folder)
    process = subprocess.Popen(command(folder), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("work reading ")
    process.send_signal(signal.SIGTERM)
    rest = process.communicate(timeout=60)[0]
    assert process.returncode == 0
    assert rest.startswith("read ")


def test_a_second_worker_on_the_same_store_is_refused_in_one_line(folder: Path) -> None:
    events = open_events(folder / "mailwake-data" / "events.duckdb")
    done = subprocess.run(command(folder, "--once"), capture_output=True, text=True, check=False)
    events.close()
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "another process owns the event store" in done.stderr


def test_a_thread_takes_the_log_in_beside_the_dashboard(folder: Path) -> None:
    settings = load(folder / "mailwake.toml")
    events = open_events(settings.data_folder / "events.duckdb")
    worker = open_worker(settings, events)
    log(folder, 2)
    stop = start_worker(worker)
    while not events.ask("latest")[0]["event_count"]:
        pass
    stop()
    assert worker.total.added == 2
    events.close()


@pytest.mark.parametrize("days", [-1, 31])
def test_nobody_keeps_raw_requests_for_longer_than_a_month(folder: Path, days: int) -> None:
    config = folder / "mailwake.toml"
    config.write_text(config.read_text().replace("[tracking]\n", f"[tracking]\nkeep_raw_days = {days}\n"))
    with pytest.raises(Misconfigured, match=r"tracking\.keep_raw_days.*0 to 30"):
        load(config)


def test_what_was_done_is_told_in_one_line() -> None:
    done = Pass(records=1_200, written=1_000, dropped=((Drop.LATE_INERT, 200),), damaged_segments=1, lost=40)
    assert tell(done) == "read 1,200 · stored 1,000 · late inert 200 · damaged segments 1, 40 records lost"
