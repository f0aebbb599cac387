"""What came back as people read it: the page, the table of a terminal, and CSV for a spreadsheet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from mailwake.boards.domains_view import ShareView
from mailwake.drawing import figures, pieces
from mailwake.insight.returned import Cause, Event, Line, Refused, Returned

#: what each class blames, for people
KLASSES = {
    "all": "refused",
    "hard": "dead address",
    "hard_probable": "probably dead",
    "soft": "for now",
    "throttle": "too fast",
    "block": "blames the sender",
    "content": "blames the message",
    "complaint": "their wish",
    "none": "arrived",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class CauseView:
    """One cause, ready to read."""

    name: str
    blames: str
    count: str
    since: str
    quoted: tuple[str, ...]
    advice: str


@dataclass(frozen=True, kw_only=True, slots=True)
class LineView:
    """One line, ready to read."""

    name: str
    refused: ShareView
    classes: tuple[ShareView, ...]
    since: str
    causes: tuple[CauseView, ...]


def values(answer: Returned, zone: ZoneInfo) -> dict[str, Any]:
    """What `bounces.html` names."""
    tables = (
        ("Campaigns", answer.campaigns),
        ("Mail exchangers", answer.places),
        ("Recipient domains", answer.domains),
    )
    return {
        "campaign": answer.campaign,
        "name": answer.name,
        "since": "" if answer.since is None else f"mail since {figures.day(answer.since, zone)}",
        "total": None if answer.total is None else _line(answer.total, zone),
        "incidents": [_event(each, zone) for each in answer.incidents],
        "tables": [(title, [_line(each, zone) for each in lines]) for title, lines in tables if lines],
    }


def share(found: Refused) -> ShareView:
    """A rate with its base in text."""
    label = KLASSES.get(found.klass, found.klass)
    base = f"of {figures.count(found.base)} sent" if found.base else "of an unknown number sent"
    span = figures.span(found.low, found.high)
    told = f"{figures.percent(found.rate)} (95{figures.NBSP}% interval {span})" if span else found.cannot_say
    return ShareView(
        metric="",
        label=label,
        count=figures.count(found.count),
        percent=figures.percent(found.rate),
        base=base,
        span=span,
        says=f"{label}: {figures.count(found.count)} {base}, {told}. Copies, each once, however often it was refused.",
    )


def _line(line: Line, zone: ZoneInfo) -> LineView:
    name = f"{pieces.listed(line.members, line.members, 'other')}" if line.name is None else line.name
    return LineView(
        name=name,
        refused=share(line.refused),
        classes=tuple(share(each) for each in line.classes),
        since=figures.moment(line.first_at, zone),
        causes=tuple(_cause(each, zone) for each in line.causes),
    )


def _cause(cause: Cause, zone: ZoneInfo) -> CauseView:
    return CauseView(
        name=cause.category.replace("_", " "),
        blames=KLASSES.get(cause.klass, cause.klass),
        count=figures.count(cause.count),
        since=figures.moment(cause.first_at, zone),
        quoted=tuple(f"{words.text} ({figures.count(words.count)}×)" for words in cause.quoted if words.text),  # noqa: RUF001
        advice=cause.advice,
    )


def _event(event: Event, zone: ZoneInfo) -> str:
    state = "open" if event.is_open else "closed"
    about = event.about.replace("_", " ")
    many = pieces.listed(event.count, event.count, "refusal")
    return f"{event.kind.capitalize()} {about}: {many} since {figures.moment(event.opened_at, zone)}, {state}"
