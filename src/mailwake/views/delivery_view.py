"""What the page of one delivery shows: whose each open and click was taken for, and why, in plain words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from mailwake.drawing import charts, figures
from mailwake.drawing.charts import Part
from mailwake.people.delivery import DeliveryCard, FormerOpinion, Happening, Opinion
from mailwake.views.goals_view import goal_words

#: grade to words; the class says more where it is told below
WHO = {"human": "A person", "possible": "Perhaps a person", "machine": "A machine"}
#: (grade, class) to words that say more
WHO_EXACTLY = {
    ("human", "proxy"): "A person behind an image proxy",
    ("possible", "mpp"): "A privacy proxy of Apple, perhaps with a person",
    ("human", "mpp"): "A person behind a privacy proxy of Apple",
    ("machine", "scanner"): "A machine, most likely a mail scanner",
    ("machine", "preview"): "A machine that makes link previews",
    ("machine", "prefetch"): "A machine that fetches ahead",
}
TITLES = {
    "sent": "Sent",
    "delivered": "Delivered",
    "deferred": "Put off by the other server",
    "bounced": "Bounced",
    "rejected": "Refused before sending",
    "failed": "Could not be sent",
    "complained": "Reported as spam",
    "unsubscribed": "Unsubscribed",
    "opened": "Opened",
    "clicked": "Clicked",
    "replied": "Answered",
    "converted": "Reached a goal",
    "consent_given": "Agreed to tracking",
    "consent_withdrawn": "Withdrew consent",
}
NOTES = {
    "decoy": "A hidden link was followed, which no person can see",
    "link_refused": "A link with a broken seal was tried",
    "unsubscribe_viewed": "The unsubscribe page was looked at",
    "unsubscribe_doubted": "The unsubscribe button was pressed as programs press it, and a second one was shown",
    "preferences_viewed": "The preference page was looked at",
}
LANES = {"human": "People", "possible": "Possibly people", "machine": "Machines"}
#: a bar that fills its half; a lighter case stays short
_HEAVY = 4.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Why:
    """One reason."""

    fact: str
    code: str
    #: "+2.0 for a person"
    weight: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Card:
    """An open or click."""

    id: str
    title: str
    when: str
    kind: str
    mark: str
    #: "A machine, 99 %"
    verdict: str
    state: str
    #: browser, device, country, sort of network
    seen: str
    reasons: tuple[Why, ...]
    ruleset: str
    formerly: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Dot:
    """An open or click on the line of time."""

    x: str
    says: str


def values(answer: DeliveryCard, zone: ZoneInfo) -> dict[str, Any]:
    """What `delivery.html` names."""
    begin = answer.delivered_at or answer.sent_at or answer.happenings[0].at
    judged = [each for each in answer.happenings if each.opinion is not None]
    cards = [_card(each, each.opinion, begin, zone) for each in judged if each.opinion is not None]
    last = max(((each.at - begin).total_seconds() for each in judged), default=0.0)
    return {
        "id": answer.id,
        "name": answer.name,
        "address": answer.address or "address no longer known",
        "person": "" if answer.address is None else "/person?" + urlencode({"address": answer.address}),
        "facts": _facts(answer, zone),
        "lead": _lead(judged),
        "cards": cards,
        "lanes": _lanes(judged, cards, begin, last),
        "ticks": charts.after_ticks(last),
        "from_what": "delivery" if answer.delivered_at else "sending" if answer.sent_at else "the first event",
        "others": [_other(each, zone) for each in answer.happenings if each.opinion is None],
    }


def _facts(answer: DeliveryCard, zone: ZoneInfo) -> list[str]:
    told = (("sent", answer.sent_at), ("delivered", answer.delivered_at))
    facts = [f"{word} {figures.moment(at, zone)}" for word, at in told if at is not None]
    return [*facts, f"times in {figures.zone_name(zone, answer.happenings[0].at)}"]


def _lead(judged: list[Happening]) -> str:
    """The delivery in a sentence."""
    if not judged:
        return "Nobody opened it or followed a link, as far as can be told."
    counts = {kind: sum(each.opinion is not None and each.opinion.grade == kind for each in judged) for kind in LANES}
    told = [f"{number} by {LANES[kind].lower()}" for kind, number in counts.items() if number]
    return f"{len(judged)} {'open or click' if len(judged) == 1 else 'opens and clicks'}: {', '.join(told)}."


def _card(happening: Happening, opinion: Opinion, begin: datetime, zone: ZoneInfo) -> Card:
    heaviest = max((abs(reason.weight) for reason in opinion.reasons), default=_HEAVY)
    place = (happening.client, happening.device, happening.country)
    return Card(
        id=happening.id,
        title=_title(happening),
        when=f"{_after(happening, begin)} · {figures.moment(happening.at, zone)}",
        kind=opinion.grade,
        mark=charts.MARKS[opinion.grade],
        verdict=verdict(opinion),
        state=(
            "settled: it stays, unless the rules change"
            if happening.is_settled
            else "provisional: more evidence may change it"
        ),
        seen=", ".join(each for each in place if each),
        reasons=tuple(
            Why(
                fact=reason.fact or reason.code,
                code=reason.code,
                weight=f"{reason.weight:+.1f} for a {'person' if reason.weight > 0 else 'machine'}",
                parts=charts.scale(reason.weight, max(_HEAVY, heaviest)),
            )
            for reason in opinion.reasons
        ),
        ruleset=opinion.ruleset or "not judged yet",
        formerly=tuple(_before(each, zone) for each in happening.formerly),
    )


def _before(former: FormerOpinion, zone: ZoneInfo) -> str:
    until = figures.moment(former.changed_at, zone)
    return f"{verdict(former.opinion)}, until {until}"


def verdict(opinion: Opinion) -> str:
    """The opinion in words: "A machine, 99 %"."""
    if opinion.certainty is None:
        return "Cannot say who it was"
    who = WHO_EXACTLY.get((opinion.grade, opinion.klass or ""), WHO[opinion.grade])
    return f"{who}, {figures.whole_percent(opinion.certainty)}"


def _title(happening: Happening) -> str:
    title = NOTES.get(happening.note) or TITLES.get(happening.type, happening.type)
    if happening.link is None:
        return title
    return f"{title} link {happening.link}" + (f" “{happening.label}”" if happening.label else "")


def _after(happening: Happening, begin: datetime) -> str:
    seconds = (happening.at - begin).total_seconds()
    return f"{figures.duration(seconds)} later" if seconds >= 0 else f"{figures.duration(-seconds)} before"


def _lanes(judged: list[Happening], cards: list[Card], begin: datetime, last: float) -> list[dict[str, Any]]:
    """People, possible people and machines, each on a line of its own."""
    pairs = list(zip(judged, cards, strict=True))
    return [
        {
            "kind": kind,
            "mark": charts.MARKS[kind],
            "label": label,
            "dots": [
                Dot(x=charts.after((each.at - begin).total_seconds(), last), says=f"{card.title}: {card.verdict}")
                for each, card in pairs
                if card.kind == kind
            ],
        }
        for kind, label in LANES.items()
    ]


def _other(happening: Happening, zone: ZoneInfo) -> dict[str, str]:
    words = goal_words(happening.reason) if happening.type == "converted" else happening.reason
    return {"title": _title(happening), "reason": words, "at": figures.moment(happening.at, zone)}
