"""What an erasure did, place by place, as JSON and as text: proof for the person, and for whoever asks later."""

from __future__ import annotations

from datetime import UTC, date, datetime

import msgspec

from mailwake.events import SECOND, Micros


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """One place where something of them was."""

    #: such as ``state.recipients``
    where: str
    #: deleted, made anonymous, kept with the number alone, goes with its file, cannot say
    what: str
    #: how much; None: it cannot be counted there
    count: int | None = None
    #: gone at the latest on this day; None: gone now
    until: date | None = None
    #: in words, where something is to be said
    note: str = ""


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    """The proof; without the address, which nobody here knows any more."""

    number: int
    #: of the recipient, as events and tokens had it
    handle: str
    #: keyed hash of the address; empty: it was not known
    digest: str
    asked_at: datetime
    #: None: something is still to be done
    finished_at: datetime | None
    by: str
    places: tuple[Place, ...]
    program: str


def moment_of(at: Micros | None) -> datetime | None:
    """A time in UTC."""
    return None if at is None else datetime.fromtimestamp(at / SECOND, UTC)


def to_json(told: Certificate) -> bytes:
    """One line of JSON."""
    return msgspec.json.encode(told) + b"\n"


def to_text(told: Certificate) -> str:
    """For people."""
    state = f"finished {told.finished_at:%Y-%m-%d %H:%M:%S} UTC" if told.finished_at else "not finished, see below"
    lines = [
        f"Certificate of erasure {told.number}",
        f"asked {told.asked_at:%Y-%m-%d %H:%M:%S} UTC by {told.by}, {state}",
        f"recipient {told.handle}",
        f"address, as keyed hash: {told.digest or 'not known'}",
        "",
    ]
    return "\n".join([*lines, *map(line, told.places), "", f"mailwake {told.program}"])


def line(place: Place) -> str:
    """One place, for people."""
    count = "" if place.count is None else f"{place.count:,} "
    until = "" if place.until is None else f" by {place.until:%Y-%m-%d}"
    note = f" ({place.note})" if place.note else ""
    return f"{place.where:<24}  {count}{place.what}{until}{note}"
