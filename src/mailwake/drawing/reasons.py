"""What a verdict was made of, in words for whoever sends mail.

The judge keeps its reasons as it said them; they are put into other words where they are shown, so that what was stored
years ago reads like what is said today. It weighs one thing in several ways, such as links within a second and within
ten; on a page that is one line, with the weights added up.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from mailwake.drawing import charts, figures
from mailwake.drawing.charts import Part
from mailwake.drawing.figures import NBSP
from mailwake.events import Reason
from mailwake.insight.link_reasons import REST
from mailwake.language import say

#: a bar that fills its half; a lighter case stays short
_HEAVY = 4.0
#: what one digit after the point shows as nothing
_NOTHING = 0.05

#: what the judge says, and what is shown instead; in this order
_WORDS = (
    (re.compile(r"\bat 1 other deliveries\b"), "at 1 other delivery"),
    (re.compile(r"\bcame to 1 other deliveries\b"), "came to 1 other delivery"),
    (re.compile(r"(\d)%"), rf"\1{NBSP}%"),
    (re.compile(r"^asks for no language$"), "named no language, which people's browsers do"),
    (re.compile(r"^asks for a language$"), "named a language, as people's browsers do"),
    (re.compile(r"^lacks fetch headers that the claimed browser sends$"), "left out details that such a browser sends"),
    (re.compile(r"^has a browser's fetch headers$"), "sent the details that a browser sends"),
    (re.compile(r"\b0\.0 s apart$"), "at the same moment"),
    (re.compile(r"\bin 0\.0 s$"), "at once"),
    # up to 2026-11-27 that was said of what came before delivery, too
    (re.compile(r"^0\.0 s after delivery$"), "at the moment of delivery, or before"),
)


class Observation(NamedTuple):
    """Everything that was weighed about one thing."""

    #: a sentence without its end
    fact: str
    #: of the judge's rules, in the order in which they were told
    codes: tuple[str, ...]
    #: log-odds together, above zero for a person
    weight: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One observation as a page shows it."""

    fact: str
    codes: str
    #: "+2.0 for a person"
    weight: str
    parts: tuple[Part, ...]


class Things(NamedTuple):
    """Codes of the judge put together, and words that hold of a whole kind."""

    #: code to the name of its thing
    names: dict[str, str]
    #: name of a thing to codes by their place in its sentence
    places: dict[str, list[list[str]]]
    #: what is said of every observation of a kind, to what is shown of it
    general: dict[str, str]


@cache
def things() -> Things:
    """Which observations are about one thing, from `things.toml`."""
    tree: dict[str, Any] = tomllib.loads(files("mailwake.drawing").joinpath("things.toml").read_text("utf-8"))
    places: dict[str, list[list[str]]] = {each["name"]: each["tells"] for each in tree["thing"]}
    names = {code: name for name, tells in places.items() for place in tells for code in place}
    return Things(names, places, tree["general"])


def lines(reasons: Iterable[Reason]) -> tuple[Line, ...]:
    """As `observations`, each with a bar."""
    seen = observations(reasons)
    heaviest = max([_HEAVY, *(abs(each.weight) for each in seen)])
    return tuple(
        Line(
            fact=each.fact,
            codes=" ".join(each.codes),
            weight=_speaks(each.weight),
            parts=charts.scale(each.weight, heaviest),
        )
        for each in seen
    )


def _speaks(weight: float) -> str:
    shown = figures.signed(weight, 1)
    if abs(weight) < _NOTHING:
        return say("for neither")
    return say("%(weight)s for a person", weight=shown) if weight > 0 else say("%(weight)s for a machine", weight=shown)


def observations(reasons: Iterable[Reason]) -> list[Observation]:
    """What a verdict was made of, one line for each thing: the weightiest first, the sum of lesser ones last."""
    together: dict[str, list[Reason]] = {}
    for reason in reasons:
        together.setdefault(things().names.get(reason.code, reason.code), []).append(reason)
    found = [_observation(name, told) for name, told in together.items()]
    return sorted(found, key=lambda each: (REST in each.codes, -abs(each.weight), each.codes))


def _observation(name: str, told: Sequence[Reason]) -> Observation:
    codes = tuple(reason.code for reason in told)
    return Observation(_sentence(name, told), codes, sum(reason.weight for reason in told))


def _sentence(name: str, told: Sequence[Reason]) -> str:
    """What is told of a thing, in the order of its places; what holds of a whole kind only where nothing else does."""
    by_code = {reason.code: reason.fact for reason in told}
    own = {code: fact for code, fact in by_code.items() if fact not in things().general}
    for facts in (own, by_code):
        spoken = [_first(place, facts) for place in things().places.get(name, [[code] for code in by_code])]
        if said := dict.fromkeys(readable(fact) for fact in spoken if fact):
            return "; ".join(said)
    return told[0].code


def _first(codes: Iterable[str], facts: dict[str, str]) -> str:
    return next((facts[code] for code in codes if code in facts), "")


def readable(fact: str) -> str:
    """A reason as it was kept, in words that need no knowledge of HTTP; others as they are."""
    fact = things().general.get(fact, fact)
    for pattern, words in _WORDS:
        fact = pattern.sub(words, fact)
    return fact
