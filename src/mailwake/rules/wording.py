"""What a task says: the rule's words with the evidence put in, and the evidence itself line by line.

Whatever comes from mail or from the org is put in as text of one line, so that no label can pass for another line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from mailwake.crm.fields import cut
from mailwake.events import SECOND
from mailwake.rules.rule import Rule

WORDS = ("name", "link", "mail", "chance", "score", "count", "when", "rule")
_PLACE = re.compile(r"\{(\w*)\}")
#: of Subject and Description of a task in Salesforce. Source: Object Reference, Task
_SUBJECT, _DESCRIPTION = 255, 32_000
#: lines of one digest
_MOST_LINES = 100


def check_words(option: str, text: str) -> Iterator[str]:
    """What cannot be put into a text."""
    for word in _PLACE.findall(text):
        if word not in WORDS:
            yield f"{option}: there is no {{{word}}}; there are {', '.join(f'{{{each}}}' for each in WORDS)}"


def filled(text: str, told: Mapping[str, str]) -> str:
    """A text with the evidence put in, on one line."""
    return cut(_PLACE.sub(lambda found: told.get(found[1], ""), text), _SUBJECT)


def told_of(rule: Rule, facts: Mapping[str, Any], *, name: str, zone: ZoneInfo) -> dict[str, str]:
    """What may be put into a text."""
    chance = facts.get("p_human")
    return {
        "name": one_line(name) or "Somebody",
        "link": one_line(str(facts.get("label") or facts.get("href") or "")),
        "mail": one_line(str(facts.get("mail") or "")),
        "chance": "" if chance is None else f"{round(100 * chance)} %",
        "score": "" if facts.get("score") is None else str(facts["score"]),
        "count": "" if facts.get("count") is None else str(facts["count"]),
        "when": when(facts.get("at"), zone),
        "rule": rule.name,
    }


def description(rule: Rule, facts: Mapping[str, Any], *, name: str, zone: ZoneInfo) -> str:
    """The evidence, line by line."""
    told = told_of(rule, facts, name=name, zone=zone)
    lines = [_happened(facts, told)]
    if told["link"]:
        lines.append(f"Link: {told['link']}" + (f" ({one_line(str(facts['href']))})" if facts.get("href") else ""))
    if told["mail"]:
        lines.append(f"Mail: {told['mail']}")
    if told["chance"]:
        lines.append(f"A person did it with a probability of {told['chance']}.")
    if facts.get("reason"):
        lines.append(f"The other server said: {one_line(str(facts['reason']))}")
    if facts.get("score") is not None:
        lines.append(
            f"Score: {told['score']}" + (f", {one_line(str(facts['reasons']))}" if facts.get("reasons") else "")
        )
    if rule.task is not None and rule.task.note:
        lines.append(filled(rule.task.note, told))
    lines.append(f"Rule: {rule.name}, version {rule.version}. Ask `mailwake workflow why` for more.")
    return cut_lines("\n".join(lines))


def digest(lines: list[str]) -> str:
    """What a digest says."""
    shown = [f"- {line}" for line in lines[:_MOST_LINES]]
    more = len(lines) - len(shown)
    return cut_lines("\n".join([*shown, *([f"and {more:,} more"] if more else [])]))


def when(at: object, zone: ZoneInfo) -> str:
    """A moment where somebody is."""
    return f"{datetime.fromtimestamp(at / SECOND, zone):%Y-%m-%d %H:%M %Z}" if isinstance(at, int) else ""


def one_line(text: str) -> str:
    """A text without what is no letter to a reader."""
    return cut(text, 300)


def cut_lines(text: str) -> str:
    """A text of several lines that fits."""
    return text if len(text) <= _DESCRIPTION else text[: _DESCRIPTION - 1] + "…"


def _happened(facts: Mapping[str, Any], told: Mapping[str, str]) -> str:
    at, count = told["when"], told["count"]
    words = {
        "click": f"Clicked on {at}.",
        "return": f"Came back: clicked on {count} different days, last on {at}.",
        "silence": f"No sign of life for {facts.get('days')} days, while {count} mails were sent; since {at}.",
        "bounce": f"Mail came back on {at}.",
        "reply": f"Wrote back on {at}.",
        "complaint": f"Reported a mail as spam on {at}.",
        "hot": f"The score rose over {facts.get('mark')} on {at}.",
        "account": f"{count} people of the same account clicked this link; the last on {at}.",
    }
    return words[str(facts["trigger"])]
