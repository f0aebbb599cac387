"""What the page of definitions shows: our rates with what they mean, and the same campaign in other tools' words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mailwake.drawing import figures, pieces
from mailwake.drawing.pieces import Figure
from mailwake.drawing.terms import term
from mailwake.insight.dialects import Definitions, Translated
from mailwake.insight.metrics import metrics
from mailwake.language import say


@dataclass(frozen=True, kw_only=True, slots=True)
class Ours:
    """One of our rates and what it means."""

    figure: Figure
    sentence: str
    #: what stands above and below the line
    formula: str
    #: how its interval is made
    interval: str
    #: links that count
    roles: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Theirs:
    """One figure of another tool, ready to read."""

    label: str
    value: str
    span: str
    counts: str
    says: str
    ours: str
    our_value: str


def values(told: Definitions) -> dict[str, Any]:
    """What `definitions.html` names."""
    figure = pieces.by_metric(told.rates)
    labels = {each.metric: say(each.label) for each in told.rates}
    return {
        "id": told.id,
        "name": told.name,
        "ours": [_ours(each) for each in figure.values()],
        "dialects": [
            {
                "name": one.dialect,
                "title": one.title,
                "source": one.source,
                "note": say(one.note),
                "figures": [_theirs(each, labels) for each in one.figures],
            }
            for one in told.translations
        ],
    }


def quotient(figure: Translated) -> str:
    """A share as a percentage; a quotient of events as well, though it may be above 100 %."""
    return figures.percent(figure.value)


def _ours(figure: Figure) -> Ours:
    metric = metrics()[figure.metric]
    return Ours(
        figure=figure,
        sentence=say(metric.sentence),
        formula=f"{metric.count} / {metric.base}",
        interval=say(metric.interval),
        roles=" ".join(map(term, metric.roles.split())),
    )


def _theirs(figure: Translated, labels: dict[str, str]) -> Theirs:
    return Theirs(
        label=say(figure.label),
        value=quotient(figure),
        span=figures.span(figure.low, figure.high),
        counts=say("%(number)s of %(all)s", number=figures.count(figure.count), all=figures.count(figure.base)),
        says=figure.cannot_say or say(figure.says),
        ours=labels.get(figure.ours, figure.ours),
        our_value=figures.percent(figure.our_value),
    )
