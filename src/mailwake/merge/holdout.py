"""Whom a campaign is kept from by lot, so that what it added can be told.

The lot is a keyed hash of campaign and handle: the same whenever it is drawn, unknown to everybody without the key, and
another for every campaign. A larger share holds whoever a smaller one held.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from mailwake.errors import BadInput
from mailwake.events import CampaignId, Handle, Micros
from mailwake.modes import Mode, Modes
from mailwake.store.state import StateStore

KEY = "holdout"
MOST_PERCENT = 90.0
_WHOLE = 1 << 64


def percent(value: float) -> float:
    """A share to hold out, 0 to `MOST_PERCENT` %.

    Raises:
        BadInput: it is none.
    """
    if not 0 <= value <= MOST_PERCENT:
        raise BadInput(f"--holdout {value:g}: take 0 to {MOST_PERCENT:g} per cent; 10 is usual")
    return value


def is_drawn(key: bytes, campaign: CampaignId, handle: Handle, *, percent: float) -> bool:
    """Whether the lot falls on somebody."""
    digest = hashlib.blake2b(f"{campaign} {handle}".encode(), digest_size=8, key=key[:64]).digest()
    return int.from_bytes(digest) < percent / 100 * _WHOLE


def hold_out(
    state: StateStore,
    campaign: CampaignId,
    people: Iterable[Handle],
    *,
    key: bytes,
    percent: float,
    modes: Mapping[Handle, Modes],
    now: Micros,
) -> set[Handle]:
    """Draw, remember, and say whom the campaign is kept from; who was held before stays held.

    Args:
        state: remembers them.
        campaign: that they do not get.
        people: who would get it now.
        key: of the lot.
        percent: the share, 0 to 90.
        modes: how closely each may be watched; what people do of whom nothing may be told is not compared.
        now: when.
    """
    before = state.holdouts(campaign)
    drawn = (
        {handle for handle in people if handle not in before and is_drawn(key, campaign, handle, percent=percent)}
        if percent
        else set[Handle]()
    )
    state.put_holdouts(campaign, {handle: modes[handle].clicks is Mode.INDIVIDUAL for handle in drawn}, now=now)
    return drawn | set(before)
