"""Lines of the audit log: chained, never changed, let go of from the oldest end alone."""

import sqlite3
import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from mailwake.events import Micros
from mailwake.store.audit import AuditCut, AuditStore, Draft, Wanted, digest, open_audit
from mailwake.store.audit.rows import GENESIS


def draft(at: int = 1, **more: str | None) -> Draft:
    told = {"actor_kind": "user", "actor": "ann", "action": "goal.added", "object_kind": "goal", "object": "sale"}
    return Draft(**{**told, "outcome": "ok", **more}, at=Micros(at))  # type: ignore[arg-type]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[AuditStore]:
    opened = open_audit(path)
    yield opened
    opened.close()


def test_each_line_is_chained_to_the_one_before(store: AuditStore) -> None:
    lines = [store.append(draft(at)) for at in range(1, 6)]
    assert [line.number for line in lines] == [1, 2, 3, 4, 5]
    assert [line.previous for line in lines] == [GENESIS, *(line.hash for line in lines[:-1])]
    assert lines == list(store.chain())
    for line in lines:
        assert line.hash == digest(line, number=line.number, previous=line.previous)


def test_the_hash_covers_every_field(store: AuditStore) -> None:
    told = draft(before='{"a":1}', after='{"a":2}', request="r", on_behalf="bob")
    first = digest(told, number=1, previous=GENESIS)
    for name in Draft.__dataclass_fields__:
        other = {**told.__dict__, name: 99 if name == "at" else "other"}
        assert digest(Draft(**other), number=1, previous=GENESIS) != first, name
    assert digest(told, number=2, previous=GENESIS) != first
    assert digest(told, number=1, previous="1" * 64) != first
    assert digest(told, number=1, previous=GENESIS) == first


def test_moving_text_between_fields_changes_the_hash() -> None:
    one = draft(actor="ann", action="goal.added")
    other = draft(actor="anngoal", action=".added")
    assert digest(one, number=1, previous=GENESIS) != digest(other, number=1, previous=GENESIS)


def test_many_writers_make_one_chain(store: AuditStore) -> None:
    def work() -> None:
        for _ in range(20):
            store.append(draft())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = list(store.chain())
    assert [line.number for line in lines] == list(range(1, 81))
    assert all(later.previous == earlier.hash for earlier, later in pairwise(lines))


@pytest.mark.parametrize(
    "statement",
    [
        "update audit_lines set actor = 'eve' where number = 2",
        "delete from audit_lines where number = 2",
        "delete from audit_lines",
        "update audit_cuts set number = 3",
        "delete from audit_cuts",
    ],
)
def test_the_database_refuses_every_change(store: AuditStore, path: Path, statement: str) -> None:
    for at in range(1, 4):
        store.append(draft(at))
    store.cut(AuditCut(number=1, hash="x", at=Micros(9), signature=""))
    with sqlite3.connect(path) as connection, pytest.raises(sqlite3.IntegrityError, match="only added to"):
        connection.execute(statement)
    assert [line.number for line in store.chain()] == [2, 3]


def test_after_a_cut_the_chain_goes_on_from_it(store: AuditStore) -> None:
    lines = [store.append(draft(at)) for at in range(1, 4)]
    old = store.last_before(Micros(4))
    assert old == lines[-1]
    assert store.cut(AuditCut(number=old.number, hash=old.hash, at=Micros(9), signature="s")) == 3
    assert store.last_line() is None
    added = store.append(draft(10))
    assert (added.number, added.previous) == (4, old.hash)
    assert store.last_cut() == AuditCut(number=3, hash=old.hash, at=Micros(9), signature="s")


def test_a_change_is_written_once_and_tells_what_held_before(store: AuditStore) -> None:
    first = store.append_change(draft(after='{"opens":"off"}'))
    assert first is not None
    assert first.before is None
    assert store.append_change(draft(2, after='{"opens":"off"}')) is None
    again = store.append_change(draft(3, after='{"opens":"individual"}'))
    assert again is not None
    assert again.before == '{"opens":"off"}'


def test_lines_are_found_by_who_what_whom_and_how_it_ended(store: AuditStore) -> None:
    store.append(draft(1, actor="bob", outcome="denied"))
    store.append(draft(2, action="person.read", object_kind="recipient", object="77"))
    store.append(draft(3))
    numbers = {
        "actor": ([1], Wanted(actor="bob")),
        "action": ([2], Wanted(action="person.read")),
        "outcome": ([1], Wanted(outcome="denied")),
        "object": ([2], Wanted(object_kind="recipient", object="77")),
        "all": ([3, 2, 1], Wanted()),
    }
    for name, (expected, wanted) in numbers.items():
        assert [line.number for line in store.lines(wanted, limit=9)] == expected, name
        assert store.count_lines(wanted) == len(expected)
    assert [line.number for line in store.lines(Wanted(), limit=1, offset=1)] == [2]
    assert store.actors() == ["ann", "bob"]
