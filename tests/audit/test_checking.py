"""Whoever changes the database is found out: by the chain, or by an anchor that lies elsewhere."""

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from mailwake.audit.anchors import NAME, Anchors
from mailwake.audit.checking import Checked, anchor_now, verify
from mailwake.audit.keeping import Keeping
from mailwake.audit.log import AuditLog
from mailwake.audit.words import Action, Actor, ActorKind, Thing
from mailwake.events import SECOND, Micros
from mailwake.store.audit import Wanted, digest, open_audit
from mailwake.tokens import KeyRing

DAY = 86_400 * SECOND
KEYS = KeyRing({1: bytes(range(32))})
ANN = Actor(ActorKind.USER, "ann")


@dataclass
class House:
    """A log over a real database, with a clock that is moved by hand."""

    folder: Path
    now: int = 800 * DAY
    keys: KeyRing | None = KEYS
    audit: AuditLog = field(init=False)

    def __post_init__(self) -> None:
        self.audit = AuditLog(open_audit(self.folder / "state.sqlite"), wall=lambda: self.now)

    @property
    def anchors(self) -> Anchors:
        return Anchors(self.folder / NAME, self.keys)

    def act(self, count: int = 1) -> None:
        for number in range(count):
            self.audit.record(Action.GOAL_ADDED, ANN, Thing("goal", f"g{number}"))

    def turn(self, keep_days: int = 730) -> None:
        Keeping(self.audit, self.anchors, keep_days=keep_days, wall=lambda: self.now).turn()

    def check(self) -> Checked:
        return verify(self.audit.store, self.anchors)

    def tamper(self, *statements: str) -> None:
        """As somebody who may write to the database does: the triggers go first."""
        with sqlite3.connect(self.folder / "state.sqlite") as connection:
            for (name,) in connection.execute("select name from sqlite_master where type = 'trigger'").fetchall():
                connection.execute(f"drop trigger {name}")
            for statement in statements:
                connection.execute(statement)

    def forge_everything(self, actor: str) -> None:
        """A whole chain made anew, every hash right."""
        lines = list(self.audit.store.chain())
        previous = lines[0].previous
        for line in lines:
            told = {name: getattr(line, name) for name in line.__dataclass_fields__} | {"actor": actor}
            seal = digest(type(line)(**told), number=line.number, previous=previous)
            where = f"where number = {line.number}"
            self.tamper(f"update audit_lines set actor = '{actor}', previous = '{previous}', hash = '{seal}' {where}")
            previous = seal


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    built = House(tmp_path)
    yield built
    built.audit.store.close()


@pytest.mark.parametrize("lines", [1_100, pytest.param(2_500, marks=pytest.mark.long)])
def test_a_log_that_nobody_touched_holds(house: House, lines: int) -> None:
    """Of more lines than are read at once."""
    empty = house.check()
    assert (empty.holds, empty.lines, empty.first, empty.last) == (True, 0, None, None)
    house.act(lines)
    checked = house.check()
    assert (checked.holds, checked.lines, checked.first, checked.last) == (True, lines, 1, lines)
    assert checked.head == list(house.audit.store.chain())[-1].hash


@pytest.mark.parametrize("column", ["at", "actor", "action", "object", "outcome", "after", "on_behalf", "request"])
def test_a_changed_field_is_named_by_its_line(house: House, column: str) -> None:
    house.act(5)
    house.tamper(f"update audit_lines set {column} = '7' where number = 3")
    checked = house.check()
    assert (checked.holds, checked.broken) == (False, 3)
    assert checked.why == "it was changed after it was written"


def test_a_line_taken_out_in_the_middle_is_missed(house: House) -> None:
    house.act(5)
    house.tamper("delete from audit_lines where number in (2, 3)")
    checked = house.check()
    assert (checked.broken, checked.why) == (4, "lines 2 to 3 are missing before it")


def test_two_lines_that_change_places_are_found(house: House) -> None:
    house.act(4)
    house.tamper(
        "update audit_lines set number = 99 where number = 2",
        "update audit_lines set number = 2 where number = 3",
        "update audit_lines set number = 3 where number = 99",
    )
    assert house.check().broken == 2


def test_a_chain_made_anew_is_betrayed_by_its_anchor(house: House) -> None:
    house.act(4)
    anchor_now(house.audit.store, house.anchors, now=Micros(house.now))
    house.act(3)
    house.forge_everything("eve")
    checked = house.check()
    assert (checked.holds, checked.broken) == (False, 4)
    assert "anchored" in checked.why


