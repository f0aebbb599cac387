"""What a goal came to, and what a campaign earned of it, under the reader's choice of model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from mailwake.earnings.answers import (
    CampaignConversions,
    EarnedAnswer,
    GoalAnswer,
    GoalReport,
    LineAnswer,
    MoneyAnswer,
    PerDelivered,
)
from mailwake.earnings.credit import Model
from mailwake.earnings.keeper import find
from mailwake.earnings.ledger import Earned, Entry, added, entries, whole
from mailwake.earnings.lift import lift
from mailwake.earnings.reached import Reached, reached
from mailwake.errors import BadInput, NotEnoughData
from mailwake.events import Handle, Micros
from mailwake.goals.claims import AHEAD
from mailwake.insight import tally
from mailwake.insight.metrics import Rate, metrics, told
from mailwake.insight.stores import Stores, moment
from mailwake.segments import keeper as segments
from mailwake.stats.means import amounts, mean
from mailwake.store.state import Campaign, Goal

#: segments that are asked about; each is a question over all events
MOST_SEGMENTS = 20
_MONEY = "revenue_per_copy__delivered_trackable"


def model_named(text: str) -> Model:
    """A model of attribution; the last click where nothing is said.

    Raises:
        BadInput: there is none of this name.
    """
    try:
        return Model(text or Model.LAST)
    except ValueError:
        raise BadInput(f"there is no model {text[:20]!r}; choose last, first or linear") from None


def goals(stores: Stores, *, now: Micros) -> list[GoalAnswer]:
    """All goals with what they came to, by name."""
    return [_goal(goal, reached(stores, goal, until=_until(now))) for goal in stores.state.goals().values()]


def goal_report(stores: Stores, name: str, model: Model, *, with_segments: bool = False, now: Micros) -> GoalReport:
    """One goal, and which campaigns led to it; segments only where asked for, each is a question over all events.

    Raises:
        NoSuchGoal: there is none of this name.
    """
    goal = find(stores.state, name)
    every = reached(stores, goal, until=_until(now))
    parts = entries(every, model)
    names: dict[int, str] = {each.id: each.name for each in stores.state.campaigns()}
    by_campaign = added(parts, lambda each: each.place.campaign)
    return GoalReport(
        fresh_at=fresh_at(stores),
        goal=_goal(goal, every),
        model=model,
        campaigns=tuple(
            LineAnswer(id=str(id_), label=names.get(id_, f"campaign {id_}"), earned=_told(earned))
            for id_, earned in by_campaign.items()
        ),
        segments=_segments(stores, parts, now=now) if with_segments else None,
    )


def campaign_conversions(
    stores: Stores,
    campaign: Campaign,
    *,
    goal: str = "",
    model: Model = Model.LAST,
    with_segments: bool = False,
    now: Micros,
) -> CampaignConversions:
    """What one campaign earned of one goal.

    Args:
        stores: to ask.
        campaign: whose.
        goal: name of one; empty: the first by name.
        model: who gets the credit.
        with_segments: add up segments too; each is a question over all events.
        now: the time.

    Raises:
        NoSuchGoal: there is none of this name.
    """
    known = stores.state.goals()
    nothing = CampaignConversions(
        id=str(campaign.id), name=campaign.name, fresh_at=fresh_at(stores), goals=tuple(known), goal=None
    )
    if not known and not goal:
        return nothing
    wanted = find(stores.state, goal) if goal else next(iter(known.values()))
    counts = stores.events.ask("campaign_counts", campaign=campaign.id)
    since = Micros(counts[0]["sent_from"] or 0) if counts else Micros(0)
    every = reached(stores, wanted, since=since, until=_until(now))
    mine = [each for each in entries(every, model) if each.place.campaign == campaign.id]
    base = tally.read(counts[0]) if counts else tally.Tally()
    return CampaignConversions(
        id=nothing.id,
        name=nothing.name,
        fresh_at=nothing.fresh_at,
        goals=nothing.goals,
        goal=wanted.name,
        window_days=wanted.window_days,
        model=model,
        earned=_told(_sum(mine)),
        unclicked=_told(whole(each for each in every if not each.touches and each.mailed_by == campaign.id)),
        rates=_rates(mine, base),
        per_delivered=_per_delivered(mine, base.clicks_trackable),
        links=_links(stores, campaign, mine),
        variants=_variants(stores, campaign, mine),
        segments=_segments(stores, mine, now=now) if with_segments else None,
        lift=lift(stores, campaign.id, wanted, now=now),
    )


def _until(now: Micros) -> Micros:
    """A shop's clock may be ahead of ours, and what it told just now is to be seen."""
    return Micros(now + AHEAD)


