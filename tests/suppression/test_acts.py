"""What an operator does is kept with who and why, and one command undoes an import or applies a storm."""

import pytest
from tests.pipeline.house import House, after
from tests.suppression.conftest import crowd, refused

from mailwake.errors import BadInput
from mailwake.store.state import IncidentKind
from mailwake.suppression import acts
from mailwake.suppression.files import Line

NOW = after(1_000)


def lines(number: int) -> list[Line]:
    return [Line(f"x{n}@example.com", "bounced", "from the old tool", None, None) for n in range(number)]


def test_a_wrong_import_is_undone_with_one_command(house: House) -> None:
    (before,) = crowd(house, "example.com", 1)
    house.state.suppress(before, reason="complained", source="api", at=after(1))
    incident, count = acts.take_in(house.state, lines(500), name="old.csv", at=NOW)
    assert count == 500
    assert acts.undo(house.state, incident, at=after(1_001), by="eve", why="the wrong file") == 500
    assert (
        set(house.state.suppressed(house.state.known_handles([line.address for line in lines(500)]).values())) == set()
    )
    assert before in house.state.suppressed([before])
    told = house.state.suppressions(house.state.known_handles(["x7@example.com"])["x7@example.com"])
    assert [(row.lifted_by, row.lift_why) for row in told] == [("eve", "the wrong file")]


def test_importing_twice_changes_nothing(house: House) -> None:
    assert acts.take_in(house.state, lines(3), name="a.csv", at=NOW)[1] == 3
    assert acts.take_in(house.state, lines(3), name="a.csv", at=after(2_000))[1] == 0


def test_a_corrected_address_gets_mail_again_with_who_and_why(house: House) -> None:
    (ann,) = crowd(house, "a.example", 1)
    house.work(refused(ann, 5))
    assert acts.lift(house.state, "P0@A.example", at=NOW, by="eve", why="this address was corrected") == 1
    assert house.state.suppressed([ann]) == {}
    with pytest.raises(BadInput, match="never mailed"):
        acts.lift(house.state, "stranger@a.example", at=NOW, by="eve", why="x")


def test_who_was_spared_in_a_storm_can_be_suppressed_after_all(house: House) -> None:
    people = crowd(house, "gmail.example", 40)
    house.work(*(refused(who, 60) for who in people))
    (storm,) = house.state.incidents(kind=IncidentKind.STORM)
    assert house.state.suppressed(people) == {}
    assert acts.apply(house.state, storm.id, at=NOW, by="eve", why="really dead") == 40
    assert set(house.state.suppressed(people)) == set(people)
    assert acts.undo(house.state, storm.id, at=after(2_000), by="eve", why="no, alive") == 40
    assert house.state.suppressed(people) == {}


def test_adding_twice_is_once_and_an_incident_that_is_none_is_said(house: House) -> None:
    assert acts.add(house.state, "ann@example.com", at=NOW, why="asked by phone")
    assert not acts.add(house.state, "ann@example.com", at=after(2_000), why="asked again")
    for act in (acts.undo, acts.apply, acts.close):
        with pytest.raises(BadInput, match="no incident 7"):
            act(house.state, 7, at=NOW, by="eve", why="x")
