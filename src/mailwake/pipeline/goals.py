"""What comes in as a goal reached: which goal, and how closely whoever reached it may be watched."""

from __future__ import annotations

import msgspec

from mailwake.errors import BadInput
from mailwake.events import EventType, Note
from mailwake.goals.claims import pixel_claim
from mailwake.modes import Modes, strictest
from mailwake.pipeline.desk import Desk
from mailwake.pipeline.item import Batch, Drop, Item


def put_goal(batch: Batch, desk: Desk) -> None:
    """Which goal a picture on a thank-you page stands for; its query is a stranger's word, so it is checked here."""
    pictures = [item for item in batch.items if item.event.note is Note.PIXEL]
    if not pictures:
        return
    goals, nothing = desk.state.goals(), list[Item]()
    for item in pictures:
        try:
            made, key = pixel_claim(item.event, goals)
        except BadInput:
            nothing.append(item)
        else:
            item.event = msgspec.structs.replace(item.event, key=key, reason=made.line)
    _drop(nothing, batch)


def put_telling(batch: Batch, desk: Desk) -> None:
    """Where no copy of ours says how closely somebody may be watched who reached a goal, what they said decides.

    The installation's own ceiling holds for both: it may have been lowered since the mail was sent.
    """
    reached = [item for item in batch.items if item.event.type is EventType.CONVERTED]
    if not reached:
        return
    unsaid = {item.event.recipient for item in reached if item.event.delivery is None}
    known = desk.lookups.telling({handle for handle in unsaid if handle is not None})
    nothing = list[Item]()
    for item in reached:
        event = item.event
        if event.delivery is not None:
            modes = strictest((Modes.from_byte(event.modes), desk.lookups.ceiling))
        elif event.recipient in known:
            modes = known[event.recipient]
        else:
            nothing.append(item)
            continue
        item.event = msgspec.structs.replace(event, modes=modes.to_byte())
    _drop(nothing, batch)


def _drop(nothing: list[Item], batch: Batch) -> None:
    dropped = {id(item) for item in nothing}
    batch.items = [item for item in batch.items if id(item) not in dropped] if dropped else batch.items
    batch.dropped.update((item.writer, Drop.NO_GOAL) for item in nothing)
