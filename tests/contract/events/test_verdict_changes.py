"""Every change of a verdict that was stored is noted once, in order, with what it was before; on both engines."""

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailwake.events import Class, DeliveryId, EventType, Micros, Source
from mailwake.store.events import ChangeRow, EventRow, EventStore, Judgement
from mailwake.store.events.clickhouse import ClickHouseEvents

DELIVERIES = (1, 2, 2**63 - 1)
P = st.sampled_from([None, 0.0, 0.25, 0.5, 0.9999])
STEP = st.tuples(st.integers(0, 8), P, st.sampled_from(list(Class)), st.none() | st.integers(0, 2**62))
Steps = list[tuple[int, float | None, Class, int | None]]
#: each asks two engines some thirty times
EXAMPLES = max(settings.default.max_examples // 3, 1) if settings.default else 6


def event(number: int, *, klass: Class | None = Class.UNKNOWN) -> EventRow:
    return EventRow(
        id=number,
        type=EventType.CLICKED,
        at=Micros(number),
        received_at=Micros(number),
        source=Source.EDGE,
        delivery=DeliveryId(DELIVERIES[number % 3]),
        klass=klass,
    )


def verdict(number: int, p_human: float | None, klass: Class = Class.HUMAN, **more: Any) -> Judgement:
    facts: dict[str, Any] = {"reasons": "[]", "ruleset": "r", "settled": False}
    return Judgement(id=number, p_human=p_human, klass=klass, **(facts | more))


def changes(store: EventStore | ClickHouseEvents) -> list[dict[str, Any]]:
    found = [row for delivery in DELIVERIES for row in store.ask("verdict_changes", delivery=delivery)]
    return [{name: value for name, value in row.items() if not name.endswith("grade")} for row in found]


def as_rows(found: list[ChangeRow]) -> list[dict[str, Any]]:
    found = sorted(found, key=lambda row: (DELIVERIES.index(row.delivery or 0), row.event, row.seq))
    names = [name for name in ChangeRow.__struct_fields__ if name != "delivery"]
    return [{name: getattr(row, name) for name in names} for row in found]


class Model:
    """What must have been noted, said in a few lines."""

    def __init__(self) -> None:
        self.standing: dict[int, tuple[float | None, Class]] = {}
        self.found: list[ChangeRow] = []

    def judged(self, number: int, p: float | None, klass: Class, cause: int | None) -> None:
        before = self.standing[number]
        if before != (p, klass):
            seq = 1 + sum(row.event == number for row in self.found)
            row = ChangeRow(
                event=number,
                delivery=DeliveryId(DELIVERIES[number % 3]),
                seq=seq,
                changed_at=Micros(7),
                old_p=before[0],
                old_klass=before[1],
                new_p=p,
                new_klass=klass,
                cause=cause,
                ruleset="r",
            )
            self.found.append(row)
            self.standing[number] = p, klass


@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(STEP, max_size=25),
    seed=st.integers(0, 99),
)
def test_both_engines_tell_every_change_in_order(
    store: EventStore, clickhouse: ClickHouseEvents, steps: Steps, seed: int
) -> None:
    chance, model, offset = random.Random(seed), Model(), 9 * store.ask("latest")[0]["event_count"]
    rows = [event(offset + number) for number in range(9)]
    known = changes(store)
    store.write(rows=rows)
    model.standing = {row.id: (None, Class.UNKNOWN) for row in rows}
    gone: set[int] = set()
    for place, p, klass, cause in steps:
        number = offset + place
        settled = chance.random() < 0.2
        store.write(rejudged=[verdict(number, p, klass, cause=cause, changed_at=Micros(7), settled=settled)])
        if number % 3 not in gone:
            model.judged(number, p, klass, cause)
        if settled:
            gone.add(number % 3)
    mine = [row for row in changes(store) if row["event"] >= offset]
    assert mine == as_rows(model.found)
    assert [row for row in changes(store) if row["event"] < offset] == known
    clickhouse.insert(changes=model.found)
    try:
        assert changes(clickhouse) == mine
    finally:  # the engine is shared by all tests of a process
        clickhouse.client.command("truncate table verdict_changes")
    store.write(settle_before=Micros(2**60))
    assert [row for row in changes(store) if row["event"] >= offset] == mine


def test_the_first_verdict_on_an_event_is_no_change(store: EventStore) -> None:
    store.write(rows=[event(1, klass=None), event(2)], rejudged=[verdict(1, 0.9), verdict(2, None, Class.UNKNOWN)])
    assert changes(store) == []


def test_a_settled_verdict_does_not_change_and_nothing_is_noted(store: EventStore) -> None:
    store.write(rows=[event(1)], rejudged=[verdict(1, None, Class.UNKNOWN, settled=True)])
    store.write(rejudged=[verdict(1, 0.9)])
    assert changes(store) == []


def test_what_was_not_stored_was_not_changed(store: EventStore) -> None:
    store.write(rows=[event(1)])
    with pytest.raises(ValueError, match="NaN"):
        store.write(rejudged=[verdict(1, 0.9), verdict(2, float("nan"))])
    assert changes(store) == []
