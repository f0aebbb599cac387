"""Labels come from what visitors did, never explain themselves, and move weights as far as they prove."""

import tomllib
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.history.past import evidence, rules

from mailwake.errors import BadInput, NotEnoughData
from mailwake.events import SECOND, AgentKind, DeliveryId, EventType, Evidence, Micros, NetworkKind, Note
from mailwake.history.labels import Harvest, Labelled, harvest
from mailwake.history.refit import fit, ruleset, write_new
from mailwake.judge.rules import CURRENT, Scope, load_rules, rules_of

TODAY = date(2026, 11, 26)
START = 1_790_000_000
TRAPS = ("decoy", "altered", "replied", "converted")


def at(number: int, seconds: float, kind: EventType, *, delivery: int = 1, **more: Any) -> Evidence:
    facts: dict[str, Any] = {
        "links": 5,
        "agent_kind": AgentKind.BROWSER,
        "network_kind": NetworkKind.RESIDENTIAL,
        "agent": 3,
        "network": 4,
    }
    return Evidence(
        id=number,
        type=kind,
        at=Micros(int((START + seconds) * SECOND)),
        delivery=DeliveryId(delivery),
        **(facts | more),
    )


def labels(*events: Evidence) -> list[tuple[bool, bool]]:
    """(whether a decoy or answer shows in the cells, whether a person) of every labelled event."""
    found = harvest(rules(), events)
    return [(any(cell.startswith(TRAPS) for cell in each.cells), each.human) for each in found.labelled]


def test_the_visitor_of_a_decoy_is_a_machine_and_its_cells_do_not_know_of_it() -> None:
    sweep = [at(n, 40 + n / 10, EventType.CLICKED, link=n) for n in (1, 2, 3)]
    decoy = at(9, 40.5, EventType.UNKNOWN, note=Note.DECOY, link=6)
    other = at(10, 9_000, EventType.CLICKED, link=1, agent=77, network=78)
    assert labels(*sweep, decoy, other) == [(False, False)] * 3
    with_trap, without = harvest(rules(), [*sweep, decoy]), harvest(rules(), [*sweep, at(9, 40.5, EventType.REPLIED)])
    assert [each.cells for each in with_trap.labelled] == [each.cells for each in without.labelled]


def test_an_answered_copy_is_a_persons_up_to_the_answer() -> None:
    read = [at(1, 3_000, EventType.OPENED), at(2, 3_060, EventType.CLICKED, link=1)]
    assert (
        labels(*read, at(3, 3_600, EventType.REPLIED), at(4, 9_000, EventType.CLICKED, link=2)) == [(False, True)] * 2
    )


def test_of_a_goal_only_the_last_click_before_it_is_a_persons() -> None:
    clicks = [at(n, 1_000 * n, EventType.CLICKED, link=n) for n in (1, 2, 4)]
    assert labels(*clicks, at(3, 3_000, EventType.CONVERTED)) == [(False, True)]


def test_a_machine_in_an_answered_copy_stays_a_machine() -> None:
    sweep = [at(n, 2 + n / 10, EventType.CLICKED, link=n, agent=8, network=9) for n in (1, 2, 3)]
    decoy = at(7, 2.5, EventType.UNKNOWN, note=Note.DECOY, agent=8, network=9)
    person = at(8, 4_000, EventType.CLICKED, link=1)
    assert [human for _, human in labels(*sweep, decoy, person, at(9, 5_000, EventType.REPLIED))] == [False] * 3 + [
        True
    ]


def test_whom_labels_leave_out_is_counted() -> None:
    found = harvest(rules(), evidence())
    assert found.labelled
    for kind in ("network", "delay"):
        parts = [each for name, each in found.portions.items() if name.startswith(kind)]
        assert sum(each.events for each in parts) == sum(n for _, n in found.expected.values())
        assert sum(each.people + each.machines for each in parts) == len(found.labelled)


@cache
def made_up(*, people: int = 400, machines: int = 400, wrong: str = "agent.browser") -> Harvest:
    """Labels whose people have one cell that the rules hold for a machine's."""
    found = Harvest(expected={Scope.CLICK: (400.0, 800)})
    for human, count in ((True, people), (False, machines)):
        for number in range(count):
            cells = ("base.start", "returned.days" if human else "method.head", *([wrong] if human else []))
            found.labelled.append(Labelled(scope=Scope.CLICK, cells=cells, human=human, held_out=number % 2 == 1))
    return found


def test_weights_move_towards_the_labels_and_calibration_gets_better() -> None:
    (fitted,) = fit(rules(), made_up())
    before = rules().weights[Scope.CLICK]
    assert fitted.weights["agent.browser"] > before["agent.browser"]
    assert fitted.error_after < fitted.error_before
    assert fitted.weights["decoy.same_visitor"] == before["decoy.same_visitor"], "no label shows it"


def test_few_labels_change_little() -> None:
    (few,) = fit(rules(), made_up(people=60, machines=60))
    (many,) = fit(rules(), made_up(people=2_000, machines=2_000))
    before = rules().weights[Scope.CLICK]["agent.browser"]
    assert few.weights["agent.browser"] - before > 0
    assert few.error_before == pytest.approx(many.error_before, abs=0.01)
    assert few.error_after >= many.error_after


def test_too_few_labels_say_so() -> None:
    with pytest.raises(NotEnoughData, match="fewer than 50"):
        fit(rules(), made_up(people=49))
    with pytest.raises(NotEnoughData):
        fit(rules(), Harvest())


def test_the_new_file_is_a_whole_ruleset_of_another_name_that_says_where_it_comes_from(tmp_path: Path) -> None:
    tree = tomllib.loads(CURRENT.read_text(encoding="utf-8"))
    fitted = fit(rules(), made_up())
    path = tmp_path / "ours.toml"
    write_new(path, ruleset(tree, fitted, today=TODAY))
    new = tomllib.loads(path.read_text(encoding="utf-8"))
    assert new["name"] == f"{tree['name']}-refit-2026-11-26"
    assert new["family"]["agent"]["source"] == "fitted to this installation's history, 2026-11-26"
    assert new["family"]["decoy"] == tree["family"]["decoy"]
    assert {key: new[key] for key in tree if key not in ("name", "family")} == {
        key: tree[key] for key in tree if key not in ("name", "family")
    }
    loaded = load_rules(path)
    assert loaded.id != rules().id
    assert loaded.alone == rules().alone
    with pytest.raises(BadInput, match="never edited"):
        write_new(path, "")
    assert load_rules(path).id == loaded.id


def test_without_a_change_the_file_says_the_same_rules() -> None:
    tree = tomllib.loads(CURRENT.read_text(encoding="utf-8"))
    new = tomllib.loads(ruleset(tree, [], today=TODAY))
    assert rules_of(new | {"name": tree["name"]}).id == rules().id
