"""The ledger of consent is a chain: what is changed, taken out or put in is found, and the line is named."""

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mailwake.consents.verifying import verify
from mailwake.events import Handle, Micros
from mailwake.store.consent.chain import GENESIS, canonical
from mailwake.store.state import Axis, Proof, StateStore, open_state

LINES = 5


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.sqlite"


@pytest.fixture
def state(path: Path) -> Iterator[StateStore]:
    store = open_state(path)
    text = store.put_consent_text("May we see what you open?", locale="en", since=Micros(1))
    shown = Proof(method="form", text=text.id, text_sha256=text.sha256, locale="en", url="https://example.com/join")
    for number in range(1, LINES + 1):
        store.set_consent(
            Handle(number), axis="both", state="granted", at=Micros(10 * number), source="api", proof=shown
        )
    yield store
    store.close()


def tamper(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def found(state: StateStore) -> list[tuple[int, str]]:
    return [(each.number, each.what) for each in verify(state).breaks]


def test_what_nobody_touched_is_as_it_was_sealed(state: StateStore) -> None:
    told = verify(state)
    assert (told.lines, told.breaks) == (LINES, ())
    assert told.head.startswith(f"{LINES} ")


def test_an_empty_ledger_is_whole(tmp_path: Path) -> None:
    store = open_state(tmp_path / "other.sqlite")
    assert verify(store).breaks == ()
    store.close()


def test_a_stranger_can_work_out_every_hash(state: StateStore) -> None:
    """From the documented bytes alone: SHA-256 of the hash before, a line feed, and a JSON array of the columns."""
    before = GENESIS
    for line in state.ledger():
        said = [line.number, line.handle, line.axis, line.state, line.at, line.noted_at, line.source, line.method]
        rest = [line.text, line.text_sha256, line.locale, line.actor, line.url, line.proof]
        row = json.dumps(["mailwake-consent-1", *said, *rest], separators=(",", ":"), ensure_ascii=False)
        assert canonical(line) == row.encode()
        assert line.previous == before
        before = hashlib.sha256(f"{before}\n{row}".encode()).hexdigest()
        assert line.hash == before


@pytest.mark.parametrize(
    "change",
    ["handle = 99", "axis = 'opens'", "state = 'denied'", "at = 31", "noted_at = 1", "source = 'x'", "method = 'api'",
     "locale = 'fr'", "actor = 'x'", "url = 'x'", "proof = 'x'"],
)  # fmt: skip
def test_a_changed_line_is_named(state: StateStore, path: Path, change: str) -> None:
    tamper(path, f"update consent_ledger set {change} where id = 3")
    assert (3, "changed") in found(state)


def test_a_line_that_was_changed_and_sealed_anew_is_found_by_its_neighbour(state: StateStore, path: Path) -> None:
    third = next(line for line in state.ledger() if line.number == 3)
    bytes_ = canonical(third).replace(b'"granted"', b'"denied"')
    seal = hashlib.sha256(third.previous.encode() + b"\n" + bytes_).hexdigest()
    tamper(path, f"update consent_ledger set state = 'denied', hash = '{seal}' where id = 3")
    assert (4, "missing") in found(state)


@pytest.mark.parametrize(("lost", "named"), [(1, 2), (3, 4), (LINES, LINES)])
def test_a_line_that_was_taken_out_is_missed(state: StateStore, path: Path, lost: int, named: int) -> None:
    tamper(path, f"delete from consent_ledger where id = {lost}")
    assert (named, "missing") in found(state)


def test_a_line_that_was_put_in_is_named(state: StateStore, path: Path) -> None:
    tamper(
        path,
        "update consent_ledger set id = id + 10 where id > 3",
        "insert into consent_ledger select 4, 77, axis, state, at, source, noted_at, method, text, text_sha256, locale,"
        " actor, url, proof, previous, hash from consent_ledger where id = 3",
    )
    assert (4, "changed") in found(state)


def test_a_forged_line_at_the_end_is_not_the_head(state: StateStore, path: Path) -> None:
    last = list(state.ledger())[-1]
    forged = canonical(last).replace(f",{LINES},".encode(), f",{LINES + 1},".encode(), 1)
    seal = hashlib.sha256(last.hash.encode() + b"\n" + forged).hexdigest()
    tamper(
        path,
        f"insert into consent_ledger select {LINES + 1}, handle, axis, state, at, source, noted_at, method, text,"
        f" text_sha256, locale, actor, url, proof, '{last.hash}', '{seal}' from consent_ledger where id = {LINES}",
    )
    assert (LINES + 1, "inserted") in found(state)


def test_a_whole_new_chain_is_found_by_a_head_that_was_kept(state: StateStore, path: Path) -> None:
    kept = verify(state).head
    state.close()
    path.unlink()
    again = open_state(path)
    for number in range(1, LINES + 1):
        again.set_consent(Handle(number), axis="both", state="denied", at=Micros(10 * number), source="api")
    assert verify(again).breaks == ()
    assert [(each.number, each.what) for each in verify(again, head=kept).breaks] == [(LINES, "changed")]
    again.close()


def test_a_state_that_was_changed_past_the_ledger_is_found(state: StateStore, path: Path) -> None:
    state.set_consent(Handle(1), axis="both", state="withdrawn", at=Micros(90), source="edge")
    assert found(state) == []
    tamper(path, "update consent set state = 'granted', at = 10 where handle = 1 and axis = 'opens'")
    assert found(state) == [(0, "unlike")]


def test_a_text_that_was_changed_afterwards_is_found(state: StateStore, path: Path) -> None:
    tamper(path, "update consent_texts set text = 'May we sell what you open?'")
    assert (0, "changed") in found(state)


def test_writers_of_several_processes_make_one_chain(state: StateStore, path: Path) -> None:
    other = open_state(path)
    writers: list[Callable[[int], None]] = [
        lambda at, each=each: each.set_consent(  # type: ignore[misc]
            Handle(7), axis="opens", state="denied", at=Micros(at), source="edge"
        )
        for each in (state, other)
    ]
    for number in range(100, 120):
        writers[number % 2](number)
    assert verify(other).breaks == ()
    assert verify(state).lines == LINES + 20
    other.close()


def test_at_the_same_moment_a_refusal_holds(state: StateStore) -> None:
    for order in (("granted", "withdrawn"), ("withdrawn", "granted")):
        handle = Handle(50 + len(order[0]))
        for said in order:
            state.set_consent(handle, axis="both", state=said, at=Micros(7), source="api")
        assert {held.state for held in state.held_consents([handle])[handle].values()} == {"withdrawn"}


def test_a_refusal_of_scores_leaves_mail_watched(state: StateStore) -> None:
    state.set_consent(Handle(1), axis="profile", state="denied", at=Micros(99), source="api")
    assert state.inert() == []
    assert state.refusing(Axis.PROFILE) == {1}
