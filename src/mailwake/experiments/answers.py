"""What is told of experiments to programs, as JSON: the dashboard's API and the command line say the same."""

from __future__ import annotations

from datetime import datetime
from math import exp

import msgspec

from mailwake.events import Micros
from mailwake.experiments import wording
from mailwake.experiments.design import find
from mailwake.experiments.library import Finding
from mailwake.experiments.library import library as library_of
from mailwake.experiments.planning import Asked, plan
from mailwake.experiments.results import READINGS, Arm, Contrast, Result, result
from mailwake.insight.stores import Stores, moment


class VariantAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One variant."""

    name: str
    #: of the tested, as planned, 0-1
    share: float
    sent: int
    delivered: int
    #: copies whose recipients the measure can tell of
    base: int
    base_name: str
    #: of those, in how many a person did it: a sum of probabilities
    count: float
    rate: float | None
    low: float | None
    high: float | None
    cannot_say: str | None
    #: copies of the base by anybody, possibly people, likely people, people with 90 % certainty
    readings: dict[str, int]
    #: belief that its rate is the highest
    chance_best: float | None
    #: rate lost on average by taking it
    expected_loss: float | None


class ContrastAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The leader against another variant, at all looks together."""

    leader: str
    other: str
    #: in rates
    difference: float
    low: float | None
    high: float | None
    p_value: float | None
    standing: str | None
    sentence: str


class SplitAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Whether copies are split as planned."""

    where: str
    counts: tuple[int, ...]
    p_value: float | None
    holds: bool
    sentence: str


class ExperimentAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An experiment as it stands."""

    name: str
    #: id of the campaign
    campaign: str
    #: draft, running, blocked or decided
    state: str
    sentence: str
    metric: str
    label: str
    role: str
    #: that conversions are counted of; empty for other metrics
    goal: str
    about: str
    #: of the audience that is tested, 0-1
    share: float
    deadline_seconds: int
    otherwise: str
    created_at: datetime | None
    made_by: str
    sent_at: datetime | None
    deadline_at: datetime | None
    decided_at: datetime | None
    winner: str | None
    decided_by: str | None
    why: str | None
    leader: str | None
    variants: tuple[VariantAnswer, ...]
    contrasts: tuple[ContrastAnswer, ...]
    splits: tuple[SplitAnswer, ...]
    #: who would lead, by what counts as a person's
    leaders: dict[str, str | None]
    #: empty: whatever counts, the same leads
    flips: str
    #: last news that the stores have
    fresh_at: datetime | None


class FindingAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Experiments on one question."""

    about: str
    experiments: tuple[str, ...]
    #: second rate over first, average over experiments of the kind
    ratio: float | None
    low: float | None
    high: float | None
    #: standard deviation of true effects between experiments, of the logarithm
    between: float | None
    cannot_say: str | None


class AllAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """All experiments, newest first, and what they taught."""

    experiments: tuple[ExperimentAnswer, ...]
    library: tuple[FindingAnswer, ...]
    fresh_at: datetime | None


class PlanAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What an experiment takes; see `mailwake.experiments.planning.Plan`."""

    metric: str
    goal: str
    baseline: float
    prior_weight: float
    lift: float
    target: float
    variants: int
    each: int
    total: int
    each_at_one_look: int
    people: int | None
    share: float
    tested: int | None
    mailings: int | None
    per_day: int | None
    days: int | None
    least_difference: float | None


def everything(stores: Stores) -> AllAnswer:
    """All experiments with the library."""
    results, fresh = [result(stores, each) for each in stores.state.experiments()], _fresh(stores)
    return AllAnswer(
        experiments=tuple(told(each, fresh) for each in results),
        library=tuple(_finding(each) for each in library_of(results)),
        fresh_at=fresh,
    )


def one(stores: Stores, name: str) -> ExperimentAnswer:
    """The experiment of this name.

    Raises:
        NoSuchExperiment: there is none.
    """
    return told(result(stores, find(stores.state, name)), _fresh(stores))


