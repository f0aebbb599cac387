"""When a target that fails is an alarm: it was well before, and failed several times in a row for long enough."""

from __future__ import annotations

from typing import NamedTuple

from mailwake.events import SECOND, Micros
from mailwake.more_sections import Watchdog
from mailwake.store.watch import Health, Target
from mailwake.visiting.asking import Fault
from mailwake.visiting.visitor import End, Visit

#: Statuses by which servers turn programs away, readers not; 999 is LinkedIn's own.
_TO_PROGRAMS = frozenset((401, 403, 405, 406, 408, 429, 501, 999))
#: Faults that are ours, not the target's.
_OURS = frozenset((Fault.PRIVATE, Fault.UNFIT))


class Found(NamedTuple):
    """A visit in two words."""

    health: Health
    #: a status, or why there is none
    said: str


class Step(NamedTuple):
    """What a visit changes."""

    target: Target
    #: an alarm is due
    rings: bool
    #: what was open is over
    is_over: bool


def found_by(visit: Visit) -> Found:
    """What a visit says of what readers get."""
    if visit.end is not End.ANSWER:
        health = Health.UNKNOWN if visit.fault in _OURS else Health.ILL
        return Found(health, str(visit.fault or visit.end))
    status = visit.status or 0
    if status in _TO_PROGRAMS:
        return Found(Health.UNKNOWN, str(status))
    return Found(Health.WELL if 200 <= status < 400 else Health.ILL, str(status))


def stepped(href: str, known: Target | None, found: Found, *, now: Micros, wanted: Watchdog) -> Step:
    """What is known of a target after a visit.

    A visit that says nothing of readers neither ends a row of failures nor adds to it.
    """
    well_at, since = (None, None) if known is None else (known.well_at, known.failing_since)
    failures = 0 if known is None else known.failures
    if found.health is Health.WELL:
        well_at, since, failures = now, None, 0
    elif found.health is Health.ILL:
        since, failures = since if since is not None else now, failures + 1
    target = Target(
        href=href,
        visited_at=now,
        health=found.health,
        said=found.said,
        well_at=well_at,
        failing_since=since,
        failures=failures,
    )
    lasted = now - since if since is not None else 0
    is_due = failures >= wanted.failures and lasted >= wanted.minutes * 60 * SECOND
    return Step(target, rings=well_at is not None and is_due, is_over=found.health is Health.WELL)
