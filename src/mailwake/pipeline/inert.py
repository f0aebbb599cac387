"""What the stores say of those of whom nothing may be recorded, put as the keeper of the set asks for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mailwake.events import Handle, Source
from mailwake.inert.entries import EVER, NEVER, NOTHING, SILENT, Before, day_after
from mailwake.inert.keeper import Told
from mailwake.store.state import Axis
from mailwake.store.withdrawals import Said, Spans, Stop, Withdrawals


class StoredRefusals:
    """A `mailwake.inert.keeper.Source` on the state store.

    Args:
        withdrawals: the store.
    """

    def __init__(self, withdrawals: Withdrawals) -> None:
        self._withdrawals = withdrawals

    def told(self, after: tuple[int, int] | None) -> Told:
        """What is new since a mark: the number of a line of the ledger, and of one who was erased."""
        store, (line, number) = self._withdrawals, after or (0, 0)
        last = store.last_line()
        refused = store.refused(after=line) if last > line else {}
        changes: dict[int, Before] = {handle: of_refusals(said) for handle, said in refused.items()}
        fresh = store.lines_after(line, but=Source.EDGE) if after is not None and last > line else []
        gone = store.erased(after=number)
        changes = self._but_erased(changes) | {handle: SILENT for _, handle, _ in gone}
        number = max((each for each, _, _ in gone), default=number)
        said_at = (*(each.at for each in fresh), *(at for _, _, at in gone if after is not None))
        return Told(changes, said_at, of_stops(store.stops()), (last, number))

    def of(self, handles: Iterable[int]) -> Mapping[int, Before]:
        """What holds of some recipients."""
        wanted = [Handle(handle) for handle in handles]
        refused = self._withdrawals.refused_of(wanted)
        return self._but_erased({handle: of_refusals(refused.get(handle, {})) for handle in wanted})

    def _but_erased(self, changes: Mapping[int, Before]) -> dict[int, Before]:
        """Nothing that is said of the erased later takes them out again."""
        gone = {handle for _, handle, _ in self._withdrawals.erased()} if changes else set()
        return {handle: SILENT if handle in gone else said for handle, said in changes.items()}


def of_refusals(said: Spans) -> Before:
    """What somebody's refusals mean for mail that they have.

    Mail from before a new consent stays silent for ever; a token tells its day alone, so that of the same day does too.
    """
    days = {axis: _of_refusal(spans[-1]) for axis, spans in said.items()}
    return Before(days.get(Axis.OPENS, NEVER), days.get(Axis.CLICKS, NEVER))


def _of_refusal(last: Said) -> int:
    return EVER if last.until is None else day_after(last.until)


def of_stops(stops: Mapping[str, Stop]) -> Before:
    """What the switch of the installation means for all mail."""
    days = {axis: _of_stop(stop) for axis, stop in stops.items()}
    return Before(days.get(Axis.OPENS, NEVER), days.get(Axis.CLICKS, NEVER)) if days else NOTHING


def _of_stop(stop: Stop) -> int:
    if stop.is_stopped:
        return EVER
    return NEVER if stop.only_after is None else day_after(stop.only_after)
