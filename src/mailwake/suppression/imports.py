"""Lists that come in: what would change, and one incident that keeps what did together, so that one act undoes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import structlog

from mailwake.events import CampaignId, EventType, Micros, event_id
from mailwake.store.state import IMPORTED, Incident, IncidentKind, StateStore, Suppression, Unsubscribe
from mailwake.suppression.acts import words
from mailwake.suppression.files import Left, Line

log = structlog.get_logger()
#: Lines of one transaction.
_PART = 1_000


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What an import would do."""

    #: lines that change something
    new: tuple[Line, ...]
    #: lines that hold already
    known: int
    #: lines that are no use here, besides those that `files.read_list` left out
    left: tuple[Left, ...]
    #: name to number, of those that lines are limited to
    campaigns: dict[str, CampaignId]

    @property
    def by_reason(self) -> dict[str, int]:
        """New lines by reason, most first."""
        counts: dict[str, int] = {}
        for line in self.new:
            counts[line.reason] = counts.get(line.reason, 0) + 1
        return dict(sorted(counts.items(), key=lambda each: (-each[1], each[0])))


def plan(state: StateStore, lines: Sequence[Line]) -> Plan:
    """What would change; changes nothing.

    Args:
        state: where the list is kept.
        lines: as `files.read_list` gave them.
    """
    campaigns: dict[str, CampaignId] = {}
    left: list[Left] = []
    for name in {line.campaign for line in lines if line.campaign is not None}:
        if (found := state.find_campaign(name)) is not None:
            campaigns[name] = found.id
    usable = []
    for line in lines:
        if line.campaign is not None and line.campaign not in campaigns:
            left.append(Left(line.number, f"there is no campaign {line.campaign[:80]!r} here"))
        else:
            usable.append(line)
    handles = state.known_handles({line.address for line in usable})
    holding = {
        (row.handle, row.reason, row.stream, row.campaign) for row in state.holding_against(set(handles.values()))
    }
    new = [
        line
        for line in usable
        if (handles.get(line.address), line.reason, line.stream, campaigns.get(line.campaign or "")) not in holding
    ]
    return Plan(new=tuple(new), known=len(usable) - len(new), left=tuple(left), campaigns=campaigns)


def take_in(
    state: StateStore, planned: Plan, *, name: str, at: Micros, by: str,
    progress: Callable[[int], object] = lambda _: None,
) -> int | None:  # fmt: skip
    """Suppress everybody whom a plan names; says the number of its incident. None: nothing was new.

    Args:
        state: where the list is kept.
        planned: what to do.
        name: of the file.
        at: now.
        by: who does it.
        progress: told how many lines are done after each part.
    """
    if not planned.new:
        return None
    by = words("by", by)
    name = "".join(letter if letter.isprintable() else "?" for letter in name)[:200]
    incident = event_id("import", name, at)
    told = Incident(
        id=incident, kind=IncidentKind.IMPORT, opened_at=at, last_at=at, count=0, quoted=f"{name}, read in by {by}"
    )
    state.put_incident(told)  # before its lines, so that also half an import can be undone
    count = 0
    for start in range(0, len(planned.new), _PART):
        part = planned.new[start : start + _PART]
        handles = state.handles({line.address for line in part}, now=at)
        rows = [
            Suppression(
                handle=handles[line.address],
                reason=line.reason,
                source=IMPORTED,
                at=line.at or at,
                campaign=planned.campaigns.get(line.campaign or ""),
                stream=line.stream,
                category=line.category,
                quoted=line.words or None,
                incident=incident,
                expires_at=line.expires_at,
                put_by=by,
            )
            for line in part
        ]
        count += state.put_suppressions(rows)
        state.note_unsubscribes(_left(state, rows, incident, name))
        progress(len(part))
    state.put_incident(replace(told, count=count))
    log.info("suppressions.imported", incident=incident, count=count)
    return incident


def _left(state: StateStore, rows: Sequence[Suppression], incident: int, name: str) -> list[Unsubscribe]:
    """Those of a list who had asked to stop, as they are written down among all who did."""
    mine = {row.handle: row for row in rows if row.reason == EventType.UNSUBSCRIBED}
    domains = state.domains(mine)
    return [
        Unsubscribe(
            id=event_id("import", incident, handle),
            handle=handle,
            at=row.at,
            how=IMPORTED,
            campaign=row.campaign,
            domain=domains.get(handle),
            incident=incident,
            proof=name,
        )
        for handle, row in mine.items()
    ]
