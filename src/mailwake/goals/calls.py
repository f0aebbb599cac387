"""A shop's call, read: JSON with one conversion or a list of them, and the events that they come to.

Whom it is about is told by the reference that the shop got with the click, by an address, or by a handle. All of a call
is taken or nothing of it, so that whoever made it can mend it and send it again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

import msgspec

from mailwake.copies import clicked
from mailwake.errors import BadInput
from mailwake.events import DeliveryId, Event, EventType, Handle, Micros, Source, TemplateId, event_id
from mailwake.goals.claims import Claim, claim, time_of
from mailwake.hosts import HostReader
from mailwake.store.state import Goal, split_address
from mailwake.tokens import MessageToken, TokenReader

MAX_ENTRIES = 1_000
_HANDLE = re.compile(r"[1-9]\d{0,18}")
_MAX_HANDLE = (1 << 63) - 1


class _Entry(msgspec.Struct, forbid_unknown_fields=True):
    """One conversion as a shop writes it; a number of the JSON is read as it is spelt, never as a binary fraction."""

    goal: str
    id: str
    value: Decimal | None = None
    currency: str = ""
    at: datetime | None = None
    reference: str = ""
    address: str = ""
    handle: str = ""


class _Several(msgspec.Struct, forbid_unknown_fields=True):
    conversions: list[_Entry]


_one = msgspec.json.Decoder(_Entry)
_several = msgspec.json.Decoder(_Several)


@dataclass(frozen=True, kw_only=True)
class Known:
    """What a call is read against."""

    goals: Mapping[str, Goal]
    reader: TokenReader | HostReader
    #: our tracking hosts
    hosts: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Who:
    """Whom a conversion is about, as somebody tells it: one of the three."""

    reference: str = ""
    address: str = ""
    handle: str = ""


def read_call(body: bytes, known: Known, *, now: Micros) -> list[Event]:
    """The events of a call.

    Raises:
        BadInput: something in it cannot be; it says what, and in which entry.
    """
    entries = _entries(body)
    events = []
    for number, entry in enumerate(entries, 1):
        try:
            events.append(_event(entry, known, now=now))
        except BadInput as fault:
            place = f"conversion {number}: " if len(entries) > 1 else ""
            raise type(fault)(f"{place}{fault}") from None
    return events


def conversion(made: Claim, who: Who, known: Known, *, id: str, at: Micros | None, now: Micros) -> Event:  # noqa: A002 - the word of the call
    """The event of one claim.

    Args:
        made: what was reached.
        who: whom it is about.
        known: our keys and hosts.
        id: the sayer's own name for the fact; a second report of it changes nothing.
        at: when, if told.
        now: the time.

    Raises:
        BadInput: nobody is named, or several, or it cannot be read.
    """
    if not id:
        raise BadInput("give the conversion an id of your own, such as the order's number: it is counted once")
    if sum(map(bool, (who.reference, who.address, who.handle))) != 1:
        raise BadInput("name whom it is about: one of reference, address or handle")
    token, link = _clicked(who, known)
    return Event(
        type=EventType.CONVERTED,
        received_at=now,
        at=time_of(at, now=now),
        source=Source.API,
        key=f"goal:{event_id(made.goal, id)}",
        modes=0 if token is None else token.modes.to_byte(),
        template=None if token is None else TemplateId(token.template),
        delivery=None if token is None else DeliveryId(token.delivery),
        recipient=_handle(who) if token is None else Handle(token.recipient),
        link=link,
        reason=made.line,
        address=_address(who),
    )


def reached_by(made: Claim, who: Handle, *, id: str, at: Micros | None, now: Micros) -> Event:  # noqa: A002 - the word of the call
    """The event of one claim about somebody who is known here; see `conversion`.

    Raises:
        BadInput: the time cannot be.
    """
    return Event(
        type=EventType.CONVERTED,
        received_at=now,
        at=time_of(at, now=now),
        source=Source.API,
        key=f"goal:{event_id(made.goal, id)}",
        recipient=who,
        reason=made.line,
    )


def _entries(body: bytes) -> list[_Entry]:
    try:
        entries = _several.decode(body).conversions if b'"conversions"' in body[:200] else [_one.decode(body)]
    except (msgspec.DecodeError, RecursionError) as fault:
        what = str(fault)[:200]
        raise BadInput(f"the body cannot be read: {what}; send JSON with goal, id and whom it is about") from None
    if not 1 <= len(entries) <= MAX_ENTRIES:
        raise BadInput(f"a call has 1 to {MAX_ENTRIES:,} conversions, not {len(entries):,}")
    return entries


def _event(entry: _Entry, known: Known, *, now: Micros) -> Event:
    value = "" if entry.value is None else _spelled(entry.value)
    made = claim(known.goals, entry.goal, id=entry.id, value=value, currency=entry.currency)
    who = Who(reference=entry.reference, address=entry.address, handle=entry.handle)
    return conversion(made, who, known, id=entry.id, at=_micros(entry.at), now=now)


def _spelled(value: Decimal) -> str:
    """In digits; what would have a page of them, or is no number, stays as it is and is refused as such."""
    return f"{value:f}" if value.is_finite() and abs(value.adjusted()) < 30 else str(value)


def _micros(at: datetime | None) -> Micros | None:
    if at is None:
        return None
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    return Micros(round(aware.timestamp() * 1_000_000))


def _clicked(who: Who, known: Known) -> tuple[MessageToken | None, int | None]:
    if not who.reference:
        return None, None
    found = clicked(known.reader, who.reference, known.hosts)
    if found is None:
        raise BadInput("the reference is none of ours; hand it back exactly as it stood in the link")
    return found


def _handle(who: Who) -> Handle | None:
    if not who.handle:
        return None
    if not _HANDLE.fullmatch(who.handle) or int(who.handle) > _MAX_HANDLE:
        raise BadInput("the handle is no whole number; copy it from the API")
    return Handle(int(who.handle))


def _address(who: Who) -> str:
    if who.address:
        split_address(who.address)
    return who.address