def planned(stores: Stores, asked: Asked) -> PlanAnswer:
    """What it takes.

    Raises:
        BadInput: what was asked cannot be.
    """
    found = plan(stores, asked)
    return PlanAnswer(
        metric=asked.metric,
        goal=asked.goal,
        baseline=found.baseline,
        prior_weight=found.prior_weight,
        lift=asked.lift,
        target=found.target,
        variants=asked.variants,
        each=found.each,
        total=found.total,
        each_at_one_look=found.each_at_one_look,
        people=asked.people,
        share=asked.share,
        tested=found.tested,
        mailings=found.mailings,
        per_day=asked.per_day,
        days=found.days,
        least_difference=found.least,
    )


def told(found: Result, fresh_at: datetime | None = None) -> ExperimentAnswer:
    """One experiment."""
    kept, design = found.experiment, found.design
    names = [each.name for each in design.variants]
    deadline = None if found.first_at is None else Micros(found.first_at + design.deadline_seconds * 1_000_000)
    return ExperimentAnswer(
        name=kept.name,
        campaign=str(kept.campaign),
        state=_state(found),
        sentence=wording.state_words(found),
        metric=design.metric,
        label=design.measure.label,
        role=design.role,
        goal=design.goal,
        about=design.about,
        share=design.share,
        deadline_seconds=design.deadline_seconds,
        otherwise=design.otherwise,
        created_at=moment(kept.created_at),
        made_by=kept.made_by,
        sent_at=moment(found.first_at),
        deadline_at=moment(deadline),
        decided_at=moment(kept.decided_at),
        winner=None if kept.winner is None else names[kept.winner],
        decided_by=kept.decided_by,
        why=kept.why,
        leader=None if found.leader is None else names[found.leader],
        variants=tuple(_variant(each) for each in found.arms),
        contrasts=tuple(_contrast(found, each) for each in found.contrasts),
        splits=tuple(
            SplitAnswer(
                where=each.where,
                counts=each.counts,
                p_value=each.p_value,
                holds=each.holds,
                sentence=wording.split_words(found, each),
            )
            for each in found.splits
        ),
        leaders={
            name: None if leader is None else names[leader]
            for name, leader in zip(READINGS, found.leaders, strict=False)
        },
        flips=wording.flip_words(found),
        fresh_at=fresh_at,
    )


def to_json(answer: msgspec.Struct) -> bytes:
    """One line of JSON."""
    return msgspec.json.encode(answer) + b"\n"


def _fresh(stores: Stores) -> datetime | None:
    return moment(stores.events.ask("latest")[0]["received_at"])


def _state(found: Result) -> str:
    if found.experiment.decided_at is not None:
        return "decided"
    if found.sent is None:
        return "draft"
    return "blocked" if found.is_blocked else "running"


def _variant(arm: Arm) -> VariantAnswer:
    return VariantAnswer(
        name=arm.name,
        share=arm.share,
        sent=arm.sent,
        delivered=arm.delivered,
        base=arm.rate.base,
        base_name=arm.rate.base_name,
        count=arm.count.mean,
        rate=arm.rate.rate,
        low=arm.rate.low,
        high=arm.rate.high,
        cannot_say=arm.rate.cannot_say,
        readings=dict(zip(READINGS, arm.readings, strict=False)),
        chance_best=arm.best,
        expected_loss=arm.loss,
    )


def _contrast(found: Result, contrast: Contrast) -> ContrastAnswer:
    return ContrastAnswer(
        leader=found.arms[contrast.leader].name,
        other=found.arms[contrast.other].name,
        difference=contrast.value,
        low=contrast.low,
        high=contrast.high,
        p_value=contrast.p_value,
        standing=contrast.standing,
        sentence=wording.contrast_words(found, contrast),
    )


def _finding(found: Finding) -> FindingAnswer:
    effect = found.effect
    return FindingAnswer(
        about=found.about,
        experiments=found.experiments,
        ratio=None if effect is None else exp(effect.mean),
        low=None if effect is None else exp(effect.interval.low),
        high=None if effect is None else exp(effect.interval.high),
        between=None if effect is None else effect.between,
        cannot_say=found.cannot_say,
    )
