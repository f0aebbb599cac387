"""What a withdrawal means for what is stored already: who is cut off what they did, and up to when.

How far the ledger was followed stands in the event store and is written in the same transaction as the cut, so that a
crash, an older backup or a store that is filled anew from the log leaves nobody out. What happened before a withdrawal
and comes in after it is cut in the transaction that stores it. What happened after one and came in before it, because
another edge was quicker to write it down, is cut with what they did before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mailwake.events import Handle, Micros
from mailwake.pipeline.desk import Desk
from mailwake.pipeline.item import Batch
from mailwake.store.events import Cut, Cuts
from mailwake.store.state import Axis
from mailwake.store.withdrawals import Line, Said, Spans

#: The settings' word for leaving everything that was stored as it is.
STOP, ERASE = "stop", "erase"
#: Lines of the ledger that are followed at once; the next batch goes on.
LINES = 2_000
#: later than anything that can be stored
ALL = Micros(2**62)


def cuts_of(batch: Batch, desk: Desk) -> Cuts | None:
    """Who is cut off what with this batch; None: nobody."""
    if desk.on_withdrawal == STOP:
        return _late_ones(batch, desk)
    if desk.cut_line is None:
        desk.cut_line = desk.events.cut_line()
    last = desk.withdrawals.last_line()
    if last <= desk.cut_line and not batch.before:
        return None
    lines = desk.withdrawals.refusals_after(desk.cut_line, limit=LINES) if last > desk.cut_line else []
    line = lines[-1].id if len(lines) == LINES else last
    said = desk.withdrawals.refused_of({each.handle for each in lines}) if lines else {}
    return Cuts(people=_people(lines, batch.before, said), line=line, erase=desk.on_withdrawal == ERASE)


def _late_ones(batch: Batch, desk: Desk) -> Cuts | None:
    """Where all that was before stays: what was after a withdrawal of this batch, and was stored before it."""
    people = []
    for handle, spans in (desk.withdrawals.refused_of(batch.consents) if batch.consents else {}).items():
        since = {axis: told[-1].since for axis, told in spans.items() if told[-1].until is None}
        opens, clicks = since.get(Axis.OPENS), since.get(Axis.CLICKS)
        late = Cut(
            recipient=handle,
            opens_from=opens or ALL,
            clicks_from=clicks or ALL,
            opens_until=None if opens is None else ALL,
            clicks_until=None if clicks is None else ALL,
        )
        people.append(late)
    return Cuts(people=people) if people else None


def _people(
    lines: Iterable[Line], before: Mapping[Handle, Mapping[str, Micros]], said: Mapping[Handle, Spans]
) -> list[Cut]:
    until: dict[Handle, dict[str, Micros]] = {handle: dict(axes) for handle, axes in before.items()}
    for line in lines:
        known, spans = until.setdefault(line.handle, {}), said.get(line.handle, {})
        for axis in (Axis.OPENS, Axis.CLICKS) if line.axis == Axis.BOTH else (line.axis,):
            last = _last_moment(line, spans.get(axis, ()))
            known[axis] = max(last, known.get(axis, last))
    return [
        Cut(recipient=handle, opens_until=axes.get(Axis.OPENS), clicks_until=axes.get(Axis.CLICKS))
        for handle, axes in until.items()
    ]


def _last_moment(line: Line, spans: Iterable[Said]) -> Micros:
    """Up to when a refusal holds; one that nobody took back holds for all that is stored by now."""
    for span in spans:
        if span.since <= line.at and (span.until is None or line.at < span.until):
            return ALL if span.until is None else Micros(span.until - 1)
    return line.at
