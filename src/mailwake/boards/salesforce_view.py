"""What the page on Salesforce shows: whether the org knows what we know, and what keeps it from that."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from mailwake.boards.mark import Mark
from mailwake.drawing import figures
from mailwake.events import SECOND
from mailwake.language import noted, say
from mailwake.pushing.standing import GoalStanding, Standing
from mailwake.store.crm import JobSummary

_KINDS = {
    "Contact": noted("%(count)s contacts"),
    "Lead": noted("%(count)s leads"),
    "Account": noted("%(count)s person accounts"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """A run that wrote."""

    job: str
    began: str
    written: str
    refused: str
    undone: str


def values(told: Standing, zone: ZoneInfo) -> dict[str, Any]:
    """What the template is given."""
    return {
        "told": told,
        "state": _state(told),
        "people": _people(told),
        "looked": _moment(told.looked_at, zone),
        "followed": _moment(told.followed_to, zone),
        "waiting": [(each.object, say(each.lane), figures.count(each.count)) for each in told.waiting],
        "refused": [(each.code, figures.count(each.count), each.messages) for each in told.refused],
        "runs": [_run(each, zone) for each in told.runs],
        "calls": _of(told.calls, told.daily_calls, told.calls_at, zone),
        "org_calls": _org_calls(told, zone),
        "goals": [_goal(each) for each in told.goals],
    }


def _goal(told: GoalStanding) -> dict[str, Any]:
    return {name: figures.count(value) if isinstance(value, int) else value for name, value in asdict(told).items()}


def _people(told: Standing) -> str:
    counted = [say(_KINDS[kind], count=figures.count(count)) for kind, count in told.people.items()]
    return ", ".join(counted) or say("nobody")


def _state(told: Standing) -> Mark:
    if told.fault:
        return Mark(kind="bad", sign="✕", word=say("stands still"))
    if told.is_paused:
        return Mark(kind="unsure", sign="?", word=say("paused since a run was taken back"))
    if not told.pushes:
        return Mark(kind="unsure", sign="?", word=say("reads and prepares; writes only when told to"))
    return Mark(kind="good", sign="✓", word=say("writes by itself"))


def _run(run: JobSummary, zone: ZoneInfo) -> Run:
    return Run(
        job=run.job,
        began=_moment(run.began_at, zone),
        written=figures.count(run.written),
        refused=figures.count(run.refused),
        undone=figures.count(run.undone),
    )


def _of(used: int | None, allowed: int | None, at: int | None, zone: ZoneInfo) -> str:
    if used is None or allowed is None:
        return say("not known yet")
    of = {"used": figures.count(used), "allowed": figures.count(allowed)}
    if at is None:
        return say("%(used)s of %(allowed)s", **of)
    return say("%(used)s of %(allowed)s, as of %(when)s", **of, when=_moment(at, zone))


def _org_calls(told: Standing, zone: ZoneInfo) -> str:
    """Everybody's are ours too, but the org tells them with its answers alone, and another process may call later."""
    found = _of(told.org_used, told.org_allowed, told.org_used_at, zone)
    if told.calls is None or told.org_used is None or told.calls <= told.org_used:
        return found
    return say("%(count)s, before the last of our calls", count=found)


def _moment(micros: int | None, zone: ZoneInfo) -> str:
    return say("never") if micros is None else figures.moment(datetime.fromtimestamp(micros / SECOND, UTC), zone)
