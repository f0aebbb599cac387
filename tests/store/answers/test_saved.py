"""Answers outlive a stop, where the store is still as it was."""

import threading
from pathlib import Path
from typing import Any

import pytest
from tests.contract.events.conftest import BASE, make_rows
from tests.store.answers.answering import Later, everything, of_each

from mailwake.errors import Unavailable
from mailwake.events import Handle, Micros
from mailwake.store.answers import remembered as module
from mailwake.store.answers.glance import glancing
from mailwake.store.answers.opening import open_remembered
from mailwake.store.answers.remembered import Remembered
from mailwake.store.answers.sliding import Sliding
from mailwake.store.events import Cut, Cuts


def test_answers_are_taken_up_where_the_store_did_not_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SAVED_SECONDS", 0.0)
    path = tmp_path / "events.duckdb"

    def opened() -> Remembered:
        return open_remembered(path, read_only=False, news=False)

    first = opened()
    first.write(rows=make_rows(5, 100))
    told = everything(first)
    first.close()
    assert (path.with_suffix(".answers").stat().st_mode & 0o777) == 0o600
    again = opened()
    assert set(first._answers) == set(again._answers)
    assert everything(again) == told
    again._store.write(rows=make_rows(6, 100))  # and is killed: nothing is saved
    again._store.close()
    third = opened()
    assert not third._answers, "what was saved is of another time"
    assert everything(third) != told
    third.close()
    path.with_suffix(".answers").write_bytes(b"{broken")
    fourth = opened()
    assert not fourth._answers
    fourth.close()


def test_what_was_behind_at_a_stop_is_given_after_it_with_its_stamp(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"_SAVED_SECONDS": 0.0, "SLOW_SECONDS": 0.0, "SLOW_ON_LARGE": 0.0, "_LARGE": 0}.items():
        monkeypatch.setattr(module, name, value)
    path, rows = tmp_path / "events.duckdb", make_rows(5, 100)
    since = Sliding(BASE, "always")
    first = open_remembered(path, read_only=False, news=False)
    first.write(rows=rows[:50])
    with glancing():
        told = [first.ask("campaigns_counts"), first.ask("campaign_counts", campaign=1)]
        told.append(first.ask("sent_hours", campaign=0, since=since))
        stamp = first.ask("latest")
        first.write(rows=rows[50:])
        assert [first.ask("campaigns_counts"), first.ask("campaign_counts", campaign=1)] == told[:2]
    first.close()
    again, later = open_remembered(path, read_only=False, news=False), Later()
    again.beside = later.append
    again.write(rows=make_rows(6, 10))
    with glancing():
        found = [again.ask("campaigns_counts"), again.ask("campaign_counts", campaign=1)]
        found.append(again.ask("sent_hours", campaign=0, since=Sliding(BASE + 1, "always")))
        assert found == told
        assert again.ask("latest") == stamp
    later.run()
    with glancing():
        assert again.ask("campaigns_counts") == of_each(again._store, "campaigns_counts")
    again.close()


def test_what_was_made_before_something_was_taken_out_is_not_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_SAVED_SECONDS", 0.0)
    monkeypatch.setattr(module, "SLOW_SECONDS", 0.0)
    path = tmp_path / "events.duckdb"
    first = open_remembered(path, read_only=False, news=False)
    first.write(rows=make_rows(5, 50))
    first.ask("campaign_counts", campaign=1)
    first.write(cuts=Cuts(people=[Cut(recipient=Handle(1), opens_until=Micros(1))]))
    first.close()
    assert not path.with_suffix(".answers").exists()


def test_a_stop_in_the_middle_of_a_long_question_saves_what_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_SAVED_SECONDS", 0.0)
    path = tmp_path / "events.duckdb"
    first = open_remembered(path, read_only=False, news=False)
    first.write(rows=make_rows(5, 50))
    told = first.ask("campaign_counts", campaign=1)
    store: Any = first._store
    long = "select count(*) from range(100000000) a, range(100000000) b where a.range % 7 = b.range % 3"

    def ask() -> None:
        with pytest.raises(Unavailable):
            store._asked(long, {})

    thread = threading.Thread(target=ask)
    thread.start()
    while not store._asking:
        thread.join(0.01)
    first.close()
    thread.join(30)
    again = open_remembered(path, read_only=False, news=False)
    assert again._answers
    assert again.ask("campaign_counts", campaign=1) == told
    again.close()
