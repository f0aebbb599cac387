"""Segments are kept whole and go whole."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mailwake.events import Handle, Micros
from mailwake.store.state import StateStore, open_state


@pytest.fixture
def state(tmp_path: Path) -> Iterator[StateStore]:
    opened = open_state(tmp_path / "state.sqlite")
    yield opened
    opened.close()


def test_a_segment_is_found_by_its_name_and_a_name_is_taken_once(state: StateStore) -> None:
    made = state.put_segment("Buyers", "converted", is_live=True, now=Micros(7), by="ann")
    assert made is not None
    assert state.segment("Buyers") == made
    assert (made.query, made.is_live, made.created_at, made.made_by) == ("converted", True, 7, "ann")
    assert state.put_segment("Buyers", "sent", is_live=False, members=[Handle(1)], now=Micros(8), by="bob") is None
    assert state.segments() == [made]
    assert state.segment_member_count(made.id) == 0
    assert state.segment("buyers") is None


def test_members_come_in_order_and_in_pages_however_many_there_are(state: StateStore) -> None:
    many = [Handle(number) for number in range(9_000, 0, -1)]
    made = state.put_segment("Many", "sent", is_live=False, members=many, now=Micros(1), by="ann")
    assert made is not None
    assert state.segment_member_count(made.id) == 9_000
    assert state.segment_members(made.id, limit=3, offset=4) == [5, 6, 7]


def test_sizes_are_noted_once_per_moment_and_go_with_the_segment(state: StateStore) -> None:
    made = state.put_segment("Some", "sent", is_live=False, members=[Handle(2)], now=Micros(1), by="ann")
    assert made is not None
    state.put_segment_sizes(made.id, {Micros(20): 5, Micros(10): 4})
    state.put_segment_sizes(made.id, {Micros(20): 6, Micros(30): 7})
    state.put_segment_sizes(made.id, {})
    assert list(state.segment_sizes(made.id).items()) == [(10, 4), (20, 5), (30, 7)]
    state.delete_segment(made.id)
    assert (state.segments(), state.segment_sizes(made.id), state.segment_member_count(made.id)) == ([], {}, 0)
