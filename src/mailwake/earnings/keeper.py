"""Goals as people keep them: made, found, deleted."""

from __future__ import annotations

from mailwake.errors import BadInput
from mailwake.events import Micros
from mailwake.goals.claims import goal_of
from mailwake.store.state import Goal, StateStore

MOST_GOALS = 200
WINDOW_DAYS = 30


class NoSuchGoal(BadInput):
    """There is no goal of this name."""


def add(
    state: StateStore,
    name: str,
    *,
    window_days: int = WINDOW_DAYS,
    value: str = "",
    currency: str = "",
    now: Micros,
    by: str,
) -> Goal:
    """Make a goal.

    Args:
        state: the store.
        name: stands in URLs; not taken yet.
        window_days: a click so long before may have led to it.
        value: what one is worth where nobody says, such as 19.99; empty: nothing is said of money.
        currency: ISO 4217.
        now: when.
        by: whose doing.

    Raises:
        BadInput: the name is taken, there are too many, or a part of it cannot be.
    """
    goal = goal_of(name.strip(), window_days=window_days, value=value, currency=currency, now=now, by=by)
    if len(state.goals()) >= MOST_GOALS:
        raise BadInput(f"there are {MOST_GOALS} goals, which are enough; delete one first")
    if not state.put_goal(goal):
        raise BadInput(f"there is a goal {goal.name!r} already; delete it first, or take another name")
    return goal


def find(state: StateStore, name: str) -> Goal:
    """The goal of this name.

    Raises:
        NoSuchGoal: there is none.
    """
    goals = state.goals()
    if name not in goals:
        known = ", ".join(goals) if goals else "none yet"
        raise NoSuchGoal(f"there is no goal {name[:60]!r}; there are {known}")
    return goals[name]


def delete(state: StateStore, name: str) -> None:
    """Forget a goal; what was reached stays, and counts again once a goal of this name is made.

    Raises:
        NoSuchGoal: there is none of this name.
    """
    if not state.delete_goal(name):
        raise NoSuchGoal(f"there is no goal {name[:60]!r}")
