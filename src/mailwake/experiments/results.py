"""What came of an experiment so far, said so that looking again and again makes no false winner.

Only copies of the tested are compared: they went out at random and together. What the rest got later is in templates of
its own and counts in the campaign alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any

from mailwake.errors import NotEnoughData
from mailwake.events import Micros
from mailwake.experiments.converted import converted
from mailwake.experiments.design import CONVERSIONS, Design, Sent, design_of, sent_of
from mailwake.insight import tally
from mailwake.insight.metrics import Rate, rate, told
from mailwake.insight.stores import Stores
from mailwake.language import say
from mailwake.stats.difference import Standing
from mailwake.stats.shrinkage import Prior
from mailwake.stats.uncertain import Expected, discounted
from mailwake.store.state import Experiment
from mailwake.trials.bestarm import chances
from mailwake.trials.multiple import with_the_best
from mailwake.trials.ratio_check import ALARM, split_anytime_p
from mailwake.trials.sequential import LEAST_EACH, ripened, watch

#: Other ways to tell people from machines, by what they count as a person's; each is tried on the same copies.
READINGS = ("anybody", "possible", "likely", "sure")


@dataclass(frozen=True, kw_only=True, slots=True)
class Arm:
    """One variant."""

    number: int
    name: str
    #: of the tested, as planned
    share: float
    sent: int
    delivered: int
    #: by the deciding measure
    rate: Rate
    #: the count of it
    count: Expected
    #: copies with a reaction by each of `READINGS`; none where machines cannot do it
    readings: tuple[int, ...]
    #: that its rate is the highest, as a belief; None: cannot say
    best: float | None = None
    #: how much lower than the highest its rate is, on average over what is believed
    loss: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Contrast:
    """How the leader stands to one other variant, at all looks together."""

    leader: int
    other: int
    #: the leader's rate less the other's
    value: float
    #: of the interval that holds at all looks; None: cannot say
    low: float | None
    high: float | None
    #: times the number of comparisons with the best
    p_value: float | None
    standing: Standing | None
    cannot_say: str | None = None

    @property
    def is_won(self) -> bool:
        """The leader is better, and one may say so."""
        return self.standing is Standing.HIGHER


@dataclass(frozen=True, kw_only=True, slots=True)
class Split:
    """Whether the copies are split as planned; if not, their parts cannot be compared."""

    #: sent, or the base of the measure
    where: str
    counts: tuple[int, ...]
    #: may be looked at all the time; None: there is nothing yet
    p_value: float | None

    @property
    def holds(self) -> bool:
        """The split is as planned as far as one can tell."""
        return self.p_value is None or self.p_value >= ALARM


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """An experiment as it stands."""

    experiment: Experiment
    design: Design
    sent: Sent | None
    #: when the first tested copy was sent
    first_at: Micros | None
    arms: tuple[Arm, ...]
    #: number of the arm with the highest rate; None: no rate yet
    leader: int | None
    contrasts: tuple[Contrast, ...]
    splits: tuple[Split, ...]
    #: who would lead by each of `READINGS`; None: nobody alone; empty where machines cannot do it
    leaders: tuple[int | None, ...]

    @property
    def is_blocked(self) -> bool:
        """The split is broken: nothing may be concluded."""
        return not all(each.holds for each in self.splits)

    @property
    def winner(self) -> int | None:
        """The variant that is better than all others at all looks together; None: none is, or nobody may say."""
        if self.is_blocked or not self.contrasts or not all(each.is_won for each in self.contrasts):
            return None
        return self.leader

    @property
    def flips(self) -> tuple[str, ...]:
        """Ways to tell machines by which another variant would lead."""
        if self.leader is None:
            return ()
        told = dict(zip(READINGS, self.leaders, strict=False))
        return tuple(name for name, leader in told.items() if leader is not None and leader != self.leader)


def result(stores: Stores, experiment: Experiment) -> Result:
    """What came of it so far."""
    design, sent = design_of(experiment), sent_of(experiment)
    rows: dict[int, Any] = {}
    if sent is not None:
        asked = stores.events.ask("variants_counts", campaign=experiment.campaign, role=design.role)
        rows = {row["template"]: row for row in asked}
    templates: Sequence[int] = sent.templates if sent else [0] * len(design.variants)
    found = [rows.get(template) for template in templates]
    if design.metric == CONVERSIONS:
        copies = converted(stores, design.goal, templates, since=Micros(0) if sent is None else sent.at)
        plain = [_earning(design, number, row, copies) for number, row in enumerate(found)]
    else:
        plain = [_arm(design, number, row) for number, row in enumerate(found)]
    arms = _believed(design, plain)
    first = [row["sent_from"] for row in found if row is not None and row["sent_from"] is not None]
    rated = [each for each in arms if each.rate.rate is not None]
    leader = max(rated, key=lambda each: each.rate.rate or 0.0) if len(rated) == len(arms) else None
    return Result(
        experiment=experiment,
        design=design,
        sent=sent,
        first_at=Micros(min(first)) if first else None,
        arms=arms,
        leader=None if leader is None else leader.number,
        contrasts=() if leader is None or sent is None else _contrasts(arms, leader, design, sent.planned),
        splits=_splits(arms),
        leaders=tuple(
            _leader([(each.readings[n], each.rate.base) for each in arms]) for n in range(len(arms[0].readings))
        ),
    )


def _arm(design: Design, number: int, row: Any) -> Arm:  # noqa: ANN401 - a row of the event store, or None
    counts = tally.Tally() if row is None else tally.read(row)
    verb = "opened" if design.measure.count.startswith("opened") else "clicked"
    seen = attrgetter(f"{verb}_in_base")(counts)
    sure = 0 if row is None else row[f"{verb}_sure_in_base"] or 0
    return Arm(
        number=number,
        name=design.variants[number].name,
        share=_share(design, number),
        sent=counts.sent,
        delivered=counts.delivered,
        rate=rate(design.measure, counts),
        count=attrgetter(design.measure.count)(counts),
        readings=(seen.raw, seen.human + seen.possible, seen.human, sure),
    )


def _earning(design: Design, number: int, row: Any, copies: Mapping[int, int] | None) -> Arm:  # noqa: ANN401 - as above
    """A variant by the copies that led to the goal; None: there is no such goal any more."""
    counts = tally.Tally() if row is None else tally.read(row)
    count = 0 if row is None or copies is None else copies[row["template"]]
    rated = told(design.measure, count, counts.clicks_trackable)
    if copies is None:
        gone = f"cannot say: there is no goal {design.goal!r} any more; make one of this name, and it counts again"
        rated = replace(rated, rate=None, low=None, high=None, cannot_say=gone)
    return Arm(
        number=number,
        name=design.variants[number].name,
        share=_share(design, number),
        sent=counts.sent,
        delivered=counts.delivered,
        rate=rated,
        count=Expected(mean=count),
        readings=(),
    )


def _share(design: Design, number: int) -> float:
    weights = [each.weight for each in design.variants]
    return weights[number] / sum(weights)


def _believed(design: Design, arms: Sequence[Arm]) -> tuple[Arm, ...]:
    """The arms with the second reading, as soon as each has a copy that counts."""
    if not all(each.rate.rate is not None for each in arms):
        return tuple(arms)
    weight = design.prior_weight
    prior = Prior(a=max(design.baseline * weight, 1e-3), b=max((1 - design.baseline) * weight, 1e-3))
    beliefs = []
    for each in arms:
        done, trials = discounted(each.count, each.rate.base)
        beliefs.append(Prior(a=prior.a + done, b=prior.b + trials - done))
    found = zip(arms, chances(beliefs), strict=True)
    return tuple(replace(arm, best=chance.best, loss=chance.loss) for arm, chance in found)


def _contrasts(arms: Sequence[Arm], leader: Arm, design: Design, planned: int) -> tuple[Contrast, ...]:
    pairs = with_the_best(len(arms))
    others = [each for each in arms if each.number != leader.number]
    return tuple(_contrast(leader, other, design, planned, pairs=pairs) for other in others)


def _contrast(leader: Arm, other: Arm, design: Design, planned: int, *, pairs: int) -> Contrast:
    """Each pair at its part of the error."""
    first, second = (other.count, other.rate.base), (leader.count, leader.rate.base)
    value = (leader.rate.rate or 0.0) - (other.rate.rate or 0.0)
    both = first[1] + second[1]
    pooled = (first[0].mean + second[0].mean) / both
    expected = max(2.0, planned * (leader.share + other.share))
    cannot_say = say(
        "cannot say: it takes %(least)s people on each side who did it, and as many who did not", least=LEAST_EACH
    )
    try:
        found = watch(
            first,
            second,
            tuned_at=ripened(expected, design.baseline),
            seen=ripened(both, pooled) if 0 < pooled < 1 else None,
            alpha=design.alpha / pairs,
        )
    except (NotEnoughData, ValueError):
        return Contrast(
            leader=leader.number,
            other=other.number,
            value=value,
            low=None,
            high=None,
            p_value=None,
            standing=None,
            cannot_say=cannot_say,
        )
    return Contrast(
        leader=leader.number,
        other=other.number,
        value=found.value,
        low=found.interval.low,
        high=found.interval.high,
        p_value=min(1.0, found.p_value * pairs),
        standing=found.standing,
    )


def _splits(arms: Sequence[Arm]) -> tuple[Split, ...]:
    shares = [each.share for each in arms]
    found = []
    for where, counts in (
        ("sent", tuple(each.sent for each in arms)),
        (arms[0].rate.base_name, tuple(each.rate.base for each in arms)),
    ):
        p_value = split_anytime_p(counts, shares) if sum(counts) else None
        found.append(Split(where=where, counts=counts, p_value=p_value))
    return tuple(found)


def _leader(counts: Sequence[tuple[int, int]]) -> int | None:
    """Who has the highest rate, if one alone has it."""
    rates = [done / base if base else -1.0 for done, base in counts]
    best = max(rates)
    return rates.index(best) if best > 0 and rates.count(best) == 1 else None
