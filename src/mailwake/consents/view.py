"""What the page of consent shows: how many stand where, what the installation's profile asks, and one ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from mailwake.consents import words
from mailwake.consents.standing import ConsentAnswer, Holds, Said, how
from mailwake.drawing import figures
from mailwake.drawing.receipts import level_words, mode_words
from mailwake.events import SECOND
from mailwake.language import say
from mailwake.profiles import Profile
from mailwake.store.consent.ledger import WATCHED
from mailwake.store.consent.rows import Head
from mailwake.store.state import Axis, Consent, ConsentText

_AXES = (*WATCHED, Axis.PROFILE, Axis.HYGIENE)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What stands for everybody."""

    counts: Mapping[tuple[Axis, Consent], int]
    head: Head
    texts: Sequence[ConsentText]
    #: None: none was chosen
    profile: Profile | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Count:
    """How many stand where on one axis."""

    axis: str
    #: one per state, in the order of `states`
    numbers: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Axes:
    """What holds of one recipient on one axis."""

    axis: str
    state: str
    since: str
    #: how closely mail sent now may be watched, and why; empty: not of that kind
    watched: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One line of the ledger."""

    number: int
    at: str
    axis: str
    state: str
    how: str
    more: tuple[str, ...]
    seal: str


def values(
    standing: Standing, answer: ConsentAnswer | None, address: str, missing: str, *, zone: ZoneInfo
) -> dict[str, Any]:
    """What `consent.html` names.

    Args:
        standing: of everybody.
        answer: of the recipient who was asked for; None: nobody was, or nobody knows them.
        address: as it was asked for.
        missing: why there is nothing to show of them; empty: there is.
        zone: the viewer's.
    """
    profile = standing.profile
    return {
        "address": address,
        "missing": missing,
        "answer": answer,
        "states": [say(word) for word in words.STATES.values()],
        "counts": [_count(standing, axis) for axis in _AXES],
        "lines_of_all": figures.count(standing.head.number),
        "head": f"{standing.head.number} {standing.head.hash}",
        "texts": [_text(each, zone) for each in standing.texts],
        "profile": None if profile is None else f"{profile.name}: {profile.title}",
        "profile_note": "" if profile is None else _sure(profile),
        "notes": () if profile is None else profile.notes,
        "sources": () if profile is None else profile.sources,
        "axes": [] if answer is None else [_axis(axis, holds, zone) for axis, holds in answer.axes.items()],
        "may_ask": "" if answer is None or answer.may_ask_again is None else _moment(answer.may_ask_again, zone),
        "ledger": [] if answer is None else [_line(each, zone) for each in answer.ledger],
        "proof": "" if answer is None else "/consent/proof?" + urlencode({"address": answer.address}),
        "person": "" if answer is None else "/person?" + urlencode({"address": answer.address}),
    }


def _sure(profile: Profile) -> str:
    return say("as we read it on %(day)s; not legal advice", day=profile.read_on.isoformat())


def _count(standing: Standing, axis: Axis) -> Count:
    numbers = (figures.count(standing.counts.get((axis, state), 0)) for state in words.STATES)
    return Count(axis=say(words.AXES[axis]), numbers=tuple(numbers))


def _text(text: ConsentText, zone: ZoneInfo) -> dict[str, str]:
    since = _moment(datetime.fromtimestamp(text.since / SECOND, UTC), zone)
    return {"id": str(text.id), "locale": text.locale, "since": since, "text": text.text, "sha256": text.sha256}


def _axis(axis: str, holds: Holds, zone: ZoneInfo) -> Axes:
    watched = ""
    if holds.mode is not None:
        why = level_words(holds.by or "")
        watched = say("%(mode)s, because %(why)s", mode=mode_words(holds.mode), why=why)
    return Axes(
        axis=say(words.AXES[Axis(axis)]),
        state=say(words.STATES[Consent(holds.state)]),
        since="" if holds.at is None else _moment(holds.at, zone),
        watched=watched,
    )


def _line(said: Said, zone: ZoneInfo) -> Line:
    text = "" if said.text is None else say("text %(number)s (%(hash)s…)", number=said.text, hash=said.text_sha256[:12])
    by = say("written down by %(who)s", who=said.actor) if said.actor else ""
    return Line(
        number=said.line,
        at=_moment(said.at, zone),
        axis=say(words.AXES[Axis(said.axis)]),
        state=say(words.STATES[Consent(said.state)]),
        how=say(how(said.method, said.source)),
        more=tuple(each for each in (text, said.url, said.proof, by) if each),
        seal=said.hash[:16],
    )


def _moment(at: datetime, zone: ZoneInfo) -> str:
    return figures.moment(at, zone)
