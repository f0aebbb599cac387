"""What a write promises: all or nothing, each event once, and the same answers however it came in."""

import math
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mailwake.events import CampaignId, Class, DeliveryId, EventType, Micros, Source, TemplateId, copy_id
from mailwake.store.events import CounterRow, EventRow, EventStore, Judgement, open_events
from mailwake.store.events.asking import questions
from mailwake.store.events.clickhouse import ClickHouse, ClickHouseEvents

RandomRows = Callable[[int, int], list[EventRow]]


def event(number: int, *, delivery: int | None = 1, at: int = 0, settled: bool = False) -> EventRow:
    return EventRow(
        id=number,
        type=EventType.OPENED,
        at=Micros(at),
        received_at=Micros(at + 5),
        source=Source.EDGE,
        campaign=CampaignId(1),
        delivery=None if delivery is None else DeliveryId(delivery),
        settled=settled,
    )


def verdict(number: int, p_human: float | None, *, settled: bool) -> Judgement:
    return Judgement(id=number, p_human=p_human, klass=Class.HUMAN, reasons="[]", ruleset="r2", settled=settled)


def everything(store: EventStore) -> dict[str, Any]:
    """The answers to all questions that need no more than a campaign."""
    fixed: dict[str, int | str] = {"campaign": 1, "bucket_seconds": 3_600, "limit": 10_000, "offset": 0, "only": ""}
    fixed |= {"since": 0, "until": 2**60, "after": -1}
    return {
        name: store.ask(name, **{key: fixed[key] for key in asked.parameters})
        for name, asked in questions().items()
        if set(asked.parameters) <= set(fixed)
    }


def test_a_row_comes_back_as_it_went_in(store: EventStore, random_rows: RandomRows) -> None:
    rows = [row for row in random_rows(5, 500) if not row.settled]
    store.write(rows=rows)
    kept = [msgspec.structs.replace(row, p_human=row.p_human) for row in sorted(rows, key=lambda row: (row.at, row.id))]
    assert store.provisional() == [msgspec.structs.replace(row, reason=row.reason[:200]) for row in kept]


def test_an_event_is_stored_once_however_often_it_comes(store: EventStore, random_rows: RandomRows) -> None:
    rows = random_rows(6, 300)
    assert store.write(rows=[*rows, *rows]) == 300
    before = everything(store)
    chance = random.Random(6)
    for _ in range(3):
        assert store.write(rows=chance.sample(rows, 200)) == 0
    store.write(settle_before=Micros(2**60))
    assert store.write(rows=rows) == 0
    assert everything(store) == before


def test_the_first_of_two_reports_of_one_fact_is_kept(store: EventStore) -> None:
    store.write(rows=[event(1, at=10), event(1, at=20)])
    store.write(rows=[event(1, at=30)])
    assert [row.at for row in store.provisional()] == [10]


def test_new_verdicts_replace_those_of_provisional_events(store: EventStore) -> None:
    store.write(rows=[event(1), event(2)])
    store.write(rejudged=[verdict(1, 0.9, settled=False), verdict(99, 0.9, settled=False)])
    assert [(row.id, row.p_human, row.klass, row.ruleset) for row in store.provisional()] == [
        (1, 0.9, "human", "r2"),
        (2, None, None, ""),
    ]


def test_a_verdict_may_come_with_its_event(store: EventStore) -> None:
    store.write(rows=[event(1)], rejudged=[verdict(1, 0.9, settled=True)])
    assert store.provisional() == []
    assert store.ask("campaign_counts", campaign=1)[0]["opened_human"] == 1


def test_a_settled_verdict_settles_its_whole_delivery_and_no_other(store: EventStore) -> None:
    store.write(rows=[event(1), event(2), event(3, delivery=2), event(4, delivery=None)])
    store.write(rejudged=[verdict(1, 0.9, settled=True)])
    assert [row.id for row in store.provisional()] == [3, 4]
    store.write(rejudged=[verdict(4, 0.9, settled=True)])
    assert [row.id for row in store.provisional()] == [3]


def test_settled_events_are_never_judged_again(store: EventStore) -> None:
    store.write(rows=[event(1, settled=True), event(2)])
    store.write(rejudged=[verdict(2, 0.9, settled=True)])
    store.write(rejudged=[verdict(1, 0.01, settled=True), verdict(2, 0.01, settled=True)])
    assert store.ask("campaign_counts", campaign=1)[0]["opened_human"] == 1
    assert [row["p_human"] for row in store.ask("timeline", campaign=1, delivery=1)] == [None, 0.9]


def test_quiet_deliveries_settle_as_they_are(store: EventStore) -> None:
    store.write(rows=[event(1, at=10), event(2, at=90), event(3, delivery=2, at=20), event(4, delivery=None, at=30)])
    store.write(settle_before=Micros(90))
    assert [row.id for row in store.provisional()] == [1, 2]
    store.write(settle_before=Micros(91))
    assert store.provisional() == []
    assert store.ask("latest")[0]["event_count"] == 4


@pytest.mark.long
def test_settling_changes_no_answer(store: EventStore, random_rows: RandomRows) -> None:
    store.write(rows=random_rows(7, 1_000))
    before = everything(store)
    store.write(settle_before=Micros(2**60))
    assert store.provisional() == []
    assert everything(store) == before


