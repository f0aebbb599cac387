"""A day's worth of hits on one edge worker: memory, file descriptors and the write-ahead log stay as they are."""

import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from tests.chaos.conftest import Say
from tests.chaos.flood import BATCH
from tests.chaos.installation import Installation, Role, until
from tests.chaos.oracle import Kind
from tests.chaos.readers import write_requests
from tests.chaos.vitals import Vitals, look_at

from mailwake.eventlog.sqlite import SqliteReader

HITS = int(os.environ.get("MAILWAKE_SOAK_HITS", "10000000"))
TOKENS = 20_000
KINDS = [Kind.OPEN, Kind.OPEN, Kind.CLICK]
CONNECTIONS = 64
#: of what is measured at a tenth of the way
MAX_DRIFT = 0.05
#: Caches of Python and SQLite fill up over the first hundred thousand hits.
WARM_BYTES = 20 << 20
#: Twice what makes a checkpoint due, and what comes in while one runs.
MAX_WAL_BYTES = 256 << 20
WRK = """
local requests, at = {}, 0
init = function(args)
  local file = io.open(args[1]); local text = file:read("*a"); file:close()
  for one in text:gmatch("GET .-\\r\\n\\r\\n") do requests[#requests + 1] = one end
end
request = function() at = at % #requests + 1; return requests[at] end
done = function(summary, latency, all)
  local e = summary.errors
  print(string.format('{"answered":%d,"failed":%d}', summary.requests, e.status + e.read + e.write + e.connect))
end
"""


class Wrk:
    """Asks with wrk: one request at a time on each connection, as fast as they are answered."""

    name = "wrk, one request at a time on each of 64 connections"

    def __init__(self, house: Installation) -> None:
        self._house = house
        (house.folder / "wrk.lua").write_text(WRK, encoding="utf-8")

    def ask(self, hits: int) -> int:
        """About so many hits, at least one second of them; gives how many were answered."""
        answered = 0
        while answered < hits:
            url = f"http://127.0.0.1:{self._house.ports['edge']}"
            shape = ("-t1", f"-c{CONNECTIONS}", "-d1s" if hits < 100_000 else "-d10s", "-s", "wrk.lua", url)
            command = ("wrk", *shape, "--", str(self._house.folder / "requests"))
            done = subprocess.run(command, cwd=self._house.folder, capture_output=True, text=True, check=True)
            said = json.loads(done.stdout.splitlines()[-1])
            assert said["failed"] == 0, said
            answered += said["answered"]
        return answered


class OwnFlood:
    """Asks with the flood of these tests: for machines without wrk, and where the number of hits has to be exact."""

    name = "OUR OWN GENERATOR, not wrk: 16 requests at a time on each of 64 connections"

    def __init__(self, house: Installation) -> None:
        self._house = house

    def ask(self, hits: int) -> int:
        hits -= hits % BATCH
        shape = ("--connections", str(CONNECTIONS), "--requests", str(hits))
        flood = self._house.module(
            "flood", str(self._house.ports["edge"]), str(self._house.folder / "requests"), *shape
        ).start()
        assert flood.process is not None
        assert flood.process.wait() == 0, flood.errors()
        said = json.loads(flood.out.read_text(encoding="utf-8").splitlines()[-1])
        assert sum(said["answers"].values()) == hits
        return hits


def live_through(folder: Path, hits: int, say: Say, *, looks_wanted: int, with_wrk: bool) -> list[Vitals]:
    with Installation(folder) as house:
        write_requests(folder / "requests", house, KINDS, first=1, count=TOKENS)
        edge = house.role("edge").start().wait_until_ready()
        asker = Wrk(house) if with_wrk else OwnFlood(house)
        say(f"asked by {asker.name}")
        answered, part, started, at_rest = 0, hits // looks_wanted, time.monotonic(), look_at(edge, house)
        looks: list[Vitals] = []
        while answered < hits:
            answered += asker.ask(part)
            until(lambda: look_at(edge, house).sockets <= at_rest.sockets, "all connections were closed")
            looks.append(look_at(edge, house))
            rate = answered / (time.monotonic() - started)
            say(f"{answered:,}/{hits:,} hits, {rate:,.0f}/s: {looks[-1]}")
        assert edge.stop() == 0
        assert max(look.wal for look in looks) <= MAX_WAL_BYTES
        assert looks[-1].descriptors <= looks[0].descriptors + 2  # SQLite keeps those of its second connection
        assert_kept(house, edge, answered)
        return looks


def assert_kept(house: Installation, edge: Role, answered: int) -> None:
    """Everything answered is recorded. wrk leaves without waiting, so there may be a few more."""
    report, reader = edge.report(), SqliteReader(house.data / "log")
    assert report["recorded"] == report["received"] >= answered
    assert reader.waiting({}) == report["recorded"]
    assert not reader.damage
    reader.close()


@pytest.mark.long
def test_many_hits_leave_no_descriptor_open_and_little_in_memory(tmp_path: Path, say: Say) -> None:
    looks = live_through(tmp_path, 20_000, say, looks_wanted=2, with_wrk=False)
    assert looks[-1].rss - looks[0].rss <= WARM_BYTES


@pytest.mark.long
def test_ten_million_hits_leave_no_trace_in_memory(tmp_path: Path, say: Say) -> None:
    try:
        looks = live_through(tmp_path / "soak", HITS, say, looks_wanted=10, with_wrk=shutil.which("wrk") is not None)
        assert looks[-1].rss <= looks[0].rss * (1 + MAX_DRIFT), f"{looks[0]} became {looks[-1]}"
    finally:
        shutil.rmtree(tmp_path / "soak", ignore_errors=True)
