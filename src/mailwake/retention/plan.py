"""What is older than it may be, counted by kind and mode; and its removal, of exactly that.

Rows of individuals go copy by copy, when the first thing that happened to the copy is too old; what they amount to is
kept by campaign in the same transaction, so that a campaign's totals are told for ever. Counters of mode `aggregate`
name nobody and stay, as does what has to be proven or honoured: the ledger of consent and suppressions.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from mailwake.events import SECOND, EventType, Micros
from mailwake.pipeline.raw import FOLDER as RAW
from mailwake.pipeline.raw import outdated
from mailwake.reduced import read_modes
from mailwake.settings import Settings
from mailwake.store.days import DayStore
from mailwake.store.events import EventStore

DAY = 86_400 * SECOND


@dataclass(frozen=True, kw_only=True)
class Going:
    """Something that is too old."""

    #: rows, last_open_days, raw_requests, set_aside or unread
    what: str
    #: type of the events; empty: there is none
    type: str
    #: that it was recorded in; empty: it was no tracking
    mode: str
    #: rows, recipients or files
    count: int
    #: kept for so many days
    keep_days: int


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is too old at one moment."""

    #: UTC
    at: datetime
    #: False: shown; True: removed
    done: bool
    going: tuple[Going, ...]
    #: copies whose rows go, and campaigns whose totals keep what they amount to
    copies: int
    campaigns: int


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """Where everything is that grows old.

    Attributes:
        events: written to by its owner alone.
        days: of last opens.
        settings: say how long each may be kept.
    """

    events: EventStore
    days: DayStore
    settings: Settings

    @property
    def raw(self) -> Path:
        """Folder of raw requests."""
        return self.settings.data_folder / RAW

    @property
    def dead(self) -> Path:
        """Folder of records that no step could take in."""
        return self.settings.data_folder / "dead"

    @property
    def unread(self) -> Path:
        """Folder of mail that a person should see."""
        return self.settings.data_folder / "unread"


def plan(shelf: Shelf, *, now: Micros) -> Plan:
    """What is too old now; removes nothing."""
    kept = shelf.settings.privacy
    before = Micros(now - kept.individual_days * DAY)
    copies = shelf.events.ask("outdated", before=before)
    days = shelf.days.older_than(_day(now, kept.deliverability_days))
    going = [
        *_rows(shelf.events.ask("outdated_rows", before=before), kept.individual_days),
        _one("last_open_days", days, "deliverability", kept.deliverability_days),
        _one("raw_requests", len(_raw(shelf, now)), "individual", shelf.settings.tracking.keep_raw_days),
        _one("set_aside", len(_dead(shelf, now)), "", kept.set_aside_days),
        _one("unread", len(_unread(shelf, now)), "", kept.unread_days),
    ]
    return Plan(
        at=datetime.fromtimestamp(now // SECOND, UTC),
        done=False,
        going=tuple(each for each in going if each.count),
        copies=sum(int(row["sent"]) for row in copies),
        campaigns=len(copies),
    )


def apply(shelf: Shelf, *, now: Micros) -> Plan:
    """Remove what `plan` would show, and say what it was.

    Raises:
        Unavailable: a store or a folder is away; what is left goes the next time.
    """
    found, kept = plan(shelf, now=now), shelf.settings.privacy
    if any(each.what == "rows" for each in found.going):
        shelf.events.forget_old(Micros(now - kept.individual_days * DAY), at=now)
    shelf.days.forget(_day(now, kept.deliverability_days))
    for path in (*_raw(shelf, now), *_dead(shelf, now), *_unread(shelf, now)):
        path.unlink(missing_ok=True)
    return replace(found, done=True)


def to_json(found: Plan) -> bytes:
    """The answer as the API gives it."""
    return msgspec.json.encode(found) + b"\n"


def _rows(rows: Iterable[dict[str, Any]], keep_days: int) -> list[Going]:
    counts: dict[tuple[str, str], int] = {}
    for row in rows:
        key = (row["type"], _mode(row["type"], row["modes"]))
        counts[key] = counts.get(key, 0) + int(row["n"])
    return [
        Going(what="rows", type=kind, mode=mode, count=n, keep_days=keep_days)
        for (kind, mode), n in sorted(counts.items())
    ]


def _mode(kind: str, modes: int) -> str:
    """The mode of the axis that an event is of; what is no tracking has none."""
    if kind == EventType.OPENED:
        return read_modes(modes).opens.word
    return read_modes(modes).clicks.word if kind in (EventType.CLICKED, EventType.CONVERTED) else ""


def _one(what: str, count: int, mode: str, keep_days: int) -> Going:
    return Going(what=what, type="", mode=mode, count=count, keep_days=keep_days)


def _raw(shelf: Shelf, now: Micros) -> list[Path]:
    return outdated(shelf.raw, shelf.settings.tracking.keep_raw_days, now=now)


def _dead(shelf: Shelf, now: Micros) -> list[Path]:
    """Records set aside hold requests as they came."""
    return _older(shelf.dead.glob("*.json"), shelf.settings.privacy.set_aside_days, now)


def _unread(shelf: Shelf, now: Micros) -> list[Path]:
    """Mail that was kept has addresses, words and attachments of strangers in it."""
    return _older(shelf.unread.glob("*.eml"), shelf.settings.privacy.unread_days, now)


def _older(paths: Iterable[Path], days: int, now: Micros) -> list[Path]:
    oldest = (now - days * DAY) / SECOND
    return [path for path in sorted(paths) if path.stat().st_mtime < oldest]


def _day(now: Micros, days: int) -> date:
    return datetime.fromtimestamp(now // SECOND, UTC).date() - timedelta(days=days)
