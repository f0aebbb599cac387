"""How fast a campaign's opens and clicks come: at equal age, until half of them are there, and what the end will be.

Every copy is watched from when it was sent. What is told for an age rests on copies that are that old, so campaigns
of different age can be compared, and the youngest copies make no rate look low.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import msgspec

from mailwake.errors import NotEnoughData
from mailwake.events import SECOND, CampaignId, Micros
from mailwake.insight.report import Row
from mailwake.insight.stores import Stores, moment
from mailwake.language import say
from mailwake.stats import forecast as forecasting
from mailwake.stats.forecast import Shape, usual
from mailwake.stats.survival import Watched, kaplan_meier
from mailwake.stats.uncertain import Expected, rate_interval
from mailwake.store.state import Campaign

HOUR, DAY = 3_600, 86_400
#: Seconds after sending at which campaigns are compared.
CHECKPOINTS = (HOUR, DAY, 3 * DAY, 7 * DAY)
#: Seconds; the final figures are those of copies this old.
HORIZON = 30 * DAY
#: A campaign whose youngest copy is this old tells when people respond.
_TELLING = 7 * DAY
#: Earlier campaigns of the same stream that a forecast rests on.
_EARLIER = 5
#: Groups by the time of sending, and points of a curve, at most.
_GROUPS, _POINTS = 100, 120
_QUARTER = 900
#: What a base is made of, by the kind of reaction.
BASES = {"opened": "delivered with a pixel", "clicked": "delivered with tracked links"}


@dataclass(frozen=True, kw_only=True, slots=True)
class AtAge:
    """What people had done when copies were so old."""

    #: seconds after sending
    age: int
    #: expected number of copies
    count: float
    #: copies that are so old
    base: int
    #: 0-1; None: cannot say
    rate: float | None
    #: lower end of the 95 % interval, 0-1: Wilson's, widened by doubt
    low: float | None
    #: upper end of it, 0-1
    high: float | None
    cannot_say: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Ending:
    """What the figure will be in the end."""

    #: age of copies at the end, seconds
    age: int
    #: copies that people will have reacted to
    count: float | None
    #: 0-1; None: cannot say
    rate: float | None
    #: lower end of the interval, 0-1
    low: float | None
    #: upper end of it, 0-1
    high: float | None
    #: two-sided coverage of the interval, 0-1
    confidence: float
    #: earlier campaigns of the same stream that it rests on
    earlier: int
    cannot_say: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """How opens, or clicks, by people came in."""

    #: opened or clicked
    kind: str
    #: copies
    base: int
    base_name: str
    checkpoints: tuple[AtAge, ...]
    #: share of copies by age, with the interval at each age; empty: nobody reacted
    curve: tuple[AtAge, ...]
    #: seconds until half of those who reacted so far had done so; None: nobody did
    half_life: float | None
    ending: Ending


@dataclass(frozen=True, kw_only=True, slots=True)
class CampaignPace:
    """How fast a campaign's reactions come."""

    id: str
    name: str
    #: first copy sent, UTC; None: none yet
    sent_from: datetime | None
    #: up to when events are part of this, UTC
    fresh_at: datetime | None
    opened: Pace
    clicked: Pace


def to_json(answer: CampaignPace) -> bytes:
    """The answer as JSON, the same to the byte for everybody: one line."""
    return msgspec.json.encode(answer) + b"\n"


@dataclass(frozen=True, slots=True)
class Group:
    """Copies sent at about the same time that something happened to at about the same age."""

    #: seconds since 1970, the middle of the group
    sent_at: float
    #: seconds, the middle of the group; None: nothing happened
    age: float | None
    copies: int
    #: of them, by people
    expected: Expected


