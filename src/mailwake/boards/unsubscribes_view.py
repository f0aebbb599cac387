"""What the page of unsubscriptions shows: what is held, by incident, and the newest presses of the button."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from mailwake.boards.status_view import Mark
from mailwake.drawing import figures, paging, pieces
from mailwake.events import SECOND, Micros
from mailwake.language import noted, say
from mailwake.leaving.holding import HOLD, WAIT
from mailwake.leaving.incidents import MAX_WORDS, Entry

#: newest presses on one page
PAGE_SIZE = 50
#: people of one incident; a button above them stands for all
SHOWN = 50
NOT_KNOWN = noted("not known")
_APPLIES, _TAKEN_BACK = noted("Decided by its verdict from"), noted("Taken back by itself from")
_STATES = {
    "held": Mark(word=noted("held"), kind="unsure"),
    "applied": Mark(word=noted("unsubscribed"), kind="good"),
    "restored": Mark(word=noted("restored"), kind="good"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """Which part of the newest presses is looked at."""

    #: from 1
    page: int
    #: presses on all pages
    total: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One press of the button."""

    id: int
    address: str
    campaign: str
    pressed: str
    #: "applies at 10:15", "taken back on 9 Nov 2026, 10:00"; empty: it is not held
    until: str
    state: Mark
    #: what was done last: "held by mailwake, 16 Nov 2026, 10:00: why"; empty: nothing
    done: str
    may_be_restored: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Incident:
    """What is held together."""

    id: int
    domain: str
    people: str
    since: str
    #: "Applies by itself from", "Taken back by itself from"
    then: str
    at: str
    why: str
    lines: tuple[Line, ...]
    #: of people who are not shown; empty: all are
    more: str


def values(held: Sequence[Entry], newest: Sequence[Entry], asked: Asked, zone: ZoneInfo) -> dict[str, Any]:
    """What `unsubscribes.html` names.

    Args:
        held: all that is held, oldest first.
        newest: presses of one page, newest first.
        asked: which page.
        zone: the viewer's.
    """
    together: dict[int, list[Entry]] = {}
    for entry in held:
        together.setdefault(entry.row.incident or entry.row.id, []).append(entry)
    return {
        "held": pieces.listed(len(held), len(held), pieces.UNSUBSCRIPTIONS) if held else "",
        "incidents": [_incident(number, entries, zone) for number, entries in together.items()],
        "newest": [_line(entry, zone) for entry in newest],
        "listed": say("%(shown)s of %(all)s presses", shown=figures.count(len(newest)), all=figures.count(asked.total)),
        "pages": paging.pages("/unsubscribes", {}, page=asked.page, total=asked.total, page_size=PAGE_SIZE),
        "minutes": HOLD // (60 * SECOND),
        "days": WAIT // (86_400 * SECOND),
        "longest": MAX_WORDS,
    }


def _incident(number: int, entries: Sequence[Entry], zone: ZoneInfo) -> Incident:
    first, rest = entries[0], entries[SHOWN:]
    due = [entry.row.held_until for entry in entries if entry.row.held_until is not None]
    return Incident(
        id=number,
        domain=first.domain or say(NOT_KNOWN),
        people=figures.count(len(entries)),
        since=_moment(first.row.at, zone),
        then=say(_TAKEN_BACK if any(entry.waits for entry in entries) else _APPLIES),
        at=_moment(min(due), zone) if due else say(NOT_KNOWN),
        why=first.held_because or say(NOT_KNOWN),
        lines=tuple(_line(entry, zone) for entry in entries[:SHOWN]),
        more=figures.count(len(rest)) if rest else "",
    )


def _line(entry: Entry, zone: ZoneInfo) -> Line:
    row = entry.row
    until = row.held_until if entry.is_held else None
    return Line(
        id=row.id,
        address=entry.address or say("no longer known"),
        campaign=entry.campaign or say(NOT_KNOWN),
        pressed=_moment(row.at, zone),
        until="" if until is None else _until(until, zone, waits=entry.waits),
        state=replace(_STATES[row.state], word=say(_STATES[row.state].word)),
        done=_done(entry, zone),
        may_be_restored=entry.may_be_restored,
    )


def _until(until: Micros, zone: ZoneInfo, *, waits: bool) -> str:
    if waits:
        return say("most likely a machine's; taken back on %(when)s", when=_moment(until, zone))
    return say("decided by its verdict at %(time)s", time=figures.clock(_time(until), zone))


#: what was done, by whom, when and why
_DONE = {
    "held": noted("held by %(who)s, %(when)s: %(why)s"),
    "applied": noted("applied by %(who)s, %(when)s: %(why)s"),
    "restored": noted("restored by %(who)s, %(when)s: %(why)s"),
}


def _done(entry: Entry, zone: ZoneInfo) -> str:
    if not entry.acts:
        return ""
    last = entry.acts[-1]
    return say(_DONE[last.act], who=last.by, when=_moment(last.at, zone), why=last.why)


def _moment(at: Micros, zone: ZoneInfo) -> str:
    return figures.moment(_time(at), zone)


def _time(at: Micros) -> datetime:
    return datetime.fromtimestamp(at / SECOND, UTC)
