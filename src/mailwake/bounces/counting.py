"""When counted refusals make an address dead, when many at once are an outage, and when somebody has to know.

Pure: the numbers are in ``thresholds.toml``, what was counted comes from the caller.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, NamedTuple

from mailwake.events import SECOND, Micros

HOUR, DAY = 3_600 * SECOND, 86_400 * SECOND


class Strike(NamedTuple):
    """One refusal that counts against an address."""

    at: Micros
    #: the cause, a word of ``rules.toml``
    category: str


class Reached(NamedTuple):
    """The count that makes an address dead."""

    #: name of the group
    group: str
    #: on which it was refused
    days: int
    first_at: Micros
    last_at: Micros


@dataclass(frozen=True, kw_only=True)
class Group:
    """Causes that are counted together."""

    categories: frozenset[str]
    #: days with a refusal that it takes
    count: int
    #: between the first and the last, at least
    span: Micros
    #: older ones no longer count
    within: Micros


class Thresholds:
    """The table, ready to be asked.

    Args:
        table: as in ``thresholds.toml``.

    Attributes:
        soft_expiry: how long a suppression by count holds.
        storm: the numbers of a storm.
        alarm: by category, refusals within an hour that open an incident.
        alarm_quiet: an incident of the sender's is over after so long without another refusal.
    """

    def __init__(self, table: Mapping[str, Any]) -> None:
        self._groups = {name: _group(entry) for name, entry in table["group"].items()}
        self._group_of = {each: name for name, group in self._groups.items() for each in group.categories}
        self.soft_expiry = Micros(table["expiry"]["soft_days"] * DAY)
        self.storm = Storm(**table["storm"])
        alarm = dict(table["alarm"])
        self.alarm_quiet = Micros(alarm.pop("quiet_minutes") * 60 * SECOND)
        self.alarm: dict[str, int] = alarm

    @classmethod
    def load(cls) -> Thresholds:
        """The table of the package."""
        return cls(tomllib.loads(files("mailwake.bounces").joinpath("thresholds.toml").read_text(encoding="utf-8")))

    def counted_with(self, category: str) -> frozenset[str]:
        """The causes that are counted together with one; empty for a cause that is not counted."""
        name = self._group_of.get(category)
        return frozenset() if name is None else self._groups[name].categories

    def reached(self, category: str, strikes: Iterable[Strike], *, since: Micros | None = None) -> Reached | None:
        """Whether one refusal more makes the address dead.

        Args:
            category: of the latest.
            strikes: all refusals of the address, the latest among them, in any order.
            since: when mail last arrived for certain; earlier refusals no longer count.
        """
        name = self._group_of.get(category)
        if name is None:
            return None
        group = self._groups[name]
        mine = sorted(each.at for each in strikes if each.category in group.categories)
        mine = [at for at in mine if at > mine[-1] - group.within and (since is None or at > since)]
        days = {at // DAY for at in mine}
        if len(days) < group.count or mine[-1] - mine[0] < group.span:
            return None
        return Reached(name, len(days), mine[0], mine[-1])


@dataclass(frozen=True, kw_only=True)
class Storm:
    """When many dead addresses at once are the other side's outage."""

    #: addresses, so that a small list with a few dead ones is none
    least: int
    #: of the copies sent to that mail exchanger within a day, 0-1
    share: float
    #: in which they are counted
    minutes: int
    #: after which it is over, without another one
    quiet_minutes: int

    @property
    def window(self) -> Micros:
        """In which dead addresses are counted."""
        return Micros(self.minutes * 60 * SECOND)

    @property
    def quiet(self) -> Micros:
        """After which it is over."""
        return Micros(self.quiet_minutes * 60 * SECOND)

    def is_one(self, *, dead: int, sent: int) -> bool:
        """Whether so many dead addresses among so many copies are an outage.

        Args:
            dead: within `window`.
            sent: to the same mail exchanger within a day; 0 where that is not known.
        """
        return dead >= self.least and dead > self.share * sent


def _group(entry: Mapping[str, Any]) -> Group:
    return Group(
        categories=frozenset(entry["categories"]),
        count=entry["count"],
        span=Micros(entry["hours"] * HOUR),
        within=Micros(entry["days"] * DAY),
    )
