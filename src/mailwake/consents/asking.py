"""When somebody who refused, or gave no answer, may be asked again."""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from datetime import UTC, datetime

from mailwake.events import SECOND, Micros
from mailwake.profiles import Profile
from mailwake.store.consent.ledger import REFUSALS, WATCHED, axes_of
from mailwake.store.state import Consent, ConsentEntry


def may_ask_again(entries: Iterable[ConsentEntry], profiles: Iterable[Profile | None]) -> datetime | None:
    """The moment from which somebody may be asked again for their opens and clicks; None: nothing speaks against now.

    Args:
        entries: their ledger.
        profiles: those that hold for them; the longest wait counts.
    """
    months = max((each.ask_again_months for each in profiles if each is not None), default=0)
    unanswered = (*REFUSALS, Consent.UNKNOWN)
    told = [each for each in entries if set(axes_of(each.axis)) & set(WATCHED)]
    last = max(told, key=lambda each: (each.at, each.number), default=None)
    if not months or last is None or last.state not in unanswered:
        return None
    return months_later(last.at, months)


def months_later(at: Micros, months: int) -> datetime:
    """The same day and time so many months later, or the last day of a month that has no such day."""
    moment = datetime.fromtimestamp(at // SECOND, UTC)
    years, month = divmod(moment.month - 1 + months, 12)
    year = moment.year + years
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)
