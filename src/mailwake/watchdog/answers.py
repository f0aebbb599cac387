"""The same as JSON, for `mailwake links --json` and the API; null where something is not known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from mailwake.events import Micros
from mailwake.store.watch import Decision
from mailwake.watchdog.desk import LinkCard, Standing, Told

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def everything(standing: Standing) -> dict[str, Any]:
    """What stands."""
    return {
        "alarms": [
            {"href": each.href, "said": each.said, "opened_at": _utc(each.opened_at)} for each in standing.alarms
        ],
        "detours": [_told(each) for each in standing.detours],
        "decisions": [_decision(each) for each in standing.past],
    }


def one(card: LinkCard) -> dict[str, Any]:
    """One link."""
    target = card.target
    return {
        "href": card.href,
        "places": [{"template": str(each.template), "number": each.number, "role": each.role} for each in card.places],
        "never_visited_because": card.why_not,
        "visited": None
        if target is None
        else {
            "at": _utc(target.visited_at),
            "health": target.health,
            "said": target.said,
            "well_at": _utc(target.well_at),
            "failing_since": _utc(target.failing_since),
            "failures": target.failures,
        },
        "detours": [_told(each) for each in card.detours],
    }


def _told(told: Told) -> dict[str, Any]:
    return {**_decision(told.decision), "believed": told.is_believed}


def _decision(each: Decision) -> dict[str, Any]:
    return {
        "href": each.href,
        "template": str(each.template) if each.template else None,
        "number": each.number or None,
        "kind": each.kind,
        "to": each.to or None,
        "at": _utc(each.at),
        "by": each.by,
        "why": each.why,
    }


def _utc(at: Micros | None) -> datetime | None:
    return None if at is None else _EPOCH + timedelta(microseconds=at)
