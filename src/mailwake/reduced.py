"""What the log may hold of an event: the mode of its axis decides which of three kinds of record it becomes.

Individual events are whole (`Event`). Of a hit that may only be counted a `Counted` remains, of an open in mode
`deliverability` a `LastOpen`, of everything in mode `off` nothing. The two small kinds have no field for an address, a
program or a time of day, and a `Counted` none for a person, so what a mode must not store has no place to stand in.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from mailwake.events import Event, EventType, Note, Source, encode_counted, encode_event, encode_last_open
from mailwake.modes import INDIVIDUAL, Mode, Modes

_TRACKED = (EventType.OPENED, EventType.CLICKED, EventType.CONVERTED)
#: looks at pages that we made; they belong to neither axis
VIEWS = (Note.UNSUBSCRIBE_VIEWED, Note.UNSUBSCRIBE_DOUBTED, Note.PREFERENCES_VIEWED)


class Kept(NamedTuple):
    """What is written of one event; both empty: nothing."""

    #: for the writer's own sequence
    records: tuple[bytes, ...] = ()
    #: for the sequence beside it that tells no time of day (`mailwake.eventlog.DAYS`)
    days: tuple[bytes, ...] = ()


_NOTHING = Kept()


def is_hit(event: Event) -> bool:
    """Whether it is something that only tracking sees: an open, a click, a look at a page, what came of a click."""
    return event.type in _TRACKED or event.note in (Note.LINK_REFUSED, Note.DECOY, *VIEWS)


def axis_mode(event: Event, ceiling: Modes = INDIVIDUAL) -> Mode:
    """The mode that governs an event; individual for what is not tracking: mail sent, bounced, unsubscribed.

    An event that names no delivery was recorded under a lower ceiling than its mail was sent with, and stays there.

    Args:
        event: with the modes that were sealed into the mail.
        ceiling: what the installation allows by now; modes only ever go down.
    """
    if not is_hit(event):
        return Mode.INDIVIDUAL
    modes = read_modes(event.modes)
    opens, clicks = min(modes.opens, ceiling.opens), min(modes.clicks, ceiling.clicks)
    mode = opens if event.type is EventType.OPENED else clicks
    if event.note in VIEWS:  # they belong to neither axis, so the stricter one holds
        mode = min(opens, clicks)
    if mode is not Mode.INDIVIDUAL or event.delivery is not None or event.type is EventType.CONVERTED:
        return mode
    return Mode.AGGREGATE if event.recipient is None else Mode.DELIVERABILITY


@lru_cache(maxsize=256)
def read_modes(value: int) -> Modes:
    """The modes in a byte; there are few, and they come with every event."""
    return Modes.from_byte(value)


def keep(event: Event, ceiling: Modes = INDIVIDUAL) -> Kept:
    """What the log may hold of an event.

    Args:
        event: as somebody reports it.
        ceiling: what the installation allows.
    """
    mode = axis_mode(event, ceiling)
    if mode is Mode.INDIVIDUAL:
        return Kept((encode_event(event),))
    at = event.received_at if event.at is None else event.at
    if mode is Mode.DELIVERABILITY:
        is_open = event.type is EventType.OPENED and event.recipient is not None
        return Kept(days=(encode_last_open(event.recipient or 0, at),)) if is_open else _NOTHING
    # What an ESP saw, our own pixel and links have counted, and a counter names no source.
    is_plain = event.type in (EventType.OPENED, EventType.CLICKED) and event.note is Note.NONE
    if mode is Mode.OFF or not is_plain or event.template is None or event.source is Source.ESP:
        return _NOTHING
    return Kept((encode_counted(event.type, at, event.template, event.link),))
