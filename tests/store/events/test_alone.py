"""A question that has too little memory among others is asked again when nobody else asks."""

import threading
from pathlib import Path

import duckdb
import pytest
from tests.contract.events.conftest import make_rows

from mailwake.errors import Unavailable
from mailwake.store.events import open_events
from mailwake.store.events.alone import Shared
from mailwake.store.events.duckdb import DuckEvents


def test_who_was_short_of_memory_is_alone_the_second_time() -> None:
    shared, log = Shared(), list[str]()
    is_beside, may_end = threading.Event(), threading.Event()

    def long() -> str:
        is_beside.set()
        assert may_end.wait(30)
        log.append("the other ended")
        return "long"

    def heavy() -> str:
        log.append("asked")
        if len(log) == 1:
            may_end.set()
            raise duckdb.OutOfMemoryException("too little")
        return "heavy"

    other = threading.Thread(target=lambda: shared.ask(long))
    other.start()
    assert is_beside.wait(30)
    assert shared.ask(heavy) == "heavy"
    other.join(30)
    assert log == ["asked", "the other ended", "asked"]


def test_nobody_begins_beside_one_that_is_alone_and_all_go_on_after_it() -> None:
    shared, log = Shared(), list[str]()
    threads = list[threading.Thread]()
    with shared.alone():
        for number in range(3):
            threads.append(threading.Thread(target=lambda: shared.ask(lambda: log.append("beside"))))
            threads[number].start()
        threads.append(threading.Thread(target=lambda: _alone(shared, log)))
        threads[-1].start()
        assert log == []
        log.append("first")
    for each in threads:
        each.join(30)
    assert log[0] == "first"
    assert sorted(log[1:]) == ["alone"] + ["beside"] * 3


def _alone(shared: Shared, log: list[str]) -> None:
    with shared.alone():
        log.append("alone")


def test_who_holds_on_for_long_is_waited_for_no_longer_than_that() -> None:
    shared = Shared(patience=0.0)
    with shared.beside(), shared.alone():
        pass
    assert shared.ask(lambda: 1) == 1


def test_too_little_even_alone_is_said() -> None:
    def heavy() -> None:
        raise duckdb.OutOfMemoryException("too little")

    shared = Shared()
    with pytest.raises(duckdb.OutOfMemoryException):
        shared.ask(heavy)
    assert shared.ask(lambda: 1) == 1


#: more than the cap, and nothing that could be laid on the disk
GREEDY = "select list(repeat('y', 1000) || range) from range(1000000)"


def test_a_question_that_others_left_no_memory_for_is_answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a tiny cap the first try fails, as something greedy is done in it, and the second does not."""
    store = open_events(tmp_path / "events.duckdb", memory_limit="60MB", threads=1)
    assert isinstance(store, DuckEvents)
    store.write(rows=make_rows(5, 300))
    told, cursor, made = store.ask("campaigns_counts"), store._cursor, list[bool]()

    def noted() -> duckdb.DuckDBPyConnection:
        made.append(True)
        if len(made) == 1:
            cursor().execute(GREEDY).fetchall()
        return cursor()

    monkeypatch.setattr(store, "_cursor", noted)
    assert store.ask("campaigns_counts") == told
    assert len(made) == 2
    store.close()


def test_too_little_memory_for_one_alone_is_said(tmp_path: Path) -> None:
    store = open_events(tmp_path / "events.duckdb", memory_limit="60MB", threads=1)
    assert isinstance(store, DuckEvents)
    store.write(rows=make_rows(5, 300))
    with pytest.raises(Unavailable, match="Out of Memory"):
        store._asked(GREEDY, {})
    assert store.ask("campaigns_counts"), "and it goes on answering"
    store.close()


def test_a_stop_breaks_a_long_question_off(tmp_path: Path) -> None:
    store = open_events(tmp_path / "events.duckdb", threads=1)
    assert isinstance(store, DuckEvents)
    told = list[str]()

    def ask() -> None:
        try:
            store._asked(
                "select count(*) from range(100000000) a, range(100000000) b where a.range % 7 = b.range % 3", {}
            )
        except Unavailable as fault:
            told.append(str(fault))

    thread = threading.Thread(target=ask)
    thread.start()
    while not store._asking:
        thread.join(0.01)
    store.close()
    thread.join(30)
    assert len(told) == 1
    assert "does not answer" in told[0]
    open_events(tmp_path / "events.duckdb").close()