def pace(stores: Stores, campaign: Campaign, *, now: Micros) -> CampaignPace:
    """How fast one campaign's reactions come.

    Args:
        stores: where to look.
        campaign: which.
        now: microseconds since 1970; copies are as old as that says.
    """
    groups = groups_of(stores, campaign.id)
    span = stores.events.ask("span", campaign=campaign.id)[0]
    seconds = now / SECOND
    counts = stores.events.ask("campaign_counts", campaign=campaign.id)
    earlier = earlier_campaigns(stores, campaign, now=now)
    return CampaignPace(
        id=str(campaign.id),
        name=campaign.name,
        sent_from=moment(counts[0]["sent_from"]) if counts else None,
        fresh_at=moment(span["received_at"]),
        opened=_pace("opened", groups["opened"], seconds, _shapes(stores, earlier, "opened", seconds)),
        clicked=_pace("clicked", groups["clicked"], seconds, _shapes(stores, earlier, "clicked", seconds)),
    )


def checkpoints(stores: Stores, campaign: Campaign, *, now: Micros) -> dict[str, tuple[AtAge, ...]]:
    """Opened and clicked when copies were an hour, a day, three and seven days old; empty where nothing was sent."""
    found = groups_of(stores, campaign.id)
    return {kind: tuple(at_age(some, age, now / SECOND) for age in CHECKPOINTS) for kind, some in found.items() if some}