def test_counters_add_up(store: EventStore) -> None:
    def counter(n: int, link: int = 0) -> CounterRow:
        return CounterRow(
            campaign=CampaignId(1), template=TemplateId(2), link=link, hour=Micros(0), type=EventType.CLICKED, n=n
        )

    store.write(counters=[counter(1), counter(2), counter(5, link=3)])
    store.write(counters=[counter(4)])
    assert [(row["link"], row["n"]) for row in store.ask("counters", campaign=1)] == [(0, 7), (3, 5)]
    assert [row["n"] for row in store.ask("counters_over_time", campaign=1)] == [12]


def test_cursors_move_with_what_they_stand_for(store: EventStore) -> None:
    assert store.cursors() == {}
    store.write(rows=[event(1)], cursors={"edge-0": 3, "relay": 1})
    store.write(cursors={"edge-0": 4})
    assert store.cursors() == {"edge-0": 4, "relay": 1}


def test_a_write_that_fails_leaves_nothing(store: EventStore) -> None:
    store.write(rows=[event(1)], cursors={"edge-0": 1})
    with pytest.raises(ValueError, match="NaN"):
        store.write(rows=[event(2)], rejudged=[verdict(1, math.nan, settled=True)], cursors={"edge-0": 2})
    assert store.cursors() == {"edge-0": 1}
    assert [row.id for row in store.provisional()] == [1]
    assert store.write(rows=[event(2)], cursors={"edge-0": 2}) == 1


def test_nothing_to_write_is_no_fault(store: EventStore) -> None:
    assert store.write() == 0
    assert store.provisional() == []


@pytest.mark.parametrize("seed", [21, *(pytest.param(seed, marks=pytest.mark.long) for seed in (22, 23))])
@pytest.mark.long
def test_rebuilding_from_the_start_gives_the_answers_of_living_through_it(
    tmp_path: Path, random_rows: RandomRows, seed: int
) -> None:
    chance = random.Random(seed)
    final = [msgspec.structs.replace(row, settled=False) for row in random_rows(seed, 800)]
    lived, rebuilt = open_events(tmp_path / "lived.duckdb"), open_events(tmp_path / "rebuilt.duckdb")
    waiting = list(final)
    while waiting:
        size = chance.randrange(1, 120)
        batch, waiting = waiting[:size], waiting[size:]
        lived.write(rows=[_first_guess(row) for row in batch], cursors={"edge-0": len(waiting)})
        for part in (batch[::2], batch[1::2]):
            lived.write(rows=part, rejudged=[_final(row) for row in part])
    lived.write(settle_before=Micros(2**60))
    rebuilt.write(rows=final)
    assert everything(lived) == everything(rebuilt)
    lived.close()
    rebuilt.close()


def _first_guess(row: EventRow) -> EventRow:
    return msgspec.structs.replace(row, p_human=0.3, klass=Class.UNKNOWN, reasons="", ruleset="")


def _final(row: EventRow) -> Judgement:
    return Judgement(
        id=row.id, p_human=row.p_human, klass=row.klass, reasons=row.reasons, ruleset=row.ruleset, settled=False
    )


WRITE_FOR_EVER = """
import sys
from pathlib import Path
from mailwake.events import EventType, Source
from mailwake.store.events import CounterRow, EventRow, Judgement, open_events
store = open_events(Path(sys.argv[1]))
segment = store.cursors().get("edge-0", 0)
while True:
    segment += 1
    rows = [EventRow(id=segment * 100 + n, type=EventType.OPENED, at=segment, received_at=segment, source=Source.EDGE,
                     campaign=1, delivery=segment * 100 + n) for n in range(50)]
    done = [Judgement(id=(segment - 1) * 100 + n, p_human=0.9, klass=None, reasons="", ruleset="", settled=True)
            for n in range(50)]
    counter = CounterRow(campaign=1, template=1, link=0, hour=0, type=EventType.OPENED, n=1)
    store.write(rows=rows, rejudged=done, counters=[counter], cursors={"edge-0": segment})
    print(segment, flush=True)
"""


@pytest.mark.long
def test_after_kill_9_rows_counters_and_cursors_agree(tmp_path: Path) -> None:
    path = tmp_path / "events.duckdb"
    told = 0
    for lines in (3, 1, 25, 8):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITE_FOR_EVER, str(path)], stdout=subprocess.PIPE, text=True, env={**os.environ}
        )
        assert process.stdout is not None
        for _ in range(lines):
            told = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        process.communicate()
        store = open_events(path)
        segment = store.cursors()["edge-0"]
        assert segment >= told
        assert store.ask("latest")[0]["event_count"] == segment * 50
        assert len(store.provisional()) == 50
        assert [row["n"] for row in store.ask("counters", campaign=1)] == [segment]
        store.close()


def test_clickhouse_makes_the_id_of_a_copy_as_python_does(clickhouse: ClickHouseEvents) -> None:
    made = ClickHouse().copy_id("'delivered'", "toInt64(123456789012345678)")
    assert clickhouse.client.query(f"select {made}").result_rows == [(copy_id("delivered", 123456789012345678),)]
