"""What the pages of experiments show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from mailwake.boards.status_view import Mark
from mailwake.drawing import figures, pieces
from mailwake.errors import BadInput
from mailwake.experiments.answers import (
    AllAnswer,
    ContrastAnswer,
    ExperimentAnswer,
    FindingAnswer,
    PlanAnswer,
    SplitAnswer,
    VariantAnswer,
)
from mailwake.experiments.wording import READING_WORDS, points, rate_words

_STATES = {
    "draft": Mark(word="not sent yet", kind="unsure"),
    "running": Mark(word="running", kind="unsure"),
    "blocked": Mark(word="blocked", kind="bad"),
    "decided": Mark(word="decided", kind="good"),
}
#: what may decide, as it is typed, to words
METRIC_CHOICES = {"clicks": "clicks by people", "opens": "opens by people", "conversions": "goals reached after clicks"}
#: what the planner is asked with
FIELDS = {
    "people": "",
    "metric": "clicks",
    "goal": "",
    "baseline": "",
    "lift": "20",
    "variants": "2",
    "tested": "100",
    "per_day": "",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Gap:
    """An interval of a difference, drawn on a scale that all of the page share."""

    sentence: str
    leader: str
    other: str
    points: str
    span: str
    p_value: str
    #: in per cent of the drawing; empty: nothing to draw
    start: str
    length: str
    middle: str
    zero: str


def values(
    answer: AllAnswer,
    plan: PlanAnswer | None,
    fault: BadInput | None,
    *,
    asked: Mapping[str, str],
    goals: Iterable[str],
    zone: ZoneInfo,
) -> dict[str, Any]:
    """What `experiments.html` names.

    Args:
        answer: all of them.
        plan: what one takes; None: not asked, or it cannot be.
        fault: why it cannot be.
        asked: the planner's fields as they were typed.
        goals: names of all there are.
        zone: the viewer's.
    """
    return {
        "lines": [_line(each, zone) for each in answer.experiments],
        "findings": [_finding(each) for each in answer.library],
        "fresh": pieces.fresh(answer.fresh_at, zone),
        "asked": asked,
        "metrics": METRIC_CHOICES,
        "goals": list(goals),
        "fault": "" if fault is None else str(fault),
        "plan": None if plan is None else _plan(plan),
    }


def one(answer: ExperimentAnswer, zone: ZoneInfo) -> dict[str, Any]:
    """What `experiment.html` names."""
    return {
        "experiment": _line(answer, zone),
        "campaign": f"/campaigns/{answer.campaign}",
        "facts": _facts(answer, zone),
        "variants": [_variant(each) for each in answer.variants],
        "gaps": [_gap(each, answer) for each in answer.contrasts],
        "splits": [_split(each) for each in answer.splits],
        "readings": [
            {
                "name": READING_WORDS[name],
                "cells": [_reading(each.readings[name], each.base) for each in answer.variants],
                "leader": leader or "nobody alone",
            }
            for name, leader in answer.leaders.items()
        ],
        "flips": answer.flips,
        "is_draft": answer.state == "draft",
        "is_open": answer.state in ("running", "blocked"),
        "is_partial": answer.share < 1,
        "fresh": pieces.fresh(answer.fresh_at, zone),
        "label": answer.label,
    }


def _line(answer: ExperimentAnswer, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "name": answer.name,
        "href": f"/experiments/{quote(answer.name, safe='')}",
        "state": _STATES[answer.state],
        "sentence": answer.sentence,
        "about": answer.about,
        "sent": "" if answer.sent_at is None else figures.moment(answer.sent_at, zone),
        "variants": [{"name": each.name, "percent": figures.percent(each.rate)} for each in answer.variants],
        "label": answer.label,
    }


def _facts(answer: ExperimentAnswer, zone: ZoneInfo) -> list[tuple[str, str]]:
    role = f", links of the role {answer.role} alone" if answer.role else ""
    goal = f": {answer.goal}" if answer.goal else ""
    otherwise = f"{answer.otherwise} is sent" if answer.otherwise else "it waits on"
    deadline = figures.age(answer.deadline_seconds)
    until = "" if answer.deadline_at is None else f" ({figures.moment(answer.deadline_at, zone)})"
    made = "" if answer.created_at is None else figures.moment(answer.created_at, zone)
    facts = [
        ("Decides", f"{answer.label}{goal}{role}"),
        ("Tested", f"{figures.percent(answer.share)} of the audience" if answer.share < 1 else "everybody"),
        ("Deadline", f"{deadline} after the first copy{until}; without a winner {otherwise}"),
        ("Made", f"{made} by {answer.made_by}"),
    ]
    return [*facts, ("About", answer.about)] if answer.about else facts


def _variant(answer: VariantAnswer) -> dict[str, str]:
    return {
        "name": answer.name,
        "share": f"{figures.percent(answer.share)} of the tested",
        "sent": figures.count(answer.sent),
        "percent": figures.percent(answer.rate),
        "base": answer.cannot_say or f"{answer.count:,.1f} of {figures.count(answer.base)} {answer.base_name}",
        "span": figures.span(answer.low, answer.high),
        "best": figures.whole_percent(answer.chance_best),
        "loss": figures.CANNOT_SAY if answer.expected_loss is None else f"{points(answer.expected_loss)} points",
    }


def _gap(answer: ContrastAnswer, whole: ExperimentAnswer) -> Gap:
    ends = [abs(end) for each in whole.contrasts for end in (each.low, each.high) if end is not None]
    most = max(ends, default=0.0)
    is_drawn = answer.low is not None and answer.high is not None and most > 0
    low, high = answer.low or 0.0, answer.high or 0.0
    return Gap(
        sentence=answer.sentence,
        leader=answer.leader,
        other=answer.other,
        points=f"{points(answer.difference, is_signed=True)} points",
        span=f"{points(low, is_signed=True)} to {points(high, is_signed=True)} points" if is_drawn else "",
        p_value=figures.CANNOT_SAY if answer.p_value is None else f"{answer.p_value:.3f}",
        start=_place(low, most) if is_drawn else "",
        length=f"{50 * (high - low) / most:.2f}" if is_drawn else "",
        middle=_place(answer.difference, most) if is_drawn else "",
        zero="50.00",
    )


def _place(value: float, most: float) -> str:
    return f"{50 + 50 * value / most:.2f}"


def _split(answer: SplitAnswer) -> dict[str, Any]:
    p_value = "" if answer.p_value is None else f"p at all looks {answer.p_value:.4f}"
    state = Mark(word="holds:", kind="good") if answer.holds else Mark(word="broken:", kind="bad")
    return {"state": state, "sentence": answer.sentence, "p_value": p_value}


def _reading(count: int, base: int) -> str:
    return f"{figures.count(count)} ({figures.percent(count / base)})" if base else figures.CANNOT_SAY


def _finding(answer: FindingAnswer) -> dict[str, str]:
    is_said = answer.ratio is not None and answer.low is not None and answer.high is not None
    return {
        "about": answer.about,
        "names": ", ".join(answer.experiments),
        "count": figures.count(len(answer.experiments)),
        "ratio": f"{answer.ratio:.2f} times the rate" if is_said else answer.cannot_say or figures.CANNOT_SAY,
        "span": f"{answer.low:.2f} to {answer.high:.2f}" if is_said else "",
    }


def _plan(answer: PlanAnswer) -> list[tuple[str, str]]:
    usual, where = rate_words(answer.baseline), "as expected" if answer.prior_weight <= 1 else "as in the mail so far"
    lines = [
        ("To be found", f"from {usual} ({where}) to {rate_words(answer.target)}, four times in five"),
        ("Copies of each variant", figures.count(answer.each)),
        ("Copies together", figures.count(answer.total)),
        ("If you looked once, at the end", f"{figures.count(answer.each_at_one_look)} of each"),
    ]
    if answer.tested is not None and answer.mailings is not None and answer.people is not None:
        once = "once is enough" if answer.mailings <= 1 else f"{figures.count(answer.mailings)} mailings"
        lines.append(("Your list", f"{figures.count(answer.tested)} of {figures.count(answer.people)} tested: {once}"))
        least = answer.least_difference
        found = "none" if least is None else f"to {rate_words(answer.baseline + least)} or more"
        lines.append(("Rise that one mailing finds", found))
    if answer.days is not None:
        lines.append(("Days", f"{figures.count(answer.days)} at {figures.count(answer.per_day or 0)} copies a day"))
    return lines
