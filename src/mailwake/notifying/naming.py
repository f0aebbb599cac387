"""What the numbers of news mean, looked up for a batch at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mailwake.events import CampaignId, Handle
from mailwake.notifying.messages import Names
from mailwake.store.state import StateStore


def named(state: StateStore, rows: Sequence[Mapping[str, Any]]) -> Names:
    """The names behind some rows of the question ``news``."""
    if not rows:
        return Names(addresses={}, campaigns={}, links={}, silent=frozenset())
    wanted = {row["campaign"] for row in rows if row["campaign"] is not None}
    return Names(
        addresses=state.addresses({Handle(row["recipient"]) for row in rows if row["recipient"]}),
        campaigns={each.id: each.name for each in state.campaigns() if each.id in wanted},
        links={
            (link.template or 0, link.number): {
                "number": link.number, "role": link.role, "label": link.label, "url": link.href,
            }
            for campaign in sorted(wanted)
            for link in state.links(CampaignId(campaign))
        },
        silent=frozenset(state.inert()),
    )  # fmt: skip
