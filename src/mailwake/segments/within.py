"""Any answer about the people of a segment alone."""

from __future__ import annotations

from dataclasses import replace

from mailwake.events import Micros
from mailwake.insight.stores import Stores
from mailwake.segments import keeper


def within(stores: Stores, name: str, *, now: Micros) -> Stores:
    """The stores, of which every question is about copies sent to the people of a segment.

    Args:
        stores: whole.
        name: of the segment; empty: everybody.
        now: microseconds since 1970; a live segment is whoever fits then.

    Raises:
        NoSuchSegment: there is none of this name.
    """
    if not name:
        return stores
    people = keeper.members(stores, keeper.find(stores.state, name), now=now)
    return replace(stores, events=stores.events.among(people))
