"""What the page of unsubscriptions shows: what is held, by incident, and the newest presses of the button."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from mailwake.boards.status_view import Mark
from mailwake.drawing import figures, paging, pieces
from mailwake.events import SECOND, Micros
from mailwake.leaving.holding import HOLD
from mailwake.leaving.incidents import MAX_WORDS, Entry

#: newest presses on one page
PAGE_SIZE = 50
#: people of one incident; a button above them stands for all
SHOWN = 50
NOT_KNOWN = "not known"
_STATES = {
    "held": Mark(word="held", kind="unsure"),
    "applied": Mark(word="unsubscribed", kind="good"),
    "restored": Mark(word="restored", kind="good"),
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
    #: at what time of day it applies by itself; empty: it is not held
    applies: str
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
    applies: str
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
        "held": pieces.listed(len(held), len(held), "unsubscription") if held else "",
        "incidents": [_incident(number, entries, zone) for number, entries in together.items()],
        "newest": [_line(entry, zone) for entry in newest],
        "listed": f"{figures.count(len(newest))} of {figures.count(asked.total)} presses",
        "pages": paging.pages("/unsubscribes", {}, page=asked.page, total=asked.total, page_size=PAGE_SIZE),
        "minutes": HOLD // (60 * SECOND),
        "longest": MAX_WORDS,
    }


def _incident(number: int, entries: Sequence[Entry], zone: ZoneInfo) -> Incident:
    first, rest = entries[0], entries[SHOWN:]
    due = [entry.row.held_until for entry in entries if entry.row.held_until is not None]
    return Incident(
        id=number,
        domain=first.domain or NOT_KNOWN,
        people=figures.count(len(entries)),
        since=_moment(first.row.at, zone),
        applies=_moment(min(due), zone) if due else NOT_KNOWN,
        why=first.held_because or NOT_KNOWN,
        lines=tuple(_line(entry, zone) for entry in entries[:SHOWN]),
        more=figures.count(len(rest)) if rest else "",
    )


def _line(entry: Entry, zone: ZoneInfo) -> Line:
    row, last = entry.row, entry.acts[-1] if entry.acts else None
    until = row.held_until if entry.is_held else None
    return Line(
        id=row.id,
        address=entry.address or "no longer known",
        campaign=entry.campaign or NOT_KNOWN,
        pressed=_moment(row.at, zone),
        applies="" if until is None else figures.clock(_time(until), zone),
        state=_STATES[row.state],
        done="" if last is None else f"{last.act} by {last.by}, {_moment(last.at, zone)}: {last.why}",
        may_be_restored=entry.may_be_restored,
    )


def _moment(at: Micros, zone: ZoneInfo) -> str:
    return figures.moment(_time(at), zone)


def _time(at: Micros) -> datetime:
    return datetime.fromtimestamp(at / SECOND, UTC)
