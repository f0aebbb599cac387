"""What somebody says was reached: a goal, a value, a time, and the sayer's own name for the fact.

In an event it stands as one line, ``purchase 1999 EUR 4711``: goal, minor units, currency, and a keyless hash of goal
and name, by which two reports of one order are known; ``-`` where nothing is said. The event store gets no column for
what one event in ten thousand has.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

from mailwake.errors import BadInput
from mailwake.events import SECOND, Event, Micros, event_id
from mailwake.goals.money import currency_named, minor_units
from mailwake.store.state import Goal

DAY = 86_400 * SECOND
#: Clocks differ; a time further ahead than this is a mistake.
AHEAD = 300 * SECOND
#: Nothing older is taken: no window is so long, and mail so old is not recorded either.
OLDEST_DAYS = 400
MAX_ID_CHARS = 200
MAX_WINDOW_DAYS = 365
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_LINE = re.compile(r"(?P<goal>[a-z0-9-]{1,40}) (?P<value>\d{1,13}|-) (?P<currency>[A-Z]{3}|-) (?P<order>\d{1,19}|-)")
_MAX_FIELDS = 16


class UnknownGoal(BadInput):
    """There is no goal of this name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """One goal reached, once."""

    goal: str
    #: minor units of the currency; None: nothing is said of money
    value: int | None = None
    #: ISO 4217; empty: no money
    currency: str = ""
    #: hash of goal and the sayer's own id; None: it gave none
    order: int | None = None

    @property
    def line(self) -> str:
        """As an event carries it."""
        value, order = ("-" if each is None else str(each) for each in (self.value, self.order))
        return f"{self.goal} {value} {self.currency or '-'} {order}"


def goal_name(name: str) -> str:
    """The name of a goal, as it stands.

    Raises:
        BadInput: it cannot be one.
    """
    if not _NAME.fullmatch(name):
        raise BadInput(f"{name[:60]!r} cannot name a goal; use 1 to 40 lower-case letters, digits and hyphens")
    return name


def goal_of(name: str, *, window_days: int, value: str = "", currency: str = "", now: Micros, by: str) -> Goal:
    """A goal, checked.

    Raises:
        BadInput: a part of it cannot be, and what to write instead.
    """
    goal_name(name)
    if not 1 <= window_days <= MAX_WINDOW_DAYS:
        raise BadInput(f"a window of {window_days} days cannot be; take 1 to {MAX_WINDOW_DAYS}")
    if value and not currency:
        raise BadInput("a value needs a currency, such as EUR")
    code = currency_named(currency) if currency else ""
    minor = minor_units(value, code) if value else None
    return Goal(name=name, window_days=window_days, value=minor, currency=code, created_at=now, made_by=by)


def claim(goals: Mapping[str, Goal], name: str, *, id: str = "", value: str = "", currency: str = "") -> Claim:  # noqa: A002 - the word of the call
    """A claim, checked; what it leaves open is as the goal says.

    Raises:
        UnknownGoal: there is no such goal.
        BadInput: value, currency or id cannot be.
    """
    goal = goals.get(name)
    if goal is None:
        known = ", ".join(goals) or "none yet; `mailwake goal add` makes one"
        raise UnknownGoal(f"there is no goal {name[:60]!r}; there are {known}")
    if len(id) > MAX_ID_CHARS:
        raise BadInput(f"an id of {len(id):,} characters is too long; {MAX_ID_CHARS} are enough")
    code = currency_named(currency) if currency else goal.currency
    if value and not code:
        raise BadInput(f"a value needs a currency: the goal {name} has none, so name one, such as EUR")
    own = goal.value if code == goal.currency else None
    minor = minor_units(value, code) if value else own
    order = event_id(name, id) if id else None
    return Claim(goal=name, value=minor, currency="" if minor is None else code, order=order)


def time_of(at: Micros | None, *, now: Micros) -> Micros | None:
    """A time that somebody tells.

    Raises:
        BadInput: it lies ahead, or too far back.
    """
    if at is not None and at > now + AHEAD:
        raise BadInput("the time lies ahead; leave `at` out for now, and check the clock and the zone")
    if at is not None and at < now - OLDEST_DAYS * DAY:
        raise BadInput(f"the time is more than {OLDEST_DAYS} days ago, before any mail that is still recorded")
    return at


def read_line(line: str) -> Claim | None:
    """The claim in an event; None: it says none, as events do that were judged from elsewhere."""
    found = _LINE.fullmatch(line)
    if found is None:
        return None
    value, order = (None if found[each] == "-" else int(found[each]) for each in ("value", "order"))
    return Claim(goal=found["goal"], value=value, currency=found["currency"].strip("-"), order=order)


def pixel_claim(event: Event, goals: Mapping[str, Goal]) -> tuple[Claim, str]:
    """What the query of a goal's picture says, and the event's key: one copy reaches a goal once per id.

    The id counts for this copy alone: it is a stranger's word, and must not stand in the way of a shop's own report.

    Raises:
        BadInput: it cannot be, see `claim`.
    """
    path, _, query = (b"" if event.request is None else event.request.path).decode("latin-1").partition("?")
    name = path.removeprefix("/g/")
    try:
        given = parse_qs(query.partition("#")[0], max_num_fields=_MAX_FIELDS)
    except ValueError:
        raise BadInput("the query has too many fields") from None
    told = {each: given[each][0] for each in ("id", "value", "currency") if each in given}
    made = claim(goals, name, **told)
    return made, f"pixel:{event.delivery}:{made.goal}:{made.order or ''}"
