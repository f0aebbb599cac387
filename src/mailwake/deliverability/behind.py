"""Which domains, as they are stored, stand behind a provider's line of one campaign."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mailwake.deliverability.board import told_apart
from mailwake.errors import BadInput
from mailwake.insight.stores import Stores
from mailwake.store.state import Campaign

#: stands for all that are not told apart
OTHERS = "others"


@dataclass(frozen=True, kw_only=True, slots=True)
class Behind:
    """Domains of one line."""

    #: as stored
    domains: tuple[str, ...]
    #: True: the line is of all domains but these
    is_others: bool = False


def domains_behind(stores: Stores, campaign: Campaign, provider: str) -> Behind:
    """The domains whose copies a line of `of_campaign` counts.

    Args:
        stores: where to look.
        campaign: whose line.
        provider: its name; `OTHERS`: the line of all others.

    Raises:
        BadInput: there is no such line.
    """
    lines = told_apart(stores, campaign)
    if provider == OTHERS:
        return Behind(domains=_sorted([stored for each in lines.values() for stored in each]), is_others=True)
    if provider not in lines:
        known = ", ".join((*lines, OTHERS))
        raise BadInput(f"no provider {provider[:100]!r} is told apart in this campaign; there are {known}")
    return Behind(domains=_sorted(lines[provider]))


def _sorted(domains: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted(set(domains)))
