"""Experiments that earlier letters were: planted as they would have been made, and decided by the rule itself.

Three asked the same question, so that the library has something to pool; one has a clear winner in its clicks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import msgspec

from mailwake.cli.demo.past import DAY
from mailwake.events import SECOND, Micros, TemplateId
from mailwake.experiments.deciding import BY_RULE, due
from mailwake.experiments.design import SALT_BYTES, Design, Sent, Variant, design_of
from mailwake.experiments.results import result
from mailwake.insight.stores import Stores
from mailwake.store.events import EventStore
from mailwake.store.state import Campaign, Experiment, StateStore

QUESTION = "question in the subject"
_OPENS, _CLICKS = "human_open_rate__delivered_trackable", "human_click_rate__delivered_trackable"
_DECIDED_DAYS = 3


@dataclass(frozen=True, kw_only=True)
class Tried:
    """One of two letters, and how the made-up readers take to it."""

    subject: str
    opened: float = 0.36
    clicked: float = 0.06
    is_call_first: bool = False


@dataclass(frozen=True, kw_only=True)
class Trial:
    """An experiment of the past."""

    name: str
    about: str
    metric: str
    variants: tuple[Tried, Tried]
    baseline: float = 0.3


@dataclass(frozen=True, kw_only=True)
class Planted:
    """An experiment with its design."""

    experiment: Experiment
    design: Design


#: letter to the experiment that it was
TRIALS = {
    "Larkspur letter 4": Trial(
        name="Slugs, asked",
        about=QUESTION,
        metric=_OPENS,
        variants=(
            Tried(subject="What slugs do not like", opened=0.32),
            Tried(subject="What do slugs hate?", opened=0.6),
        ),
    ),
    "Larkspur letter 6": Trial(
        name="Compost, asked",
        about=QUESTION,
        metric=_OPENS,
        variants=(Tried(subject="A lazy compost heap"), Tried(subject="Is your compost lazy enough?", opened=0.54)),
    ),
    "Larkspur letter 7": Trial(
        name="Call first",
        about="the call as the button",
        metric=_CLICKS,
        baseline=0.05,
        variants=(
            Tried(subject="Your plan for September", clicked=0.05),
            Tried(subject="Your plan for September", clicked=0.21, is_call_first=True),
        ),
    ),
    "Larkspur letter 8": Trial(
        name="Bulbs, asked",
        about=QUESTION,
        metric=_OPENS,
        variants=(Tried(subject="Bulbs go in now"), Tried(subject="Are your bulbs in yet?", opened=0.48)),
    ),
}


def plant(
    state: StateStore,
    trial: Trial,
    campaign: Campaign,
    templates: Sequence[TemplateId],
    *,
    planned: int,
    seed: int,
    at: Micros,
) -> Planted:
    """Make the experiment as of then; its draw hangs on the seed alone."""
    variants = tuple(
        Variant(name=name, given={"subject": each.subject})
        for name, each in zip(("A", "B"), trial.variants, strict=True)
    )
    design = Design(variants=variants, metric=trial.metric, baseline=trial.baseline, about=trial.about)
    salt = hashlib.blake2b(f"{seed} {trial.name}".encode(), digest_size=SALT_BYTES).digest()
    letters = [f"subject: {each.subject}\n".encode() for each in trial.variants]
    told = msgspec.to_builtins(design)
    made = state.put_experiment(trial.name, campaign.id, salt=salt, design=told, letters=letters, now=at, by="demo")
    if made is None:
        raise AssertionError("the stores of a demo begin empty")
    sent = Sent(templates=tuple(templates), rest=tuple(templates), planned=planned, at=at)
    state.put_experiment_sent(made.id, msgspec.to_builtins(sent))
    return Planted(experiment=made, design=design)


def decide(state: StateStore, events: EventStore) -> None:
    """What the rule says of each; where it says nothing, somebody took the letter that they had always sent."""
    stores = Stores(state=state, events=events, zone=ZoneInfo("UTC"))
    for each in state.experiments():
        at = Micros(each.created_at + _DECIDED_DAYS * DAY * SECOND)
        decision = due(result(stores, each), now=at)
        if decision is not None:
            state.decide_experiment(each.id, decision.winner, now=at, by=BY_RULE, why=decision.why)
        else:
            first = design_of(each).variants[0].name
            why = f"no winner after {_DECIDED_DAYS} days, so {first} went on as before"
            state.decide_experiment(each.id, 0, now=at, by="demo", why=why)
