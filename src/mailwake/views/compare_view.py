"""What the page of a comparison shows: figures side by side, differences in words, and their causes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from mailwake.comparing.compare import OTHERS, Cause, Compared, Comparison, Step, Why
from mailwake.drawing import charts, figures, pieces
from mailwake.drawing.charts import Part
from mailwake.insight.answers import Overview
from mailwake.language import noted, say
from mailwake.people.people import LISTED

#: campaigns to choose from, the latest
_CHOICE = 60
#: of so many the causes stand beneath; of more they are a link away
_TWO = 2
#: parts of an audience that are named
_GROUPS = 8
_RAW = {"opened": noted("Opened, raw: %(points)s"), "clicked": noted("Clicked, raw: %(points)s")}
#: how two rates stand to each other
STANDINGS = {
    "higher": noted("higher"),
    "lower": noted("lower"),
    "not distinguishable": noted("not distinguishable"),
}
_CAUSES = {
    "audience": noted("other recipients: more or fewer at domains that open or click differently"),
    "timing": noted("sent at another day or hour"),
    "within": noted("the same recipients at the same hours did more or less"),
    "timing_or_within": noted("timing or content: cannot be told apart, too few were sent at the same day and hour"),
    "people": noted("recipients, timing or content: cannot be told apart, too few went to the same domains"),
    "machines": noted("machines, and what may be one"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """One figure of one campaign, ready to read."""

    percent: str
    base: str
    span: str
    #: "+1.2 points (0.3 to 2.1): higher"; empty for the first campaign
    step: str
    #: higher, lower or empty
    kind: str
    #: where those copies are listed as they stand today; empty: nowhere
    people: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One figure of all campaigns."""

    label: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class CauseView:
    """A part of a difference."""

    label: str
    points: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class WhyView:
    """Why two campaigns differ, ready to read."""

    title: str
    says: str
    causes: tuple[CauseView, ...]
    groups: tuple[tuple[str, str, str], ...]


def choice(overview: Overview, chosen: Sequence[str], zone: ZoneInfo) -> list[dict[str, Any]]:
    """Campaigns to choose from, the latest first."""
    return [
        {
            "id": line.id,
            "name": line.name,
            "sent": "" if line.sent_from is None else figures.day(line.sent_from, zone),
            "is_chosen": line.id in chosen,
        }
        for line in overview.campaigns[:_CHOICE]
        if line.tally.sent
    ]


def values(answer: Comparison, zone: ZoneInfo) -> dict[str, Any]:
    """What `compare.html` names."""
    ids, ages = [("c", side.id) for side in answer.sides], [("age", answer.age)]
    of = [("segment", answer.segment)] if answer.segment else []
    return {
        "age": figures.age(answer.age),
        "ages": [
            {"label": figures.age(age), "href": _href(*ids, *of, ("age", age)), "is_chosen": age == answer.age}
            for age in answer.ages
        ],
        "sides": [
            {
                "id": side.id,
                "name": side.name,
                "sent": "" if side.sent_from is None else figures.day(side.sent_from, zone),
                "why": _href(*ids[at - 1 : at + 1], *of, *ages) if at and len(ids) > _TWO else "",
            }
            for at, side in enumerate(answer.sides)
        ],
        "lines": lines(answer),
        "whys": [_why(each) for each in answer.why],
    }


def _href(*asked: tuple[str, str | int]) -> str:
    return "/compare?" + urlencode(asked)


def lines(answer: Comparison) -> list[Line]:
    """One line per figure, one cell per campaign."""
    hrefs = ["" if answer.segment else f"/campaigns/{side.id}/people" for side in answer.sides]
    return [
        Line(label=say(cells[0].label), cells=tuple(map(_cell, cells, hrefs)))
        for cells in zip(*(side.figures for side in answer.sides), strict=True)
    ]


def _cell(found: Compared, href: str) -> Cell:
    standing = found.step.standing if found.step else None
    return Cell(
        people=f"{href}?outcome={LISTED[found.metric]}" if href and found.count and found.metric in LISTED else "",
        percent=figures.percent(found.rate),
        base=pieces.of(found.base, found.base_name),
        span=figures.span(found.low, found.high),
        step="" if found.step is None else in_words(found.step),
        kind=standing if standing in ("higher", "lower") else "",
    )


def in_words(step: Step) -> str:
    """A difference in words: in points of a percentage, with its interval."""
    if step.value is None or step.low is None or step.high is None:
        return say(figures.CANNOT_SAY)
    return say(
        "%(points)s (%(low)s to %(high)s): %(standing)s",
        points=points(step.value),
        low=_number(step.low),
        high=_number(step.high),
        standing=say(STANDINGS.get(step.standing or "", step.standing or "None")),
    )


def points(value: float) -> str:
    """A difference of rates in percentage points."""
    return say("%(number)s points", number=_number(value))


def _number(value: float) -> str:
    return figures.signed(100 * value, 2 if abs(value) < 0.0095 else 1)


def _why(found: Why) -> WhyView:
    most = max((abs(each.value) for each in found.causes), default=0.0)
    return WhyView(
        title=say(_RAW[found.kind], points=points(found.raw)),
        says=say(
            "Of these %(raw)s, people are %(people)s. The parts add up to the whole.",
            raw=points(found.raw),
            people=points(found.people),
        ),
        causes=tuple(_cause(each, most) for each in found.causes),
        groups=tuple(
            (say(OTHERS) if each.name == OTHERS else each.name, points(each.by_mix), points(each.by_rate))
            for each in found.groups[:_GROUPS]
        ),
    )


def _cause(found: Cause, most: float) -> CauseView:
    sure = found.low is None or found.high is None
    low, high = _number(found.low or 0.0), _number(found.high or 0.0)
    span = "" if sure else say(" (%(low)s to %(high)s)", low=low, high=high)
    return CauseView(
        label=say(_CAUSES[found.what]),
        points=points(found.value) + span,
        parts=charts.scale(found.value, most, kind="machine" if found.what == "machines" else "human") if most else (),
    )
