"""What an operator may do to the suppression list; every act keeps who, when and why."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from mailwake.errors import BadInput
from mailwake.events import EventType, Micros, event_id
from mailwake.store.state import Incident, IncidentKind, StateStore, Suppression
from mailwake.suppression.files import Line

log = structlog.get_logger()
#: A person's act, among the sources of suppressions.
BY_HAND = "manual"


def add(
    state: StateStore, address: str, *, at: Micros, why: str, stream: str | None = None, reason: str = BY_HAND
) -> bool:
    """Suppress an address by hand; says whether that is new.

    Raises:
        BadInput: it is no address.
    """
    (handle,) = state.handles([address], now=at).values()
    row = Suppression(handle=handle, reason=reason, source=BY_HAND, at=at, stream=stream, quoted=why)
    return state.put_suppressions([row]) == 1


def lift(state: StateStore, address: str, *, at: Micros, by: str, why: str) -> int:
    """Take back what holds against an address, because it was corrected or was never dead; says how much that was.

    Raises:
        BadInput: it is no address, or nobody was ever mailed at it.
    """
    known = state.known_handles([address])
    if not known:
        raise BadInput(f"{address} was never mailed, so nothing holds against it")
    count = state.lift(known[address], at, by=by, why=why)
    log.info("suppressions.lifted", count=count, why=why)
    return count


def take_in(state: StateStore, lines: Sequence[Line], *, name: str, at: Micros) -> tuple[int, int]:
    """Suppress everybody on a list: (its incident, how many are new). One command undoes it.

    Args:
        state: where the list is kept.
        lines: as `files.read_list` gave them.
        name: of the file.
        at: when.

    Raises:
        BadInput: one of the addresses is none; nothing was kept.
    """
    incident = event_id("import", name, at)
    handles = state.handles([line.address for line in lines], now=at)
    rows = [
        Suppression(
            handle=handles[line.address],
            reason=line.reason,
            source="import",
            at=line.at or at,
            stream=line.stream,
            quoted=line.words or None,
            incident=incident,
        )
        for line in lines
    ]
    count = state.put_suppressions(rows)
    state.put_incident(
        Incident(id=incident, kind=IncidentKind.IMPORT, opened_at=at, last_at=at, count=count, quoted=name)
    )
    return incident, count


def undo(state: StateStore, incident: int, *, at: Micros, by: str, why: str) -> int:
    """Take back all that an import or a storm has brought; says how much that was.

    Raises:
        BadInput: there is no such incident.
    """
    _known(state, incident)
    count = state.lift_incident(incident, at, by=by, why=why)
    state.close_incident(incident, at, by=by, why=why)
    log.info("suppressions.undone", incident=incident, count=count)
    return count


def apply(state: StateStore, incident: int, *, at: Micros, by: str, why: str) -> int:
    """Suppress whom a storm was thought to be about, because they are dead after all; says how many are new.

    Raises:
        BadInput: there is no such incident, or it is no storm.
    """
    if _known(state, incident).kind is not IncidentKind.STORM:
        raise BadInput("only a storm holds suppressions back; see `mailwake suppressions incidents`")
    rows = [
        Suppression(
            handle=row.handle,
            reason=str(EventType.BOUNCED),
            source=BY_HAND,
            at=at,
            category=row.category,
            rule=row.rule,
            quoted=row.quoted,
            incident=incident,
        )
        for row in state.refusals_in(incident)
    ]
    state.close_incident(incident, at, by=by, why=why)
    return state.put_suppressions(rows)


def close(state: StateStore, incident: int, *, at: Micros, by: str, why: str) -> bool:
    """Close an incident without changing anybody's standing; says whether it was open.

    Raises:
        BadInput: there is no such incident.
    """
    _known(state, incident)
    return state.close_incident(incident, at, by=by, why=why)


def _known(state: StateStore, incident: int) -> Incident:
    found = state.incident(incident)
    if found is None:
        raise BadInput(f"there is no incident {incident}; `mailwake suppressions incidents` lists them")
    return found
