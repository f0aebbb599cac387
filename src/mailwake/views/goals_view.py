"""What the pages of goals show."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from mailwake.drawing import fields, figures, pieces
from mailwake.earnings.answers import EarnedAnswer, GoalAnswer, GoalReport, LineAnswer, MoneyAnswer
from mailwake.goals.claims import MAX_WINDOW_DAYS, read_line
from mailwake.goals.money import shown
from mailwake.language import noted, say

#: model to how it reads
MODELS = {"last": noted("last click"), "first": noted("first click"), "linear": noted("all clicks alike")}
NOTHING = "–"  # noqa: RUF001 - a dash where a cell is empty


@dataclass(frozen=True, kw_only=True, slots=True)
class EarnedLine:
    """What one thing earned, ready to read."""

    label: str
    #: empty: it leads nowhere
    href: str
    conversions: str
    people: str
    money: str


def values(goals: Sequence[GoalAnswer], zone: ZoneInfo) -> dict[str, Any]:
    """What `goals.html` names."""
    return {
        "goals": [_goal(each, zone) for each in goals],
        "longest_window": MAX_WINDOW_DAYS,
    }


def goal_values(report: GoalReport, zone: ZoneInfo) -> dict[str, Any]:
    """What `goal.html` names."""
    name, goal = report.goal.name, report.goal
    path = f"/goals/{quote(name, safe='')}"
    more = urlencode({"goal": name, "model": report.model})
    return {
        "goal": _goal(goal, zone),
        "models": models(path, {}, report.model),
        "model": say(MODELS[report.model]),
        "clicked": earned_line(say("After a click of a person"), goal.clicked),
        "unclicked": earned_line(say("After mail, without a click"), goal.unclicked),
        "total": earned_line(say("Altogether"), goal.total),
        "campaigns": lines(report.campaigns, href=lambda each: f"/campaigns/{each.id}/conversions?{more}"),
        "segments": None if report.segments is None else lines(report.segments, href=segment_href),
        "ask_segments": f"{path}?{urlencode({'model': report.model, 'segments': 'true'})}",
    }


def segment_href(line: LineAnswer) -> str:
    """Of the people of a segment's line."""
    return f"/segments/{quote(line.id, safe='')}"


def models(path: str, query: dict[str, str], chosen: str) -> list[dict[str, Any]]:
    """The choice of a model, each with its address."""
    return [
        {"text": say(text), "href": f"{path}?{urlencode({**query, 'model': name})}", "is_chosen": name == chosen}
        for name, text in MODELS.items()
    ]


def lines(found: Iterable[LineAnswer], href: Callable[[LineAnswer], str] | None = None) -> list[EarnedLine]:
    """What several things earned."""
    return [earned_line(each.label, each.earned, "" if href is None else href(each)) for each in found]


def earned_line(label: str, earned: EarnedAnswer, href: str = "") -> EarnedLine:
    """What one thing earned."""
    return EarnedLine(
        label=fields.read(label),
        href=href,
        conversions=fraction(earned.conversions),
        people=figures.count(earned.people),
        money=money(earned.money),
    )


def money(found: Sequence[MoneyAnswer]) -> str:
    """Amounts beside each other, never added."""
    return " · ".join(shown(each.minor, each.currency) for each in found) or NOTHING


def goal_words(line: str) -> str:
    """What an event says of a goal reached, such as "purchase, 19.99 EUR"."""
    claim = read_line(line)
    if claim is None:
        return line
    return claim.goal if claim.value is None else f"{claim.goal}, {shown(claim.value, claim.currency)}"


def fraction(conversions: float) -> str:
    """A whole number where it is one; a share of several clicks has two digits."""
    return f"{conversions:,.0f}" if conversions == int(conversions) else f"{conversions:,.2f}"


def _goal(goal: GoalAnswer, zone: ZoneInfo) -> dict[str, Any]:
    made = "" if goal.created_at is None else figures.day(goal.created_at, zone)
    return {
        "name": goal.name,
        "href": f"/goals/{quote(goal.name, safe='')}",
        "window": pieces.listed(goal.window_days, goal.window_days, pieces.DAYS),
        "value": say("as told") if goal.value is None else shown(goal.value.minor, goal.value.currency),
        "made": say("%(when)s by %(who)s", when=made, who=goal.made_by),
        "total": earned_line(goal.name, goal.total),
        "clicked": earned_line(goal.name, goal.clicked),
        "by_picture": figures.count(goal.by_picture),
    }
