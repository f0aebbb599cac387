"""What the page of a campaign's conversions shows."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from mailwake.drawing import figures, pieces
from mailwake.earnings.answers import CampaignConversions, GroupAnswer, LiftAnswer, PerDelivered
from mailwake.goals.money import digits
from mailwake.insight.metrics import metrics
from mailwake.language import noted, say
from mailwake.people.on_link import named, people_href
from mailwake.views.goals_view import earned_line, lines, models, segment_href

_WORDS = {
    "higher": noted("People who got the mail reached the goal more often."),
    "lower": noted("People who got the mail reached the goal less often."),
    "not distinguishable": noted("The two are not distinguishable: the difference may be nothing but chance."),
}


def values(answer: CampaignConversions) -> dict[str, Any]:
    """What `conversions.html` names."""
    path = f"/campaigns/{answer.id}/conversions"
    return {
        "id": answer.id,
        "name": answer.name,
        "goal": answer.goal,
        "goals": answer.goals,
        "window": pieces.listed(answer.window_days, answer.window_days, pieces.DAYS),
        "models": models(path, {"goal": answer.goal or ""}, answer.model),
        "model": answer.model,
        "earned": earned_line(say("earned"), answer.earned),
        "unclicked": earned_line(say("without a click"), answer.unclicked),
        "rates": [pieces.figure(each) for each in answer.rates],
        "per_copy": [_per_copy(each) for each in answer.per_delivered],
        "links": lines(answer.links, lambda each: people_href(answer.id, *named(each.id), "human")),
        "variants": lines(answer.variants),
        "segments": None if answer.segments is None else lines(answer.segments, segment_href),
        "ask_segments": f"{path}?{urlencode({'goal': answer.goal or '', 'model': answer.model, 'segments': 'true'})}",
        "lift": _lift(answer.lift),
        "definitions": [
            {
                "id": metric.id,
                "label": say(metric.label),
                "sentence": say(metric.sentence),
                "interval": say(metric.interval),
            }
            for metric in metrics().values()
            if metric.source == "earnings"
        ],
    }


def _per_copy(each: PerDelivered) -> dict[str, str]:
    metric = metrics()[each.metric]
    low_high = "" if each.low is None or each.high is None else _between(each.low, each.high, each.currency)
    return {
        "label": f"{say(metric.label)}, {each.currency}",
        "value": f"{_major(each.value, each.currency)} {each.currency}",
        "span": low_high,
        "base": say(
            "over %(base)s copies %(base_name)s", base=figures.count(each.base), base_name=say(metric.base_name)
        ),
        "says": say("%(sentence)s Interval: %(method)s.", sentence=say(metric.sentence), method=each.method),
    }


def _lift(found: LiftAnswer) -> dict[str, Any]:
    return {
        "cannot_say": found.cannot_say or "",
        "sides": [_side(say("Held out"), found.held), _side(say("Mailed"), found.mailed)],
        "words": say(_WORDS.get(found.standing, "")),
        "difference": ""
        if found.difference is None
        else say("%(points)s percentage points", points=_points(found.difference)),
        "span": "" if found.low is None or found.high is None else _to(_points(found.low), _points(found.high)),
        "extra": "" if found.extra is None else f"{found.extra:,.0f}",
        "extra_span": (
            ""
            if found.extra_low is None or found.extra_high is None
            else _to(f"{found.extra_low:,.0f}", f"{found.extra_high:,.0f}")
        ),
        "is_open": found.is_open,
        "money": [
            {
                "currency": each.currency,
                "value": _signed(each.value, each.currency),
                "span": (
                    say("cannot say how sure: too few spent anything")
                    if each.low is None or each.high is None
                    else _to(_signed(each.low, each.currency), _signed(each.high, each.currency))
                ),
            }
            for each in found.money
        ],
    }


def _side(label: str, group: GroupAnswer | None) -> dict[str, str]:
    if group is None:
        return {"label": label, "people": "", "reached": "", "share": ""}
    return {
        "label": label,
        "people": figures.count(group.people),
        "reached": figures.count(group.reached),
        "share": figures.percent(group.share),
    }


def _to(low: str, high: str) -> str:
    return say("%(low)s to %(high)s", low=low, high=high)


def _between(low: float, high: float, currency: str) -> str:
    return _to(_major(low, currency), f"{_major(high, currency)} {currency}")


def _major(minor: float, currency: str) -> str:
    """A mean, which may be less than the smallest coin."""
    places = digits().get(currency, 0)
    fine = places if abs(minor) >= 10 ** (places + 1) else places + 2
    return f"{minor / 10**places:,.{fine}f}"


def _signed(minor: float, currency: str) -> str:
    return f"{'+' if minor > 0 else ''}{_major(minor, currency)} {currency}".replace("-", "\N{MINUS SIGN}")


def _points(rate: float) -> str:
    return figures.signed(100 * rate, 2)
