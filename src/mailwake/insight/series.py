"""Counts over time, in steps that suit the span and start where the viewer's day starts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from mailwake.events import SECOND
from mailwake.insight.tally import Reaction, reaction

#: minutes, hours, days, weeks: steps a reader can name
STEPS_SECONDS = (60, 300, 900, 3_600, 10_800, 21_600, 86_400, 604_800)
#: a week of hours; with more columns than this a chart cannot be read on a phone
MAX_POINTS = 180

MINUTE, QUARTER, HOUR, DAY, WEEK = 60, 900, 3_600, 86_400, 604_800


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """One step of a series."""

    #: when the step starts, UTC
    start: datetime
    #: deliveries opened for the first time in this step, in the judgement that holds for the whole delivery
    opened: Reaction
    #: the same for clicks
    clicked: Reaction


@dataclass(frozen=True, kw_only=True, slots=True)
class Series:
    """A campaign's reactions over time."""

    #: nominal length of a step; a day with a clock change has 23 or 25 hours
    step_seconds: int
    #: IANA name of the zone whose hours and days the steps follow
    timezone: str
    #: without gaps, oldest first
    points: tuple[Point, ...]


#: (start of a fine step in seconds since 1970, "opened" or "clicked", "human", "possible" or "machine") to deliveries
Fine = Mapping[tuple[int, str, str], int]


def choose_step(first_at: int, last_at: int) -> int:
    """The shortest step that covers a span with at most `MAX_POINTS` points.

    Args:
        first_at: microseconds since 1970.
        last_at: the same, not before `first_at`.
    """
    span = (last_at - first_at) // SECOND
    return next((step for step in STEPS_SECONDS if span < step * (MAX_POINTS - 1)), STEPS_SECONDS[-1])


def fine_step(step: int, zone: ZoneInfo, at: int) -> int:
    """The step to ask the store for, which counts from 1970 in UTC, so that `fold` can make local steps of it.

    Args:
        step: seconds, from `choose_step`.
        zone: the viewer's zone; some differ from UTC by quarters of an hour.
        at: microseconds since 1970, somewhere in the span.
    """
    offset = datetime.fromtimestamp(at / SECOND, zone).utcoffset() or timedelta()
    whole_hours = offset % timedelta(hours=1) == timedelta()
    return min(step, HOUR if whole_hours else QUARTER)


def floor(seconds: int, step: int, zone: ZoneInfo) -> int:
    """Start of the step that a moment lies in, by the zone's clock; weeks start on Monday."""
    local = datetime.fromtimestamp(seconds, zone)
    offset = int((local.utcoffset() or timedelta()).total_seconds())
    if step <= HOUR:
        return seconds - (seconds + offset) % step
    midnight = local.replace(hour=0, minute=0, second=0, fold=0)
    if step == WEEK:
        midnight -= timedelta(days=local.weekday())
    elif step < DAY:
        midnight = midnight.replace(hour=local.hour - local.hour % (step // HOUR))
    return int(midnight.timestamp())


def fold(fine: Fine, *, first_at: int, last_at: int, step: int, zone: ZoneInfo) -> Series:
    """A series without gaps from the store's fine steps.

    Args:
        fine: what was counted.
        first_at: microseconds since 1970; the series starts with the step that holds it.
        last_at: the same for its end.
        step: seconds.
        zone: whose hours and days to follow.
    """
    counts: dict[int, dict[tuple[str, str], int]] = {
        start: {} for start in _starts(first_at // SECOND, last_at // SECOND, step, zone)
    }
    for (at, kind, who), number in fine.items():
        into = counts.setdefault(floor(at, step, zone), {})
        into[kind, who] = into.get((kind, who), 0) + number
    points = tuple(
        Point(
            start=datetime.fromtimestamp(start, UTC),
            opened=_reaction(counted, "opened"),
            clicked=_reaction(counted, "clicked"),
        )
        for start, counted in sorted(counts.items())
    )
    return Series(step_seconds=step, timezone=zone.key, points=points)


def _starts(first: int, last: int, step: int, zone: ZoneInfo) -> Iterable[int]:
    # Where the clock is put forward, by two hours at most (Troll) or by half of one (Lord Howe), a step is shorter.
    stride = max(min(step, HOUR // 2), min(step - 2 * HOUR, DAY // 2))
    return sorted({floor(at, step, zone) for at in (*range(first, last, stride), last)})


def _reaction(counted: Mapping[tuple[str, str], int], kind: str) -> Reaction:
    return reaction(**{who: counted.get((kind, who), 0) for who in ("human", "possible", "machine")})
