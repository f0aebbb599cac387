"""When an experiment is over, and what whoever waits then gets.

The rule was fixed before: a variant that is better than all others at all looks together; failing that, at the
deadline, the variant that was named for the case, or nothing. A broken split decides nothing, whatever the figures say.
"""

from __future__ import annotations

from dataclasses import dataclass

from mailwake.errors import BadInput
from mailwake.events import Micros
from mailwake.experiments.design import started
from mailwake.experiments.results import Result, result
from mailwake.experiments.wording import contrast_words
from mailwake.insight.stores import Stores
from mailwake.store.state import Experiment, StateStore

#: who decided, where nobody did
BY_RULE = "rule"


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """What follows."""

    #: number of a variant
    winner: int
    why: str


def due(found: Result, *, now: Micros) -> Decision | None:
    """What the rule says now; None: wait."""
    if found.experiment.decided_at is not None or found.first_at is None or found.is_blocked:
        return None
    may, must = started(found.design, found.first_at, now)
    if may and (winner := found.winner) is not None:
        return Decision(winner=winner, why=" ".join(contrast_words(found, each) for each in found.contrasts))
    if must and found.design.otherwise:
        why = f"none had won at the deadline; {found.design.otherwise} was named for that case"
        return Decision(winner=found.design.number(found.design.otherwise), why=why)
    return None


def decide_due(stores: Stores, *, now: Micros) -> list[Experiment]:
    """Decide every experiment whose rule says so; those decided now. Safe to be done again, and by several at once."""
    decided = []
    for each in stores.state.experiments():
        if each.decided_at is not None or not each.sent:
            continue
        decision = due(result(stores, each), now=now)
        if decision is not None and stores.state.decide_experiment(
            each.id, decision.winner, now=now, by=BY_RULE, why=decision.why
        ):
            decided.append(each)
    return decided


def decide(state: StateStore, experiment: Experiment, winner: int, *, now: Micros, by: str, why: str) -> None:
    """Decide by hand; for good, because the rest may be on its way a moment later.

    Raises:
        BadInput: nothing of it was sent, it was decided before, or there is no reason.
    """
    if not experiment.sent:
        raise BadInput(
            f"nothing of experiment {experiment.name!r} was sent yet, so there is nothing to decide; send it first "
            "(`mailwake experiment send`), or delete it"
        )
    if not why.strip() or not why.isprintable():
        raise BadInput("say why, in one line: whoever reads the library later will want to know")
    if not state.decide_experiment(experiment.id, winner, now=now, by=by, why=why.strip()):
        raise BadInput(f"experiment {experiment.name!r} was decided before, and the rest may have its mail already")
