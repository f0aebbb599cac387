"""What a campaign added: people it was sent to, against people it was kept from by lot.

Only what a shop's server tells with an address or a handle counts, for both sides alike: who got no mail can hand back
no reference. People are counted where they were put, whatever became of their copy.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from mailwake.earnings.answers import GroupAnswer, LiftAnswer, MoneyLift
from mailwake.earnings.reached import DAY, Row
from mailwake.errors import NotEnoughData
from mailwake.events import CampaignId, Handle, Micros
from mailwake.goals.claims import read_line
from mailwake.insight.stores import Stores
from mailwake.language import say
from mailwake.stats.difference import difference
from mailwake.stats.means import amounts, mean_difference
from mailwake.stats.uncertain import Expected
from mailwake.store.state import Axis, Goal


def lift(stores: Stores, campaign: CampaignId, goal: Goal, *, now: Micros) -> LiftAnswer:
    """How much more often people reach a goal who were sent a campaign; why not, where that cannot be said."""
    held, gone = _held(stores, campaign)
    if not held:
        return LiftAnswer(
            cannot_say=say("cannot say: nobody was held out; send with --holdout 10 to find out next time")
        )
    window = goal.window_days * DAY
    base = stores.events.ask("lift_mailed", campaign=campaign, gone=",".join(map(str, sorted(gone))))[0]
    rows = stores.events.ask("lift_reached", campaign=campaign, goal=goal.name, window=window)
    mailed = _people(row for row in rows if row["recipient"] not in gone)
    rows = stores.events.ask("conversions", goal=goal.name, since=min(held.values()), until=now)
    without = _people(_of_held(rows, held, window))
    one, other = _group(len(held), len(without)), _group(int(base["people"]), len(mailed))
    try:
        told = difference(Expected(mean=one.reached), one.people, Expected(mean=other.reached), other.people)
    except NotEnoughData:
        return LiftAnswer(
            held=one, mailed=other, cannot_say=say("cannot say: the campaign was sent to nobody who may be told of")
        )
    return LiftAnswer(
        held=one,
        mailed=other,
        difference=told.value,
        low=told.interval.low,
        high=told.interval.high,
        standing=str(told.standing),
        extra=told.value * other.people,
        extra_low=told.interval.low * other.people,
        extra_high=told.interval.high * other.people,
        is_open=now < max(*held.values(), base["sent_to"] or 0) + window,
        money=_money(without, one.people, mailed, other.people),
    )


def _held(stores: Stores, campaign: CampaignId) -> tuple[dict[Handle, Micros], frozenset[Handle]]:
    """Whom the campaign was kept from, since when, and who withdrew since.

    What people did who withdrew is not known any more, so that they leave both sides.
    """
    drawn = {who: at for who, (at, may_tell) in stores.state.holdouts(campaign).items() if may_tell}
    gone = stores.state.refusing(Axis.CLICKS, since=_began(stores, campaign, drawn)) if drawn else frozenset[Handle]()
    return {who: at for who, at in drawn.items() if who not in gone}, gone


def _began(stores: Stores, campaign: CampaignId, drawn: Mapping[Handle, Micros]) -> Micros:
    rows = stores.events.ask("campaign_counts", campaign=campaign)
    return Micros(min([*drawn.values(), *(row["sent_from"] for row in rows if row["sent_from"] is not None)]))


def _group(people: int, reached: int) -> GroupAnswer:
    return GroupAnswer(people=people, reached=reached, share=reached / people if people else None)


def _of_held(rows: Iterable[Row], held: Mapping[Handle, Micros], window: int) -> list[Row]:
    return [
        row
        for row in rows
        if row["source"] == "api"
        and row["delivery"] is None
        and row["recipient"] in held
        and 0 <= row["happened_at"] - held[Handle(row["recipient"])] < window
    ]


def _people(rows: Iterable[Row]) -> dict[Handle, Counter[str]]:
    """Who reached it, and what they spent in each currency."""
    found: dict[Handle, Counter[str]] = {}
    for row in rows:
        claim = read_line(row["reason"])
        if claim is not None:
            found.setdefault(Handle(row["recipient"]), Counter())[claim.currency] += claim.value or 0
    return found


def _money(
    without: Mapping[Handle, Counter[str]], held: int, mailed: Mapping[Handle, Counter[str]], sent: int
) -> tuple[MoneyLift, ...]:
    currencies = sorted({code for each in (*without.values(), *mailed.values()) for code in each if code})
    found = []
    for code in currencies:
        first, second = ([each[code] for each in group.values() if each[code]] for group in (without, mailed))
        told = mean_difference(amounts(held, first), amounts(sent, second))
        found.append(MoneyLift(currency=code, value=told.value, low=told.low, high=told.high))
    return tuple(found)
