"""The rules of an installation as its process opens them: with the scores of its own model."""

from tests.workflows.house import HOUR, MACHINE, MINUTE, House, at

from mailwake.workflows.mailing import Outcome
from mailwake.workflows.opening import opened_desk
from mailwake.workflows.turns import Turned, Turns


def test_a_score_of_the_model_rises_over_the_mark_by_a_click_of_a_person_alone(house: House) -> None:
    house.rule(
        "hot", 'trigger = "hot"\nscore = 2\nhysteresis = 1\nquiet = false\n[task]\nsubject = "{name}: {score}"\n'
    )
    with opened_desk(house.settings(), house.stores) as desk:
        turns = Turns(desk, run=lambda _: Outcome(status=0))
        assert turns.turn(now=at(0)) == Turned()
        house.click(0, HOUR)
        house.click(1, HOUR, **MACHINE)
        assert turns.turn(now=at(HOUR + 20 * MINUTE)) == Turned(entered=1)
    (entry,) = house.entries()
    assert entry.handle == house.handle(0)
    assert entry.facts["score"] >= 2
    assert entry.facts["reasons"]
    (task,) = house.wishes("Task")
    assert task["Subject"] == f"Person 0: {entry.facts['score']}"
