"""What a campaign earned, for a terminal."""

from __future__ import annotations

from mailwake.drawing import fields, figures
from mailwake.drawing.terminal import visible
from mailwake.earnings.answers import CampaignConversions, EarnedAnswer, LiftAnswer, LineAnswer
from mailwake.views.goals_view import fraction, money


def conversions_text(answer: CampaignConversions) -> str:
    """The whole of it, in lines."""
    if answer.goal is None:
        return "there is no goal yet; `mailwake goal add purchase --value 19.99 --currency EUR` makes one"
    lines = [
        f"{answer.name} · {answer.goal} · window {answer.window_days} days · credit to the {answer.model} click",
        f"earned: {_earned(answer.earned)}",
    ]
    for rate in answer.rates:
        span = figures.span(rate.low, rate.high)
        said = f"{figures.percent(rate.rate)} of {rate.base:,} {rate.base_name}" + (f" (95 %: {span})" if span else "")
        lines.append(f"{rate.label.lower()}: {rate.cannot_say or said}")
    lines.append(f"without a click: {_earned(answer.unclicked)}")
    for title, group in (("links", answer.links), ("variants", answer.variants), ("segments", answer.segments or ())):
        if group:
            lines += [f"{title}:", *map(_line, group)]
    return "\n".join(visible(line.replace(figures.NBSP, " ")) for line in (*lines, _lift(answer.lift)))


def _line(each: LineAnswer) -> str:
    return f"  {fields.read(each.label)}: {_earned(each.earned)}"


def _earned(earned: EarnedAnswer) -> str:
    return f"{fraction(earned.conversions)} by {earned.people:,} people · {money(earned.money)}"


def _lift(found: LiftAnswer) -> str:
    if found.cannot_say or found.difference is None or found.low is None or found.high is None:
        return f"what the mail added: {found.cannot_say}"
    points = " to ".join(f"{100 * each:+.2f}" for each in (found.low, found.high))
    return f"what the mail added: {100 * found.difference:+.2f} percentage points (95 %: {points}), {found.standing}"
