"""How an installation stands with its org: what waits, what was refused, what it costs; without a name of anybody."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mailwake.events import SECOND
from mailwake.language import noted
from mailwake.pushing.desk import LOOKED
from mailwake.pushing.office import REPORT
from mailwake.settings import Settings
from mailwake.store.crm import CrmStore, JobSummary, Lane

#: what each lane carries
LANES = {
    Lane.CONSENT: noted("who wants no mail, whose mail comes back"),
    Lane.HOT: noted("whom to call"),
    Lane.SUMS: noted("sums on people"),
    Lane.ROWS: noted("copies and campaign members"),
    Lane.REPAIR: noted("what others changed"),
}
_SAMPLES = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """What is still to be sent."""

    object: str
    lane: str
    count: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """What the org refused for one reason."""

    code: str
    count: int
    #: in the org's words
    messages: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class GoalStanding:
    """A goal that records of the org reach."""

    name: str
    #: of the org
    object: str
    #: records told as conversions; those that are no longer so are among them
    told: int
    #: of them: no longer so in the org; a conversion is not taken back
    back: int
    #: name nobody yet
    waiting: int
    #: about somebody who never got mail from us
    unmailed: int
    refused: int
    #: why, the most frequent first
    why_refused: tuple[str, ...]
    #: what keeps it from being read; empty: nothing
    problem: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """How it stands."""

    #: host of the org; None: none is connected
    org: str | None
    user: str
    #: writes by itself
    pushes: bool
    #: a run was taken back, and nobody said to go on
    is_paused: bool
    people: dict[str, int]
    waiting: tuple[Waiting, ...]
    refused: tuple[Refused, ...]
    runs: tuple[JobSummary, ...]
    #: microseconds; None: never
    looked_at: int | None
    followed_to: int | None
    #: what keeps it from working
    fault: str | None
    #: of the last 24 hours
    calls: int | None
    daily_calls: int
    #: microseconds; when ours were counted, here and below None: not known
    calls_at: int | None
    org_used: int | None
    org_allowed: int | None
    #: microseconds; when the org said so
    org_used_at: int | None
    goals: tuple[GoalStanding, ...]


#: where no org is named
UNCONNECTED = Standing(
    org=None, user="", pushes=False, is_paused=False, people={}, waiting=(), refused=(), runs=(), looked_at=None,
    followed_to=None, fault=None, calls=None, daily_calls=0, calls_at=None, org_used=None, org_allowed=None,
    org_used_at=None, goals=(),
)  # fmt: skip


def standing(settings: Settings, store: CrmStore) -> Standing:
    """How an installation stands with its org."""
    told, report = settings.salesforce, _report(settings.data_folder / REPORT)
    usage = report.get("org_usage") or {}
    return Standing(
        org=urlsplit(told.login).hostname if told.login else None,
        user=told.username,
        pushes=told.push,
        is_paused=bool(store.mark("paused")),
        people=store.count_people(),
        waiting=tuple(
            Waiting(object=of, lane=LANES[Lane(lane)], count=count)
            for (of, lane, state), count in store.counts().items()
            if state == "waiting"
        ),
        refused=_refused(store),
        runs=tuple(store.runs()),
        looked_at=store.mark(LOOKED) or None,
        followed_to=store.mark("followed") or None,
        fault=report.get("fault"),
        calls=report.get("calls"),
        daily_calls=told.daily_calls,
        calls_at=report.get("written_at"),
        org_used=usage.get("used"),
        org_allowed=usage.get("allowed"),
        org_used_at=_micros(usage.get("at")),
        goals=tuple(_goals(settings, store, report.get("goals") or {})),
    )


def _goals(settings: Settings, store: CrmStore, problems: Mapping[str, str]) -> Iterator[GoalStanding]:
    counts = store.count_closings() if settings.salesforce_goals else {}
    for name, each in sorted(settings.salesforce_goals.items()):
        of = {state: counts.get((name, state), 0) for state in ("told", "back", "waiting", "unmailed", "refused")}
        why = store.why_refused(name, limit=_SAMPLES) if of["refused"] else []
        yield GoalStanding(
            name=name,
            object=each.object,
            **of | {"told": of["told"] + of["back"]},
            why_refused=tuple(why),
            problem=problems.get(name, ""),
        )


def _refused(store: CrmStore) -> tuple[Refused, ...]:
    by_code: dict[str, list[str]] = {}
    for each in store.dead():
        by_code.setdefault(each.code, []).append(each.message)
    found = [
        Refused(code=code, count=len(rows), messages=tuple(dict.fromkeys(rows))[:_SAMPLES])
        for code, rows in by_code.items()
    ]
    return tuple(sorted(found, key=lambda each: (-each.count, each.code)))


def _micros(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * SECOND)


def _report(path: Path) -> dict[str, Any]:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}
