"""What changed since last week as sentences: what can be said, with the numbers behind it, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from mailwake.comparing.changes import Alarm, Begun, Changed, Changes
from mailwake.drawing import figures
from mailwake.insight.metrics import Rate, metrics

#: campaigns that are named before "and 3 more"
_NAMED = 3
_MARKS = {"higher": "▲", "lower": "▼", "not distinguishable": "≈"}
#: metric to what happened, before the rate, and the page behind it
_SAID: Mapping[str, tuple[str, str]] = {
    "delivery_rate__sent": ("Delivered:", "/deliverability"),
    "human_click_rate__delivered_trackable": ("Clicked by people:", ""),
    "machine_alone_rate__clicked": ("Of what was clicked, by machines alone:", "/domains"),
    "bounce_rate__sent": ("Bounced:", "/bounces"),
    "unsubscribe_rate__delivered": ("Unsubscribed:", "/unsubscribes"),
    "complaint_rate__delivered": ("Reported as spam:", "/deliverability"),
}
_ALARMS = {"storm": "a storm of refusals at", "alarm": "refusals that blame the sender:"}


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
        *(_figure(each, answer) for each in answer.figures if _can_be_said(each)),
        *_suppressed(answer.suppressed),
        *(_alarm(each, zone) for each in answer.alarms),
    ]
    since, until = figures.day(answer.since, zone), figures.day(answer.until, zone)
    return {
        "news": told,
        "news_since": since,
        "news_how": f"Copies sent from {since} until {until} beside those of the {answer.days} days before, each as it "
        f"stood {figures.age(answer.age)} after it was sent, so that a young campaign does not look worse than a "
        "finished one.",
    }


def _begun(begun: Iterable[Begun], too_young: int, age: int) -> list[Sentence]:
    found = list(begun)
    if not found:
        return []
    number, words = len(found), []
    for each in found[:_NAMED]:
        words += [Word(text=", "), Word(text=each.name, href=f"/campaigns/{each.id}")]
    more = [Word(text=f" and {number - _NAMED} more")] if number > _NAMED else []
    copies = sum(each.copies for each in found)
    sent = "1 copy" if copies == 1 else f"{figures.count(copies)} copies"
    young = (
        f"; {figures.count(too_young)} of them too young to be compared, at less than {figures.age(age)}"
        if too_young
        else ""
    )
    head = "1 new campaign: " if number == 1 else f"{figures.count(number)} new campaigns: "
    told = (Word(text=head), *words[1:], *more, Word(text="."))
    return [Sentence(mark="•", kind="", words=told, behind=f"{sent} sent{young}")]


def _can_be_said(each: Changed) -> bool:
    """Nothing out of nothing is no news; nor is nothing twice."""
    return each.now.rate is not None and bool(each.now.count or each.before.count)


def _figure(each: Changed, answer: Changes) -> Sentence:
    said, href = _SAID[each.now.metric]
    words = [Word(text=f"{said} "), Word(text=figures.percent(each.now.rate), href=href or _campaigns(answer))]
    if each.before.rate is None:
        return Sentence(
            mark="•",
            kind="",
            words=(*words, Word(text=". There is nothing of the week before to compare with.")),
            behind=_base(each.now),
        )
    words.append(Word(text=f", the week before {figures.percent(each.before.rate)}: {_standing(each)}."))
    return Sentence(
        mark=_MARKS.get(each.standing or "", "•"),
        kind=_kind(each),
        words=tuple(words),
        behind=f"{_base(each.now)}; before {_base(each.before)}{_difference(each)}",
    )


def _standing(each: Changed) -> str:
    return each.standing or "cannot be compared"


def _kind(each: Changed) -> str:
    if each.standing not in ("higher", "lower"):
        return ""
    wanted = {"up": "higher", "down": "lower"}.get(metrics()[each.now.metric].good)
    return "" if wanted is None else "good" if each.standing == wanted else "bad"


def _base(rate: Rate) -> str:
    span = figures.span(rate.low, rate.high)
    told = f"{figures.count(rate.count)} of {figures.count(rate.base)} {rate.base_name}"
    return f"{told} ({span})" if span else told


def _difference(each: Changed) -> str:
    if each.low is None or each.high is None:
        return ""
    return f"; difference between {_points(each.low)} and {_points(each.high)} points"


def _points(value: float) -> str:
    return f"{value * 100:+.2f}".replace("-", "\N{MINUS SIGN}")


def _campaigns(answer: Changes) -> str:
    """The campaigns of this week side by side, where there are two; else the one; else the list."""
    chosen = [each.id for each in answer.begun[:4]]
    if len(chosen) > 1:
        return "/compare?" + urlencode([("c", each) for each in chosen])
    return f"/campaigns/{chosen[0]}" if chosen else "/#campaigns"


def _suppressed(by_reason: Mapping[str, int]) -> list[Sentence]:
    number = sum(by_reason.values())
    if not number:
        return []
    people = "1 address is" if number == 1 else f"{figures.count(number)} addresses are"
    words = (Word(text=people, href="/suppressions"), Word(text=" not to be mailed any more."))
    reasons = ", ".join(f"{figures.count(n)} {reason.replace('_', ' ')}" for reason, n in by_reason.items())
    return [Sentence(mark="•", kind="", words=words, behind=reasons)]


def _alarm(each: Alarm, zone: ZoneInfo) -> Sentence:
    about = each.about.replace("_", " ") if each.kind == "alarm" else each.about
    words = (
        Word(text="An alarm stands", href="/suppressions"),
        Word(text=f": {_ALARMS.get(each.kind, each.kind)} {about}."),
    )
    since = figures.moment(each.opened_at, zone)
    return Sentence(mark="!", kind="bad", words=words, behind=f"{figures.count(each.count)} refusals since {since}")
