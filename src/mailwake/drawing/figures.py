"""Numbers and times as people read them. Templates get text, never numbers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from mailwake.insight.answers import Ruleset
from mailwake.language import forms, noted, say, several

#: keeps a number and its sign on one line
NBSP = "\N{NO-BREAK SPACE}"
CANNOT_SAY = noted("cannot say")


def count(number: int) -> str:
    """A count with thousands apart: 12,345."""
    return f"{number:,}"


def signed(number: float, digits: int) -> str:
    """A number with its sign, the minus as long as the plus: +1.3; so many digits after the point."""
    return f"{number:+.{digits}f}".replace("-", "\N{MINUS SIGN}")


def few(number: int | None) -> str:
    """A count that is left out where few people stand behind it."""
    return say("left out") if number is None else count(number)


def percent(rate: float | None) -> str:
    """A rate 0-1 as a percentage, with a second decimal below 1 % where one alone would hide the figure."""
    if rate is None:
        return say(CANNOT_SAY)
    return f"{_digits(rate)}{NBSP}%"


def whole_percent(rate: float | None) -> str:
    """A probability 0-1 to a whole per cent; it is never told to be certain."""
    if rate is None:
        return say(CANNOT_SAY)
    if rate > 0.99:
        return say("over %(percent)s", percent=f"99{NBSP}%")
    return say("under %(percent)s", percent=f"1{NBSP}%") if rate < 0.01 else f"{rate * 100:.0f}{NBSP}%"


def span(low: float | None, high: float | None) -> str:
    """Both ends of an interval, 0-1, as percentages; empty when there is none."""
    if low is None or high is None:
        return ""
    return f"{_digits(low)}–{_digits(high)}{NBSP}%"  # noqa: RUF001 - a range takes an en dash


def about(rate: float | None) -> str:
    """A rate 0-1 that is only an estimate: whole per cent from 10 % on."""
    return say(CANNOT_SAY) if rate is None else f"{_rough(rate)}{NBSP}%"


def about_span(low: float | None, high: float | None) -> str:
    """Both ends of an estimate's interval, 0-1; empty when there is none."""
    if low is None or high is None:
        return ""
    return f"{_rough(low)}–{_rough(high)}{NBSP}%"  # noqa: RUF001 - a range takes an en dash


def _rough(rate: float) -> str:
    return f"{rate * 100:.0f}" if rate >= 0.0995 else _digits(rate)


def _digits(rate: float) -> str:
    percentage = rate * 100
    if percentage in (0, 100):
        return f"{percentage:.0f}"
    return f"{percentage:.2f}" if percentage < 1 else f"{percentage:.1f}"


def moment(at: datetime, zone: ZoneInfo) -> str:
    """A time to the minute, on the viewer's clock; the zone stands elsewhere on the page."""
    local = at.astimezone(zone)
    return f"{local.day}{NBSP}{local:%b}{NBSP}{local.year}, {local:%H:%M}"


def day(at: datetime, zone: ZoneInfo) -> str:
    """A date on the viewer's clock."""
    local = at.astimezone(zone)
    return f"{local.day}{NBSP}{local:%b}{NBSP}{local.year}"


def clock(at: datetime, zone: ZoneInfo) -> str:
    """A time of day on the viewer's clock."""
    return f"{at.astimezone(zone):%H:%M}"


def tick(at: datetime, zone: ZoneInfo, *, with_day: bool) -> str:
    """A time under an axis: midnight is a day, everything else a time of day.

    Args:
        at: when.
        zone: the viewer's.
        with_day: say the day as well.
    """
    local = at.astimezone(zone)
    named = f"{local.day}{NBSP}{local:%b}"
    if local.hour == local.minute == 0:
        return named
    return f"{named},{NBSP}{local:%H:%M}" if with_day else f"{local:%H:%M}"


def zone_name(zone: ZoneInfo, at: datetime | None) -> str:
    """The zone as printed beside every chart: its name, and its distance from UTC at that time."""
    if zone.key == "UTC" or at is None:
        return zone.key
    offset = at.astimezone(zone).strftime("%z")
    return f"{zone.key} (UTC{offset[:3]}:{offset[3:5]})"


_STEPS = (
    (604_800, forms("week", "%(count)s weeks")),
    (86_400, forms("day", "%(count)s days")),
    (3_600, forms("hour", "%(count)s hours")),
    (60, forms("minute", "%(count)s minutes")),
)


def step(seconds: int) -> str:
    """The length of a step in words: "5 minutes", "hour"."""
    for size, words in _STEPS:
        if seconds >= size:
            return several(*words, seconds // size, count=seconds // size)
    return say("%(count)s seconds", count=seconds)


def size(number: int) -> str:
    """Bytes in the unit that leaves at most three digits before the point: 79.4 GB (powers of 1,000)."""
    amount, unit = float(number), "bytes"
    for larger in ("kB", "MB", "GB", "TB", "PB"):
        if amount < 999.5:
            break
        amount, unit = amount / 1_000, larger
    if unit == "bytes":
        return say("%(count)s\N{NO-BREAK SPACE}bytes", count=f"{amount:.0f}")
    return f"{amount:.0f}{NBSP}{unit}" if amount >= 99.95 else f"{amount:.1f}{NBSP}{unit}"


_UNITS = (
    (31_536_000, forms("%(count)s\N{NO-BREAK SPACE}year", "%(count)s\N{NO-BREAK SPACE}years")),
    (86_400, forms("%(count)s\N{NO-BREAK SPACE}day", "%(count)s\N{NO-BREAK SPACE}days")),
    (3_600, forms("%(count)s\N{NO-BREAK SPACE}hour", "%(count)s\N{NO-BREAK SPACE}hours")),
    (60, forms("%(count)s\N{NO-BREAK SPACE}minute", "%(count)s\N{NO-BREAK SPACE}minutes")),
)


def duration(seconds: float) -> str:
    """A span of time in its largest unit: 40 s, 12 minutes, 3 days."""
    for length, words in _UNITS:
        if seconds >= 2 * length or (length == 60 and seconds >= 90):
            return several(*words, max(2, round(seconds / length)), count=f"{seconds / length:.0f}")
    return f"{seconds:.0f}{NBSP}s"


def age(seconds: int) -> str:
    """An age that somebody chose: 1 hour, 3 days; any other in its largest unit."""
    for length, words in _UNITS[1:3]:
        if seconds >= length and seconds % length == 0:
            return several(*words, seconds // length, count=seconds // length)
    return duration(seconds)


def rulesets(found: Sequence[Ruleset]) -> str:
    """The rules behind some numbers; where they are mixed, with the share of each."""
    if len(found) == 1:
        return say("judged by %(rules)s", rules=found[0].id)
    return say("judged by %(rules)s", rules=", ".join(f"{each.id} ({percent(each.share)})" for each in found))
