"""What the page on notifications shows: who is told what happens, and who gets reports by mail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from mailwake.boards.status_view import Mark
from mailwake.bulletins.standing import ReportStanding
from mailwake.drawing import figures
from mailwake.drawing.terms import term
from mailwake.events import Micros
from mailwake.language import forms, noted, say, several
from mailwake.notifying.standing import EndpointStanding, Going

_GOING = {
    Going.NEW: Mark(word=noted("told nothing yet"), kind="unsure"),
    Going.WELL: Mark(word=noted("takes what it is told"), kind="good"),
    Going.FAILING: Mark(word=noted("takes nothing"), kind="bad"),
    Going.OFF: Mark(word=noted("switched off"), kind="bad"),
}
_NEVER = noted("never")
_DAYS = {
    "monday": noted("Mondays"),
    "tuesday": noted("Tuesdays"),
    "wednesday": noted("Wednesdays"),
    "thursday": noted("Thursdays"),
    "friday": noted("Fridays"),
    "saturday": noted("Saturdays"),
    "sunday": noted("Sundays"),
}
_TRIED = forms(
    "1 recipient does not have it; it is tried again until %(when)s",
    "%(count)s recipients do not have it; it is tried again until %(when)s",
)
_MISSED = forms(
    "1 recipient does not have it; the log says why",
    "%(count)s recipients do not have it; the log says why",
)


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
        "looked": say("looked at %(when)s", when=figures.moment(datetime.fromtimestamp(now / 1e6, zone), zone)),
        "endpoints": [_endpoint(each, zone) for each in endpoints],
        "reports": [_report(each, zone) for each in reports],
    }


def _endpoint(each: EndpointStanding, zone: ZoneInfo) -> EndpointLine:
    told = noted("%(kinds)s; once it is sure") if each.when == "settled" else noted("%(kinds)s; as soon as it looks so")
    return EndpointLine(
        name=each.name,
        url=each.url,
        told=say(told, kinds=", ".join(term(word.replace("_", " ")) for word in each.events)),
        state=_said(_GOING[each.going]),
        why=_why(each, zone),
        command=_command(each),
        last=say(_NEVER) if each.taken_at is None and not each.taken else _moment(each.taken_at, zone),
        taken=figures.count(each.taken),
        waiting=say("not known") if each.waiting is None else figures.count(each.waiting),
        laid_aside=figures.count(each.laid_aside),
    )


def _why(each: EndpointStanding, zone: ZoneInfo) -> str:
    if each.off_because is not None:
        return each.off_because
    if each.failing_since is None:
        return ""
    told = {
        "when": figures.moment(each.failing_since, zone),
        "why": each.last_error or say("nobody says why"),
        "number": figures.count(each.tries + 1),
        "most": figures.count(each.most_tries),
    }
    if each.next_at is None:
        return say("since %(when)s: %(why)s; next is try %(number)s of %(most)s", **told)
    again = figures.moment(each.next_at, zone)
    return say("since %(when)s: %(why)s; next is try %(number)s of %(most)s, not before %(again)s", **told, again=again)


def _command(each: EndpointStanding) -> str:
    if each.going is Going.OFF:
        return f"mailwake notify enable {each.name}"
    if each.laid_aside:
        return f"mailwake notify retry {each.name}"
    return f"mailwake notify test {each.name}" if each.going is not Going.WELL else ""


def _report(each: ReportStanding, zone: ZoneInfo) -> ReportLine:
    days = say("every day") if len(set(each.weekdays)) == 7 else ", ".join(say(_DAYS[day]) for day in each.weekdays)
    missing = each.recipients - each.has
    state, why = Mark(word=say("everybody has it"), kind="good"), ""
    if each.last_at is None:
        state = Mark(word=say("none was due yet"), kind="unsure")
    elif missing and each.tried_until is not None:
        state = Mark(word=say("on its way"), kind="unsure")
        why = several(*_TRIED, missing, count=figures.count(missing), when=figures.moment(each.tried_until, zone))
    elif missing:
        state = Mark(word=say("did not reach everybody"), kind="bad")
        why = several(*_MISSED, missing, count=figures.count(missing))
    return ReportLine(
        name=each.name,
        hours=several(
            "%(days)s, %(hour)s, %(zone)s, to 1 address",
            "%(days)s, %(hour)s, %(zone)s, to %(count)s addresses",
            each.recipients,
            days=days,
            hour=f"{each.hour:02}:00",
            zone=each.timezone,
            count=figures.count(each.recipients),
        ),
        next=figures.moment(each.next_at, zone),
        last=say(_NEVER) if each.last_at is None else figures.moment(each.last_at, zone),
        state=state,
        why=why,
    )


def _said(mark: Mark) -> Mark:
    return replace(mark, word=say(mark.word))


def _moment(at: datetime | None, zone: ZoneInfo) -> str:
    return say("not noted") if at is None else figures.moment(at, zone)
