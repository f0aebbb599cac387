"""Who would move under another model. Looking changes nothing, and a change of model sets nothing off."""

from __future__ import annotations

import heapq
from collections import Counter

import msgspec

from mailwake.events import Handle, Micros
from mailwake.insight.stores import Stores
from mailwake.scoring.bands import BANDS
from mailwake.scoring.facts import Contacts
from mailwake.scoring.model import Model
from mailwake.scoring.ranking import Ranking, rankings
from mailwake.scoring.signals import everybody

MOST = 20


class Mover(msgspec.Struct, frozen=True, kw_only=True):
    """One person whose score or band would change."""

    #: None: not known any more
    address: str | None
    before: int
    after: int
    band_before: str
    band_after: str


class BandChange(msgspec.Struct, frozen=True, kw_only=True):
    """People who would go from one band to another."""

    before: str
    after: str
    people: int


class Movers(msgspec.Struct, frozen=True, kw_only=True):
    """What another model would change."""

    #: name and hash of the model in force, and of the other
    model: str
    other: str
    #: with a score under both
    people: int
    #: whose score would change
    moved: int
    #: whose band would change
    rebanded: int
    #: from which band to which, most people first; those who stay are left out
    changes: tuple[BandChange, ...]
    #: who would move farthest
    movers: tuple[Mover, ...]


def movers(stores: Stores, model: Model, other: Model, contacts: Contacts, *, now: Micros) -> Movers:
    """Score everybody by both models and tell the difference."""
    people = everybody(stores, [model, other], now=now)
    one, two = rankings(people, [model, other], now=now, not_profiled=contacts.not_profiled())
    pairs = range(
        len(one.handles)
    )  # whether there is a score does not depend on the model, so both hold the same people
    moved = [n for n in pairs if one.scores[n] != two.scores[n]]
    rebanded = [n for n in pairs if one.bands[n] != two.bands[n]]
    changes = Counter((one.bands[n], two.bands[n]) for n in rebanded)
    farthest = heapq.nlargest(MOST, moved, key=lambda n: (abs(two.scores[n] - one.scores[n]), -n))
    addresses = stores.state.addresses(Handle(one.handles[n]) for n in farthest)
    return Movers(
        model=model.id,
        other=other.id,
        people=len(one.handles),
        moved=len(moved),
        rebanded=len(rebanded),
        changes=tuple(
            BandChange(before=BANDS[before], after=BANDS[after], people=number)
            for (before, after), number in sorted(changes.items(), key=lambda each: (-each[1], each[0]))
        ),
        movers=tuple(_mover(one, two, n, addresses.get(Handle(one.handles[n]))) for n in farthest),
    )


def _mover(one: Ranking, two: Ranking, n: int, address: str | None) -> Mover:
    return Mover(
        address=address,
        before=one.scores[n],
        after=two.scores[n],
        band_before=BANDS[one.bands[n]],
        band_after=BANDS[two.bands[n]],
    )
