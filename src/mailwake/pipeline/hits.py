"""What only tracking sees, and how closely it may be looked at: by the mode of the mail, and by who refused when."""

from __future__ import annotations

from mailwake.events import SECOND, Event, EventType
from mailwake.modes import Mode
from mailwake.pipeline.item import Item
from mailwake.reduced import VIEWS, axis_mode
from mailwake.store.state import Axis
from mailwake.store.withdrawals import Spans

_DAY = 86_400 * SECOND


def axes_of(event: Event) -> tuple[Axis, ...]:
    """The axes that a hit belongs to; a look at a page belongs to both."""
    if event.type is EventType.OPENED:
        return (Axis.OPENS,)
    return (Axis.OPENS, Axis.CLICKS) if event.note in VIEWS else (Axis.CLICKS,)


def is_late(item: Item, said: Spans) -> bool:
    """Whether a hit happened while its recipient refused. A day counts as over when its last moment is."""
    until = item.at + (_DAY - 1 if axis_mode(item.event) is Mode.DELIVERABILITY else 0)
    return any(
        span.since <= until and (span.until is None or item.at < span.until)
        for axis in axes_of(item.event)
        for span in said.get(axis, ())
    )
