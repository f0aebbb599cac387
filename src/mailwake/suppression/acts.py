"""What an operator may do to the suppression list; every act keeps who, when and why, and no log line an address."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import structlog

from mailwake.errors import BadInput
from mailwake.events import EventType, Handle, Micros, event_id
from mailwake.store.state import Incident, IncidentKind, StateStore, Suppression, Unsubscribe
from mailwake.suppression.scope import WISHES, streams_of

log = structlog.get_logger()
#: A person's act, among the sources of suppressions.
BY_HAND = "manual"
#: Reasons that a person may give.
REASONS = (BY_HAND, "unsubscribed", "complained", "bounced")
MAX_WORDS = 200
_LAST_ID = 2**63 - 1
_UNSUBSCRIBED = str(EventType.UNSUBSCRIBED)


class Reach(NamedTuple):
    """Which mail a suppression keeps back, and how long."""

    #: one stream alone, or "all"; empty: all mail, and of a recipient's wish what is unwanted by law
    stream: str = ""
    #: name or number of the only one; empty: of all
    campaign: str = ""
    #: ends by itself then; None: never
    expires_at: Micros | None = None


EVERYWHERE = Reach()


class Lifted(NamedTuple):
    """What came of lifting."""

    lifted: int
    #: reasons that still hold, because they are the recipient's own wish and nobody named them
    stays: tuple[str, ...]


def add(
    state: StateStore, address: str, *, at: Micros, by: str, why: str, reason: str = BY_HAND, reach: Reach = EVERYWHERE
) -> bool:
    """Suppress an address by hand; says whether that is new.

    Args:
        state: where the list is kept.
        address: whose.
        at: now.
        by: who does it.
        why: in their words.
        reason: one of `REASONS`. Who unsubscribed is written down among those who left, too.
        reach: which mail it keeps back, and how long.

    Raises:
        BadInput: it is no address, or one of the others is none.
    """
    by, why = words("by", by), words("why", why)
    if reason not in REASONS:
        raise BadInput(f"{reason[:40]!r} is no reason; choose one of {', '.join(REASONS)}")
    if reach.expires_at is not None and reach.expires_at <= at:
        raise BadInput("a suppression has to end after today; leave the end out for one that holds for good")
    streams, campaign = streams_of(reach.stream, reason), None
    if reach.campaign:
        found = state.find_campaign(reach.campaign)
        if found is None:
            raise BadInput(f"there is no campaign {reach.campaign[:80]!r}; `mailwake report` has their names")
        campaign = found.id
    (handle,) = state.handles([address], now=at).values()
    row = Suppression(
        handle=handle,
        reason=reason,
        source=BY_HAND,
        at=at,
        campaign=campaign,
        quoted=why,
        expires_at=reach.expires_at,
        put_by=by,
    )
    count = state.put_suppressions(replace(row, stream=stream) for stream in streams)
    if count and reason == _UNSUBSCRIBED:
        left = Unsubscribe(id=event_id("manual", handle, at), handle=handle, at=at, how=BY_HAND, campaign=campaign)
        state.note_unsubscribes([replace(left, domain=state.domain_of(handle), proof=f"{by}: {why}")])
    if count:
        log.info("suppressions.added", reason=reason, streams=count)
    return count > 0


def lift(state: StateStore, address: str, *, at: Micros, by: str, why: str, reason: str | None = None) -> Lifted:
    """Take back what holds against an address, because it was corrected or was never dead.

    What is the recipient's own wish (`WISHES`) stays, unless `reason` names it: who mends an address must not put
    somebody back on a list that they left.

    Raises:
        BadInput: it is no address, nobody was ever mailed at it, somebody gave no reason, or there is no such one.
    """
    by, why = words("by", by), words("why", why)
    if reason:
        must_be_held(state, reason)
    handle = known(state, address)
    count = state.lift(handle, at, reason=reason, unless=() if reason else WISHES, by=by, why=why)
    stays = {row.reason for row in state.holding_against([handle])}
    log.info("suppressions.lifted", count=count)
    return Lifted(count, tuple(sorted(stays)))


def must_be_held(state: StateStore, reason: str) -> None:
    """Refuse a reason that nobody can be suppressed for; those of older lists, which still hold, are known too.

    Raises:
        BadInput: it is none.
    """
    if reason not in REASONS and reason not in state.holding_counts():
        raise BadInput(f"{reason[:40]!r} is no reason; choose one of {', '.join(REASONS)}")


def known(state: StateStore, address: str) -> Handle:
    """Who has this address.

    Raises:
        BadInput: it is no address, or nobody was ever mailed at it.
    """
    for handle in state.known_handles([address]).values():
        return handle
    raise BadInput(f"{address[:320]} was never mailed, so nothing holds against it")


def undo(state: StateStore, incident: int, *, at: Micros, by: str, why: str) -> int:
    """Take back all that an import or a storm has brought; says how much that was.

    Raises:
        BadInput: there is no such incident, or somebody gave no reason.
    """
    by, why = words("by", by), words("why", why)
    if _known(state, incident).kind is IncidentKind.ALARM:
        raise BadInput("an alarm has suppressed nobody; `close` it when its cause is mended")
    count = state.lift_incident(incident, at, by=by, why=why)
    state.restore_incident(incident, at, by=by, why=why)
    state.close_incident(incident, at, by=by, why=why)
    log.info("suppressions.undone", incident=incident, count=count)
    return count


def apply(state: StateStore, incident: int, *, at: Micros, by: str, why: str) -> int:
    """Suppress whom a storm was thought to be about, because they are dead after all; says how many are new.

    Raises:
        BadInput: there is no such incident, it is no storm, or somebody gave no reason.
    """
    by, why = words("by", by), words("why", why)
    if _known(state, incident).kind is not IncidentKind.STORM:
        raise BadInput("only a storm holds suppressions back; see `mailwake suppressions incidents`")
    rows = {
        row.handle: Suppression(
            handle=row.handle,
            reason=str(EventType.BOUNCED),
            source=BY_HAND,
            at=at,
            category=row.category,
            rule=row.rule,
            quoted=row.quoted,
            incident=incident,
            put_by=by,
        )
        for row in state.refusals_in(incident)
    }
    count = state.put_suppressions(rows.values())
    state.close_incident(incident, at, by=by, why=why)
    log.info("suppressions.applied", incident=incident, count=count)
    return count


def close(state: StateStore, incident: int, *, at: Micros, by: str, why: str) -> bool:
    """Close an incident without changing anybody's standing; says whether it was open.

    Raises:
        BadInput: there is no such incident, or somebody gave no reason.
    """
    by, why = words("by", by), words("why", why)
    _known(state, incident)
    return state.close_incident(incident, at, by=by, why=why)


def words(what: str, text: str) -> str:
    """Who or why, on one line.

    Raises:
        BadInput: it is empty, too long, or holds what a terminal obeys.
    """
    told = " ".join(text.split())
    if not told or len(told) > MAX_WORDS or not told.isprintable():
        raise BadInput(f"{what}: say it in 1 to {MAX_WORDS} characters; it is kept with what was done")
    return told


def _known(state: StateStore, incident: int) -> Incident:
    found = state.incident(incident) if 0 <= incident <= _LAST_ID else None
    if found is None:
        raise BadInput(f"there is no incident {incident}; `mailwake suppressions incidents` lists them")
    return found
