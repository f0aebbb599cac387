"""The worker takes the log in exactly once, in whatever pieces, and nothing holds it up for good."""

import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs
from tests.pipeline.house import AGGREGATE, START, House, after, dropped, hit, sent

from mailwake.errors import Unavailable
from mailwake.eventlog import Segment
from mailwake.eventlog.sqlite import SqliteReader
from mailwake.events import SECOND, Event, EventType, Evidence, Handle, Micros, Note
from mailwake.inert.entries import SILENT
from mailwake.judge import Judged
from mailwake.judge.verdicts import StreamJudge
from mailwake.pipeline.item import Drop
from mailwake.pipeline.worker import READER, in_order

ROOT = Path(__file__).parents[2]


def story(deliveries: int, *, seed: int = 1) -> list[Event]:
    """What a small crowd does in two hours: people, scanners, prefetches, counters, a withdrawal, a bounce."""
    chance = random.Random(seed)
    told: list[Event] = []
    for number in range(1, deliveries + 1):
        start = chance.uniform(0, 600)
        told.append(sent(number, start))
        match number % 5:
            case 0:
                told += [hit(EventType.CLICKED, start + 2 + n / 10, delivery=number, link=n) for n in (1, 3)]
                told.append(hit(EventType.UNKNOWN, start + 2.5, delivery=number, link=2, note=Note.DECOY))
            case 1:
                late = start + chance.uniform(100, 6_000)
                told.append(hit(EventType.OPENED, late, delivery=number))
                told.append(hit(EventType.CLICKED, late + 20, delivery=number, link=1))
            case 2:
                told.append(hit(EventType.BOUNCED, start + 1, delivery=number, reason="550 5.1.1 user unknown"))
            case 3:
                told.append(hit(EventType.OPENED, start + 50, delivery=number, modes=AGGREGATE))
            case _:
                told.append(hit(EventType.OPENED, start + 40, delivery=number))
                told.append(hit(EventType.UNSUBSCRIBED, start + 60, delivery=number, note=Note.BUTTON))
    return sorted(told, key=lambda event: event.received_at)


def pieces(events: Sequence[Event], size: int) -> Iterable[Sequence[Event]]:
    return (events[place : place + size] for place in range(0, len(events), size))


