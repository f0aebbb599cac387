"""What the page of one delivery shows: whose each open and click was taken for, and why, in plain words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from mailwake.drawing import charts, figures
from mailwake.drawing.reasons import Line, lines
from mailwake.drawing.receipts import receipt_words
from mailwake.drawing.terms import country
from mailwake.language import inside, noted, say, several
from mailwake.people.delivery import DeliveryCard, FormerOpinion, Happening, Opinion
from mailwake.views.goals_view import goal_words

#: grade to words; the class says more where it is told below
WHO = {"human": noted("A person"), "possible": noted("Perhaps a person"), "machine": noted("A machine")}
#: (grade, class) to words that say more
WHO_EXACTLY = {
    ("human", "proxy"): noted("A person behind an image proxy"),
    ("possible", "mpp"): noted("A privacy proxy of Apple, perhaps with a person"),
    ("human", "mpp"): noted("A person behind a privacy proxy of Apple"),
    ("machine", "scanner"): noted("A machine, most likely a mail scanner"),
    ("machine", "preview"): noted("A machine that makes link previews"),
    ("machine", "prefetch"): noted("A machine that fetches ahead"),
}
TITLES = {
    "sent": noted("Sent"),
    "delivered": noted("Delivered"),
    "deferred": noted("Put off by the other server"),
    "bounced": noted("Bounced"),
    "rejected": noted("Refused before sending"),
    "failed": noted("Could not be sent"),
    "complained": noted("Reported as spam"),
    "unsubscribed": noted("Unsubscribed"),
    "opened": noted("Opened"),
    "clicked": noted("Clicked"),
    "replied": noted("Answered"),
    "converted": noted("Reached a goal"),
    "consent_given": noted("Agreed to tracking"),
    "consent_withdrawn": noted("Withdrew consent"),
}
NOTES = {
    "decoy": noted("A hidden link was followed, which no person can see"),
    "link_refused": noted("A link with a broken seal was tried"),
    "end_pixel": noted("The end of the mail was loaded"),
    "unsubscribe_viewed": noted("The unsubscribe page was looked at"),
    "unsubscribe_doubted": noted("The unsubscribe button was pressed as programs press it, and a second one was shown"),
    "preferences_viewed": noted("The preference page was looked at"),
}
#: what became of an unsubscription, where it does not simply count
WISHES = {
    "held": noted("Asked to unsubscribe; held, because a machine may have asked"),
    "restored": noted("Asked to unsubscribe; taken back, they get mail again"),
}
LANES = {"human": noted("People"), "possible": noted("Possibly people"), "machine": noted("Machines")}


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
    reasons: tuple[Line, ...]
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
        "address": answer.address or say("address no longer known"),
        "person": "" if answer.address is None else "/person?" + urlencode({"address": answer.address}),
        "facts": _facts(answer, zone),
        "lead": _lead(judged),
        "receipt": [receipt_words(each) for each in answer.receipt],
        "consent": "" if answer.address is None else "/consent?" + urlencode({"address": answer.address}),
        "cards": cards,
        "lanes": _lanes(judged, cards, begin, last),
        "ticks": charts.after_ticks(last),
        "from_what": say("delivery")
        if answer.delivered_at
        else say("sending")
        if answer.sent_at
        else say("the first event"),
        "others": [_other(each, zone) for each in answer.happenings if each.opinion is None],
    }


def _facts(answer: DeliveryCard, zone: ZoneInfo) -> list[str]:
    told = ((noted("sent %(when)s"), answer.sent_at), (noted("delivered %(when)s"), answer.delivered_at))
    facts = [say(message, when=figures.moment(at, zone)) for message, at in told if at is not None]
    return [*facts, say("times in %(zone)s", zone=figures.zone_name(zone, answer.happenings[0].at))]


def _lead(judged: list[Happening]) -> str:
    """The delivery in a sentence."""
    if not judged:
        return say("Nobody opened it or followed a link, as far as can be told.")
    counts = {kind: sum(each.opinion is not None and each.opinion.grade == kind for each in judged) for kind in LANES}
    told = [
        say("%(count)s by %(who)s", count=number, who=inside(say(LANES[kind])))
        for kind, number in counts.items()
        if number
    ]
    return several(
        "%(count)s open or click: %(by)s.",
        "%(count)s opens and clicks: %(by)s.",
        len(judged),
        count=len(judged),
        by=", ".join(told),
    )


def _card(happening: Happening, opinion: Opinion, begin: datetime, zone: ZoneInfo) -> Card:
    place = (happening.client, happening.device, country(happening.country or ""))
    return Card(
        id=happening.id,
        title=_title(happening),
        when=f"{_after(happening, begin)} · {figures.moment(happening.at, zone)}",
        kind=opinion.grade,
        mark=charts.MARKS[opinion.grade],
        verdict=verdict(opinion),
        state=(
            say("settled: it stays, unless the rules change")
            if happening.is_settled
            else say("provisional: more evidence may change it")
        ),
        seen=", ".join(each for each in place if each),
        reasons=lines(opinion.reasons),
        ruleset=opinion.ruleset or say("not judged yet"),
        formerly=tuple(_before(each, zone) for each in happening.formerly),
    )


def _before(former: FormerOpinion, zone: ZoneInfo) -> str:
    until = figures.moment(former.changed_at, zone)
    return say("%(verdict)s, until %(when)s", verdict=verdict(former.opinion), when=until)


def verdict(opinion: Opinion) -> str:
    """The opinion in words: "A machine, 99 %"."""
    if opinion.certainty is None:
        return say("Cannot say who it was")
    who = WHO_EXACTLY.get((opinion.grade, opinion.klass or ""), WHO[opinion.grade])
    return say("%(who)s, %(sure)s", who=say(who), sure=figures.whole_percent(opinion.certainty))


def _title(happening: Happening) -> str:
    title = say(NOTES.get(happening.note) or TITLES.get(happening.type, happening.type))
    if happening.link is None:
        return title
    if not happening.label:
        return say("%(what)s link %(number)s", what=title, number=happening.link)
    return say("%(what)s link %(number)s “%(label)s”", what=title, number=happening.link, label=happening.label)


def _after(happening: Happening, begin: datetime) -> str:
    seconds = (happening.at - begin).total_seconds()
    if seconds >= 0:
        return say("%(time)s later", time=figures.duration(seconds))
    return say("%(time)s before", time=figures.duration(-seconds))


def _lanes(judged: list[Happening], cards: list[Card], begin: datetime, last: float) -> list[dict[str, Any]]:
    """People, possible people and machines, each on a line of its own."""
    pairs = list(zip(judged, cards, strict=True))
    return [
        {
            "kind": kind,
            "mark": charts.MARKS[kind],
            "label": say(label),
            "dots": [
                Dot(x=charts.after((each.at - begin).total_seconds(), last), says=f"{card.title}: {card.verdict}")
                for each, card in pairs
                if card.kind == kind
            ],
        }
        for kind, label in LANES.items()
    ]


def _other(happening: Happening, zone: ZoneInfo) -> dict[str, str]:
    words, wish, title = happening.reason, happening.wish, _title(happening)
    if happening.type == "converted":
        words = goal_words(words)
    elif wish is not None and wish.at is not None:
        title = say(WISHES.get(wish.state, TITLES[happening.type]))
        words = say("%(who)s, %(when)s: %(why)s", who=wish.by, when=figures.moment(wish.at, zone), why=wish.why)
    return {"title": title, "reason": words, "at": figures.moment(happening.at, zone)}
