"""What an operator sees of the suppression list and of incidents, for a terminal, the API and the page alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from mailwake.events import SECOND, Micros
from mailwake.store.state import Incident, IncidentKind, StateStore, Suppression

#: As the store hands it out, under a name for those who only show it.
AnIncident = Incident
#: Lines of one page.
PAGE_SIZE = 100
#: Kinds that somebody has to decide on; an import was somebody's decision.
TO_DECIDE = (IncidentKind.STORM, IncidentKind.ALARM)
_EXPORTED = 1_000


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One suppression with the names behind its numbers."""

    row: Suppression
    #: None: no longer known
    address: str | None = field(repr=False)
    #: of the only campaign that it is about; None: of all, or not known any more
    campaign: str | None


def holding(
    state: StateStore,
    *,
    reason: str = "",
    page: int = 1,
    page_size: int = PAGE_SIZE,
    before: Sequence[int] | None = None,
) -> list[Entry]:
    """What holds, newest first.

    Args:
        state: where the list is kept.
        reason: of this reason alone; empty: of any.
        page: from 1.
        page_size: lines.
        before: only what comes after this time and number in that order; `page` is of no use then.
    """
    if before is not None:
        at, number = before
        return entries(state, state.holding(reason=reason or None, limit=page_size, before=(at, number)))
    rows = state.holding(reason=reason or None, limit=page_size, offset=(page - 1) * page_size)
    return entries(state, rows)


def history(state: StateStore, address: str) -> list[Entry]:
    """All that ever held against an address, oldest first; nothing where nobody was ever mailed at it.

    Raises:
        BadInput: it is no address.
    """
    rows = [row for handle in state.known_handles([address]).values() for row in state.suppressions(handle)]
    return entries(state, rows)


def everything(state: StateStore) -> Iterator[tuple[str, str | None, Suppression]]:
    """All that holds, as `files.write_list` takes it; whose address was erased is left out."""
    offset = 0
    while rows := state.holding(limit=_EXPORTED, offset=offset):
        for entry in entries(state, rows):
            if entry.address is not None:
                yield entry.address, entry.campaign, entry.row
        offset += len(rows)


def entries(state: StateStore, rows: Sequence[Suppression]) -> list[Entry]:
    """Suppressions with the names behind their numbers."""
    names = state.addresses({row.handle for row in rows})
    campaigns = {each.id: each.name for each in state.campaigns()} if any(row.campaign for row in rows) else {}
    return [
        Entry(
            row=row,
            address=names.get(row.handle),
            campaign=None if row.campaign is None else campaigns.get(row.campaign, f"campaign {row.campaign}"),
        )
        for row in rows
    ]


def told(entry: Entry) -> dict[str, Any]:
    """One suppression as JSON tells it; ids are texts, and no handle is among them."""
    row = entry.row
    return {
        "address": entry.address,
        "reason": row.reason,
        "category": row.category,
        "rule": row.rule,
        "quoted": row.quoted,
        "days": row.days,
        "stream": row.stream,
        "campaign": entry.campaign,
        "source": row.source,
        "by": row.put_by,
        "at": utc(row.at),
        "expires_at": utc(row.expires_at),
        "event": _id(row.event),
        "incident": _id(row.incident),
        "lifted_at": utc(row.lifted_at),
        "lifted_by": row.lifted_by,
        "lift_why": row.lift_why,
    }


def told_incident(each: Incident) -> dict[str, Any]:
    """One incident as JSON tells it."""
    return {
        "id": str(each.id),
        "kind": each.kind,
        "place": each.place,
        "category": each.category,
        "opened_at": utc(each.opened_at),
        "last_at": utc(each.last_at),
        "count": each.count,
        "quoted": each.quoted,
        "closed_at": utc(each.closed_at),
        "closed_by": each.closed_by,
        "why": each.why,
    }


def waiting(found: Iterable[Incident]) -> list[Incident]:
    """Those that somebody has to decide on."""
    return [each for each in found if each.kind in TO_DECIDE and each.closed_at is None]


def utc(at: Micros | None) -> datetime | None:
    """A time as JSON tells it."""
    return None if at is None else datetime.fromtimestamp(at / SECOND, UTC)


def _id(number: int | None) -> str | None:
    return None if number is None else str(number)
