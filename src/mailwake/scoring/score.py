"""A person's score: a pure function of what they did, the model and the moment.

Points are whole thousandths, so that the entries of a ledger add up to the sum to the last digit, in whatever order the
acts came in. An act that comes in later never lowers the sum; without new acts it only falls.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mailwake.events import Micros
from mailwake.language import noted
from mailwake.scoring.learned import SENT, shares
from mailwake.scoring.model import DAY, Line, LinkMeaning, Model, meaning
from mailwake.scoring.signals import Person, Signal
from mailwake.weighing.fading import filled, granted, remaining

#: thousandths of a point
UNIT = 1_000
#: days of momentum, and those before that they are held against
RECENT_DAYS, BEFORE_DAYS = 7, 28

CANNOT_SAY = {
    "bounced": noted("cannot say: mail to this address comes back for good"),
    "complained": noted("cannot say: they reported a mail as spam"),
    "not profiled": noted("cannot say: they do not want to be profiled"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One line of the ledger."""

    #: an act of the model, or unsubscribed, or silent; with a learned model also sent: the mail they got
    act: str
    at: Micros
    #: what it counts now, thousandths of a point
    points: int
    #: what it counted when it was fresh
    fresh_points: int
    #: what the cap took from it when it was fresh
    capped: int
    #: probability of a person, 0-1
    p_human: float
    #: of the link; may be hostile
    label: str
    #: what the link is about, in the model's words; empty: nothing in particular
    topic: str
    campaign: int | None
    #: the event; None: none
    id: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Scored:
    """A score with all that it is made of."""

    #: 0-100; None: cannot say
    score: int | None
    #: why not; empty: it can be said
    cannot_say: str
    #: the sum of the ledger, thousandths of a point
    points: int
    #: latest first
    ledger: tuple[Entry, ...]
    #: points of the last seven days less the weekly mean of the four weeks before, as they were when fresh
    momentum: int
    is_opted_out: bool
    #: latest click, answer or goal of their own
    last: Entry | None


def scored(person: Person, model: Model, *, now: Micros, is_profiled: bool = True) -> Scored:
    """The score of one person.

    Args:
        person: whose.
        model: the points.
        now: the moment; what happened later does not count.
        is_profiled: False: they do not want to be, and nothing is worked out.
    """
    refused = "not profiled" if not is_profiled else person.standing.reason if person.standing else ""
    if refused == "not profiled":
        return _unsaid(CANNOT_SAY[refused])
    own = _entries([each for each in person.signals if each.at <= now], model, now)
    is_out = refused == "unsubscribed"
    entries = [*own, *_against(person, model, now, is_out=is_out)]
    entries.sort(key=lambda entry: (-entry.at, entry.act, entry.id or 0))
    points = sum(entry.points for entry in entries)
    acts = [entry for entry in entries if entry.id is not None and entry.act != "opened"]
    why_not = CANNOT_SAY.get(refused, "")
    return Scored(
        score=None if why_not else round(100 * filled(points / UNIT, model.half_points)),
        cannot_say=why_not,
        points=points,
        ledger=tuple(entries),
        momentum=_momentum(own, now),
        is_opted_out=is_out,
        last=acts[0] if acts else None,
    )


def _unsaid(why: str) -> Scored:
    return Scored(score=None, cannot_say=why, points=0, ledger=(), momentum=0, is_opted_out=False, last=None)


def _entries(signals: Iterable[Signal], model: Model, now: Micros) -> list[Entry]:
    """What each act counts, within the caps; with a learned model, what each adds."""
    if model.learned is not None:
        return _learned(signals, model, model.learned, now)
    under: dict[tuple[str, int | None], list[tuple[Signal, LinkMeaning]]] = defaultdict(list)
    since = now - model.horizon_days * DAY
    for signal in {each.id: each for each in signals if each.kind != "sent" and each.at >= since}.values():
        means = _meaning(signal, model)
        if means.weight and model.acts[means.act].points:
            under[means.act, _scope(signal, means.act, model)].append((signal, means))
    return [entry for (act, _), some in under.items() for entry in _under_one_cap(act, some, model, now)]


