"""Rules by the clock: what stands is written down, and what fails keeps nobody from the next turn."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.workflows.house import CLICK, MACHINE, MINUTE, House, at

from mailwake.errors import Unavailable
from mailwake.monitoring.status import look
from mailwake.workflows.office import REPORT, Office
from mailwake.workflows.turns import TRIPPED, Turns


def office(house: House, seconds: float) -> Office:
    """One whose clock stands."""
    desk = house.desk()
    turns = Turns(desk, run=house._run)
    return Office(turns, desk, report=house.folder / REPORT, wall=lambda: at(seconds))


def told(house: House) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((house.folder / REPORT).read_text(encoding="utf-8"))
    return found


def test_what_stands_is_counted_and_nobody_is_named(house: House) -> None:
    house.rule("call", CLICK)
    house.rule("off", CLICK.replace('trigger = "click"', 'trigger = "click"\nenabled = false'))
    house.rule("broken", "trigger = 7")
    house.turn(0)
    house.click(0, 100)
    house.click(5, 101)
    house.click(1, 102, **MACHINE)
    office(house, 20 * MINUTE).turn()
    found = told(house)
    assert found["decisions"] == {"entered": 1, "deferred": 0, "refused": 1, "reversed": 0}
    assert found["rules"] == {"on": 1, "off": 1, "tripped": 0, "unreadable": 1}
    assert (found["turns"], found["faults"], found["fault"], found["turned_at"]) == (1, 0, None, at(20 * MINUTE))
    text = (house.folder / REPORT).read_text(encoding="utf-8")
    assert "@" not in text
    assert "call" not in text
    assert (house.folder / REPORT).stat().st_mode & 0o777 == 0o600


def test_a_turn_that_fails_is_told_and_the_next_one_is_taken(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.rule("call", CLICK)
    by_the_clock = office(house, 60)

    def away(*_: Any, **__: Any) -> None:
        raise Unavailable("the event store is away; try again")

    with monkeypatch.context() as patch:
        patch.setattr(Turns, "turn", away)
        by_the_clock.turn()
    assert (told(house)["fault"], told(house)["faults"]) == ("the event store is away; try again", 1)
    found = look(house.folder, keep_days=7, now=at(61))
    assert "rules stand still: the event store is away; try again" in found.problems
    by_the_clock.turn()
    assert (told(house)["fault"], told(house)["faults"], told(house)["turns"]) == (None, 1, 2)


def test_a_fault_of_ours_is_told_without_what_it_said(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ValueError("person0@example.com")

    monkeypatch.setattr(Turns, "turn", broken)
    office(house, 60).turn()
    assert told(house)["fault"] == "a fault of ours, see the log"


def test_a_rule_that_switched_itself_off_is_told_apart_from_one_that_somebody_did(house: House) -> None:
    house.rule("much", CLICK)
    house.rule("other", CLICK)
    house.turn(0)
    house.store.switch("much", is_on=False, why=TRIPPED, now=at(10))
    house.store.switch("other", is_on=False, why="the summer", now=at(10))
    office(house, 60).turn()
    assert told(house)["rules"] == {"on": 0, "off": 1, "tripped": 1, "unreadable": 0}


def test_decisions_with_something_still_to_do_are_counted(house: House, tmp_path: Path) -> None:
    house.rule("tell", 'trigger = "click"\nroles = ["cta"]\nquiet = false\n[webhook]\nendpoint = "crm"\n')
    house.turn(0)
    house.click(0, 100)
    house.status = 503
    office(house, 20 * MINUTE).turn()
    assert told(house)["unfinished"] == 1
