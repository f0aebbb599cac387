"""Sizes of live segments are noted once a week each, by whoever runs the pipeline."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.insight import seeding

from mailwake.events import Micros
from mailwake.insight.stores import Stores
from mailwake.segments import keeper
from mailwake.segments.noting import Noting

DAY = 24 * seeding.HOUR
#: the campaign began on a Monday
NOW = seeding.micros(15 * DAY)


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    opened = seeding.open_stores(tmp_path)
    seeding.by_hand(opened)
    yield opened
    seeding.close(opened)


def test_each_live_segment_is_noted_once_a_week(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    live = keeper.add(stores, "Openers", "opened as anybody", is_live=True, now=NOW, by="test")
    static = keeper.add(stores, "Clickers", "clicked", is_live=False, now=NOW, by="test")
    asked: list[Micros] = []
    size = keeper.size

    def counting(given: Stores, query: str, *, now: Micros) -> keeper.Size:
        asked.append(now)
        return size(given, query, now=now)

    monkeypatch.setattr(keeper, "size", counting)
    noting = Noting(stores, threading.Event())
    noting.turn(now=NOW)
    assert list(stores.state.segment_sizes(live.id).values()) == [4, 4]
    assert stores.state.segment_sizes(static.id) == {}
    assert len(asked) == 3, "two weeks, and one before anybody was known"
    noting.turn(now=NOW)
    assert len(asked) == 3
    noting.turn(now=Micros(NOW + 7 * DAY * 1_000_000))
    assert list(stores.state.segment_sizes(live.id).values()) == [4, 4, 4]
    newer = keeper.add(stores, "Newer", "clicked", is_live=True, now=NOW, by="test")
    noting.turn(now=NOW)
    assert list(stores.state.segment_sizes(newer.id).values()) == [1, 1], "one that was made since is noted at once"


def test_a_role_that_stops_begins_no_other_segment(stores: Stores) -> None:
    live = keeper.add(stores, "Openers", "opened", is_live=True, now=NOW, by="test")
    stop = threading.Event()
    stop.set()
    Noting(stores, stop).turn(now=NOW)
    assert stores.state.segment_sizes(live.id) == {}
