"""Cut off at any step, the next process does the rest: nothing twice, nothing lost."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.workflows.house import HOUR, MINUTE, House, at, build
from tests.workflows.test_turns import EVERYTHING

from mailwake.events import Class
from mailwake.store.crm import CrmStore
from mailwake.store.events import Judgement
from mailwake.store.workflows import WorkflowStore

STEPS = (
    (CrmStore, "wish"), (WorkflowStore, "put_entries"), (WorkflowStore, "change_entry"),
    (WorkflowStore, "change_entries"), (WorkflowStore, "meet"), (House, "_post"),
)  # fmt: skip


class Cut(Exception):
    """The process is gone."""


class Counting:
    """Lets so many steps happen, and is gone before or after the next."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.done, self.last, self.is_after = 0, -1, False
        for owner, name in STEPS:
            monkeypatch.setattr(owner, name, self._counted(getattr(owner, name)))

    def _counted(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def step(*given: Any, **named: Any) -> Any:
            self.done += 1
            if self.done == self.last and not self.is_after:
                raise Cut
            found = method(*given, **named)
            if self.done == self.last:
                raise Cut
            return found

        return step


#: what leaves at once is written down entry by entry, the rest of many together
TOGETHER = EVERYTHING.partition("[webhook]")[0]


def play(folder: Path, steps: Counting, *, last: int, is_after: bool, rule: str = EVERYTHING) -> tuple[Any, ...]:
    """Two clicks, one of which is withdrawn later; cut off once on the way, and begun again by a new process."""
    house = build(folder, people=2)
    try:
        house.rule("all", rule)
        house.turn(0)
        steps.done, steps.last, steps.is_after = 0, last, is_after
        event = house.click(0, 100)
        house.click(1, 101)
        until(house, 20 * MINUTE)
        first = outbox(house)
        house.fulfil(at(30 * MINUTE))
        gone = Judgement(id=event, p_human=0.01, klass=Class.SCANNER, reasons="", ruleset="other", settled=True)
        house.stores.events.stage([gone])
        house.stores.events.swap(ruleset="other", at=at(HOUR))
        until(house, HOUR)
        told = {headers["webhook-id"] for _, headers, _ in house.posted}
        entries = [(each.decision, each.why, each.actions, each.is_open) for each in house.entries()]
        return first, outbox(house), told, entries, steps.done
    finally:
        house.close()


def until(house: House, seconds: float) -> None:
    try:
        house.turn(seconds)
    except Cut:
        house.turn(seconds, fresh=True)


def outbox(house: House) -> list[Any]:
    return sorted((each.object, each.key, sorted(each.fields.items(), key=str)) for each in house.crm.waiting())


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Counting:
    return Counting(monkeypatch)


@pytest.mark.parametrize("stride", [30, pytest.param(1, marks=pytest.mark.long)])
@pytest.mark.long
def test_cut_off_before_or_after_any_step_everything_is_done_once(tmp_path: Path, steps: Counting, stride: int) -> None:
    whole = play(tmp_path / "whole", steps, last=-1, is_after=False)
    count = whole[-1]
    assert count > 30
    assert len(whole[0]) == 2 * 4  # task, field, member, event of each
    assert len(whole[2]) == 3  # two told, one withdrawn
    for last in range(1, count + 1, stride):
        for is_after in (False, True):
            found = play(tmp_path / f"{last}{is_after}", steps, last=last, is_after=is_after)
            assert found[:4] == whole[:4], (last, is_after)


@pytest.mark.long
@pytest.mark.parametrize("stride", [1])
def test_cut_off_where_much_is_written_down_together_everything_is_done_once(
    tmp_path: Path, steps: Counting, stride: int
) -> None:
    whole = play(tmp_path / "whole", steps, last=-1, is_after=False, rule=TOGETHER)
    assert len(whole[0]) == 2 * 4
    assert {entry[-1] for entry in whole[3]} == {False}, "nothing is left to do"
    for last in range(1, whole[-1] + 1, stride):
        for is_after in (False, True):
            found = play(tmp_path / f"{last}{is_after}", steps, last=last, is_after=is_after, rule=TOGETHER)
            assert found[:4] == whole[:4], (last, is_after)
