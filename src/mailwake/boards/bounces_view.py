"""What came back as people read it: the page, the table of a terminal, and CSV for a spreadsheet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from mailwake.boards.domains_view import ShareView
from mailwake.deliverability.returned import Cause, Event, Line, Refused, Returned
from mailwake.drawing import figures, pieces
from mailwake.drawing.causes import cause as in_words
from mailwake.language import at_start, noted, say

#: an incident in a word
KINDS = {"storm": noted("storm"), "alarm": noted("alarm"), "import": noted("import")}
#: the base of all rates here
SENT = noted("sent")
#: what each class blames, for people; the page on deliverability says the same
KLASSES = {
    "all": noted("refused"),
    "hard": noted("dead address"),
    "hard_probable": noted("probably a dead address"),
    "soft": noted("a cause that may pass"),
    "throttle": noted("too fast"),
    "block": noted("blames the sender"),
    "content": noted("blames the message"),
    "complaint": noted("their wish"),
    "none": noted("no refusal"),
    "untold": noted("no cause known"),
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
        (say("Campaigns"), answer.campaigns),
        (say("Mail exchangers"), answer.places),
        (say("Recipient domains"), answer.domains),
    )
    return {
        "campaign": answer.campaign,
        "name": answer.name,
        "since": "" if answer.since is None else say("mail since %(day)s", day=figures.day(answer.since, zone)),
        "total": None if answer.total is None else _line(answer.total, zone),
        "incidents": [_event(each, zone) for each in answer.incidents],
        "tables": [(title, [_line(each, zone) for each in lines]) for title, lines in tables if lines],
    }


def share(found: Refused) -> ShareView:
    """A rate with its base in text."""
    label = say(KLASSES.get(found.klass, found.klass))
    base = pieces.of(found.base, SENT) if found.base else say("of an unknown number sent")
    span = figures.span(found.low, found.high)
    told = pieces.with_interval(found.rate, span) if span else found.cannot_say
    return ShareView(
        metric="",
        label=label,
        count=figures.count(found.count),
        percent=figures.percent(found.rate),
        base=base,
        span=span,
        says=say(
            "%(label)s: %(count)s %(base)s, %(told)s. Copies, each once, however often it was refused.",
            label=label,
            count=figures.count(found.count),
            base=base,
            told=told,
        ),
    )


def _line(line: Line, zone: ZoneInfo) -> LineView:
    name = pieces.listed(line.members, line.members, pieces.OTHERS) if line.name is None else line.name
    return LineView(
        name=name,
        refused=share(line.refused),
        classes=tuple(share(each) for each in line.classes),
        since=figures.moment(line.first_at, zone),
        causes=tuple(_cause(each, zone) for each in line.causes),
    )


def _cause(cause: Cause, zone: ZoneInfo) -> CauseView:
    return CauseView(
        name=in_words(cause.category),
        blames=say(KLASSES.get(cause.klass, cause.klass)),
        count=figures.count(cause.count),
        since=figures.moment(cause.first_at, zone),
        quoted=tuple(f"{words.text} ({figures.count(words.count)}×)" for words in cause.quoted if words.text),  # noqa: RUF001
        advice=say(cause.advice),
    )


def _event(event: Event, zone: ZoneInfo) -> str:
    about = event.about.replace("_", " ")
    many = pieces.listed(event.count, event.count, pieces.REFUSALS)
    message = (
        noted("%(kind)s %(about)s: %(many)s since %(when)s, open")
        if event.is_open
        else noted("%(kind)s %(about)s: %(many)s since %(when)s, closed")
    )
    kind = at_start(say(KINDS.get(event.kind, event.kind)))
    return say(message, kind=kind, about=about, many=many, when=figures.moment(event.opened_at, zone))
