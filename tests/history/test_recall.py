"""After a restart a judge knows again what it had learned, and judges the next event as if it had never stopped."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.history.past import evidence, lived, rows, rules

from mailwake.events import SECOND, EventType, Evidence, Micros, Verdict
from mailwake.history.evidence import evidence_of, pages
from mailwake.history.recall import DAY, episodes, remember
from mailwake.judge.verdicts import StreamJudge
from mailwake.store.events import EventStore, open_events


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EventStore]:
    opened = open_events(tmp_path / "events.duckdb")
    yield opened
    opened.close()


def split(events: tuple[Evidence, ...]) -> tuple[list[Evidence], list[Evidence]]:
    """What happened before the last fifth of the copies was delivered, and what happened to these."""
    times = sorted(each.at for each in events if each.type is EventType.SENT)
    late = {each.delivery for each in events if each.type is EventType.SENT and each.at >= times[len(times) * 4 // 5]}
    end = times[len(times) * 4 // 5]
    before = [each for each in events if each.delivery not in late and each.at < end]
    return before, [each for each in events if each.delivery in late]


def compared(told: dict[int, Verdict]) -> dict[int, tuple[float | None, str]]:
    return {each: (verdict.p_human, verdict.klass) for each, verdict in told.items()}


@pytest.mark.long
@pytest.mark.parametrize(("kind", "seed"), [("company", 1)])
def test_the_next_events_are_judged_as_without_a_restart(store: EventStore, kind: str, seed: int) -> None:
    before, after = split(evidence(kind, seed))
    stayed = StreamJudge(rules())
    known = lived(stayed, before)
    known |= {told.id: told.verdict for told in stayed.settle(Micros(before[-1].at + DAY))}
    store.write(rows=rows(before, known))
    restarted, forgetful = StreamJudge(rules()), StreamJudge(rules())
    assert remember(restarted, store, now=before[-1].at) > 50
    for judge in (restarted, forgetful):
        judge.observe_many(each for each in before if each.type in (EventType.SENT, EventType.DELIVERED))
    expected = compared(lived(stayed, after))
    found = compared(lived(restarted, after))
    assert found.keys() == expected.keys()
    same = sum(found[each] == expected[each] for each in expected)
    assert same == len(expected) > 20
    without = compared(lived(forgetful, after))
    assert sum(without[each] == expected[each] for each in expected) < same


@pytest.mark.long
def test_what_has_not_settled_is_left_to_the_judge_to_observe(store: EventStore) -> None:
    clicks = [each.at for each in evidence() if each.type is EventType.CLICKED]
    before = [each for each in evidence() if each.at <= clicks[len(clicks) // 2]]
    store.write(rows=rows(before, lived(StreamJudge(rules()), before)))
    open_ids = {row.id for row in store.provisional()}
    assert open_ids
    asked = [row["id"] for page in pages(store, since=Micros(0), until=Micros(2**60)) for row in page]
    taught: list[int] = []

    class Ear:
        def recall(self, episode: list[tuple[Evidence, float | None]]) -> None:
            taught.extend(each.id for each, _ in episode if each.id)

    remember(Ear(), store, now=before[-1].at, but=open_ids)
    recent = [each for each in asked if each not in open_ids]
    assert sorted(taught) == sorted(recent)


@pytest.mark.long
def test_pages_give_every_event_once_and_as_it_was(store: EventStore) -> None:
    events = list(evidence())
    store.write(rows=rows(events, lived(StreamJudge(rules()), events)))
    (whole,) = pages(store, since=Micros(0), until=Micros(2**60))
    parts = [row for page in pages(store, since=Micros(0), until=Micros(2**60), page=7) for row in page]
    assert parts == whole
    by_id = {each.id: each for each in events}
    assert all(evidence_of(row) == by_id[row["id"]] for row in whole)


def test_what_came_after_quiet_is_an_episode_of_its_own(store: EventStore) -> None:
    first = next(each for each in evidence() if each.type is EventType.CLICKED)
    minutes = (0, 14, 20, 40, 41)
    events = [
        Evidence(
            id=n + 1, type=EventType.CLICKED, at=Micros(first.at + m * 60 * SECOND), delivery=first.delivery, agent=5
        )
        for n, m in enumerate(minutes)
    ]
    judge = StreamJudge(rules())
    told = lived(judge, events) | {each.id: each.verdict for each in judge.settle_all()}
    store.write(rows=rows(events, told))
    (page,) = pages(store, since=Micros(0), until=Micros(2**60))
    assert [[each.id for each, _ in episode] for episode in episodes(page)] == [[1, 2, 3], [4, 5]]


def test_a_judge_that_does_not_learn_is_left_alone(store: EventStore) -> None:
    assert remember(object(), store, now=Micros(0)) == 0


@pytest.mark.long
def test_of_too_much_history_the_newest_is_read_back(store: EventStore) -> None:
    events = list(evidence())
    judge = StreamJudge(rules())
    told = lived(judge, events) | {each.id: each.verdict for each in judge.settle_all()}
    store.write(rows=rows(events, told))
    (whole,) = pages(store, since=Micros(0), until=Micros(2**60))
    taught: list[int] = []

    class Ear:
        def recall(self, episode: list[tuple[Evidence, float | None]]) -> None:
            taught.extend(each.id for each, _ in episode if each.id)

    remember(Ear(), store, now=events[-1].at, most=5)
    assert {row["id"] for row in whole[-5:]} == set(taught)
