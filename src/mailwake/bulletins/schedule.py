"""When a report is due: on some weekdays at an hour, by the clock of a zone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from mailwake.errors import Misconfigured
from mailwake.sections import Report

WEEKDAYS: Mapping[str, int] = {
    "monday": 0,
    "tuesday": 1,
    "wednesday": 2,
    "thursday": 3,
    "friday": 4,
    "saturday": 5,
    "sunday": 6,
}
#: of jobs that say who has the report of one moment, and since when there is such a report
KIND, KNOWN = "report", "report-known"
#: a report that could not go for so long has lost its use; the next one comes
LATE = timedelta(hours=24)


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedule:
    """Hours of the week."""

    #: 0 is Monday
    weekdays: frozenset[int]
    hour: int
    zone: ZoneInfo

    def latest(self, now: datetime) -> datetime:
        """The last of its moments that is not after now.

        An hour that the clock leaves out in spring comes an hour later, one that it shows twice in autumn comes once.
        """
        today = now.astimezone(self.zone).date()
        for back in range(9):
            day = today - timedelta(days=back)
            at = datetime(day.year, day.month, day.day, self.hour, tzinfo=self.zone)
            if day.weekday() in self.weekdays and at.timestamp() <= now.timestamp():
                return at
        raise AssertionError("a week has every weekday")

    def next(self, now: datetime) -> datetime:
        """The first of its moments that is after now."""
        today = now.astimezone(self.zone).date()
        for ahead in range(9):
            day = today + timedelta(days=ahead)
            at = datetime(day.year, day.month, day.day, self.hour, tzinfo=self.zone)
            if day.weekday() in self.weekdays and at.timestamp() > now.timestamp():
                return at
        raise AssertionError("a week has every weekday")

    def due(self, now: datetime, *, since: datetime) -> datetime | None:
        """The moment whose report should be on its way; None: none should.

        Args:
            now: aware.
            since: when it was first known that there is such a report; nothing is due of what was before.
        """
        at = self.latest(now)
        return at if now - at < LATE and at >= since else None


def period(name: str, at: datetime) -> str:
    """What makes the report of one moment recognisable."""
    return f"{name} {int(at.timestamp())}"


def schedule_of(name: str, report: Report, zone: ZoneInfo) -> Schedule:
    """The hours of ``[reports.NAME]``.

    Raises:
        Misconfigured: there is no such day or hour.
    """
    option = f"reports.{name}"
    if unknown := [day for day in report.weekdays if day not in WEEKDAYS] or (not report.weekdays and ["nothing"]):
        raise Misconfigured(f"{option}.weekdays", f"there is no {unknown[0]!r}; there are {', '.join(WEEKDAYS)}")
    if not 0 <= report.hour <= 23:
        raise Misconfigured(f"{option}.hour", "must be 0 to 23")
    return Schedule(weekdays=frozenset(WEEKDAYS[day] for day in report.weekdays), hour=report.hour, zone=zone)
