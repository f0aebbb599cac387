"""Before an experiment: how many people it takes, how long, and what the list at hand can find."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from operator import attrgetter

from mailwake.earnings import keeper as goals
from mailwake.errors import BadInput, NotEnoughData
from mailwake.experiments.converted import converted_by_campaign
from mailwake.experiments.design import CONVERSIONS, METRICS, MOST_VARIANTS
from mailwake.insight import tally
from mailwake.insight.metrics import metrics
from mailwake.insight.stores import Stores
from mailwake.stats.shrinkage import Prior, fit_prior
from mailwake.stats.uncertain import Expected, discounted
from mailwake.trials.multiple import with_the_best
from mailwake.trials.planner import always_valid_inflation, least_difference, units_each

#: A belief about the usual rate weighs at most so many copies: history is a hint. Source: docs/explain/experiments.md.
MOST_WEIGHT = 200.0
ALPHA, POWER = 0.05, 0.8


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What one wants to know."""

    metric: str = "human_click_rate__delivered_trackable"
    #: name of the goal that `CONVERSIONS` counts; empty for all other metrics
    goal: str = ""
    #: rate that is usual, 0 to 1; None: as in what was sent so far
    baseline: float | None = None
    #: smallest rise worth having, as a part of the baseline: 0.2 is from 2 % to 2.4 %
    lift: float = 0.2
    variants: int = 2
    #: people on the list; None: not known yet
    people: int | None = None
    #: of them, who are tested
    share: float = 1.0
    #: copies a day, for mail that goes out bit by bit; None: the whole list at once
    per_day: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What it takes."""

    asked: Asked
    #: rate that was reckoned with
    baseline: float
    #: how many copies of history stand behind it, at most `MOST_WEIGHT`; 1: it is an assumption
    prior_weight: float
    #: rate of a variant that is worth having
    target: float
    #: copies of each variant
    each: int
    #: of all variants
    total: int
    #: of each, if one looked once, at the end, and never before
    each_at_one_look: int
    #: people who are tested of the list; None: no list was named
    tested: int | None
    #: mailings to such a list that it takes
    mailings: int | None
    #: days until enough was sent
    days: int | None
    #: smallest rise in rates that the list can find; None: none, or no list was named
    least: float | None


def plan(stores: Stores, asked: Asked) -> Plan:
    """How many copies find the smallest rise worth having four times in five, with looks at any time.

    Raises:
        BadInput: what was asked cannot be, or there is no such goal.
    """
    _check(asked)
    if asked.goal:
        goals.find(stores.state, asked.goal)
    usual, weight = _usual(stores, asked)
    target = usual * (1 + asked.lift)
    if not 0 < target < 1:
        raise BadInput(f"a rate of {usual:.2%} cannot rise by {asked.lift:.0%}; take a smaller lift")
    alpha = ALPHA / with_the_best(asked.variants)
    times = always_valid_inflation(alpha=alpha, power=POWER)
    once = units_each(usual, target, alpha=alpha, power=POWER)
    each, tested = ceil(once * times), None if asked.people is None else int(asked.people * asked.share)
    least = None
    if tested:
        try:
            least = least_difference(usual, tested / asked.variants / times, alpha=alpha, power=POWER)
        except (NotEnoughData, ValueError, ZeroDivisionError):
            least = None
    total = each * asked.variants
    return Plan(
        asked=asked,
        baseline=usual,
        prior_weight=weight,
        target=target,
        each=each,
        total=total,
        each_at_one_look=ceil(once),
        tested=tested,
        mailings=ceil(total / tested) if tested else None,
        days=ceil(total / (asked.per_day * asked.share)) if asked.per_day else None,
        least=least,
    )


def _check(asked: Asked) -> None:
    if asked.metric not in METRICS:
        raise BadInput(f"{asked.metric!r} decides no experiment; {', '.join(METRICS)} can")
    if bool(asked.goal) != (asked.metric == CONVERSIONS):
        raise BadInput("conversions decide by one goal: name it with --goal; clicks and opens have none")
    if asked.baseline is not None and not 0 < asked.baseline < 1:
        raise BadInput("the usual rate is above 0 % and below 100 %")
    if not 0 < asked.lift <= 10:
        raise BadInput("the smallest rise worth having is above 0 % of the usual rate, such as 20")
    if not 2 <= asked.variants <= MOST_VARIANTS or not 0 < asked.share <= 1:
        raise BadInput(f"there are 2 to {MOST_VARIANTS} variants, tested on more than 0 % to 100 % of the list")
    if any(each is not None and each < 1 for each in (asked.people, asked.per_day)):
        raise BadInput("a list has people on it, and a day has copies")


def _usual(stores: Stores, asked: Asked) -> tuple[float, float]:
    """The rate that is usual, and how many copies stand behind it."""
    prior = history(stores, asked.metric, asked.goal)
    if asked.baseline is not None:
        return asked.baseline, 1.0
    if prior is None:
        return METRICS[asked.metric], 1.0
    weight = prior.a + prior.b
    return prior.a / weight, min(weight, MOST_WEIGHT)


def history(stores: Stores, metric: str, goal: str = "") -> Prior | None:
    """What is usual in the campaigns so far; None: nothing is known."""
    told, groups = metrics()[metric], []
    copies = converted_by_campaign(stores, goal) if metric == CONVERSIONS else {}
    if metric == CONVERSIONS and not copies:
        return None
    for row in stores.events.ask("campaigns_counts"):
        counts = tally.read(row)
        base = attrgetter(told.base)(counts)
        if base and metric == CONVERSIONS:
            groups.append(discounted(Expected(mean=min(base, copies.get(row["campaign"], 0))), base))
        elif base:
            groups.append(discounted(attrgetter(told.count)(counts), base))
    try:
        return fit_prior(groups)
    except NotEnoughData:
        return None
