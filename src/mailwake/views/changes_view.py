"""What changed since last week as sentences: what can be said, with the numbers behind it, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from mailwake.comparing.changes import Alarm, Begun, Changed, Changes, OfStream, worth_telling
from mailwake.drawing import figures
from mailwake.drawing.terms import term
from mailwake.insight.metrics import Rate, metrics
from mailwake.language import around, noted, say, several
from mailwake.views.compare_view import STANDINGS

#: campaigns that are named before "and 3 more"
_NAMED = 3
_MARKS = {"higher": "▲", "lower": "▼", "not distinguishable": "≈"}
#: metric to what happened, before the rate, and the page behind it
_SAID: Mapping[str, tuple[str, str]] = {
    "delivery_rate__sent": (noted("Delivered: %(rate)s"), "/deliverability"),
    "human_click_rate__delivered_trackable": (noted("Clicked by people: %(rate)s"), ""),
    "machine_alone_rate__clicked": (noted("Of what was clicked, by machines alone: %(rate)s"), "/domains"),
    "bounce_rate__sent": (noted("Bounced: %(rate)s"), "/bounces"),
    "unsubscribe_rate__delivered": (noted("Unsubscribed: %(rate)s"), "/unsubscribes"),
    "complaint_rate__delivered": (noted("Reported as spam: %(rate)s"), "/deliverability"),
}
_ALARMS = {
    "storm": noted("%(stands)s: a storm of refusals at %(about)s."),
    "alarm": noted("%(stands)s: refusals that blame the sender: %(about)s."),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Word:
    """A piece of a sentence."""

    text: str
    #: where it leads; empty: nowhere
    href: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sentence:
    """Something that can be said."""

    #: ▲ ▼ ≈ or •
    mark: str
    #: good, bad or empty
    kind: str
    words: tuple[Word, ...]
    #: the numbers it is made of
    behind: str

    @property
    def text(self) -> str:
        """Without its links."""
        return "".join(word.text for word in self.words)


def values(answer: Changes, zone: ZoneInfo) -> dict[str, Any]:
    """What `_changes.html` names."""
    told = [
        *_begun(answer.begun, answer.too_young, answer.age),
        *(_figure(each, of, of.stream if len(answer.streams) > 1 else "") for of, each in worth_telling(answer)),
        *_suppressed(answer.suppressed),
        *(_alarm(each, zone) for each in answer.alarms),
    ]
    since, until = figures.day(answer.since, zone), figures.day(answer.until, zone)
    return {
        "news": told,
        "news_since": since,
        "news_how": say(
            "Copies sent from %(since)s until %(until)s beside those of the %(days)s days before, each as it stood "
            "%(age)s after it was sent, so that a young campaign does not look worse than a finished one.",
            since=since,
            until=until,
            days=answer.days,
            age=figures.age(answer.age),
        ),
    }


def _said(parts: Iterable[str | Word | tuple[Word, ...]]) -> tuple[Word, ...]:
    """A sentence that `around` has put words into."""
    words: list[Word] = []
    for part in parts:
        words += [Word(text=part)] if isinstance(part, str) else [part] if isinstance(part, Word) else part
    return tuple(words)


def _begun(begun: Iterable[Begun], too_young: int, age: int) -> list[Sentence]:
    found = list(begun)
    if not found:
        return []
    number, names = len(found), []
    for each in found[:_NAMED]:
        names += [Word(text=", "), Word(text=each.name, href=f"/campaigns/{each.id}")]
    count, more, names = figures.count(number), number - _NAMED, names[1:]
    things = {"names": tuple(names), "count": (Word(text=count),), "more": (Word(text=figures.count(more)),)}
    if more > 0:
        told = around("%(count)s new campaigns: %(names)s and %(more)s more.", **things)
    else:
        head = several("%(count)s new campaign: %(names)s.", "%(count)s new campaigns: %(names)s.", number)
        told = around(head, **things)
    return [Sentence(mark="•", kind="", words=_said(told), behind=_sent(found, too_young, age))]


def _sent(begun: Sequence[Begun], too_young: int, age: int) -> str:
    copies = sum(each.copies for each in begun)
    sent = several("%(count)s copy sent", "%(count)s copies sent", copies, count=figures.count(copies))
    if not too_young:
        return sent
    return say(
        "%(sent)s; %(young)s of them too young to be compared, at less than %(age)s",
        sent=sent,
        young=figures.count(too_young),
        age=figures.age(age),
    )


def _figure(each: Changed, of: OfStream, stream: str) -> Sentence:
    said, href = _SAID[each.now.metric]
    rate: tuple[Word, ...] = (Word(text=figures.percent(each.now.rate), href=href or _letters(of)),)
    if stream:
        rate = _said(around("%(rate)s (%(stream)s)", rate=rate, stream=(Word(text=term(stream)),)))
    now = _said(around(said, rate=rate))
    if each.before.rate is None:
        told = around("%(now)s. There is nothing of the week before to compare with.", now=now)
        return Sentence(mark="•", kind="", words=_said(told), behind=_base(each.now))
    before, standing = Word(text=figures.percent(each.before.rate)), Word(text=_standing(each))
    told = around("%(now)s, the week before %(before)s: %(standing)s.", now=now, before=(before,), standing=(standing,))
    return Sentence(
        mark=_MARKS.get(each.standing or "", "•"), kind=_kind(each), words=_said(told), behind=_behind(each)
    )


def _standing(each: Changed) -> str:
    return say(STANDINGS[each.standing]) if each.standing in STANDINGS else say("cannot be compared")


def _kind(each: Changed) -> str:
    if each.standing not in ("higher", "lower"):
        return ""
    wanted = {"up": "higher", "down": "lower"}.get(metrics()[each.now.metric].good)
    return "" if wanted is None else "good" if each.standing == wanted else "bad"


def _base(rate: Rate) -> str:
    span = figures.span(rate.low, rate.high)
    told = say(
        "%(count)s of %(base)s %(base_name)s",
        count=figures.count(rate.count),
        base=figures.count(rate.base),
        base_name=say(rate.base_name),
    )
    return f"{told} ({span})" if span else told


def _behind(each: Changed) -> str:
    bases = {"now": _base(each.now), "before": _base(each.before)}
    if each.low is None or each.high is None:
        return say("%(now)s; before %(before)s", **bases)
    return say(
        "%(now)s; before %(before)s; difference between %(low)s and %(high)s points",
        low=_points(each.low),
        high=_points(each.high),
        **bases,
    )


def _points(value: float) -> str:
    return figures.signed(value * 100, 2)


def _letters(of: OfStream) -> str:
    """The newest mail of both weeks side by side, where there are two; else the one; else the list."""
    if of.newest and of.newest_before:
        return "/compare?" + urlencode([("c", of.newest_before), ("c", of.newest)])
    return f"/campaigns/{of.newest}" if of.newest else "/#campaigns"


def _suppressed(by_reason: Mapping[str, int]) -> list[Sentence]:
    number = sum(by_reason.values())
    if not number:
        return []
    people = several("%(count)s address is", "%(count)s addresses are", number, count=figures.count(number))
    told = around("%(addresses)s not to be mailed any more.", addresses=Word(text=people, href="/suppressions"))
    reasons = ", ".join(f"{figures.count(n)} {term(reason)}" for reason, n in by_reason.items())
    entries = say("the list has an entry for each kind of mail that an address gets no more of")
    return [Sentence(mark="•", kind="", words=_said(told), behind=f"{reasons}; {entries}")]


def _alarm(each: Alarm, zone: ZoneInfo) -> Sentence:
    about = each.about.replace("_", " ") if each.kind == "alarm" else each.about
    stands = Word(text=say("An alarm stands"), href="/suppressions")
    told = around(_ALARMS[each.kind], stands=stands, about=Word(text=about))
    since = say(
        "%(count)s refusals since %(when)s",
        count=figures.count(each.count),
        when=figures.moment(each.opened_at, zone),
    )
    return Sentence(mark="!", kind="bad", words=_said(told), behind=since)
