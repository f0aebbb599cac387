"""When each report goes next, and whether the last one reached everybody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from mailwake.bulletins.schedule import KIND, KNOWN, LATE, Schedule, period, schedule_of
from mailwake.events import SECOND, Micros
from mailwake.insight.stores import zone_named
from mailwake.sections import Report
from mailwake.settings import Settings
from mailwake.store.state import StateStore


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportStanding:
    """One report."""

    name: str
    #: as they stand in the settings
    weekdays: tuple[str, ...]
    hour: int
    timezone: str
    recipients: int
    next_at: datetime
    #: whose report it is that should have gone last; None: none was due since this report is known
    last_at: datetime | None
    #: how many have that one, or it is not known that they do not
    has: int
    #: it is tried again until then; None: everybody has it, or it is too late for it
    tried_until: datetime | None

    @property
    def is_in_trouble(self) -> bool:
        """The last one did not reach everybody."""
        return self.last_at is not None and self.has < self.recipients


def reports(settings: Settings, state: StateStore, *, now: Micros) -> tuple[ReportStanding, ...]:
    """Every report of the settings, in their order.

    Raises:
        Misconfigured: one cannot be.
    """
    found = []
    for name, report in settings.reports.items():
        schedule = schedule_of(name, report, zone_named(report.timezone or settings.web.timezone))
        found.append(_standing(schedule, name, report, _Now(state, now)))
    return tuple(found)


class _Now(NamedTuple):
    state: StateStore
    at: Micros


def _standing(schedule: Schedule, name: str, report: Report, now: _Now) -> ReportStanding:
    at = datetime.fromtimestamp(now.at / SECOND, UTC)
    last = _last(now.state, name, schedule, at)
    has = 0 if last is None else _has(now.state, name, report, last)
    is_open = last is not None and has < len(report.recipients) and at - last < LATE
    return ReportStanding(
        name=name,
        weekdays=report.weekdays,
        hour=report.hour,
        timezone=schedule.zone.key,
        recipients=len(report.recipients),
        next_at=schedule.next(at).astimezone(UTC),
        last_at=last,
        has=has,
        tried_until=last + LATE if last is not None and is_open else None,
    )


def _last(state: StateStore, name: str, schedule: Schedule, now: datetime) -> datetime | None:
    known, at = state.job(KNOWN, name), schedule.latest(now).astimezone(UTC)
    return None if known is None or at.timestamp() * SECOND < known.created_at else at


def _has(state: StateStore, name: str, report: Report, at: datetime) -> int:
    job = state.job(KIND, period(name, at))
    return 0 if job is None else sum(each in job.data["has"] for each in report.recipients)
