"""What is told of scores, as JSON: dashboard, API and command line say the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import msgspec

from mailwake.events import CampaignId, Handle, Micros
from mailwake.insight.stores import Stores, moment
from mailwake.language import say
from mailwake.scoring.bands import NOBODY, band, is_settled
from mailwake.scoring.desk import Desk
from mailwake.scoring.reasons import Reason, reasons, rendered
from mailwake.scoring.score import Entry, Scored, scored
from mailwake.scoring.signals import people


class EntryAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a ledger; points are thousandths, so that the lines add up to the last digit."""

    act: str
    at: datetime | None
    millipoints: int
    fresh_millipoints: int
    capped_millipoints: int
    p_human: float
    label: str
    topic: str
    campaign: str | None


class ReasonAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One of the weightiest parts of a score."""

    sign: str
    act: str
    count: int
    label: str
    age_days: int
    millipoints: int
    says: str


class ScoreAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A score."""

    #: 0-100; None: cannot say
    score: int | None
    cannot_say: str
    band: str | None
    #: points of the last seven days less the weekly mean of the four weeks before
    momentum: int
    millipoints: int
    reasons: tuple[ReasonAnswer, ...]
    #: the reasons as one line of at most 255 characters
    why: str
    ledger: tuple[EntryAnswer, ...]
    #: name and hash of the points it was made with
    model: str
    as_of: datetime | None


def score_of(stores: Stores, desk: Desk, handle: Handle, *, now: Micros) -> ScoreAnswer:
    """The score of one person with its ledger."""
    ((_, found),) = scores(stores, desk, [handle], now=now)
    return found


def scores(
    stores: Stores, desk: Desk, handles: Iterable[Handle], *, now: Micros
) -> Iterator[tuple[Handle, ScoreAnswer]]:
    """The scores of these people in their order, whoever they are and however many, so many at a time.

    Everybody is ranked only where somebody's band depends on how many stand higher.
    """
    not_profiled = desk.contacts.not_profiled()
    for person in people(stores, handles, desk.model, now=now):
        told = scored(person, desk.model, now=now, is_profiled=person.handle not in not_profiled)
        best = NOBODY if is_settled(told, desk.model) else desk.best_from(stores, now)
        yield person.handle, answer(told, desk, best_from=best, now=now)


def answer(told: Scored, desk: Desk, *, best_from: int, now: Micros) -> ScoreAnswer:
    """A score as it is told."""
    why = reasons(told.ledger, now=now)
    return ScoreAnswer(
        score=told.score,
        cannot_say=say(told.cannot_say),
        band=band(told, desk.model, best_from=best_from, now=now),
        momentum=round(told.momentum / 1_000),
        millipoints=told.points,
        reasons=tuple(map(_reason, why)),
        why=rendered(why),
        ledger=tuple(map(_entry, told.ledger)),
        model=desk.model.id,
        as_of=moment(now),
    )


def _reason(reason: Reason) -> ReasonAnswer:
    return ReasonAnswer(
        sign=reason.sign,
        act=reason.act,
        count=reason.count,
        label=reason.label,
        age_days=reason.age_days,
        millipoints=reason.points,
        says=reason.says,
    )


def _entry(entry: Entry) -> EntryAnswer:
    return EntryAnswer(
        act=entry.act,
        at=moment(entry.at),
        millipoints=entry.points,
        fresh_millipoints=entry.fresh_points,
        capped_millipoints=entry.capped,
        p_human=round(entry.p_human, 4),
        label=entry.label,
        topic=entry.topic,
        campaign=None if entry.campaign is None else str(entry.campaign),
    )


def campaign_names(stores: Stores, ids: Sequence[int | None]) -> dict[int, str]:
    """Names of campaigns; those that are not known are left out."""
    found = {each: stores.state.find_campaign(CampaignId(each)) for each in set(ids) if each is not None}
    return {each: campaign.name for each, campaign in found.items() if campaign is not None}


def to_json(told: msgspec.Struct) -> bytes:
    """One line of JSON."""
    return msgspec.json.encode(told) + b"\n"
