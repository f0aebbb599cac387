"""What the page of suppressions shows: how many by reason, lines with their words, and incidents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from mailwake.boards.bounces_view import KINDS
from mailwake.boards.status_view import Mark
from mailwake.drawing import figures, paging, pieces
from mailwake.drawing.causes import cause, told_by
from mailwake.drawing.terms import term
from mailwake.events import SECOND, Micros
from mailwake.language import noted, say
from mailwake.profiles import STREAMS
from mailwake.suppression import listing
from mailwake.suppression.acts import MAX_WORDS, REASONS
from mailwake.suppression.listing import AnIncident, Entry
from mailwake.suppression.scope import ALL

#: lines of one page
PAGE_SIZE = 50
#: incidents that are over, newest first
_SHOWN = 20
#: what may be done to an incident of each kind, the mildest last
_ACTS = {
    "storm": (("apply", noted("Suppress them after all")), ("undo", noted("Take all back")), ("close", noted("Close"))),
    "alarm": (("close", noted("Close: mended")),),
    "import": (("undo", noted("Take all back")), ("close", noted("Keep for good"))),
}
_SAYS = {
    "storm": noted("dead addresses at once, which looks like an outage of theirs. Nobody is suppressed for it."),
    "alarm": noted("refusals that blame the sender, not the addresses. Nobody is suppressed for it."),
    "import": noted("suppressions were read in from a list."),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """Which part is looked at."""

    #: empty: all addresses
    address: str
    #: empty: all reasons
    reason: str
    #: from 1
    page: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Count:
    """Suppressions of one reason."""

    reason: str
    number: str
    #: to those alone
    href: str
    is_chosen: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One suppression."""

    address: str
    #: to all that ever held against it; empty: no longer known
    href: str
    reason: str
    #: in words; empty: none
    cause: str
    #: its category and the rule that decided on it, for who looks after the rules
    rule: str
    quoted: str
    reach: str
    since: str
    #: who said so, and until when
    source: str
    state: Mark
    #: by whom, when and why it was lifted; empty: it holds
    lifted: str


@dataclass(frozen=True, kw_only=True, slots=True)
class IncidentLine:
    """Something that concerns many at once."""

    id: str
    kind: str
    about: str
    says: str
    count: str
    since: str
    last: str
    quoted: str
    #: word of a form to the words of its button; empty: nothing can be done any more
    acts: tuple[tuple[str, str], ...]
    #: by whom, when and why it was closed; empty: it is open
    closed: str


def values(
    asked: Asked,
    rows: Sequence[Entry],
    *,
    counts: Mapping[str, int],
    of: tuple[int, Mapping[str, int]],
    incidents: Sequence[AnIncident],
    zone: ZoneInfo,
) -> dict[str, Any]:
    """What `suppressions.html` names.

    Args:
        asked: which part.
        rows: of that part.
        counts: entries that hold, by reason.
        of: how many addresses these are of, in all and by reason.
        incidents: all of them, the latest first.
        zone: the viewer's.
    """
    everything = sum(counts.values())
    total = len(rows) if asked.address else counts.get(asked.reason, 0) if asked.reason else everything
    waiting = listing.waiting(incidents)
    others = [each for each in incidents if each not in waiting]
    return {
        "asked": asked,
        "total": pieces.entries(everything, of[0]),
        "counts": [_count(reason, number, of[1].get(reason, 0), asked) for reason, number in counts.items()],
        "lines": [_line(row, zone) for row in rows],
        "listed": pieces.listed(len(rows), total, pieces.SUPPRESSIONS),
        "pages": paging.pages(
            "/suppressions", {"reason": asked.reason}, page=asked.page, total=total, page_size=PAGE_SIZE
        ),
        "waiting": [_incident(each, zone) for each in waiting],
        "incidents": [_incident(each, zone) for each in others[:_SHOWN]],
        "more_incidents": figures.count(len(others) - _SHOWN) if len(others) > _SHOWN else "",
        "holding": sorted({row.row.reason for row in rows if row.row.lifted_at is None}) if asked.address else [],
        "reasons": REASONS,
        "streams": (*STREAMS, ALL),
        "longest": MAX_WORDS,
    }


def query(**wanted: str) -> str:
    """The part of an address behind the question mark."""
    return urlencode({name: value for name, value in wanted.items() if value})


def _count(reason: str, number: int, addresses: int, asked: Asked) -> Count:
    href, told = f"/suppressions?{query(reason=reason)}", pieces.entries(number, addresses)
    return Count(reason=reason, number=told, href=href, is_chosen=reason == asked.reason)


def _line(entry: Entry, zone: ZoneInfo) -> Line:
    row = entry.row
    parts = [say("by %(who)s", who=row.put_by) if row.put_by else told_by(row.source)]
    if row.days:
        days = pieces.listed(row.days, row.days, pieces.DAYS)
        parts.append(say("after %(days)s with a refusal", days=days))
    if row.expires_at is not None:
        parts.append(say("until %(when)s", when=_moment(row.expires_at, zone)))
    lifted = ""
    if row.lifted_at is not None:
        by, why = row.lifted_by or say("somebody"), row.lift_why or say("no reason kept")
        lifted = say("lifted by %(who)s, %(when)s: %(why)s", who=by, when=_moment(row.lifted_at, zone), why=why)
    return Line(
        address=entry.address or say("no longer known"),
        href=f"/suppressions?{query(address=entry.address)}" if entry.address else "",
        reason=term(row.reason),
        cause=cause(row.category or ""),
        rule=" · ".join(each for each in (row.category, row.rule) if each),
        quoted=row.quoted or "",
        reach=entry.campaign or (term(row.stream) if row.stream else say("all mail")),
        since=_moment(row.at, zone),
        source=", ".join(parts),
        state=Mark(word=say("lifted"), kind="good") if lifted else Mark(word=say("holds"), kind="plain"),
        lifted=lifted,
    )


def _incident(each: AnIncident, zone: ZoneInfo) -> IncidentLine:
    closed = ""
    if each.closed_at is not None:
        closed = say(
            "closed by %(who)s, %(when)s: %(why)s",
            who=each.closed_by or say("somebody"),
            when=_moment(each.closed_at, zone),
            why=each.why or "",
        )
    return IncidentLine(
        id=str(each.id),
        kind=say(KINDS[each.kind]),
        about=each.place or cause(each.category or "") or each.quoted,
        says=say(_SAYS[each.kind]),
        count=figures.count(each.count),
        since=_moment(each.opened_at, zone),
        last=_moment(each.last_at, zone),
        quoted=each.quoted if each.place or each.category else "",
        acts=() if closed else tuple((act, say(words)) for act, words in _ACTS[each.kind]),
        closed=closed,
    )


def _moment(at: Micros, zone: ZoneInfo) -> str:
    return figures.moment(datetime.fromtimestamp(at / SECOND, UTC), zone)
