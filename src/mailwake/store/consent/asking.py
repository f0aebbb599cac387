"""When people were asked for consent, and when somebody who refused, or gave no answer, may be asked again."""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from sqlalchemy import select

from mailwake.events import SECOND, Handle, Micros
from mailwake.profiles import Profile
from mailwake.store.consent import tables
from mailwake.store.consent.ledger import REFUSALS, WATCHED
from mailwake.store.consent.rows import Held
from mailwake.store.state.engine import OnDatabase, chunks
from mailwake.store.state.rows import Axis, Consent

_requests = tables.requests
#: Who stands there said no, or nothing although they could; who is exempt was never asked.
_NO_YES = (*REFUSALS, Consent.UNKNOWN)


class ConsentRequests(OnDatabase):
    """The part of the state store that knows who was asked."""

    def note_asked(self, asked: Mapping[Handle, Micros]) -> None:
        """Write down when people were asked; what was noted before gives way to what is later."""
        if not asked:
            return
        made = self._database.upsert(_requests)
        later = made.on_conflict_do_update(
            index_elements=["handle"], set_={"at": made.excluded.at}, where=made.excluded.at > _requests.c.at
        )
        with self._database.writing() as connection:
            connection.execute(later, [{"handle": handle, "at": at} for handle, at in asked.items()])

    def asked(self, handles: Iterable[Handle]) -> dict[Handle, Micros]:
        """When each was last asked; whoever never was is missing."""
        found: dict[Handle, Micros] = {}
        with self._database.reading() as connection:
            for part in chunks(handles):
                query = select(_requests.c.handle, _requests.c.at).where(_requests.c.handle.in_(part))
                found.update((Handle(handle), Micros(at)) for handle, at in connection.execute(query))
        return found


def may_ask_again(
    held: Mapping[Axis, Held], asked: Micros | None, profiles: Iterable[Profile | None]
) -> datetime | None:
    """The moment from which somebody may be asked again for their opens and clicks; None: nothing speaks against it.

    Whoever said yes last has answered. Everybody else has refused or kept silent, and the wait begins with the later of
    what they said and when they were asked: who is asked too early has to be left alone from then on.

    Args:
        held: what holds of them, by axis.
        asked: when they were last asked; None: never.
        profiles: those that hold for them; the longest wait counts.
    """
    months = max((each.ask_again_months for each in profiles if each is not None), default=0)
    last = max((held[axis] for axis in WATCHED if axis in held), key=lambda each: each.at, default=None)
    if not months or (last is not None and last.state is Consent.GRANTED):
        return None
    said = last.at if last is not None and last.state in _NO_YES else None
    moments = [each for each in (said, asked) if each is not None]
    return months_later(max(moments), months) if moments else None


def months_later(at: Micros, months: int) -> datetime:
    """The same day and time so many months later, or the last day of a month that has no such day."""
    moment = datetime.fromtimestamp(at // SECOND, UTC)
    years, month = divmod(moment.month - 1 + months, 12)
    year = moment.year + years
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)
