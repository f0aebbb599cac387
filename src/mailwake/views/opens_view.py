"""What the panel "How many people opened, really" shows."""

from __future__ import annotations

from dataclasses import dataclass

from mailwake.drawing import figures
from mailwake.drawing.pieces import Figure
from mailwake.insight.opens import PROXY_DAYS, TrueOpens
from mailwake.insight.tally import Reaction
from mailwake.language import at_start, say, within


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """One way to count who opened."""

    label: str
    #: human, machine, raw or estimate
    kind: str
    count: str
    percent: str
    #: the interval, or why there is none; empty where a count has none
    more: str


@dataclass(frozen=True, kw_only=True, slots=True)
class OpensView:
    """The panel."""

    #: "about 31 %"; empty: cannot say
    about: str
    span: str
    #: why there is no estimate; empty: there is one
    cannot_say: str
    #: "of 1,912 delivered with a pixel and tracked links"
    base: str
    #: the whole of it as a sentence, on hover
    says: str
    readings: tuple[Reading, ...]
    #: how the estimate was made, in sentences
    how: tuple[str, ...]
    clickers: str
    rules: str


def view(found: TrueOpens, figure: Figure, opened: Reaction) -> OpensView:
    """Numbers as text. A figure below the floor is said not to be sayable, and never shown as 0.

    Args:
        found: the answer.
        figure: its rate.
        opened: the campaign's opens by verdict, which say what is not counted as people.
    """
    return OpensView(
        about="" if found.rate is None else say("about %(rate)s", rate=figures.about(found.rate)),
        span=figures.about_span(found.low, found.high),
        cannot_say=_sentence(found.cannot_say),
        base=figure.base,
        says=figure.says,
        readings=_readings(found, figure, opened) if found.base else (),
        how=_how(found),
        clickers=_clickers(found),
        rules=", ".join(found.rulesets) or say("not judged yet"),
    )


def _sentence(why: str | None) -> str:
    """The reason alone, as a sentence; what cannot be said stands above it."""
    reason = within("cannot say: %(why)s", why or "")
    return f"{at_start(reason)}." if reason else ""


def _readings(found: TrueOpens, figure: Figure, opened: Reaction) -> tuple[Reading, ...]:
    return (
        _counted(say("Raw"), "raw", found.raw, found.base),
        _counted(_not_people(opened), "machine", found.machine, found.base),
        _counted(say("People, by verdict"), "human", found.human, found.base),
        Reading(
            label=figure.label,
            kind="estimate",
            count="\N{EN DASH}" if found.size is None else f"≈ {figure.count}",
            percent=figures.about(found.rate),
            more=figures.about_span(found.low, found.high),
        ),
    )


def _not_people(opened: Reaction) -> str:
    """What is left of raw without people is more than the machines: most of those that are possibly people, too."""
    return say(
        "Not counted as people: %(machines)s by machines alone, the rest of %(possible)s possibly by people",
        machines=figures.count(opened.machine),
        possible=figures.count(opened.possible),
    )


def _counted(label: str, kind: str, number: float, base: int) -> Reading:
    percent = figures.percent(min(1.0, number / base))
    return Reading(label=label, kind=kind, count=figures.count(round(number)), percent=percent, more="")


def _how(found: TrueOpens) -> tuple[str, ...]:
    if found.rate is None:
        return ()
    clicked = figures.count(round(found.clicked_outside))
    told = []
    told.append(
        say(
            "Whoever clicks has opened. Of about %(clicked)s people who clicked outside Apple Mail Privacy Protection, "
            "%(share)s had loaded the pictures. So many of the others who opened show as well; the rest read without "
            "pictures.",
            clicked=clicked,
            share=figures.about(found.pictures_load),
        )
    )
    if found.behind_proxy:
        told.append(
            say(
                "%(count)s of the %(base)s copies went to people for whom Apple fetched pictures within %(days)s days, "
                "read or not. For them the pixel is left out: their clicks and their likeness to the others stand in "
                "for it.",
                count=figures.count(found.behind_proxy),
                base=figures.count(found.base),
                days=PROXY_DAYS,
            )
        )
    if found.rate_if_dependent is not None:
        told.append(
            say(
                "If those who click load pictures more readily than those who only read, it is too low: with twice the "
                "odds it would be %(rate)s.",
                rate=figures.about(found.rate_if_dependent),
            )
        )
    if found.leans_on_prior:
        told.append(say("So little is known of this campaign that earlier ones say more in it."))
    return tuple(told)


def _clickers(found: TrueOpens) -> str:
    people = found.clicked
    expected, low, high = (figures.count(round(number)) for number in (people.expected, people.low, people.high))
    return say("Unique clickers: %(count)s (%(low)s–%(high)s)", count=expected, low=low, high=high)  # noqa: RUF001 - a range