def _learned(signals: Iterable[Signal], model: Model, line: Line, now: Micros) -> list[Entry]:
    since = now - model.horizon_days * DAY
    acts = [(each, _meaning(each, model)) for each in {each.id: each for each in signals if each.at >= since}.values()]
    return [
        Entry(
            act=share.act,
            at=share.signal.at,
            points=round(share.now * UNIT),
            fresh_points=round(share.fresh * UNIT),
            capped=0,
            p_human=share.signal.p_human,
            label=share.signal.label,
            topic=share.means.topic,
            campaign=share.signal.campaign,
            id=None if share.act == SENT else share.signal.id,
        )
        for share in shares(line, model.half_points, acts, now=now)
    ]


def _under_one_cap(act: str, some: list[tuple[Signal, LinkMeaning]], model: Model, now: Micros) -> list[Entry]:
    rule = model.acts[act]
    some.sort(key=lambda each: (-each[0].at, each[0].id))
    full = [round(rule.points * UNIT * means.weight * min(max(signal.p_human, 0.0), 1.0)) for signal, means in some]
    found = []
    for (signal, means), wanted, given in zip(some, full, granted(full, round(rule.cap * UNIT)), strict=True):
        left = remaining((now - signal.at) / DAY, rule.half_life_days)
        found.append(
            Entry(
                act=act,
                at=signal.at,
                points=round(given * left),
                fresh_points=given,
                capped=wanted - given,
                p_human=signal.p_human,
                label=signal.label,
                topic=means.topic,
                campaign=signal.campaign,
                id=signal.id,
            )
        )
    return found


def _meaning(signal: Signal, model: Model) -> LinkMeaning:
    if signal.kind == "clicked":
        return meaning(model, signal.label, signal.role, signal.href)
    return LinkMeaning(signal.kind, 1.0, "")


def _scope(signal: Signal, act: str, model: Model) -> int | None:
    """What shares a cap with it. Runs of days are those of the calendar, so that a cap never opens as time passes."""
    rule = model.acts[act]
    if rule.cap_per == "message":
        return signal.id if signal.delivery is None else signal.delivery
    return signal.at // (rule.cap_days * DAY) if rule.cap_per == "days" else None


def _against(person: Person, model: Model, now: Micros, *, is_out: bool) -> list[Entry]:
    found = []
    if is_out and person.standing is not None:
        found.append(_loss("unsubscribed", person.standing.at, model.unsubscribed.points))
    since = now - int(model.silent.days * DAY)
    recent = {each.id: each.kind for each in person.signals if since <= each.at <= now}
    sent = sum(kind == "sent" for kind in recent.values())
    if model.learned is None and sent >= model.silent.least_sent and sent == len(recent):
        found.append(_loss("silent", Micros(since), model.silent.points))
    return found


def _loss(act: str, at: Micros, points: float) -> Entry:
    lost = round(points * UNIT)
    return Entry(
        act=act,
        at=at,
        points=lost,
        fresh_points=lost,
        capped=0,
        p_human=1.0,
        label="",
        topic="",
        campaign=None,
        id=None,
    )


def _momentum(own: Sequence[Entry], now: Micros) -> int:
    """Thousandths of a point, of what was granted when it was fresh, so that fading alone moves nothing."""
    ages = [((now - entry.at) / DAY, entry.fresh_points) for entry in own if entry.act != SENT]
    recent = sum(points for age, points in ages if age < RECENT_DAYS)
    before = sum(points for age, points in ages if RECENT_DAYS <= age < RECENT_DAYS + BEFORE_DAYS)
    return recent - round(before * RECENT_DAYS / BEFORE_DAYS)
