"""What the page on workflows shows: every rule with what it did, and every decision with its reason."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from mailwake.boards.mark import Mark
from mailwake.drawing import figures
from mailwake.drawing.paging import pages
from mailwake.language import noted, say, several
from mailwake.rules.guards import REASONS
from mailwake.workflows.answers import Asked, EntryAnswer, RuleAnswer, RulesAnswer, TrialAnswer

PATH = "/workflows"
#: lines of a trial
_SHOWN = 50
_KINDS = ("entered", "deferred", "refused", "reversed")
_WORDS = {
    "entered": noted("acted"),
    "deferred": noted("waits"),
    "refused": noted("did not act"),
    "reversed": noted("taken back"),
}
_MARKS = {"entered": ("good", "✓"), "deferred": ("unsure", "?"), "refused": ("soft", "□"), "reversed": ("unsure", "↩")}


def values(told: RulesAnswer, asked: Asked, trial: TrialAnswer | None, zone: ZoneInfo) -> dict[str, Any]:
    """What `workflows.html` names.

    Args:
        told: the answer.
        asked: what it was asked for.
        trial: of one rule; None: none was asked for.
        zone: the viewer's.
    """
    query = {"rule": asked.rule, "decision": asked.decision, "why": asked.why, "address": asked.address}
    return {
        "told": told,
        "rules": [_rule(each, zone) for each in told.rules],
        "entries": [_entry(each, zone) for each in told.entries],
        "asked": asked,
        "is_narrowed": any(query.values()),
        "names": sorted({each.name for each in told.rules} | ({asked.rule} if asked.rule else set())),
        "kinds": [(kind, say(_WORDS[kind])) for kind in _KINDS],
        "reasons": [(code, say(words)) for code, words in REASONS.items() if code],
        "pages": pages(PATH, query, page=asked.page, total=told.total, page_size=told.page_size),
        "total": several("%(count)s decision.", "%(count)s decisions.", told.total, count=figures.count(told.total)),
        "trial": None if trial is None else _trial(trial, zone),
    }


def _trial(trial: TrialAnswer, zone: ZoneInfo) -> dict[str, Any]:
    times = len(trial.entered)
    left = [*sorted(trial.refused.items()), *sorted(trial.unfit.items())]
    return {
        "name": trial.rule,
        "title": say("%(rule)s, tried over %(days)s days", rule=trial.rule, days=str(trial.days)),
        "count": several("%(count)s time", "%(count)s times", times, count=figures.count(times)),
        "entries": [_entry(each, zone) for each in trial.entered[-_SHOWN:][::-1]],
        "is_cut": len(trial.entered) > _SHOWN,
        "shown": figures.count(_SHOWN),
        "reasons": [(figures.count(count), say(REASONS[why])) for why, count in left],
        "busiest": say("At most %(count)s for one owner on one day.", count=figures.count(trial.busiest))
        if trial.busiest
        else "",
    }


def _rule(rule: RuleAnswer, zone: ZoneInfo) -> dict[str, Any]:
    counts = {
        kind: {
            "count": figures.count(getattr(rule, kind)),
            "href": f"{PATH}?{urlencode({'rule': rule.name, 'decision': kind})}#log",
        }
        for kind in _KINDS
    }
    state = Mark(kind="good", sign="✓", word=say("on")) if rule.is_on else Mark(kind="bad", sign="✕", word=say("off"))
    return {
        "name": rule.name,
        "about": rule.about,
        "trigger": rule.trigger,
        "actions": ", ".join(each.replace("_", " ") for each in rule.actions),
        "state": state,
        "why_off": rule.why_off or _since(rule, zone),
        "last": _moment(rule.last_at, zone) or say("never"),
        "counts": counts,
        "try": f"{PATH}?{urlencode({'tried': rule.name})}#tried",
    }


def _entry(entry: EntryAnswer, zone: ZoneInfo) -> dict[str, Any]:
    kind, sign = _MARKS[entry.decision]
    due = _moment(entry.due_at, zone)
    return {
        "at": _moment(entry.at, zone),
        "rule": entry.rule,
        "address": entry.address or say("address no longer known"),
        "href": f"/person?{urlencode({'address': entry.address})}" if entry.address else "",
        "mark": Mark(kind=kind, sign=sign, word=say(_WORDS[entry.decision])),
        "because": say("quiet hours, until %(when)s", when=due)
        if entry.decision == "deferred"
        else say(REASONS.get(entry.why, "")),
        "why_href": f"{PATH}?{urlencode({'rule': entry.rule, 'why': entry.why})}#log" if entry.why else "",
        "trigger": entry.trigger,
        "link": entry.link or "",
        "chance": ""
        if entry.p_human is None
        else say("%(chance)s a person", chance=figures.whole_percent(entry.p_human)),
        "actions": [(name.replace("_", " "), state) for name, state in entry.actions.items()],
    }


def _since(rule: RuleAnswer, zone: ZoneInfo) -> str:
    if rule.acts_from is None:
        return say("acts for what happens from the next turn on")
    return say("acts for what happens from %(when)s on", when=_moment(rule.acts_from, zone))


def _moment(at: datetime | None, zone: ZoneInfo) -> str:
    return "" if at is None else figures.moment(at, zone)
