"""The counts of a worker."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.edge.conftest import HeldWriter, StartEdge, message

from mailwake.edge.counters import REMEMBERED_REPORTS, Counters, LogWatch
from mailwake.edge.pixel import GIF
from mailwake.eventlog.sqlite import SqliteWriter
from mailwake.monitoring.conservation import State, Sum, balances


def test_a_refusal_is_counted_under_its_reason() -> None:
    counters = Counters()
    for reason in ("seal", "seal", "host"):
        counters.reject(reason)
    assert counters.report()["rejected"] == 3
    assert counters.report()["reasons"] == {"host": 1, "seal": 2}


def test_what_waits_is_what_came_and_has_no_end_yet() -> None:
    counters = Counters(received=20, recorded=1, inert=2, expired=3, rejected=4, unrecorded=5)
    assert counters.waiting == counters.report()["waiting"] == 5


def test_a_request_that_waits_for_nothing_is_told_when_it_has_waited_a_minute() -> None:
    counters, writer = Counters(received=3), HeldWriter()
    writer.waiting = 2
    watch = LogWatch(counters, writer)
    counters.received = 2
    assert watch.report()["stuck"] == 0
    counters.received = 3
    told = [watch.report()["stuck"] for _ in range(REMEMBERED_REPORTS)]
    assert told == [0] * (REMEMBERED_REPORTS - 1) + [1]


def test_hits_on_their_way_to_the_log_are_no_loss() -> None:
    watch = LogWatch(Counters(received=3), HeldWriter(), gathered=lambda: 3)
    assert watch.report()["waiting"] == 3
    assert watch.report()["stuck"] == 0


def test_what_was_in_the_log_before_the_start_is_told(tmp_path: Path) -> None:
    async def scene() -> tuple[dict[str, Any], dict[str, Any]]:
        writer = SqliteWriter.open(tmp_path, "edge-0")
        await writer.write([b"x"] * 3)
        watch = LogWatch(Counters(), writer)
        first = watch.report()
        await writer.write([b"x"])
        await writer.close()
        return first, watch.report()

    first, second = asyncio.run(scene())
    assert (first["records_before"], first["segment"]) == (3, 1)
    assert (second["records_before"], second["segment"]) == (3, 2)


def test_every_request_of_a_stopped_edge_came_to_an_end_and_its_log_agrees(start_edge: StartEdge) -> None:
    edge = start_edge()
    for path in (f"/o/{message()}", "/o/nonsense", "/elsewhere", f"/u/{message()}", f"/p/{message()}"):
        edge.ask(path)
    edge.ask(f"/o/{message()}", method="HEAD")
    edge.ask(f"/o/{message()}", host="other.example.com")
    edge.post(f"/o/{message()}", b"x=1")
    edge.stop()
    sums = {balance.kind: balance for balance in balances(edge.settings.data_folder)}
    assert sums[Sum.REQUESTS].state is State.HOLDS
    assert sums[Sum.REQUESTS].left == 8
    assert sums[Sum.LOG].state is State.HOLDS
    assert sums[Sum.LOG].left > 0


def test_a_request_that_fails_by_our_fault_is_unrecorded_and_not_lost_count_of(
    start_edge: StartEdge, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr("mailwake.edge.pixel.answer", broken)
    edge = start_edge()
    assert edge.ask(f"/o/{message()}").status == 500
    monkeypatch.undo()
    report = edge.stop()
    assert (report["received"], report["unrecorded"], report["waiting"], report["faults"]) == (1, 1, 0, 1)


def test_a_log_that_is_slow_keeps_requests_waiting_and_the_sum_holds(start_edge: StartEdge) -> None:
    writer = HeldWriter()
    edge = start_edge(writer=writer)
    with edge.line() as line:
        line.send(f"GET /o/{message()} HTTP/1.1\r\nHost: {edge.settings.tracking_host}\r\n\r\n".encode())
        assert writer.came.acquire(timeout=10)
        edge.background.do(writer.release)
        assert line.read().body == GIF
    assert edge.stop()["waiting"] == 0
