"""What the page on workflows shows: every rule with what it did, and every decision with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from mailwake.drawing import figures
from mailwake.drawing.paging import pages
from mailwake.rules.guards import REASONS
from mailwake.workflows.answers import Asked, EntryAnswer, RuleAnswer, RulesAnswer, TrialAnswer

PATH = "/workflows"
#: lines of a trial
_SHOWN = 50
_KINDS = ("entered", "deferred", "refused", "reversed")
_WORDS = {"entered": "acted", "deferred": "waits", "refused": "did not act", "reversed": "taken back"}
_MARKS = {"entered": ("good", "✓"), "deferred": ("unsure", "?"), "refused": ("soft", "□"), "reversed": ("unsure", "↩")}


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """A state as a word with a sign."""

    kind: str
    sign: str
    word: str


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
        "kinds": [(kind, _WORDS[kind]) for kind in _KINDS],
        "reasons": [(code, words) for code, words in REASONS.items() if code],
        "pages": pages(PATH, query, page=asked.page, total=told.total, page_size=told.page_size),
        "total": figures.count(told.total),
        "trial": None if trial is None else _trial(trial, zone),
    }


def _trial(trial: TrialAnswer, zone: ZoneInfo) -> dict[str, Any]:
    left = [*sorted(trial.refused.items()), *sorted(trial.unfit.items())]
    return {
        "name": trial.rule,
        "days": trial.days,
        "count": figures.count(len(trial.entered)),
        "entries": [_entry(each, zone) for each in trial.entered[-_SHOWN:][::-1]],
        "is_cut": len(trial.entered) > _SHOWN,
        "shown": figures.count(_SHOWN),
        "reasons": [(figures.count(count), REASONS.get(why, why)) for why, count in left],
        "busiest": figures.count(trial.busiest) if trial.busiest else "",
    }


def _rule(rule: RuleAnswer, zone: ZoneInfo) -> dict[str, Any]:
    counts = {
        kind: {
            "count": figures.count(getattr(rule, kind)),
            "href": f"{PATH}?{urlencode({'rule': rule.name, 'decision': kind})}#log",
        }
        for kind in _KINDS
    }
    state = Mark(kind="good", sign="✓", word="on") if rule.is_on else Mark(kind="bad", sign="✕", word="off")
    return {
        "name": rule.name,
        "about": rule.about,
        "trigger": rule.trigger,
        "actions": ", ".join(each.replace("_", " ") for each in rule.actions),
        "state": state,
        "why_off": rule.why_off,
        "from": _moment(rule.acts_from, zone) or "with the next turn",
        "last": _moment(rule.last_at, zone) or "never",
        "counts": counts,
        "try": f"{PATH}?{urlencode({'tried': rule.name})}#tried",
    }


def _entry(entry: EntryAnswer, zone: ZoneInfo) -> dict[str, Any]:
    kind, sign = _MARKS[entry.decision]
    due = _moment(entry.due_at, zone)
    return {
        "at": _moment(entry.at, zone),
        "rule": entry.rule,
        "address": entry.address or "address no longer known",
        "href": f"/person?{urlencode({'address': entry.address})}" if entry.address else "",
        "mark": Mark(kind=kind, sign=sign, word=_WORDS[entry.decision]),
        "because": f"quiet hours, until {due}" if entry.decision == "deferred" else entry.because,
        "why_href": f"{PATH}?{urlencode({'rule': entry.rule, 'why': entry.why})}#log" if entry.why else "",
        "trigger": entry.trigger,
        "link": entry.link or "",
        "chance": "" if entry.p_human is None else f"{figures.whole_percent(entry.p_human)} a person",
        "actions": [(name.replace("_", " "), state) for name, state in entry.actions.items()],
    }


def _moment(at: datetime | None, zone: ZoneInfo) -> str:
    return "" if at is None else figures.moment(at, zone)
