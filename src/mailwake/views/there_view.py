"""What a list of people is narrowed to, in words, each with a way to take it off; and the way on to a segment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from mailwake.comparing.timing import hour_named
from mailwake.drawing.terms import country
from mailwake.insight.answers import PeoplePage
from mailwake.language import noted, say
from mailwake.people.on_link import Followers
from mailwake.people.there import OTHERS, UNKNOWN
from mailwake.segments.lexer import quoted
from mailwake.segments.tree import JUDGED, Judged, Verb
from mailwake.views import timing_view

_PROXIED = "proxied"
#: filter to the words of its values; those that are not named here are spoken by the last
_WORDS: Mapping[str, tuple[Mapping[str, str], str]] = {
    "client": ({UNKNOWN: noted("with a program that is not known")}, noted("with %(name)s")),
    "device": (
        {UNKNOWN: noted("on a device that is not known"), _PROXIED: noted("on a device that a proxy hid")},
        noted("on the device “%(name)s”"),
    ),
    "country": (
        {
            UNKNOWN: noted("from a country that is not known"),
            _PROXIED: noted("from a country that a proxy hid"),
        },
        noted("from %(name)s"),
    ),
    "provider": ({OTHERS: noted("at all other mailbox providers")}, noted("at %(name)s")),
    "hour": ({}, noted("%(name)s by their own clocks")),
}
#: whose reactions: end of an outcome to the word of a query
_AS = {"human": Judged.HUMAN, "possible": Judged.POSSIBLE, "machine": Judged.MACHINE}
#: clauses of the language; it has none for devices, providers and hours
_CLAUSES = frozenset({"client", "country"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Narrowing:
    """One thing that a list is narrowed to."""

    name: str
    value: str
    says: str
    #: the same list without it
    without: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Onward:
    """The same as a segment."""

    query: str
    href: str


def chosen(answer: PeoplePage) -> dict[str, str]:
    """What the list is narrowed to, by name."""
    return {name: value for name in _WORDS if (value := getattr(answer, name))}


def narrowings(answer: PeoplePage, path: str) -> tuple[Narrowing, ...]:
    """Each as words."""
    there = chosen(answer)
    return tuple(
        Narrowing(name=name, value=value, says=_says(name, value), without=_without(answer, path, there, name))
        for name, value in there.items()
    )


def segment(answer: PeoplePage) -> Onward | None:
    """The nearest query of the language of segments; None: it has no words for this."""
    there, (kind, _, who) = chosen(answer), answer.outcome.partition("_")
    name = Verb.SENT if kind == "all" else kind
    hidden = {UNKNOWN, _PROXIED} & set(there.values())
    if name not in set(Verb) or hidden or not there.keys() <= _CLAUSES or (there and name not in JUDGED):
        return None
    clauses = [f"{each} {quoted(value)}" for each, value in there.items()]
    judged = [f"as {_AS.get(who, Judged.ANYBODY)}"] if name in JUDGED else []
    query = " ".join((name, f"in campaign {quoted(answer.name)}", *clauses, *judged))
    return Onward(query=query, href=f"/segments?{urlencode({'query': query})}")


def on_link(answer: Followers) -> Onward | None:
    """The nearest query to those who followed a link, by its text; None: it has none."""
    if not answer.label or not answer.label.isprintable():
        return None
    judged = _AS.get(answer.who, Judged.ANYBODY)
    query = f"clicked {quoted(answer.label)} in campaign {quoted(answer.name)} as {judged}"
    return Onward(query=query, href=f"/segments?{urlencode({'query': query})}")


def _says(name: str, value: str) -> str:
    known, spoken = _WORDS[name]
    if value in known:
        return say(known[value])
    return say(spoken, name=_SPOKEN[name](value) if name in _SPOKEN else value)


def _hour(value: str) -> str:
    day, hour = hour_named(value)
    return timing_view.hour_of(say(timing_view.DAYS[day]), hour)


#: filter to how its value is said; others are said as they are
_SPOKEN: Mapping[str, Callable[[str], str]] = {"country": country, "hour": _hour}


def _without(answer: PeoplePage, path: str, there: Mapping[str, str], name: str) -> str:
    rest = {each: value for each, value in there.items() if each != name}
    return f"{path}?{urlencode({'outcome': answer.outcome, **rest})}"
