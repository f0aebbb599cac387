"""How many copies of each letter led to a goal, counted where conversions are: the same stands on their page."""

from __future__ import annotations

from collections.abc import Iterable

from mailwake.earnings.credit import Model
from mailwake.earnings.ledger import Entry, entries
from mailwake.earnings.reached import ALWAYS, reached
from mailwake.events import Micros
from mailwake.insight.stores import Stores

#: later than any goal can be reached
_EVER = Micros(1 << 62)
#: Credit is handed out as on the page of a campaign's conversions where nothing else is chosen.
_MODEL = Model.LAST


def converted(stores: Stores, goal: str, templates: Iterable[int], *, since: Micros = ALWAYS) -> dict[int, int] | None:
    """Template to the number of its copies that a person clicked before they reached a goal; None: no such goal.

    Args:
        stores: where to look.
        goal: its name.
        templates: each is in the answer.
        since: when the first of these copies was sent.
    """
    found = dict.fromkeys(templates, 0)
    told = _credited(stores, goal, since)
    if told is None:
        return None
    for template, _ in {(each.place.template, each.place.delivery) for each in told}:
        if template in found:
            found[template] += 1
    return found


def converted_by_campaign(stores: Stores, goal: str) -> dict[int, int]:
    """Campaign to the number of its copies that led to a goal; nothing of a goal that is not there."""
    found: dict[int, int] = {}
    for campaign, _ in {(each.place.campaign, each.place.delivery) for each in _credited(stores, goal, ALWAYS) or ()}:
        found[campaign] = found.get(campaign, 0) + 1
    return found


def _credited(stores: Stores, goal: str, since: Micros) -> list[Entry] | None:
    known = stores.state.goals().get(goal)
    return None if known is None else entries(reached(stores, known, since=since, until=_EVER), _MODEL)
