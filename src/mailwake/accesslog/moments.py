"""Times as access logs write them.

Source: Common Log Format, https://httpd.apache.org/docs/current/logs.html#common; ISO 8601 by `datetime`; numbers since
1970 in seconds, milliseconds, microseconds or nanoseconds, told apart by their size.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

from mailwake.errors import Unreadable
from mailwake.events import Micros

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBER = re.compile(r"[0-9]{1,20}(?:\.[0-9]{1,9})?")
_COMMON = re.compile(
    r"\[?([0-9]{2})/([A-Z][a-z]{2})/([0-9]{4}):([0-9]{2}):([0-9]{2}):([0-9]{2}) ([+-])([0-9]{2})([0-9]{2})\]?"
)
#: A leap second: no calendar of ours has it, so it counts as the second before. Source: RFC 3339 section 5.6
_LEAP = re.compile(r"(:[0-5][0-9]):60(?![0-9:])")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
#: digits before the point, at most, and how many of the unit make a second
_UNITS = ((11, 1), (14, 1_000), (17, 1_000_000), (20, 1_000_000_000))
#: the last microsecond of the year 9999, as far as calendars reach
_LAST = 253_402_300_799_999_999


def moment(text: str) -> Micros:
    """The time that a log names. Without a zone it is UTC.

    Raises:
        Unreadable: it is no time.
    """
    if len(text) == 14 and text[10] == "." and (digits := text[:10] + text[11:]).isdecimal() and text.isascii():
        return Micros(int(digits) * 1_000)  # nginx's $msec, which nearly every line has
    return _number(text) if _NUMBER.fullmatch(text) else _spelled(text)


def _number(text: str) -> Micros:
    whole, _, part = text.partition(".")
    if len(whole) <= 11:
        return _checked(int(whole + part.ljust(6, "0")[:6]))
    per_second = next(unit for digits, unit in _UNITS if len(whole) <= digits)
    return _checked(int(whole) * 1_000_000 // per_second)


@lru_cache(maxsize=8_192)
def _spelled(text: str) -> Micros:
    """In words; logs name the same second many times."""
    text = _LEAP.sub(r"\1:59", text)
    try:
        found = _COMMON.fullmatch(text)
        told = _common(found) if found else datetime.fromisoformat(text)
        if told.tzinfo is None:
            told = told.replace(tzinfo=UTC)
        return _checked((told - _EPOCH) // timedelta(microseconds=1))
    except (ValueError, OverflowError):
        raise Unreadable("the time cannot be read") from None


def _common(found: re.Match[str]) -> datetime:
    day, month, year, hour, minute, second, sign, zone_hours, zone_minutes = found.groups()
    offset = timedelta(hours=int(zone_hours), minutes=int(zone_minutes))
    zone = timezone(-offset if sign == "-" else offset)
    return datetime(int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second), tzinfo=zone)


def _checked(micros: int) -> Micros:
    if not 0 <= micros <= _LAST:
        raise Unreadable("the time is outside the calendar")
    return Micros(micros)
