"""Every sum is checked against what really happened, and the exact number that is missing is named."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tests.pipeline.house import House, hit, sent

from mailwake.eventlog.sqlite import SqliteReader, append_now
from mailwake.events import EventType
from mailwake.monitoring.conservation import RECORD, Balance, State, Sum, balances, record_hour
from mailwake.pipeline import steps

HOUR = 3_600_000_000
DAY = 24 * HOUR


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    opened = House(tmp_path, report=tmp_path / "pipeline.json")
    yield opened
    opened.close()


def edge_report(data: Path, *, log: dict[str, Any] | None = None, **counts: int) -> None:
    known = {
        "received": 0,
        "recorded": 0,
        "inert": 0,
        "unsure": 0,
        "expired": 0,
        "rejected": 0,
        "unrecorded": 0,
    } | counts
    of_log = {"writer": "edge-0", "records_before": 0, "segment": 0, "waiting": 0, "stuck": 0} | (log or {})
    report = {"worker": 0, "stopped": 0, **known, "log": of_log}
    (data / "edge-0.json").write_text(json.dumps(report), encoding="utf-8")


def one(data: Path, kind: Sum, name: str = "edge-0") -> Balance:
    (found,) = [balance for balance in balances(data) if balance.kind is kind and balance.name == name]
    return found


def test_an_empty_installation_has_nothing_to_add_up(tmp_path: Path) -> None:
    assert balances(tmp_path) == []
    assert record_hour(tmp_path, 10 * HOUR) == []


def test_requests_that_all_came_to_an_end_hold(tmp_path: Path) -> None:
    edge_report(tmp_path, received=10, inert=2, expired=1, rejected=4, unrecorded=3)
    found = one(tmp_path, Sum.REQUESTS)
    assert (found.state, found.difference) == (State.HOLDS, 0)


def test_requests_that_wait_for_the_log_hold_too(tmp_path: Path) -> None:
    edge_report(tmp_path, received=10, rejected=6, log={"waiting": 4})
    assert one(tmp_path, Sum.REQUESTS).state is State.HOLDS


def test_a_request_that_waits_for_nothing_is_settling_at_first_and_broken_after_a_minute(tmp_path: Path) -> None:
    edge_report(tmp_path, received=10, rejected=7, log={"waiting": 2})
    assert one(tmp_path, Sum.REQUESTS).state is State.SETTLING
    edge_report(tmp_path, received=20, rejected=17, log={"waiting": 2, "stuck": 1})
    found = one(tmp_path, Sum.REQUESTS)
    assert (found.state, found.difference) == (State.BROKEN, 1)


@pytest.mark.parametrize("waiting", [0, 1])
def test_after_a_stop_nothing_may_wait(tmp_path: Path, waiting: int) -> None:
    edge_report(tmp_path, received=10, rejected=9, stopped=1, log={"waiting": waiting})
    assert one(tmp_path, Sum.REQUESTS).state is State.BROKEN


def test_what_an_edge_recorded_is_in_its_log(tmp_path: Path) -> None:
    append_now(tmp_path / "log", "edge-0", [b"x"] * 5)
    append_now(tmp_path / "log", "edge-0", [b"x"] * 3)
    append_now(tmp_path / "log", "edge-0", [b"x"] * 4)
    edge_report(tmp_path, recorded=3, received=3, log={"records_before": 5, "segment": 2})
    assert one(tmp_path, Sum.LOG).state is State.HOLDS
    edge_report(tmp_path, recorded=4, received=4, log={"records_before": 5, "segment": 2})
    found = one(tmp_path, Sum.LOG)
    assert (found.state, found.difference) == (State.BROKEN, -1)


def test_a_record_that_is_durable_and_not_yet_answered_is_settling(tmp_path: Path) -> None:
    append_now(tmp_path / "log", "edge-0", [b"x"] * 5)
    edge_report(tmp_path, recorded=3, received=5, log={"segment": 1, "waiting": 2})
    assert one(tmp_path, Sum.LOG).state is State.SETTLING
    edge_report(tmp_path, recorded=3, received=4, log={"segment": 1, "waiting": 1})
    assert one(tmp_path, Sum.LOG).state is State.BROKEN


def test_a_record_that_was_refused_and_is_in_the_log_all_the_same_is_no_loss(tmp_path: Path) -> None:
    append_now(tmp_path / "log", "edge-0", [b"x"] * 5)
    edge_report(tmp_path, recorded=3, unrecorded=4, received=7, log={"segment": 1})
    found = one(tmp_path, Sum.LOG)
    assert (found.state, found.right) == (State.HOLDS, {"recorded": 3, "kept all the same": 2})
    edge_report(tmp_path, recorded=3, unrecorded=1, received=4, log={"segment": 1})
    assert one(tmp_path, Sum.LOG).state is State.BROKEN


def test_every_record_that_the_pipeline_took_in_is_accounted_for(house: House, tmp_path: Path) -> None:
    house.log_raw([b"junk", b"more junk"], writer="edge-1")
    house.work(sent(1), sent(1), sent(2), hit(EventType.OPENED, 60))
    house.worker.report()
    found = one(tmp_path, Sum.PIPELINE)
    assert (found.state, found.left) == (State.HOLDS, 4)
    assert (found.right["applied"], found.right["dropped"], found.right["in flight"]) == (3, 1, 0)
    dead = one(tmp_path, Sum.PIPELINE, "edge-1")
    assert (dead.state, dead.right["dead"]) == (State.HOLDS, 2)


def test_whom_nobody_could_ask_about_has_an_end_of_its_own_and_an_older_edge_knows_none(tmp_path: Path) -> None:
    edge_report(tmp_path, received=5, inert=2, unsure=3)
    found = one(tmp_path, Sum.REQUESTS)
    assert (found.state, found.right["inert"], found.right["unsure"]) == (State.HOLDS, 2, 3)
    path = tmp_path / "edge-0.json"
    old = json.loads(path.read_text(encoding="utf-8"))
    del old["unsure"]
    path.write_text(json.dumps(old | {"inert": 5}), encoding="utf-8")
    assert one(tmp_path, Sum.REQUESTS).state is State.HOLDS


def test_what_waits_in_the_log_is_in_flight(house: House, tmp_path: Path) -> None:
    house.work(sent(1))
    house.worker.report()
    house.log(sent(2), sent(3))
    found = one(tmp_path, Sum.PIPELINE)
    assert (found.state, found.left, found.right["in flight"]) == (State.HOLDS, 3, 2)


def test_a_writer_that_the_pipeline_has_not_met_is_in_flight_as_a_whole(house: House, tmp_path: Path) -> None:
    house.work(sent(1))
    house.worker.report()
    house.log(sent(2), writer="relay")
    assert one(tmp_path, Sum.PIPELINE, "relay").right["in flight"] == 1


def test_without_a_report_the_sum_is_unknown(tmp_path: Path) -> None:
    append_now(tmp_path / "log", "edge-0", [b"x"])
    assert one(tmp_path, Sum.PIPELINE).state is State.UNKNOWN


@pytest.mark.parametrize("lost", [1, 7])
def test_records_that_vanish_in_a_step_are_reported_with_their_exact_number(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lost: int
) -> None:
    def vanish(batch: Any, _desk: Any) -> None:
        del batch.items[:lost]

    monkeypatch.setattr("mailwake.pipeline.worker.run_steps", _with(vanish))
    house.work(*(sent(n, n) for n in range(50)))
    house.worker.report()
    (found,) = record_hour(tmp_path, 10 * HOUR)
    assert (found.kind, found.state, found.difference) == (Sum.PIPELINE, State.BROKEN, lost)


def _with(hook: Any) -> Any:
    def run(batch: Any, desk: Any) -> None:
        place = steps.STEPS.index(steps.write)
        steps.run_steps(batch, desk, [*steps.STEPS[:place], hook, *steps.STEPS[place:]])

    return run


def test_a_segment_that_the_pipeline_never_saw_is_reported_with_its_exact_number(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in (1, 2, 3):
        house.log(*[sent(10 * n + each, n) for each in range(n)])
    read = SqliteReader.read

    def skip(self: SqliteReader, *args: Any, **given: Any) -> Any:
        return [segment for segment in read(self, *args, **given) if segment.number != 2]

    monkeypatch.setattr(SqliteReader, "read", skip)
    house.work()
    house.worker.report()
    found = one(tmp_path, Sum.PIPELINE)
    assert (found.state, found.difference) == (State.BROKEN, 2)


def test_a_store_from_before_the_counts_is_brought_forward(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.work(sent(1), sent(2))
    house.close()
    with duckdb.connect(str(tmp_path / "events.duckdb")) as store:
        store.execute("drop table taken")
        store.execute("delete from schema_version where step like '%-taken'")
    again = House(tmp_path, report=tmp_path / "pipeline.json")
    again.work(sent(3))
    again.worker.report()
    found = one(tmp_path, Sum.PIPELINE)
    assert (found.state, found.left, found.right["earlier"], found.right["applied"]) == (State.HOLDS, 3, 2, 1)
    again.close()


def test_hours_are_recorded_once_and_kept_for_so_many_days(tmp_path: Path) -> None:
    edge_report(tmp_path, received=2, rejected=1, stopped=1)
    for now in (10 * HOUR, 10 * HOUR + 5, 11 * HOUR, 402 * DAY):
        (broken,) = record_hour(tmp_path, now)
        assert broken.difference == 1
    lines = [json.loads(line) for line in (tmp_path / RECORD).read_text(encoding="utf-8").splitlines()]
    assert [line["at"] for line in lines] == [402 * DAY]
    assert record_hour(tmp_path, 402 * DAY + HOUR)
    lines = [json.loads(line) for line in (tmp_path / RECORD).read_text(encoding="utf-8").splitlines()]
    assert [line["at"] for line in lines] == [402 * DAY, 402 * DAY + HOUR]
    (sum_,) = [each for each in lines[0]["balances"] if each["kind"] == "requests"]
    assert (sum_["name"], sum_["state"], sum_["difference"]) == ("edge-0", "broken", 1)
    assert (tmp_path / RECORD).stat().st_mode & 0o077 == 0


def test_a_line_that_was_cut_short_does_not_stop_the_record(tmp_path: Path) -> None:
    edge_report(tmp_path)
    record_hour(tmp_path, 10 * HOUR)
    with (tmp_path / RECORD).open("a", encoding="utf-8") as file:
        file.write('{"at": 39')
    record_hour(tmp_path, 12 * HOUR)
    assert (tmp_path / RECORD).read_text(encoding="utf-8").splitlines()[-1].startswith('{"at": 43200')
