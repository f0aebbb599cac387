"""What the page on deliverability shows: what got worse in words, and every provider and domain with its rates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from mailwake.boards.bounces_view import KLASSES
from mailwake.boards.mark import Mark
from mailwake.deliverability.answers import Deliverability, OfCampaign, Place, Reach, Sent, Step, Turn
from mailwake.deliverability.behind import OTHERS
from mailwake.deliverability.turns import WATCHED
from mailwake.drawing import figures, pieces
from mailwake.drawing.pieces import Figure
from mailwake.insight.metrics import Rate
from mailwake.language import noted, say

#: what happened to a provider's mail
_SAID = {
    "deferral_rate__sent": noted("%(where)s: deferrals rose from %(before)s to %(after)s on %(day)s; %(campaigns)s."),
    "bounce_rate__sent": noted("%(where)s: bounces rose from %(before)s to %(after)s on %(day)s; %(campaigns)s."),
    "complaint_rate__delivered": noted(
        "%(where)s: complaints rose from %(before)s to %(after)s on %(day)s; %(campaigns)s."
    ),
    "human_click_rate__delivered_trackable": noted(
        "%(where)s: clicks by people fell from %(before)s to %(after)s on %(day)s; %(campaigns)s."
    ),
}
HEADS = {
    "delivery_rate__sent": noted("Delivered"),
    "deferral_rate__sent": noted("Deferred"),
    "bounce_rate__sent": noted("Bounced"),
    "complaint_rate__delivered": noted("Complaints"),
    "human_click_rate__delivered_trackable": noted("Clicked by people"),
}
#: rate to the filter of the list of people; clicks by people are a sum of chances, and their list is of likely ones
_OUTCOMES = {
    "delivery_rate__sent": "delivered",
    "deferral_rate__sent": "deferred",
    "bounce_rate__sent": "bounced",
    "complaint_rate__delivered": "complained",
    "human_click_rate__delivered_trackable": "clicked_human",
}
#: standing to kind, sign and words
STANDINGS = {
    noted("over the limit"): ("bad", "✕"),
    noted("above the watch line"): ("unsure", "▲"),
    noted("under the watch line"): ("good", "✓"),
    noted("not sure"): ("unsure", "≈"),
    noted("cannot say"): ("", "–"),  # noqa: RUF001 - a dash stands for nothing known
}
#: a standing in more words, where its own leave open what they are about
_SAYS = {"not sure": noted("may be over %(watch)s")}


@dataclass(frozen=True, kw_only=True, slots=True)
class TurnView:
    """Something that got worse, as a sentence."""

    text: str
    behind: str
    campaigns: tuple[Sent, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A provider or a domain."""

    name: str
    #: of a provider: where its weeks are shown; empty: nowhere
    href: str
    about: str
    figures: tuple[Figure, ...]
    classes: tuple[str, ...]
    standing: Mark
    held: str
    source: str
    #: of a campaign's provider: where its people are listed, but for what became of their copies; empty: nowhere
    people: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReachLine:
    """Whose client never showed the end, at a provider."""

    name: str
    copies: str
    readers: str
    unseen: str
    #: empty: cannot say
    count: str
    span: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """One week of one rate, as a column."""

    x: str
    width: str
    y: str
    height: str
    says: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Trend:
    """One rate over the weeks."""

    label: str
    kind: str
    top: str
    says: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Weeks:
    """One provider over time: drawings, and the table that says the same."""

    name: str
    trends: tuple[Trend, ...]
    #: first day of the week, its rates
    rows: tuple[tuple[str, tuple[Figure, ...]], ...]


def values(answer: Deliverability, zone: ZoneInfo, *, provider: str = "") -> dict[str, Any]:
    """What `deliverability.html` names.

    Args:
        answer: what is known.
        zone: the viewer's.
        provider: whose weeks are drawn; of another name, the one that got worse last, else the largest.
    """
    alone = {each.name for each in answer.providers if each.domains == (each.name,)}  # they stand among these
    return {
        "any_copy": answer.total is not None and answer.total.sent > 0,
        "since": say("copies sent since %(day)s", day=figures.day(answer.since, zone)),
        "since_day": f"{answer.since.astimezone(zone):%Y-%m-%d}",
        "least": answer.least_recipients,
        "turns": [turn_view(each) for each in answer.turns],
        "silent": ", ".join(answer.silent),
        "unseen": _unseen(answer),
        "is_quiet": len(answer.silent) < sum(each.name is not None for each in answer.providers),
        "recent": answer.recent_days,
        "history": answer.history_days - answer.recent_days,
        "heads": [say(head) for head in HEADS.values()],
        "providers": [_line(each) for each in answer.providers],
        "domains": [_line(each) for each in answer.domains if each.name not in alone],
        "alone": len(alone),
        "weeks": _chosen(answer, provider),
    }


def providers(answer: OfCampaign) -> dict[str, Any]:
    """What `_providers.html` names."""
    return {
        "provider_heads": [say(head) for head in HEADS.values()],
        "provider_outcomes": [_OUTCOMES.get(metric, "") for metric in HEADS],
        "providers": [replace(_line(each), people=_people(answer.id, each)) for each in answer.providers],
        "reach": [_reach(each) for each in answer.reach],
    }