def fresh_at(stores: Stores) -> datetime | None:
    """The last event that is part of any number here was received then, UTC; None: there is none."""
    return moment(stores.events.ask("latest")[0]["received_at"])


def _goal(goal: Goal, every: Sequence[Reached]) -> GoalAnswer:
    return GoalAnswer(
        name=goal.name,
        window_days=goal.window_days,
        value=None if goal.value is None else MoneyAnswer(currency=goal.currency, minor=goal.value),
        created_at=moment(goal.created_at),
        made_by=goal.made_by,
        total=_told(whole(every)),
        clicked=_told(whole(each for each in every if each.touches)),
        unclicked=_told(whole(each for each in every if not each.touches and each.mailed_by is not None)),
        by_picture=sum(each.is_picture for each in every),
    )


def _sum(parts: Iterable[Entry]) -> Earned:
    total = Earned()
    for each in parts:
        total.add(each.part, each.amount, each.currency, each.who)
    return total


def _told(earned: Earned) -> EarnedAnswer:
    money = tuple(MoneyAnswer(currency=code, minor=minor) for code, minor in sorted(earned.money.items()))
    return EarnedAnswer(conversions=float(earned.conversions), people=len(earned.people), money=money)


def _rates(mine: Sequence[Entry], base: tally.Tally) -> tuple[Rate, ...]:
    copies = len({each.place.delivery for each in mine})
    known = metrics()
    return (
        told(known["conversion_rate__delivered_trackable"], copies, base.clicks_trackable),
        told(known["conversion_rate__clicked_by_people"], copies, base.clicked.human),
    )


def _per_delivered(mine: Sequence[Entry], base: int) -> tuple[PerDelivered, ...]:
    """Per currency; a copy's several goals are one amount, because copies are what varies independently."""
    by_currency: dict[str, Counter[int]] = {}
    for each in mine:
        if each.amount is not None:
            by_currency.setdefault(each.currency, Counter())[each.place.delivery] += each.amount
    found = []
    for code, copies in sorted(by_currency.items()):
        try:
            per = mean(amounts(base, list(copies.values())))
        except (NotEnoughData, ValueError):  # more copies earned than are known as delivered: see the rates
            continue
        method = metrics()[_MONEY].interval
        found.append(
            PerDelivered(
                metric=_MONEY, currency=code, value=per.value, low=per.low, high=per.high, base=base, method=method
            )
        )
    return tuple(found)


def _links(stores: Stores, campaign: Campaign, mine: Sequence[Entry]) -> tuple[LineAnswer, ...]:
    labels: dict[tuple[int, int], str] = {}
    for template in stores.state.templates(campaign.id):
        for link in stores.state.template_links(template.id):
            labels[template.id, link.number] = link.label or link.href
    by_link = added(mine, lambda each: (each.place.template, each.place.link))
    return tuple(
        LineAnswer(id=f"{template}:{number}", label=labels.get((template, number), f"link {number}"), earned=_told(it))
        for (template, number), it in by_link.items()
    )


def _variants(stores: Stores, campaign: Campaign, mine: Sequence[Entry]) -> tuple[LineAnswer, ...]:
    subjects: Mapping[int, str] = {each.id: each.subject for each in stores.state.templates(campaign.id)}
    return tuple(
        LineAnswer(id=str(template), label=subjects.get(template) or f"template {template}", earned=_told(it))
        for template, it in added(mine, lambda each: each.place.template).items()
    )


def _segments(stores: Stores, parts: Sequence[Entry], *, now: Micros) -> tuple[LineAnswer, ...]:
    """People stand in as many segments as they fit, so these lines do not add up to the whole."""
    found: list[LineAnswer] = []
    for segment in stores.state.segments()[:MOST_SEGMENTS]:
        members: set[Handle] = set(segments.members(stores, segment, now=now))
        earned = _sum(each for each in parts if each.who in members)
        found.append(LineAnswer(id=segment.name, label=segment.name, earned=_told(earned)))
    return tuple(found)
