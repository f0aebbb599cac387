"""P2: redirects and pixels are answered whatever else is broken, and nothing of it is lost."""

import os
import random
import signal
import smtplib
import statistics
import time
from collections.abc import Iterable
from pathlib import Path

import pytest
from tests.chaos.conftest import Say
from tests.chaos.installation import Installation, Role
from tests.chaos.oracle import DECISIONS, Asked, assert_exact, assert_stored, compare, records
from tests.chaos.readers import Readers
from tests.chaos.senders import Letter

OUTAGE_SECONDS = float(os.environ.get("MAILWAKE_OUTAGE_SECONDS", "600"))
HITS_PER_SECOND = 500
STORES = ("state.sqlite", "events.duckdb")
#: privacy-security P2: the backlog is drained within ten minutes
DRAIN_SECONDS = 600.0


class House(Installation):
    """An installation whose every part but the edge can be taken away and brought back."""

    def start(self) -> None:
        kept = self.folder / "kept.jsonl"
        self.sink = self.module("sink", str(self.ports["sink"]), str(kept), "1")
        self.edge, self.relay, self.web = self.role("edge"), self.role("relay"), self.role("web", with_work=True)
        for role in self.roles:
            role.start()
        for role in self.roles:
            role.wait_until_ready()

    def take_away(self) -> None:
        """Dashboard and pipeline dead, relay and next server frozen, both stores gone and not to be made anew."""
        self.web.kill()
        for role in (self.relay, self.sink):
            os.kill(role.pid, signal.SIGSTOP)
        away = self.folder / "away"
        away.mkdir()
        for path in [path for path in self.data.iterdir() if path.name.startswith(STORES)]:
            path.rename(away / path.name)
        for name in STORES:
            (self.data / name).mkdir()

    def bring_back(self) -> None:
        for name in STORES:
            (self.data / name).rmdir()
        for path in (self.folder / "away").iterdir():
            path.rename(self.data / path.name)
        for role in (self.sink, self.relay):
            os.kill(role.pid, signal.SIGCONT)
        self.web.start().wait_until_ready()

    def second_edge(self) -> Role:
        """A worker that starts while everything is away."""
        return self.role("edge", worker=1).start().wait_until_ready()

    def send(self) -> int:
        """One letter through the relay; gives its answer."""
        letter = Letter(1, ("reader@example.com",))
        with smtplib.SMTP("127.0.0.1", self.ports["relay"], timeout=30) as client:
            client.sendmail("shop@example.com", list(letter.recipients), letter.text)
            return client.noop()[0]


def milliseconds(asked: Iterable[Asked]) -> str:
    """Median and p99 of the time to an answer."""
    times = sorted((one.answered_at - one.sent_at) * 1e3 for one in asked if one.status is not None)
    return f"p50 {statistics.median(times):.1f} ms, p99 {times[len(times) * 99 // 100]:.1f} ms, n {len(times):,}"


def live_through(folder: Path, *, outage_seconds: float, before_seconds: float, rate: float, say: Say) -> None:
    with House(folder) as house:
        house.start()
        readers = Readers(house, rate=rate, dice=random.Random(1))
        readers.start()
        time.sleep(before_seconds)
        house.take_away()
        went_at = time.monotonic()
        second = house.second_edge()
        while (gone := time.monotonic() - went_at) < outage_seconds:
            say(f"all stores away for {gone:.0f}/{outage_seconds:.0f} s, {house.waiting():,} records wait")
            time.sleep(min(60.0, outage_seconds - gone))
        back_at = time.monotonic()
        house.bring_back()
        backlog = house.waiting()
        time.sleep(before_seconds)
        asked = readers.stop()
        assert [house.edge.stop(), second.stop()] == [0, 0]
        assert house.send() == 250
        house.wait_until_taken_in(patience_seconds=DRAIN_SECONDS)
        say(f"{backlog:,} records waited; all was taken in {time.monotonic() - back_at:.0f} s after the return")
        assert [house.web.stop(), house.relay.stop()] == [0, 0]
        say(f"before the outage {milliseconds(one for one in asked if one.sent_at < went_at)}")
        say(f"during the outage {milliseconds(one for one in asked if went_at <= one.sent_at < back_at)}")
        assert_all_answered(asked)
        found = compare(asked, (record.event for record in records(house.data / "log", writer="edge")))
        say(str(found))
        assert_exact(found)
        say(f"rows {assert_stored(house.data):,}")


def assert_all_answered(asked: list[Asked]) -> None:
    """Every pixel, every redirect, and, because the log was well, every decision."""
    assert not [one for one in asked if one.status is None]
    assert not [one for one in asked if one.kind in DECISIONS and one.status != 200]


@pytest.mark.long
def test_a_short_outage_of_all_stores_costs_no_answer_and_no_event(tmp_path: Path, say: Say) -> None:
    live_through(tmp_path, outage_seconds=1.5, before_seconds=0.5, rate=200, say=say)


@pytest.mark.long
def test_ten_minutes_without_any_store_cost_no_answer_and_no_event(tmp_path: Path, say: Say) -> None:
    live_through(tmp_path, outage_seconds=OUTAGE_SECONDS, before_seconds=10, rate=HITS_PER_SECOND, say=say)
