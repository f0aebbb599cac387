"""What the pages of experiments show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from mailwake.boards.status_view import Mark
from mailwake.drawing import figures
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
from mailwake.language import noted, say

_STATES = {
    "draft": Mark(word=noted("not sent yet"), kind="unsure"),
    "running": Mark(word=noted("running"), kind="unsure"),
    "blocked": Mark(word=noted("blocked"), kind="bad"),
    "decided": Mark(word=noted("decided"), kind="good"),
}
#: what may decide, as it is typed, to words
METRIC_CHOICES = {
    "clicks": noted("clicks by people"),
    "opens": noted("opens by people"),
    "conversions": noted("goals reached after clicks"),
}
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
                "name": say(READING_WORDS[name]),
                "cells": [_reading(each.readings[name], each.base) for each in answer.variants],
                "leader": leader or say("nobody alone"),
            }
            for name, leader in answer.leaders.items()
        ],
        "flips": answer.flips,
        "is_draft": answer.state == "draft",
        "is_open": answer.state in ("running", "blocked"),
        "is_partial": answer.share < 1,
        "label": say(answer.label),
    }


def _line(answer: ExperimentAnswer, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "name": answer.name,
        "href": f"/experiments/{quote(answer.name, safe='')}",
        "state": replace(_STATES[answer.state], word=say(_STATES[answer.state].word)),
        "sentence": answer.sentence,
        "about": answer.about,
        "sent": "" if answer.sent_at is None else figures.moment(answer.sent_at, zone),
        "variants": [{"name": each.name, "percent": figures.percent(each.rate)} for each in answer.variants],
        "label": say(answer.label),
    }


def _facts(answer: ExperimentAnswer, zone: ZoneInfo) -> list[tuple[str, str]]:
    made = "" if answer.created_at is None else figures.moment(answer.created_at, zone)
    facts = [
        (say("Decides"), _decides(answer)),
        (
            say("Tested"),
            say("%(share)s of the audience", share=figures.percent(answer.share))
            if answer.share < 1
            else say("everybody"),
        ),
        (say("Deadline"), _deadline(answer, zone)),
        (say("Made"), say("%(when)s by %(who)s", when=made, who=answer.made_by)),
    ]
    return [*facts, (say("About"), answer.about)] if answer.about else facts


def _decides(answer: ExperimentAnswer) -> str:
    if answer.goal:
        return say("%(what)s: %(goal)s", what=say(answer.label), goal=answer.goal)
    if not answer.role:
        return say(answer.label)
    return say("%(what)s, links of the role %(role)s alone", what=say(answer.label), role=answer.role)


def _deadline(answer: ExperimentAnswer, zone: ZoneInfo) -> str:
    after = say("%(age)s after the first copy", age=figures.age(answer.deadline_seconds))
    if answer.deadline_at is not None:
        after = f"{after} ({figures.moment(answer.deadline_at, zone)})"
    if not answer.otherwise:
        return say("%(after)s; without a winner it waits on", after=after)
    return say("%(after)s; without a winner %(variant)s is sent", after=after, variant=answer.otherwise)


def _variant(answer: VariantAnswer) -> dict[str, str]:
    return {
        "name": answer.name,
        "share": say("%(share)s of the tested", share=figures.percent(answer.share)),
        "sent": figures.count(answer.sent),
        "percent": figures.percent(answer.rate),
        "base": answer.cannot_say
        or say(
            "%(count)s of %(base)s %(base_name)s",
            count=f"{answer.count:,.1f}",
            base=figures.count(answer.base),
            base_name=say(answer.base_name),
        ),
        "span": figures.span(answer.low, answer.high),
        "best": figures.whole_percent(answer.chance_best),
        "loss": say(figures.CANNOT_SAY)
        if answer.expected_loss is None
        else say("%(number)s points", number=points(answer.expected_loss)),
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
        points=say("%(number)s points", number=points(answer.difference, is_signed=True)),
        span=say("%(low)s to %(high)s points", low=points(low, is_signed=True), high=points(high, is_signed=True))
        if is_drawn
        else "",
        p_value=say(figures.CANNOT_SAY) if answer.p_value is None else f"{answer.p_value:.3f}",
        start=_place(low, most) if is_drawn else "",
        length=f"{50 * (high - low) / most:.2f}" if is_drawn else "",
        middle=_place(answer.difference, most) if is_drawn else "",
        zero="50.00",
    )


def _place(value: float, most: float) -> str:
    return f"{50 + 50 * value / most:.2f}"


def _split(answer: SplitAnswer) -> dict[str, Any]:
    p_value = "" if answer.p_value is None else say("p at all looks %(p)s", p=f"{answer.p_value:.4f}")
    state = Mark(word=say("holds:"), kind="good") if answer.holds else Mark(word=say("broken:"), kind="bad")
    return {"state": state, "sentence": answer.sentence, "p_value": p_value}


def _reading(count: int, base: int) -> str:
    return f"{figures.count(count)} ({figures.percent(count / base)})" if base else say(figures.CANNOT_SAY)


def _finding(answer: FindingAnswer) -> dict[str, str]:
    is_said = answer.ratio is not None and answer.low is not None and answer.high is not None
    return {
        "about": answer.about,
        "names": ", ".join(answer.experiments),
        "count": figures.count(len(answer.experiments)),
        "ratio": say("%(ratio)s times the rate", ratio=f"{answer.ratio:.2f}")
        if is_said
        else answer.cannot_say or say(figures.CANNOT_SAY),
        "span": say("%(low)s to %(high)s", low=f"{answer.low:.2f}", high=f"{answer.high:.2f}") if is_said else "",
    }


def _plan(answer: PlanAnswer) -> list[tuple[str, str]]:
    usual, where = (
        rate_words(answer.baseline),
        say("as expected") if answer.prior_weight <= 1 else say("as in the mail so far"),
    )
    lines = [
        (
            say("To be found"),
            say(
                "from %(usual)s (%(where)s) to %(target)s, four times in five",
                usual=usual,
                where=where,
                target=rate_words(answer.target),
            ),
        ),
        (say("Copies of each variant"), figures.count(answer.each)),
        (say("Copies together"), figures.count(answer.total)),
        (
            say("If you looked once, at the end"),
            say("%(count)s of each", count=figures.count(answer.each_at_one_look)),
        ),
    ]
    if answer.tested is not None and answer.mailings is not None and answer.people is not None:
        once = (
            say("once is enough")
            if answer.mailings <= 1
            else say("%(count)s mailings", count=figures.count(answer.mailings))
        )
        tested = say(
            "%(tested)s of %(people)s tested: %(once)s",
            tested=figures.count(answer.tested),
            people=figures.count(answer.people),
            once=once,
        )
        lines.append((say("Your list"), tested))
        least = answer.least_difference
        found = say("none") if least is None else say("to %(rate)s or more", rate=rate_words(answer.baseline + least))
        lines.append((say("Rise that one mailing finds"), found))
    if answer.days is not None:
        lines.append(
            (
                say("Days"),
                say(
                    "%(days)s at %(copies)s copies a day",
                    days=figures.count(answer.days),
                    copies=figures.count(answer.per_day or 0),
                ),
            )
        )
    return lines
