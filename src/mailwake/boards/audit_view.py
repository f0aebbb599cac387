"""What the page of the audit log shows: who did what, the latest first, refusals as plain as the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from mailwake.audit.answers import Asked, AuditAnswer, LineAnswer
from mailwake.audit.checking import Checked
from mailwake.audit.words import ActorKind, Outcome
from mailwake.boards.mark import Mark
from mailwake.drawing import figures
from mailwake.drawing.paging import pages
from mailwake.language import noted, say, several

PATH = "/audit"
_OUTCOMES: Mapping[str, tuple[str, str, str]] = {
    Outcome.OK: ("good", "✓", noted("done")),
    Outcome.DENIED: ("bad", "✕", noted("denied")),
    Outcome.FAILED: ("unsure", "?", noted("failed")),
}
_KINDS: Mapping[str, str] = {
    ActorKind.USER: noted("user"),
    ActorKind.KEY: noted("API key"),
    ActorKind.COMMAND_LINE: noted("command line"),
    ActorKind.SYSTEM: noted("Mailwake itself"),
    ActorKind.UNNAMED: noted("nobody was asked who they are"),
}


def values(
    told: AuditAnswer, asked: Asked, *, actors: Sequence[str], actions: Sequence[str], zone: ZoneInfo
) -> dict[str, Any]:
    """What `audit.html` names.

    Args:
        told: the answer.
        asked: what it was asked for.
        actors: everybody who did something, to choose from.
        actions: all words for what is done, to choose from.
        zone: the viewer's.
    """
    query = {"action": asked.action, "actor": asked.actor, "outcome": asked.outcome, "person": asked.person}
    return {
        "lines": [_line(each, zone) for each in told.lines],
        "asked": asked,
        "is_narrowed": any(query.values()),
        "actions": actions,
        "actors": actors,
        "outcomes": [(outcome, say(words)) for outcome, (_, _, words) in _OUTCOMES.items()],
        "pages": pages(PATH, query, page=asked.page, total=told.total, page_size=told.page_size),
        "total": several("%(count)s line.", "%(count)s lines.", told.total, count=figures.count(told.total)),
    }


def checked(told: Checked) -> dict[str, Any]:
    """What the page says of a check."""
    kind, sign, word = ("good", "✓", say("holds")) if told.holds else ("bad", "✕", say("broken"))
    lines = several("%(count)s line read", "%(count)s lines read", told.lines, count=figures.count(told.lines))
    where = "" if told.broken is None else say("line %(number)s", number=figures.count(told.broken))
    return {"mark": Mark(kind=kind, sign=sign, word=word), "lines": lines, "where": where, "why": told.why}


def _line(line: LineAnswer, zone: ZoneInfo) -> dict[str, Any]:
    kind, sign, word = _OUTCOMES.get(line.outcome, ("unsure", "?", line.outcome))
    return {
        "number": figures.count(line.number),
        "at": f"{line.at.astimezone(zone):%Y-%m-%d %H:%M:%S}",
        "actor": line.actor,
        "kind": say(_KINDS[line.actor_kind]) if line.actor_kind in _KINDS else line.actor_kind,
        "on_behalf": line.on_behalf or "",
        "action": line.action,
        "object": line.address or " ".join((line.object_kind, line.object)),
        "href": f"{PATH}?{urlencode({'person': line.address})}" if line.address else "",
        "mark": Mark(kind=kind, sign=sign, word=say(word)),
        "changes": _changes(line.before, line.after),
    }


def _changes(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[str]:
    """Fields that differ, old and new; where nothing is known of before, what was done."""
    if before is None:
        return [f"{name} {value}" for name, value in (after or {}).items()][:3]
    now = after or {}
    names = sorted({*before, *now})
    return [f"{name}: {before.get(name)} → {now.get(name)}" for name in names if before.get(name) != now.get(name)]
