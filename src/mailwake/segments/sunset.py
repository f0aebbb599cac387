"""What it would have spared and cost, had no more mail gone to people without a sign of life: told by history."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

from mailwake.errors import BadInput
from mailwake.events import Micros
from mailwake.insight.stores import Stores
from mailwake.segments.compiling import DAY
from mailwake.store.answers.sliding import Sliding

#: months that are looked at, and days of each
MONTHS, MONTH_DAYS = 12, 30
MAX_DAYS = 3_660
#: events whose people are gone through at once: each takes 20 to 29 bytes of memory, and 512 MB are there for all
_AT_ONCE = 8_000_000
_SUMS = ("copies", "spared", "clicked", "lost", "people", "left_out")


@dataclass(frozen=True, kw_only=True, slots=True)
class Month:
    """Thirty days, had the sunset held by then."""

    starts_at: Micros
    #: copies sent
    copies: int
    #: of these to people who would have been left out
    spared: int
    #: copies that a person probably clicked in
    clicked: int
    #: of these spared ones: clicks that would not have been
    lost: int
    #: who were sent a copy
    people: int
    #: of these left out
    left_out: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Sunset:
    """A simulation."""

    #: without a sign until somebody is left out
    days: int
    #: oldest first, those with mail alone
    months: tuple[Month, ...]

    @property
    def spared(self) -> int:
        """Copies not sent."""
        return sum(month.spared for month in self.months)

    @property
    def copies(self) -> int:
        """Copies sent."""
        return sum(month.copies for month in self.months)

    @property
    def lost(self) -> int:
        """Copies clicked in by a person that would not have been sent."""
        return sum(month.lost for month in self.months)

    @property
    def clicked(self) -> int:
        """Copies clicked in by a person."""
        return sum(month.clicked for month in self.months)

    @property
    def lost_per_month(self) -> float:
        """On average over the months with mail; 0 without any."""
        return self.lost / len(self.months) if self.months else 0.0

    @property
    def spared_per_month(self) -> float:
        """On average over the months with mail; 0 without any."""
        return self.spared / len(self.months) if self.months else 0.0


def sunset(stores: Stores, days: int, *, now: Micros) -> Sunset:
    """Go through the last year as if whoever had given no sign for so many days had got no more mail, then and later.

    A sign is an open or click that was probably a person's, an answer, a goal; where there never was one, time runs
    from the first mail that could have told of one. Who was left out stays out, though some would have come back by
    themselves: clicks lost are told rather too high than too low.

    Args:
        stores: where to look.
        days: 1 to `MAX_DAYS`.
        now: where the last month ends.

    Raises:
        BadInput: days are out of range.
    """
    if not 1 <= days <= MAX_DAYS:
        raise BadInput(f"a sunset is after 1 to {MAX_DAYS:,} days")
    months = [
        Month(starts_at=Micros(now - (period + 1) * MONTH_DAYS * DAY), **sums)
        for period, sums in sorted(_periods(stores, days, now).items(), reverse=True)
    ]
    return Sunset(days=days, months=tuple(months))


def _periods(stores: Stores, days: int, now: Micros) -> dict[int, Counter[str]]:
    """What each period before now adds up to, by its number."""
    parts = 1 + int(stores.events.ask("latest")[0]["event_count"]) // _AT_ONCE
    span = {"since": Sliding(now - MONTHS * MONTH_DAYS * DAY, "year"), "until": Sliding(now, "now")}
    periods: dict[int, Counter[str]] = defaultdict(Counter)
    for part in range(parts):
        for row in stores.events.ask("sunset", **span, gap=days * DAY, part=part, parts=parts):
            periods[row["period"]].update({name: int(row[name]) for name in _SUMS})
    return periods
