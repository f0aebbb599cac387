"""What a withdrawal means for what is stored already: who is cut off what they did, and up to when.

How far the ledger was followed stands in the event store and is written in the same transaction as the cut, so that a
crash, an older backup or a store that is filled anew from the log leaves nobody out. What happened before a withdrawal
and comes in after it is cut in the transaction that stores it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mailwake.events import Handle, Micros
from mailwake.pipeline.desk import Desk
from mailwake.pipeline.item import Batch
from mailwake.store.events import Cut, Cuts
from mailwake.store.state import Axis
from mailwake.store.withdrawals import Line

#: The settings' word for leaving everything that was stored as it is.
STOP, ERASE = "stop", "erase"
#: Lines of the ledger that are followed at once; the next batch goes on.
LINES = 2_000


def cuts_of(batch: Batch, desk: Desk) -> Cuts | None:
    """Who is cut off what with this batch; None: nobody."""
    if desk.on_withdrawal == STOP:
        return None
    if desk.cut_line is None:
        desk.cut_line = desk.events.cut_line()
    last = desk.withdrawals.last_line()
    if last <= desk.cut_line and not batch.before:
        return None
    lines = desk.withdrawals.refusals_after(desk.cut_line, limit=LINES) if last > desk.cut_line else []
    line = lines[-1].id if len(lines) == LINES else last
    return Cuts(people=_people(lines, batch.before), line=line, erase=desk.on_withdrawal == ERASE)


def _people(lines: Iterable[Line], before: Mapping[Handle, Mapping[str, Micros]]) -> list[Cut]:
    until: dict[Handle, dict[str, Micros]] = {handle: dict(axes) for handle, axes in before.items()}
    for line in lines:
        known = until.setdefault(line.handle, {})
        for axis in (Axis.OPENS, Axis.CLICKS) if line.axis == Axis.BOTH else (line.axis,):
            known[axis] = max(line.at, known.get(axis, line.at))
    return [
        Cut(recipient=handle, opens_until=axes.get(Axis.OPENS), clicks_until=axes.get(Axis.CLICKS))
        for handle, axes in until.items()
    ]
