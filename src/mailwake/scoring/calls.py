"""Whom to call today: the best first, each with the reasons, the latest act, and a draft of what to write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from mailwake.errors import BadInput
from mailwake.events import Handle, Micros
from mailwake.insight.stores import Stores, moment
from mailwake.scoring.answers import ScoreAnswer, answer, campaign_names
from mailwake.scoring.bands import BANDS
from mailwake.scoring.desk import Desk
from mailwake.scoring.facts import ContactFacts
from mailwake.scoring.follow_ups import FollowUp, filled_in
from mailwake.scoring.ranking import Ranking
from mailwake.scoring.reasons import shown
from mailwake.scoring.score import Entry, scored
from mailwake.scoring.signals import parts, people

PAGE_SIZE = 25
#: merge fields that hold a name, in the order in which they are looked for
_NAMES = ("first_name", "firstname", "name", "full_name")


class LastAct(msgspec.Struct, frozen=True, kw_only=True):
    """The latest thing they did: clicked, clicked_intent, replied or converted."""

    act: str
    label: str
    topic: str
    at: datetime | None
    campaign: str | None
    campaign_name: str


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One person to call."""

    #: from 1
    rank: int
    #: None: not known any more
    address: str | None
    name: str
    owner: str
    url: str
    score: ScoreAnswer
    last: LastAct | None
    follow_up: FollowUp


class Calls(msgspec.Struct, frozen=True, kw_only=True):
    """Some of those to call."""

    model: str
    #: when the order was made; scores and reasons are those of now
    as_of: datetime | None
    #: with a score, in any band
    people: int
    #: people in each band
    bands: dict[str, int]
    #: the score from which on somebody is among the best; None: nobody is
    best_from: int | None
    band: str
    owner: str
    page: int
    page_size: int
    #: on the list, of this band and owner
    total: int
    calls: tuple[Call, ...]


def calls(
    stores: Stores,
    desk: Desk,
    *,
    now: Micros,
    band: str = "",
    owner: str = "",
    page: int = 1,
    page_size: int = PAGE_SIZE,
) -> Calls:
    """One page of those to call.

    Args:
        stores: where to look.
        desk: how to score.
        now: the moment.
        band: one of `BANDS`; empty: all with a score above 0.
        owner: who looks after them, as the CRM spells it; empty: anybody.
        page: from 1; beyond the last there is nobody.
        page_size: people, 1 or more.

    Raises:
        BadInput: there is no such band.
    """
    if band and band not in BANDS:
        raise BadInput(f"there is no band {band[:40]!r}; there are {', '.join(BANDS)}")
    ranked = desk.ranking(stores, now)
    listed = ranked.best_first(band)
    chosen = list(_owned(listed, desk, owner)) if owner else listed
    first = (page - 1) * page_size
    shown_now = list(map(Handle, chosen[first : first + page_size]))
    return Calls(
        model=desk.model.id,
        as_of=moment(ranked.as_of),
        people=len(ranked.handles),
        bands=dict(ranked.counts),
        best_from=ranked.best_from if ranked.best_from <= 100 else None,
        band=band,
        owner=owner,
        page=page,
        page_size=page_size,
        total=len(chosen),
        calls=tuple(_calls(stores, desk, shown_now, ranked, now=now, first=first)),
    )


def _owned(handles: Iterable[int], desk: Desk, owner: str) -> Iterator[int]:
    for part in parts(map(Handle, handles)):
        facts = desk.contacts.facts(part)
        yield from (handle for handle in part if handle in facts and facts[handle].owner == owner)


def _calls(
    stores: Stores, desk: Desk, handles: Sequence[Handle], ranked: Ranking, *, now: Micros, first: int
) -> Iterator[Call]:
    """Worked out anew for those who are shown: what is kept holds numbers alone."""
    found = {
        person.handle: scored(person, desk.model, now=now) for person in people(stores, handles, desk.model, now=now)
    }
    known, facts = stores.state.recipients(handles), desk.contacts.facts(handles)
    names = campaign_names(stores, [each.last.campaign for each in found.values() if each.last])
    for number, handle in enumerate(handles, first + 1):
        told, fact = found[handle], facts.get(handle, ContactFacts())
        person = known.get(handle)
        name = fact.name or _name(person.fields if person else {})
        yield Call(
            rank=number,
            address=person.address if person else None,
            name=name,
            owner=fact.owner,
            url=fact.url,
            score=answer(told, desk, best_from=ranked.best_from, now=now),
            last=None if told.last is None else _last(told.last, names),
            follow_up=_follow_up(desk, told.last, name, fact.owner),
        )


def owners(desk: Desk, ranked: Ranking, most: int) -> list[str]:
    """Who looks after the best, each once, by name; of so many people at most."""
    some = list(map(Handle, ranked.best_first()[:most]))
    return sorted({fact.owner for fact in desk.contacts.facts(some).values() if fact.owner}) if some else []


def _last(entry: Entry, names: Mapping[int, str]) -> LastAct:
    return LastAct(
        act=entry.act,
        label=entry.label,
        topic=entry.topic,
        at=moment(entry.at),
        campaign=None if entry.campaign is None else str(entry.campaign),
        campaign_name=names.get(entry.campaign or 0, ""),
    )


def _follow_up(desk: Desk, last: Entry | None, name: str, owner: str) -> FollowUp:
    topic, label = (last.topic, shown(last.label)) if last is not None else ("", "")
    first_name = shown(name).partition(" ")[0]
    values = {"first_name": first_name, "topic": topic, "label": label, "owner": shown(owner)}
    return filled_in(desk.drafts.about(topic), values)


def _name(fields: Mapping[str, str]) -> str:
    lowered = {key.casefold(): value for key, value in fields.items()}
    return next((lowered[each].strip() for each in _NAMES if lowered.get(each, "").strip()), "")