def _reach(told: Reach) -> ReachLine:
    return ReachLine(
        name=told.name or say("All others"),
        copies=figures.count(told.copies),
        readers=figures.count(told.readers),
        unseen=figures.percent(told.rate),
        count="" if told.rate is None else figures.count(told.unseen),
        span=figures.span(told.low, told.high),
    )


def _people(campaign: str, place: Place) -> str:
    return f"/campaigns/{campaign}/people?{urlencode({'provider': place.name or OTHERS})}"


def _chosen(answer: Deliverability, wanted: str) -> Weeks | None:
    named = {each.name: each for each in answer.providers if each.name is not None and each.weeks}
    names = [wanted, *(turn.provider for turn in answer.turns), *named]
    found = next((named[name] for name in names if name in named), None)
    return None if found is None else _weeks(found)


def turn_view(turn: Turn) -> TurnView:
    """Outlook: deferrals rose from 0.4 % to 6.0 % on Tuesday, 24 Nov; 3 campaigns."""
    number = len(turn.campaigns)
    campaigns = pieces.listed(number, number, pieces.CAMPAIGNS) if number else say("small sends together")
    return TurnView(
        text=say(
            _SAID[turn.metric],
            where=turn.provider,
            before=figures.percent(turn.before),
            after=figures.percent(turn.after),
            day=_day(turn.since),
            campaigns=campaigns,
        ),
        behind=say(
            "95\N{NO-BREAK SPACE}%%: %(before)s before, %(after)s since; the last send %(latest)s; sure since %(day)s",
            before=figures.span(turn.before_low, turn.before_high),
            after=figures.span(turn.after_low, turn.after_high),
            latest=figures.percent(turn.latest),
            day=_day(turn.noticed),
        ),
        campaigns=turn.campaigns,
    )


def _day(day: date) -> str:
    return f"{day:%A}, {day.day}{figures.NBSP}{day:%b}"


def _line(place: Place) -> Line:
    kind, sign = STANDINGS[place.standing]
    held, domains, watch = place.thresholds, place.domains, figures.percent(place.thresholds.watch)
    people = "" if place.recipients is None else pieces.listed(place.recipients, place.recipients, pieces.RECIPIENTS)
    named = ", ".join(domains[:3])
    if len(domains) > 3:
        named = say("%(names)s and %(count)s more", names=named, count=len(domains) - 3)
    return Line(
        name=place.name or say("All others"),
        href=f"/deliverability?{urlencode({'provider': place.name})}#weeks" if place.name and place.weeks else "",
        about=" · ".join(filter(None, (people, named))),
        figures=tuple(pieces.figure(each) for each in place.rates),
        classes=tuple(
            f"{say(KLASSES[each.klass])}:{figures.NBSP}{figures.count(each.count)}" for each in place.classes
        ),
        standing=Mark(kind=kind, sign=sign, word=say(_SAYS.get(place.standing, place.standing), watch=watch)),
        held=say(
            "own lines %(watch)s and %(limit)s", watch=figures.percent(held.watch), limit=figures.percent(held.limit)
        )
        if held.is_own
        else "",
        source=held.source,
    )


def _weeks(place: Place) -> Weeks:
    rates = list(zip(*(each.rates for each in place.weeks), strict=True))
    return Weeks(
        name=place.name or say("All others"),
        trends=tuple(_trend(say(HEADS[some[0].metric]), place.weeks, some) for some in rates[1:]),
        rows=tuple((_date(each), tuple(pieces.figure(rate) for rate in each.rates)) for each in reversed(place.weeks)),
    )


def _date(step: Step) -> str:
    return f"{step.start.day}{figures.NBSP}{step.start:%b}"


def _trend(label: str, weeks: Sequence[Step], rates: Sequence[Rate]) -> Trend:
    top = max((each.rate or 0.0 for each in rates), default=0.0)
    wide = 100 / len(rates)
    told = [
        say("week of %(day)s: %(rate)s", day=_date(week), rate=figures.percent(each.rate))
        for week, each in zip(weeks, rates, strict=True)
    ]
    return Trend(
        label=label,
        kind="human" if rates[0].metric.startswith("human") else "bad",
        top=figures.percent(top) if top else "",
        says="; ".join(told),
        bars=tuple(
            Bar(
                x=f"{place * wide + wide * 0.1:.2f}%",
                width=f"{wide * 0.8:.2f}%",
                y=f"{100 - 100 * each.rate / top:.2f}%",
                height=f"{100 * each.rate / top:.2f}%",
                says=says,
            )
            for place, (each, says) in enumerate(zip(rates, told, strict=True))
            if each.rate and top
        ),
    )


def _unseen(answer: Deliverability) -> tuple[str, str]:
    """Where a large change of any rate would go unseen, and where one of some rates, with these; empty: nowhere."""
    labels: dict[str, list[str]] = {}
    for each in answer.unseen:
        labels.setdefault(each.provider, []).append(say(each.label))
    everything = [provider for provider, told in labels.items() if len(told) == len(WATCHED)]
    some = [f"{name} ({', '.join(told)})" for name, told in labels.items() if name not in everything]
    return ", ".join(everything), "; ".join(some)
