"""The one thing that the day of a last open may be used for: to stop mailing those who do not open any more.

Who was mailed in mode `deliverability` before a day and again since, and opened nothing since. The answer holds no day
of anybody, and nothing else reads the days: no segment, no score, no page of a person, no CRM.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

import msgspec

from mailwake.events import SECOND, Handle, Micros
from mailwake.store.days import DayStore
from mailwake.store.events import EventStore
from mailwake.store.state import StateStore


@dataclass(frozen=True, kw_only=True)
class Inactive:
    """Whom to pause."""

    #: the day that was asked about
    inactive_since: date
    #: addresses, sorted
    recipients: tuple[str, ...]
    #: how many were mailed in this mode before that day and since, whether they opened or not
    of: int


def inactive(state: StateStore, events: EventStore, days: DayStore, *, since: date) -> Inactive:
    """Who has opened nothing on this day (UTC) or later, of those who had the opportunity."""
    midnight = Micros(int(datetime(since.year, since.month, since.day, tzinfo=UTC).timestamp()) * SECOND)
    mailed = [Handle(row["recipient"]) for row in events.ask("dated_recipients", since=midnight)]
    quiet = days.not_opened_since(mailed, since)
    return Inactive(
        inactive_since=since, recipients=tuple(sorted(state.addresses(quiet).values())), of=len(mailed)
    )  # fmt: skip


def to_json(found: Inactive) -> bytes:
    """The answer as the API gives it."""
    return msgspec.json.encode(found) + b"\n"