def answers(house: House, deliveries: int = 50) -> dict[str, Any]:
    """Everything that a report could say of so many deliveries, but for ids, which depend on the place in the log."""
    ask = house.events.ask
    some = range(1, deliveries + 1, 1 + deliveries // 17)  # of every kind; each costs a question
    rows = [_plain(row) for delivery in some for row in ask("timeline", campaign=1, delivery=delivery)]
    return {
        "counts": ask("campaign_counts", campaign=1),
        "links": sorted(map(str, ask("links", campaign=1))),
        "clients": sorted(map(str, ask("clients", campaign=1))),
        "counters": sorted(map(str, ask("counters", campaign=1))),
        "rows": sorted(map(str, rows)),
        "suppressed": sorted(house.state.suppressed([Handle(n) for n in range(100, 400)])),
    }


def _plain(row: Mapping[str, Any]) -> tuple[object, ...]:
    facts = tuple(row[name] for name in ("type", "happened_at", "recipient", "link", "client", "klass"))
    return *facts, None if row["p_human"] is None else round(row["p_human"], 6)


@pytest.fixture
def another(tmp_path: Path) -> Iterator[list[House]]:
    """Houses that a test opened by itself."""
    opened: list[House] = []
    yield opened
    for house in opened:
        house.close()


def test_cursors_go_forward_with_the_rows_and_the_log_hears_of_it(house: House, tmp_path: Path) -> None:
    house.work(sent(1))
    house.work(sent(2))
    assert house.events.cursors() == {"edge-0": 2}
    assert SqliteReader(tmp_path / "log").waiting(house.events.cursors()) == 0
    assert (tmp_path / "log" / f"{READER}.passed").exists()


def test_nothing_to_read_is_nothing_done(house: House) -> None:
    assert house.worker.run_once().records == 0


@pytest.mark.long
def test_batches_of_any_size_and_order_of_writers_give_equal_answers(tmp_path: Path, another: list[House]) -> None:
    events = story(40)
    seen = []
    for number, (size, batch, writers) in enumerate([(500, 8_192, 1), (1, 7, 3), (11, 50, 2)]):
        house = House(tmp_path / str(number), batch_records=batch)
        another.append(house)
        for place, piece in enumerate(pieces(events, size)):
            house.log(*piece, writer=f"edge-{place % writers}")
        house.work()
        seen.append(answers(house))
    assert seen[0]["counts"]
    assert seen[0] == seen[1] == seen[2]


def test_events_out_of_order_give_equal_answers(tmp_path: Path, another: list[House]) -> None:
    events = story(40)
    shuffled = random.Random(4).sample(events, len(events))
    for name, told in (("ordered", events), ("shuffled", shuffled)):
        house = House(tmp_path / name)
        another.append(house)
        house.log(*told)
        house.work()
    assert answers(another[0]) == answers(another[1])


def facts(house: House, deliveries: int) -> dict[str, Any]:
    """What happened, without when and without what is believed of it."""
    rows = [
        (each, row["type"], row["link"] or 0)
        for each in range(1, deliveries + 1)
        for row in house.events.ask("timeline", campaign=1, delivery=each)
    ]
    counters = house.events.ask("counters", campaign=1)
    return {
        "rows": sorted(rows),
        "counters": sum(row["n"] for row in counters),
        "suppressed": sorted(house.state.suppressed([Handle(n) for n in range(100, 100 + deliveries + 1)])),
    }


YEAR = 365 * 86_400.0


@pytest.mark.parametrize(
    "skew", [3_600.0, *(pytest.param(skew, marks=pytest.mark.long) for skew in (-86_400.0, YEAR)), -YEAR]
)
def test_machines_whose_clocks_differ_lose_and_double_nothing(
    tmp_path: Path, another: list[House], skew: float
) -> None:
    """One edge and its log are so many seconds off; sender, other edge and worker are right."""
    deliveries = 10
    for name, seconds in (("right", 0.0), ("off", skew)):
        house = House(tmp_path / name)
        another.append(house)
        for piece in pieces(story(deliveries), 15):
            here = [event for event in piece if event.type is EventType.SENT or (event.delivery or 0) % 2]
            there = [moved(event, seconds) for event in piece if event not in here]
            for writer, events in (("edge-0", here), ("edge-1", there)):
                if events:
                    house.log(*events, writer=writer)
            house.now = piece[-1].received_at
            house.worker.run_once()
        house.now = after(10_000)
        house.work()
    right, wrong = (facts(house, deliveries) for house in another)
    assert right["rows"]
    assert wrong == right


def moved(event: Event, seconds: float) -> Event:
    """As a clock has it that is so many seconds off."""
    return msgspec.structs.replace(event, received_at=Micros(event.received_at + round(seconds * SECOND)))


def test_a_leap_second_that_comes_twice_loses_and_doubles_nothing(house: House) -> None:
    """Where a clock is set back by a second instead of slowed down, a second is there twice."""
    again = [hit(EventType.CLICKED, seconds, link=1) for seconds in (60.0, 60.5, 60.9, 60.0, 60.5, 60.9, 61.0)]
    house.work(sent(1), *again[:3])
    house.work(*again[3:])
    assert sum(row.type is EventType.CLICKED for row in house.rows()) == 7


def test_reading_the_log_again_into_an_empty_store_gives_equal_answers(tmp_path: Path, another: list[House]) -> None:
    live = House(tmp_path)
    another.append(live)
    for piece in pieces(story(40), 9):
        live.log(*piece)
        live.now = piece[-1].received_at
        live.worker.run_once()
    again = House(tmp_path, events_file="again.duckdb", now=live.now)
    another.append(again)
    again.work()
    for house in (live, again):
        house.now = Micros(house.now + 60 * SECOND)
        house.worker.run_once()
    assert answers(live)["counts"]
    assert answers(again) == answers(live)


@pytest.mark.long
def test_a_late_reader_is_judged_the_same_after_a_restart(tmp_path: Path, another: list[House]) -> None:
    for name in ("going on", "restarted"):
        house = House(tmp_path / name)
        house.work(sent(1), sent(2, 3_000))
        house.now = after(3_006)
        house.worker.run_once()
        assert [row.delivery for row in house.rows()] == [2], "the first has settled"
        if name == "restarted":
            house.close()
            house = House(tmp_path / name, now=house.now)
        house.work(hit(EventType.CLICKED, 9_000, link=1))
        another.append(house)
    assert answers(another[0])["rows"] == answers(another[1])["rows"]


@pytest.mark.long
def test_a_restart_in_the_middle_changes_no_verdict(tmp_path: Path, another: list[House]) -> None:
    events = story(30)
    whole, broken = House(tmp_path / "whole"), House(tmp_path / "broken")
    whole.work(*events)
    for piece in pieces(events, 10):
        broken.work(*piece)
        broken.close()
        broken = House(tmp_path / "broken")
    another += [whole, broken]
    assert answers(broken) == answers(whole)


def test_a_quiet_delivery_settles_by_the_clock_of_the_events(house: House) -> None:
    house.work(sent(1), hit(EventType.OPENED, 60))
    assert len(house.rows()) == 2
    house.now = after(30)
    house.work(sent(2, 2_000))
    house.now = after(40)
    house.worker.run_once()
    assert [row.delivery for row in house.rows()] == [2]
    assert house.events.ask("campaign_counts", campaign=1)


def test_what_nobody_judges_settles_too_when_the_wall_clock_takes_over(house: House) -> None:
    house.work(sent(1))
    house.now = after(3_600)
    house.worker.run_once()
    house.now = after(3_606)
    house.worker.run_once()
    assert house.rows() == []


def test_an_open_from_an_access_log_hours_later_is_judged_by_itself_and_counts_once(house: House) -> None:
    """Its delivery has settled; what was said of the click stays, and a second reading is no second open."""
    late = msgspec.structs.replace(hit(EventType.OPENED, 70), key="log:00000000000004d2")
    house.work(sent(1), hit(EventType.CLICKED, 80, link=1), sent(2, 3_000))
    house.now = after(3_020)
    house.worker.run_once()
    (clicked,) = timeline(house, EventType.CLICKED)
    for seconds in (4_000, 9_000):
        house.log(late, writer="access-log", at=after(seconds))
        house.now = after(seconds)
        house.desk.seen.clear()
        house.work()
        house.now = after(seconds + 20)
        house.worker.run_once()
    (opened,) = timeline(house, EventType.OPENED)
    assert opened["p_human"] is not None
    assert timeline(house, EventType.CLICKED) == [clicked]
    assert {row.delivery for row in house.rows()} <= {2}, "nothing of it is left open"


def timeline(house: House, type_: EventType) -> list[dict[str, Any]]:
    return [row for row in house.events.ask("timeline", campaign=1, delivery=1) if row["type"] == type_]


def test_every_read_record_is_accounted_for(house: House) -> None:
    events = story(50)
    house.log_raw([b"junk"], writer="edge-1")
    done = house.work(*events, events[0])
    assert done.records == len(events) + 2 == done.written + sum(n for _, n in done.dropped)
    assert done.added == done.written


class Touchy(StreamJudge):
    """A judge with a bug that one kind of evidence brings out."""

    def observe_many(self, batch: Iterable[Evidence]) -> list[Judged]:
        batch = list(batch)
        for evidence in batch:
            if evidence.delivery == 13:
                raise ZeroDivisionError("thirteen")
            if evidence.delivery == 14:
                raise OSError("nobody expects that here")
        return super().observe_many(batch)


def test_a_record_that_breaks_a_step_is_set_aside_and_the_others_go_on(house: House, tmp_path: Path) -> None:
    from tests.pipeline.house import rules

    house.worker._make_judge = lambda: Touchy(rules())
    done = house.work(*(sent(n, n) for n in range(10, 20)), hit(EventType.OPENED, 60, modes=AGGREGATE))
    assert dropped(done) == {Drop.POISON: 2, Drop.COUNTED: 1}
    assert sorted(row.delivery or 0 for row in house.rows()) == [10, 11, 12, 15, 16, 17, 18, 19]
    assert len(list((tmp_path / "dead").iterdir())) == 2
    assert house.events.cursors() == {"edge-0": 1}
    assert house.events.ask("counters", campaign=1)[0]["n"] == 1


def test_what_the_log_lost_is_said_with_its_number(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.log(sent(1))
    read = house.worker._read
    monkeypatch.setattr(house.worker, "_read", lambda: [each._replace(lost=7_106) for each in read()])
    with capture_logs() as said:
        done = house.worker.run_once()
    assert (done.records, done.damaged_segments, done.lost) == (1, 1, 7_106)
    assert [(each["event"], each["lost"]) for each in said] == [("pipeline.set_aside", 7_106)]
    assert (done + done).lost == 2 * 7_106


def test_a_store_that_is_away_loses_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    write = house.events.write
    faults = iter([True, True, False])

    def unsteady(**given: Any) -> int:
        if next(faults, False):
            raise Unavailable("the disk is being changed")
        return write(**given)

    monkeypatch.setattr(house.events, "write", unsteady)
    house.log(*story(20))
    for _ in range(2):
        with pytest.raises(Unavailable):
            house.worker.run_once()
    assert house.events.cursors() == {}
    assert house.worker.total.records == 0
    done = house.work()
    assert done.written == done.added
    assert dropped(done).keys() == {Drop.COUNTED}


def test_a_thread_stops_when_told_and_waits_for_a_store_that_is_away(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop, tried = threading.Event(), []

    def away(**_given: Any) -> int:
        tried.append(True)
        stop.set()
        raise Unavailable("away", retry_after_seconds=60)

    monkeypatch.setattr(house.events, "write", away)
    house.log(sent(1))
    house.worker.run(stop)
    assert tried == [True]


def test_the_inert_file_stands_from_the_first_turn_on(house: House, tmp_path: Path) -> None:
    house.state.set_consent(Handle(7), axis="both", state="denied", at=START, source="api")
    house.worker.run_once()
    assert house.inert() == {7: SILENT}


def test_a_withdrawal_made_elsewhere_reaches_the_edge_too(house: House) -> None:
    house.worker.run_once()
    house.state.set_consent(Handle(7), axis="both", state="withdrawn", at=START, source="api")
    house.now = after(6)
    house.worker.run_once()
    assert house.inert() == {7: SILENT}


def segment(writer: str, number: int, written_at: int, records: int = 1) -> Segment:
    return Segment(writer, number, written_at, (b"",) * records)


def test_segments_of_several_writers_are_taken_in_order_of_time() -> None:
    read = [segment("a", 1, 10), segment("a", 2, 30), segment("b", 1, 20)]
    assert [each.written_at for each in in_order(read, 8_192)] == [10, 20, 30]


def test_with_a_backlog_nobody_runs_ahead_of_a_dense_writer() -> None:
    dense = [segment("dense", n, n, 100) for n in range(1, 4)]
    sparse = [segment("sparse", n, n * 1_000) for n in range(1, 4)]
    taken = in_order([*dense, *sparse], 400)
    assert {each.writer for each in taken} == {"dense"}
    assert len(taken) == 3


def test_no_segment_is_skipped_within_a_writer() -> None:
    read = [segment("a", 1, 10, 500), segment("b", 1, 50), segment("b", 2, 5)]
    assert [(each.writer, each.number) for each in in_order(read, 500)] == [("a", 1)]


def test_one_writer_alone_is_never_held_back() -> None:
    read = [segment("a", n, n, 500) for n in range(1, 4)]
    assert in_order(read, 500) == read


@pytest.mark.long
def test_killed_at_any_moment_the_counts_come_out_exact(tmp_path: Path, another: list[House]) -> None:
    events = story(160)
    feeder, whole = House(tmp_path, events_file="unused.duckdb"), House(tmp_path / "whole")
    for house in (feeder, whole):
        for piece in pieces(events, 15):
            house.log(*piece)
    feeder.close()
    for batches in (0, 1, 2, 3):
        _kill_after(batches, tmp_path)
    survivor = House(tmp_path)
    another += [survivor, whole]
    left = survivor.work()
    assert 0 < left.records < len(events), "the kills came in the middle"
    whole.work()
    assert answers(survivor, 160) == answers(whole, 160)


def _kill_after(batches: int, folder: Path) -> None:
    """Start a worker and kill it as soon as it has told of so many batches, in the middle of the next one."""
    program = [sys.executable, "-m", "tests.pipeline.crasher", str(folder)]
    worker = subprocess.Popen(program, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert worker.stdout is not None
    for _ in range(batches + 1):
        assert worker.stdout.readline()
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    worker.stdout.close()
