"""What is told of conversions to programs, as JSON: the dashboard's API and the command line say the same.

Amounts are whole minor units with their currency; means of them are numbers, because a mean of whole ones need not be.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from mailwake.insight.metrics import Rate


class MoneyAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An amount; of several currencies each has its own, and they are never added."""

    #: ISO 4217
    currency: str
    #: minor units: cents, yen, fils
    minor: int


class EarnedAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What something earned."""

    #: goals reached; where the credit is shared, a sum of shares
    conversions: float = 0.0
    #: who reached them, each once
    people: int = 0
    money: tuple[MoneyAnswer, ...] = ()


class LineAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A link, a variant, a campaign or a segment, and what it earned."""

    #: of a link: template and number, with a colon between
    id: str
    label: str
    earned: EarnedAnswer


class PerDelivered(msgspec.Struct, frozen=True, kw_only=True):
    """Money per delivered copy, in one currency."""

    metric: str
    currency: str
    #: minor units per copy
    value: float
    #: None: too few copies earned anything to say how sure it is
    low: float | None
    high: float | None
    base: int
    method: str


class GroupAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """People of one side of a holdout."""

    people: int
    #: of them: who reached the goal within its window
    reached: int
    #: 0-1; None: there is nobody
    share: float | None = None


class MoneyLift(msgspec.Struct, frozen=True, kw_only=True):
    """What each person mailed spent more than each held out, in minor units."""

    currency: str
    value: float
    #: None: too few spent anything to say how sure it is
    low: float | None
    high: float | None


class LiftAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a campaign added, against people it was kept from."""

    held: GroupAnswer | None = None
    mailed: GroupAnswer | None = None
    #: share of the mailed less share of the held, with both ends of its interval (Newcombe, 95 %)
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    #: higher, lower or not distinguishable
    standing: str = ""
    #: goals reached because of the campaign, with both ends
    extra: float | None = None
    extra_low: float | None = None
    extra_high: float | None = None
    #: more may come: the window is not over for everybody
    is_open: bool = False
    money: tuple[MoneyLift, ...] = ()
    #: why nothing can be said; None: something can
    cannot_say: str | None = None


class GoalAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A goal."""

    name: str
    window_days: int
    #: what one is worth where nobody says; None: nothing is said of money
    value: MoneyAnswer | None
    created_at: datetime | None
    made_by: str
    #: all that were reached
    total: EarnedAnswer
    #: of them: after a click of a person
    clicked: EarnedAnswer
    #: of the others: within the window after mail was delivered to them
    unclicked: EarnedAnswer
    #: told by pictures on pages
    by_picture: int


class GoalReport(msgspec.Struct, frozen=True, kw_only=True):
    """A goal, and which campaigns led to it."""

    fresh_at: datetime | None
    goal: GoalAnswer
    model: str
    campaigns: tuple[LineAnswer, ...]
    #: None: not asked for
    segments: tuple[LineAnswer, ...] | None


class CampaignConversions(msgspec.Struct, frozen=True, kw_only=True):
    """What one campaign earned of one goal."""

    id: str
    name: str
    fresh_at: datetime | None
    #: all goals there are
    goals: tuple[str, ...]
    #: None: there is no goal, and nothing below says anything
    goal: str | None
    window_days: int = 0
    model: str = ""
    earned: EarnedAnswer = EarnedAnswer()
    #: reached by people whom this campaign was the last to reach, without any click
    unclicked: EarnedAnswer = EarnedAnswer()
    rates: tuple[Rate, ...] = ()
    per_delivered: tuple[PerDelivered, ...] = ()
    links: tuple[LineAnswer, ...] = ()
    variants: tuple[LineAnswer, ...] = ()
    #: None: not asked for
    segments: tuple[LineAnswer, ...] | None = None
    lift: LiftAnswer = LiftAnswer()


def to_json(told: object) -> bytes:
    """As the API says it: one line."""
    return msgspec.json.encode(told) + b"\n"
