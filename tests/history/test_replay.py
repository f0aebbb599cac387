"""A replay ends where living through it would have ended, and what it would change can be told beforehand."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.history.past import evidence, lived, rows, rules

from mailwake.events import Micros
from mailwake.history.evidence import pages
from mailwake.history.replay import DIGITS, Effect, replay
from mailwake.judge.rules import CURRENT, Rules, load_rules
from mailwake.judge.verdicts import StreamJudge
from mailwake.store.events import EventStore, open_events

END = Micros(2**60)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EventStore]:
    opened = store_of(tmp_path_factory.mktemp("history"), copies=400)
    yield opened
    opened.close()


def store_of(folder: Path, *, copies: int) -> EventStore:
    """A store of a world of so many copies."""
    opened, judge, seen = open_events(folder / "events.duckdb"), StreamJudge(rules()), evidence(copies=copies)
    told = lived(judge, seen) | {each.id: each.verdict for each in judge.settle_all()}
    opened.write(rows=rows(seen, told))
    return opened


@pytest.fixture(scope="module")
def milder(tmp_path_factory: pytest.TempPathFactory) -> Rules:
    """A ruleset that takes nearly everybody for a person."""
    path = tmp_path_factory.mktemp("rules") / "milder.toml"
    text = re.sub(r"\nstart = .*", "\nstart = 5.0", CURRENT.read_text(encoding="utf-8"))
    path.write_text(text.replace('name = "', 'name = "milder-', 1), encoding="utf-8")
    return load_rules(path)


def effect(store: EventStore, rules: Rules, since: int = 0) -> Effect:
    found = Effect()
    for again in replay(store, rules, since=Micros(since), until=END):
        found.add(again)
    return found


@pytest.mark.parametrize("copies", [100, pytest.param(400, marks=pytest.mark.long)])
def test_the_rules_in_force_end_in_the_verdicts_that_are_there(tmp_path: Path, copies: int) -> None:
    store = store_of(tmp_path, copies=copies)
    found = effect(store, rules())
    (whole,) = pages(store, since=Micros(0), until=END)
    assert found.events == len(whole) > 100
    assert found.changed == 0
    assert all(before == after for before, after in found.campaigns.values())
    store.close()


@pytest.mark.long
def test_other_rules_change_numbers_but_never_how_much_happened(store: EventStore, milder: Rules) -> None:
    found = effect(store, milder)
    assert found.changed > 10
    for before, after in found.campaigns.values():
        assert after.clicked_human > before.clicked_human
        assert after.human_clickers() >= before.human_clickers()
        for each in (before, after):
            assert (each.opened_human + each.opened_machine) % DIGITS == 0
        total = before.clicked_human + before.clicked_machine + before.opened_human + before.opened_machine
        again = after.clicked_human + after.clicked_machine + after.opened_human + after.opened_machine
        assert total + before.cannot_say * DIGITS == again + after.cannot_say * DIGITS


@pytest.mark.long
def test_what_is_before_the_day_is_judged_but_not_told(store: EventStore) -> None:
    (whole,) = pages(store, since=Micros(0), until=END)
    middle = whole[len(whole) // 2]["happened_at"]
    found = effect(store, rules(), since=middle)
    assert found.events == sum(row["happened_at"] >= middle for row in whole)
    assert found.changed == 0


def test_no_history_is_no_fault(tmp_path: Path) -> None:
    empty = open_events(tmp_path / "events.duckdb")
    assert effect(empty, rules()) == Effect()
    empty.close()