def test_the_end_cut_off_is_missed_up_to_the_last_anchor(house: House) -> None:
    house.act(6)
    anchor_now(house.audit.store, house.anchors, now=Micros(house.now))
    house.tamper("delete from audit_lines where number > 4")
    checked = house.check()
    assert (checked.broken, checked.why[:23]) == (5, "lines 5 to 6 are missin")


def test_an_anchor_made_by_somebody_without_the_keys_is_not_believed(house: House) -> None:
    house.act(3)
    house.keys = KeyRing({1: bytes(32)[:31] + b"x"})
    anchor_now(house.audit.store, house.anchors, now=Micros(house.now))
    house.keys = KEYS
    checked = house.check()
    assert not checked.holds
    assert f"line 1 of {NAME} is not as it was signed" in checked.why


def test_a_torn_line_of_anchors_is_named(house: House) -> None:
    house.act(1)
    house.turn()
    with (house.folder / NAME).open("a") as file:
        file.write('{"kind":"anch')
    assert "line 2 of" in house.check().why


def test_an_anchor_whose_key_is_gone_counts_as_unsigned_and_still_compares(house: House) -> None:
    house.act(2)
    house.turn()
    house.keys = KeyRing({2: bytes(range(1, 33))})
    checked = house.check()
    assert (checked.holds, checked.anchors, checked.unsigned) == (True, 1, 1)


def test_there_is_one_anchor_a_day_in_the_file_and_in_the_log(house: House) -> None:
    with capture_logs() as said:
        for _ in range(3):
            house.act()
            house.turn()
        house.now += DAY
        house.act()
        house.turn()
        house.now += DAY
        house.turn()
    anchors = [each for each in house.anchors.read() if each is not None]
    assert [anchor.number for anchor in anchors] == [1, 4]
    assert [(line["event"], line["number"], line["hash"]) for line in said if line["event"] == "audit.anchored"] == [
        ("audit.anchored", anchor.number, anchor.hash) for anchor in anchors
    ]
    assert all(re.fullmatch(r"1:[0-9a-f]{64}", anchor.signature) for anchor in anchors)
    assert (house.folder / NAME).stat().st_mode & 0o777 == 0o600
    assert house.check().holds


def test_what_was_cut_still_verifies_and_the_cut_itself_is_a_line(house: House) -> None:
    house.act(5)
    house.turn()
    house.now += 731 * DAY
    house.act(2)
    house.turn()
    checked = house.check()
    assert (checked.holds, checked.first) == (True, 6)
    (line,) = house.audit.store.lines(Wanted(action="audit.cut"), limit=9)
    assert (line.object, line.after, line.actor_kind) == ("5", '{"lines":5}', "system")


def test_a_cut_that_nobody_with_the_keys_made_is_found(house: House) -> None:
    house.act(5)
    house.turn(keep_days=730)
    last = list(house.audit.store.chain())[2]
    house.tamper(
        f"insert into audit_cuts values (3, '{last.hash}', 9, '1:{'0' * 64}')",
        "delete from audit_lines where number <= 3",
    )
    checked = house.check()
    assert (checked.holds, checked.broken) == (False, 4)
    assert "nobody who has the keys" in checked.why


def test_without_the_keys_nothing_is_cut(house: House) -> None:
    house.act(3)
    house.keys = None
    house.now += 800 * DAY
    house.turn()
    assert [line.number for line in house.audit.store.chain()] == [1, 2, 3]
    checked = house.check()
    assert (checked.holds, checked.unsigned) == (True, 1)


def test_every_single_tampering_of_a_small_log_is_found(house: House) -> None:
    """Each field of each line, one after the other."""
    house.act(3)
    lines = list(house.audit.store.chain())
    for line in lines:
        for name in line.__dataclass_fields__:
            house.tamper(f"update audit_lines set {name} = 123456 where number = {line.number}")
            assert not house.check().holds, (line.number, name)
            number = 123456 if name == "number" else line.number
            value = getattr(line, name)
            quoted = "null" if value is None else f"'{value}'" if isinstance(value, str) else value
            house.tamper(f"update audit_lines set {name} = {quoted} where number = {number}")
            assert house.check().holds
