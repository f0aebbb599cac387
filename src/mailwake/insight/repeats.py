"""How people came back to mail: on other days, after weeks, with other devices; of one campaign or of all mail."""

from __future__ import annotations

from dataclasses import dataclass

from mailwake.insight.stores import Stores
from mailwake.stats.rates import wilson_interval
from mailwake.store.state import Campaign

#: of fewer copies no share is told: an interval so wide says nothing. Judgement.
LEAST_COPIES = 20
_SHARES = ("several_days", "returned", "several_devices", "passed_on")


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """Copies of which something is so, of all that a person reacted to."""

    #: several_days, returned, several_devices or passed_on: a column of the question `repeats`
    name: str
    count: int
    #: 0-1, with Wilson's interval, 95 %
    rate: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Repeats:
    """What people came back to."""

    #: that a person most likely opened or clicked
    copies: int
    #: none where there are fewer than `LEAST_COPIES`
    shares: tuple[Share, ...]


def repeats(stores: Stores, campaign: Campaign | None = None) -> Repeats:
    """Of one campaign; without one, of all mail."""
    ask = stores.events.ask
    rows = ask("repeats") if campaign is None else ask("campaign_repeats", campaign=campaign.id)
    copies = sum(row["copies"] for row in rows)
    if copies < LEAST_COPIES:
        return Repeats(copies=copies, shares=())
    counts = {name: sum(row[name] for row in rows) for name in _SHARES}
    return Repeats(copies=copies, shares=tuple(_share(name, count, copies) for name, count in counts.items()))


def _share(name: str, count: int, copies: int) -> Share:
    around = wilson_interval(count, copies)
    return Share(name=name, count=count, rate=count / copies, low=around.low, high=around.high)
