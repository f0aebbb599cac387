"""People to look for: by an address or a part of it, and those who opened or clicked lately."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from mailwake.errors import BadInput
from mailwake.events import Handle, Micros
from mailwake.insight.stores import Stores, moment
from mailwake.store.access.finding import addresses_with
from mailwake.store.answers.sliding import Sliding

#: people that are shown of those who are found
MOST = 50
#: letters below which a part fits nearly everybody
LEAST_LETTERS = 3
#: days that "lately" goes back
ACTIVE_DAYS = 30
_DAY = 86_400_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """Who fits."""

    #: in the order of their names: addresses, or pseudonyms for whoever may not know people
    names: tuple[str, ...]
    #: there are others, who are not shown
    is_cut: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Active:
    """One person who opened or clicked lately."""

    #: address or pseudonym; None: not known any more
    name: str | None
    last_at: datetime
    #: copies they opened, and in which they clicked, in the last `ACTIVE_DAYS` days
    opened: int
    clicked: int


def find_people(stores: Stores, text: str) -> Found:
    """Everybody whose address is this, else whose address has it as a part.

    Args:
        stores: where to look.
        text: an address in any spelling, a part of one, or a pseudonym.

    Raises:
        BadInput: it is too short to look for.
        Hidden: whoever asks sees pseudonyms and gave none.
    """
    wanted = text.strip()
    known = _exactly(stores, wanted)
    if known:
        return Found(names=(stores.state.addresses(known.values())[known[wanted]],), is_cut=False)
    if len(wanted) < LEAST_LETTERS:
        raise BadInput(f"write {LEAST_LETTERS} letters of an address or more")
    some = tuple(addresses_with(stores.state, wanted, limit=MOST + 1).values())
    return Found(names=some[:MOST], is_cut=len(some) > MOST)


def _exactly(stores: Stores, wanted: str) -> Mapping[str, Handle]:
    try:
        return stores.state.known_handles([wanted])
    except BadInput:  # a part of an address is none; who may not look for parts is told below
        return {}


def active_people(stores: Stores, *, now: Micros, limit: int) -> list[Active]:
    """Those who opened or clicked as persons in the last days, the latest first.

    Args:
        stores: where to look.
        now: the moment.
        limit: so many at most.
    """
    rows = stores.events.ask("active_people", since=Sliding(now - ACTIVE_DAYS * _DAY, "days"), limit=limit)
    names = stores.state.addresses(Handle(row["recipient"]) for row in rows)
    return [
        Active(
            name=names.get(Handle(row["recipient"])),
            last_at=at,
            opened=int(row["opened"]),
            clicked=int(row["clicked"]),
        )
        for row in rows
        if (at := moment(row["last_at"])) is not None
    ]
