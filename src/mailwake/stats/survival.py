"""How long until it first happens, where for many it has not happened yet and for some it never will.

What is not over is not left out and not taken for never: a unit counts for as long as it was watched.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import exp, log, sqrt
from typing import NamedTuple

from mailwake.errors import NotEnoughData
from mailwake.stats.rates import Interval
from mailwake.stats.uncertain import critical

#: Survival within so much of a share has reached it; as R's `survival` does.
_SAME = 1.5e-8


class Watched(NamedTuple):
    """A unit, or several alike."""

    #: until it happened, or until nobody watched any more; 0 or more, in any one unit
    time: float
    happened: bool
    #: how many units, or with what probability it is one; above 0
    weight: float = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """A time at which it happened."""

    #: in the unit that went in
    time: float
    #: units watched just before
    at_risk: float
    #: units to which it happened
    happened: float
    #: share to which it has not happened by then, 0-1
    waiting: float
    #: of `waiting`
    interval: Interval


@dataclass(frozen=True, kw_only=True, slots=True)
class Curve:
    """The share to which it has not happened yet, over time."""

    #: by time; at least one
    steps: tuple[Step, ...]

    @property
    def reached(self) -> float:
        """Share to which it has happened at the last step, 0-1: as much as can be said without a model."""
        return 1 - self.steps[-1].waiting

    def quantile(self, share: float) -> float | None:
        """The time by which it has happened to a share of all; None: it has not.

        Raises:
            ValueError: the share is not between 0 and 1.

        Source: as R `survival`: halfway, where the curve is flat at the share.
        """
        if not 0 < share < 1:
            raise ValueError(f"a share of {share} is not between 0 and 1")
        return _crossing([(step.time, step.waiting) for step in self.steps], 1 - share)

    def quantile_interval(self, share: float) -> tuple[float | None, float | None]:
        """Both ends of the time by which it has happened to a share; None: open on that side.

        Source: Brookmeyer and Crowley 1982, Biometrics 38, 29-41.
        """
        low = _crossing([(step.time, step.interval.low) for step in self.steps], 1 - share)
        return low, _crossing([(step.time, step.interval.high) for step in self.steps], 1 - share)

    def responders_quantile(self, share: float, *, final: float | None = None) -> float | None:
        """The time by which a share of those to whom it happens at all have it behind them; for 0.5 the half-life.

        Args:
            share: between 0 and 1.
            final: share of all to whom it will happen, for example of a forecast; None: of those until the last step.

        Returns:
            None: not so many yet.

        Raises:
            ValueError: a share cannot be.
        """
        return self.quantile(share * (self.reached if final is None else final))


def kaplan_meier(units: Iterable[Watched], *, confidence: float = 0.95) -> Curve:
    """The share to which it has not happened yet, over time, with an interval at each step.

    Args:
        units: watched independently of what happens to them.
        confidence: two-sided coverage at each time by itself, between 0 and 1.

    Raises:
        NotEnoughData: it happened to none.
        ValueError: a time, a weight or the confidence cannot be.

    Source: Kaplan and Meier 1958, JASA 53, 457-481; variance of Greenwood 1926; interval on the scale of log(-log),
    Kalbfleisch and Prentice 1980, section 1.3.
    """
    z = critical(confidence)
    waiting, greenwood = 1.0, 0.0
    steps: list[Step] = []
    for time, at_risk, happened in _table(units):
        waiting *= max(0.0, 1 - happened / at_risk)
        rest = at_risk - happened
        if waiting < _SAME:
            waiting, interval = 0.0, Interval(low=0.0, high=0.0 if not steps else steps[-1].interval.high)
        else:
            greenwood += happened / (at_risk * rest)
            reach = z * sqrt(greenwood) / -log(waiting)
            interval = Interval(low=waiting ** exp(reach), high=waiting ** exp(-reach))
        steps.append(Step(time=time, at_risk=at_risk, happened=happened, waiting=waiting, interval=interval))
    if not steps:
        raise NotEnoughData("it has happened to nobody yet")
    return Curve(steps=tuple(steps))


class _Risk:
    """How many are watched, at times that only go up."""

    def __init__(self, units: Iterable[Watched]) -> None:
        self._ends = sorted(((each.time, each.weight) for each in units), reverse=True)
        self._left = sum(weight for _, weight in self._ends)

    def at(self, time: float) -> float:
        while self._ends and self._ends[-1][0] < time:
            self._left -= self._ends.pop()[1]
        return max(0.0, self._left)


def _table(units: Iterable[Watched]) -> list[tuple[float, float, float]]:
    """(time, watched just before, happened) for every time at which it happened."""
    every = list(units)
    if any(not (each.time >= 0 and each.weight > 0) for each in every):
        raise ValueError("nobody is watched for less than no time, nor counts for nothing")
    happened: dict[float, float] = {}
    for each in every:
        if each.happened:
            happened[each.time] = happened.get(each.time, 0.0) + each.weight
    risk = _Risk(every)
    return [(time, max(risk.at(time), happened[time]), happened[time]) for time in sorted(happened)]


def _crossing(heights: Sequence[tuple[float, float]], level: float) -> float | None:
    for number, (time, height) in enumerate(heights):
        if abs(height - level) < _SAME and number + 1 < len(heights):
            return (time + heights[number + 1][0]) / 2
        if height < level + _SAME:
            return time
    return None
