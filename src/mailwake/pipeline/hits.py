"""What only tracking sees, and how closely it may be looked at: by the mode of the mail, and by who refused when."""

from __future__ import annotations

from functools import lru_cache

from mailwake.events import SECOND, Event, EventType, Note
from mailwake.modes import Mode, Modes
from mailwake.pipeline.item import Item
from mailwake.store.state import Axis
from mailwake.store.withdrawals import Spans

_DAY = 86_400 * SECOND
_VIEWS = (Note.UNSUBSCRIBE_VIEWED, Note.UNSUBSCRIBE_DOUBTED, Note.PREFERENCES_VIEWED)
_TRACKED = (EventType.OPENED, EventType.CLICKED, EventType.CONVERTED)


@lru_cache(maxsize=256)
def read_modes(value: int) -> Modes:
    """The modes in a byte; there are few, and they come with every event."""
    return Modes.from_byte(value)


def is_hit(event: Event) -> bool:
    """Whether it is something that only tracking sees: an open, a click, a look at a page, what came of a click."""
    return event.type in _TRACKED or event.note in (Note.LINK_REFUSED, Note.DECOY, *_VIEWS) or is_end(event)


def is_end(event: Event) -> bool:
    """Whether it is the pixel at the end of a mail, fetched."""
    return event.note is Note.END_PIXEL and event.type is EventType.UNKNOWN


def axes_of(event: Event) -> tuple[Axis, ...]:
    """The axes that a hit belongs to; a look at a page belongs to both."""
    if event.type is EventType.OPENED or is_end(event):
        return (Axis.OPENS,)
    return (Axis.OPENS, Axis.CLICKS) if event.note in _VIEWS else (Axis.CLICKS,)


def is_late(item: Item, said: Spans) -> bool:
    """Whether a hit happened while its recipient refused. A day counts as over when its last moment is."""
    until = item.at + (_DAY - 1 if axis_mode(item.event) is Mode.DELIVERABILITY else 0)
    return any(
        span.since <= until and (span.until is None or item.at < span.until)
        for axis in axes_of(item.event)
        for span in said.get(axis, ())
    )


def axis_mode(event: Event) -> Mode:
    """The mode that governs an event; individual for what is not tracking: mail sent, bounced, unsubscribed.

    An event that names no delivery was recorded under a lower ceiling than its mail was sent with, and stays there.
    """
    if not is_hit(event):
        return Mode.INDIVIDUAL
    modes = read_modes(event.modes)
    mode = modes.opens if event.type is EventType.OPENED or is_end(event) else modes.clicks
    if event.note in _VIEWS:  # they belong to neither axis, so the stricter one holds
        mode = min(modes.opens, modes.clicks)
    if mode is not Mode.INDIVIDUAL or event.delivery is not None or event.type is EventType.CONVERTED:
        return mode
    return Mode.AGGREGATE if event.recipient is None else Mode.DELIVERABILITY
