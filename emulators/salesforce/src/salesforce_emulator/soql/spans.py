"""Date literals as stretches of time, in UTC.

Source: https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select_dateformats.htm
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from salesforce_emulator.refusals import NotEmulated

from .tree import Span

LITERALS = {"today", "yesterday", "tomorrow", "last_week", "this_week", "next_week", "last_month", "this_month",
    "next_month",
            "last_90_days", "next_90_days", "last_year", "this_year", "next_year"}  # fmt: skip
_COUNTED = re.compile(r"(last|next)_n_(days|weeks|months|years)|n_(days|weeks|months|years)_ago")
_DAY = timedelta(days=1)


def _months(at: datetime, count: int) -> datetime:
    year, month = divmod(at.year * 12 + at.month - 1 + count, 12)
    return at.replace(year=year, month=month + 1, day=1)


def _unit(at: datetime, unit: str, count: int) -> datetime:
    """The start of the unit that lies so many units from the one that `at` is in. Weeks begin on Sunday (en_US)."""
    if unit == "days":
        return at + count * _DAY
    if unit == "weeks":
        return at - ((at.weekday() + 1) % 7) * _DAY + count * 7 * _DAY
    if unit == "months":
        return _months(at, count)
    return at.replace(month=1, day=1, year=at.year + count)


def span_of(word: str, count: int | None, now: datetime) -> Span:
    """What a literal means at a moment. `LAST_N_DAYS:n` begins n days ago and holds today."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    fixed = {"today": ("days", 0, 1), "yesterday": ("days", -1, 0), "tomorrow": ("days", 1, 2),
        "last_90_days": ("days", -90, 1),
             "next_90_days": ("days", 1, 91)}  # fmt: skip
    for unit in ("week", "month", "year"):
        fixed |= {
            f"last_{unit}": (f"{unit}s", -1, 0),
            f"this_{unit}": (f"{unit}s", 0, 1),
            f"next_{unit}": (f"{unit}s", 1, 2),
        }
    if word in fixed and count is None:
        unit, first, end = fixed[word]
        return Span(_unit(today, unit, first), _unit(today, unit, end))
    matched = _COUNTED.fullmatch(word)
    if matched is None or count is None:
        raise NotEmulated(f"SOQL: {word.upper()}")
    if matched[3]:
        return Span(_unit(today, matched[3], -count), _unit(today, matched[3], 1 - count))
    unit = matched[2]
    if matched[1] == "next":
        return Span(_unit(today, unit, 1), _unit(today, unit, 1 + count))
    return Span(_unit(today, unit, -count), _unit(today, unit, 1 if unit == "days" else 0))
