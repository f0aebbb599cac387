"""What the page on notifications shows: who is told what happens, and who gets reports by mail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from mailwake.boards.status_view import Mark
from mailwake.bulletins.standing import ReportStanding
from mailwake.drawing import figures
from mailwake.events import Micros
from mailwake.notifying.standing import EndpointStanding, Going

_GOING = {
    Going.NEW: Mark(word="told nothing yet", kind="unsure"),
    Going.WELL: Mark(word="takes what it is told", kind="good"),
    Going.FAILING: Mark(word="takes nothing", kind="bad"),
    Going.OFF: Mark(word="switched off", kind="bad"),
}
_NEVER = "never"


@dataclass(frozen=True, kw_only=True, slots=True)
class EndpointLine:
    """One endpoint."""

    name: str
    url: str
    #: what it is told, and when
    told: str
    state: Mark
    #: what is behind the state; empty: nothing is wrong
    why: str
    #: what to type; empty: nothing
    command: str
    last: str
    taken: str
    waiting: str
    laid_aside: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportLine:
    """One report."""

    name: str
    #: such as "Mondays, 08:00, Europe/Berlin"
    hours: str
    next: str
    last: str
    state: Mark
    why: str


def values(
    endpoints: Sequence[EndpointStanding], reports: Sequence[ReportStanding], *, now: Micros, zone: ZoneInfo
) -> dict[str, Any]:
    """What `notifications.html` names.

    Args:
        endpoints: who is told.
        reports: what is mailed.
        now: microseconds since 1970.
        zone: the viewer's.
    """
    return {
        "looked": f"looked at {figures.moment(datetime.fromtimestamp(now / 1e6, zone), zone)}",
        "endpoints": [_endpoint(each, zone) for each in endpoints],
        "reports": [_report(each, zone) for each in reports],
    }


def _endpoint(each: EndpointStanding, zone: ZoneInfo) -> EndpointLine:
    sure = "once it is sure" if each.when == "settled" else "as soon as it looks so"
    return EndpointLine(
        name=each.name,
        url=each.url,
        told=f"{', '.join(word.replace('_', ' ') for word in each.events)}; {sure}",
        state=_GOING[each.going],
        why=_why(each, zone),
        command=_command(each),
        last=_NEVER if each.taken_at is None and not each.taken else _moment(each.taken_at, zone),
        taken=figures.count(each.taken),
        waiting="not known" if each.waiting is None else figures.count(each.waiting),
        laid_aside=figures.count(each.laid_aside),
    )


def _why(each: EndpointStanding, zone: ZoneInfo) -> str:
    if each.off_because is not None:
        return each.off_because
    if each.failing_since is None:
        return ""
    again = "" if each.next_at is None else f", not before {figures.moment(each.next_at, zone)}"
    since = f"since {figures.moment(each.failing_since, zone)}: {each.last_error or 'nobody says why'}"
    return f"{since}; next is try {each.tries + 1} of {each.most_tries}{again}"


def _command(each: EndpointStanding) -> str:
    if each.going is Going.OFF:
        return f"mailwake notify enable {each.name}"
    if each.laid_aside:
        return f"mailwake notify retry {each.name}"
    return f"mailwake notify test {each.name}" if each.going is not Going.WELL else ""


def _report(each: ReportStanding, zone: ZoneInfo) -> ReportLine:
    days = "every day" if len(set(each.weekdays)) == 7 else ", ".join(f"{day.capitalize()}s" for day in each.weekdays)
    missing = each.recipients - each.has
    state, why = Mark(word="everybody has it", kind="good"), ""
    if each.last_at is None:
        state = Mark(word="none was due yet", kind="unsure")
    elif missing and each.tried_until is not None:
        state = Mark(word="on its way", kind="unsure")
        why = f"{_people(missing)} not have it; it is tried again until {figures.moment(each.tried_until, zone)}"
    elif missing:
        state = Mark(word="did not reach everybody", kind="bad")
        why = f"{_people(missing)} not have it; the log says why"
    return ReportLine(
        name=each.name,
        hours=f"{days}, {each.hour:02}:00, {each.timezone}, to {_addresses(each.recipients)}",
        next=figures.moment(each.next_at, zone),
        last=_NEVER if each.last_at is None else figures.moment(each.last_at, zone),
        state=state,
        why=why,
    )


def _people(number: int) -> str:
    return "1 recipient does" if number == 1 else f"{figures.count(number)} recipients do"


def _addresses(number: int) -> str:
    return "1 address" if number == 1 else f"{figures.count(number)} addresses"


def _moment(at: datetime | None, zone: ZoneInfo) -> str:
    return "not noted" if at is None else figures.moment(at, zone)