def groups_of(stores: Stores, campaign: CampaignId) -> dict[str, list[Group]]:
    """The copies of a campaign by kind of reaction, in groups short against what is told of them."""
    row = stores.events.ask("campaign_counts", campaign=campaign)
    found: dict[str, list[Group]] = {"opened": [], "clicked": []}
    if not row or row[0]["sent_from"] is None:
        return found
    long = max(1, (row[0]["sent_to"] - row[0]["sent_from"]) // SECOND // _GROUPS)
    steps = {"sent_seconds": max(60, long), "age_seconds": 60}
    for each in stores.events.ask("ages", campaign=campaign, **steps):
        found[each["type"]].append(_group(each, **steps))
    return found


def _group(row: Row, sent_seconds: int, age_seconds: int) -> Group:
    """The lengths are those of the question `ages`; all checkpoints lie between two groups."""
    step = row["age"] // age_seconds
    length = age_seconds * (1 if step < 360 else 10 if step < 4_320 else 60)
    return Group(
        row["sent_at"] + sent_seconds / 2,
        None if row["age"] < 0 else row["age"] + length / 2,
        row["copies"],
        Expected(mean=row["expected"] / 1e4, variance=row["doubt"] / 1e8),
    )


def sums(groups: Iterable[Group], age: int, now: float) -> tuple[Expected, int]:
    """What people had done when copies were so old, and how many copies are; younger copies are left out.

    Args:
        groups: of one campaign and kind.
        age: seconds.
        now: seconds since 1970.
    """
    mean = variance = 0.0
    base = 0
    for each in groups:  # thousands of them for each point of a curve
        if each.sent_at + age <= now:
            base += each.copies
            if each.age is not None and each.age <= age:
                mean += each.expected.mean
                variance += each.expected.variance
    return Expected(mean=mean, variance=variance), base


def at_age(groups: Iterable[Group], age: int, now: float) -> AtAge:
    """The same as a rate."""
    return _told(age, *sums(groups, age, now))


def _told(age: int, done: Expected, base: int) -> AtAge:
    try:
        interval = rate_interval(done, base)
    except NotEnoughData:
        said = say("cannot say: no copy is that old")
        return AtAge(age=age, count=0.0, base=0, rate=None, low=None, high=None, cannot_say=said)
    return AtAge(
        age=age, count=done.mean, base=base, rate=done.mean / base, low=interval.low, high=interval.high
    )  # fmt: skip


def _pace(kind: str, groups: Sequence[Group], now: float, shapes: Sequence[Shape]) -> Pace:
    watched = watch(groups, now)
    return Pace(
        kind=kind,
        base=sum(each.copies for each in groups),
        base_name=BASES[kind],
        checkpoints=tuple(at_age(groups, age, now) for age in CHECKPOINTS),
        curve=_curve(groups, now),
        half_life=_half_life(watched),
        ending=_ending(watched, sum(each.copies for each in groups), shapes),
    )


def watch(groups: Iterable[Group], now: float) -> list[Watched]:
    """Each copy from when it was sent: with the probability that a person reacted at some age, and else until now."""
    waiting: dict[float, float] = defaultdict(float)
    watched = []
    for each in groups:
        waiting[each.sent_at] += each.copies - each.expected.mean
        if each.age is not None and each.expected.mean > 0:
            watched.append(Watched(max(each.age, 1.0), True, each.expected.mean))
    watched += [Watched(max(now - sent_at, 1.0), False, left) for sent_at, left in waiting.items() if left > 1e-6]
    return watched


def _half_life(watched: Sequence[Watched]) -> float | None:
    try:
        return kaplan_meier(watched).responders_quantile(0.5)
    except NotEnoughData:
        return None


def _curve(groups: Sequence[Group], now: float) -> tuple[AtAge, ...]:
    """At ages that grow in equal ratios, until the oldest copy's; a campaign's first hour tells as much as its week."""
    ages = [each.age for each in groups if each.age is not None and each.expected.mean > 0]
    if not ages:
        return ()
    oldest = min(now - min(each.sent_at for each in groups), 2 * max(ages))
    ratio = max(oldest / 60, 2.0) ** (1 / (_POINTS - 1))
    steps = sorted({round(60 * ratio**number) for number in range(_POINTS)})
    most = sum(each.copies for each in groups)
    told = [at_age(groups, age, now) for age in steps]
    return tuple(each for each in told if 2 * each.base > most)  # the few oldest copies tell of themselves alone


def _ending(watched: Sequence[Watched], base: int, shapes: Sequence[Shape]) -> Ending:
    try:
        prior = usual(shapes) if len(shapes) > 1 else None
        found = forecasting.forecast(watched, horizon=HORIZON, shape=prior)
    except NotEnoughData as why:
        return Ending(
            age=HORIZON, count=None, rate=None, low=None, high=None, confidence=0.9, earlier=len(shapes),
            cannot_say=say("cannot say: %(why)s", why=why),
        )  # fmt: skip
    return Ending(
        age=HORIZON,
        count=found.mean,
        rate=found.mean / base,
        low=found.interval.low / base,
        high=found.interval.high / base,
        confidence=0.9,
        earlier=len(shapes) if prior else 0,
    )


def earlier_campaigns(stores: Stores, campaign: Campaign, *, now: Micros) -> list[CampaignId]:
    """Campaigns of the same stream, sent before this one and long enough ago to tell when people respond."""
    streams = {each.id: each.stream for each in stores.state.campaigns()}
    sent = {row["campaign"]: row for row in stores.events.ask("campaigns_counts") if row["sent_to"] is not None}
    before = sent[campaign.id]["sent_from"] if campaign.id in sent else now
    old = [
        (row["sent_to"], CampaignId(each))
        for each, row in sent.items()
        if streams.get(CampaignId(each)) == campaign.stream
        and row["sent_to"] < min(before, now - _TELLING * SECOND)
        and each != campaign.id
    ]
    return [each for _, each in sorted(old, reverse=True)[:_EARLIER]]


def _shapes(stores: Stores, earlier: Iterable[CampaignId], kind: str, now: float) -> list[Shape]:
    """When people responded to each of them, as far as they tell."""
    found = (_shape(_Told(groups_of(stores, each)[kind]), int(now) // DAY) for each in earlier)
    return [each for each in found if each is not None]


class _Told:
    """What a shape is told from, known again by its digest; thousands of groups are not kept for it."""

    __slots__ = ("_digest", "_groups")

    def __init__(self, groups: Sequence[Group]) -> None:
        self._digest, self._groups = hashlib.blake2b(msgspec.json.encode(groups), digest_size=16).digest(), groups

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Told) and self._digest == other._digest

    def __hash__(self) -> int:
        return hash(self._digest)

    def take(self) -> Sequence[Group]:
        """The groups, once."""
        groups, self._groups = self._groups, ()
        return groups


@lru_cache(maxsize=1_000)
def _shape(told: _Told, today: int) -> Shape | None:
    """Kept for a day: a campaign a week old hardly changes, and looking costs a tenth of a second."""
    try:
        return forecasting.forecast(watch(told.take(), today * DAY), horizon=HORIZON).shape
    except NotEnoughData:
        return None
