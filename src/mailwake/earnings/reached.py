"""Goals that were reached, each with the human clicks and the mail that came before it, as the stores know them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from mailwake.earnings.credit import Touch
from mailwake.events import SECOND, Handle, Micros
from mailwake.goals.claims import Claim, read_line
from mailwake.insight.stores import Stores
from mailwake.store.state import Goal

DAY = 86_400 * SECOND
ALWAYS = Micros(0)
Row = Mapping[str, Any]


class Place(NamedTuple):
    """Where a person clicked: one link of one copy."""

    campaign: int
    template: int
    link: int
    delivery: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Reached:
    """One goal reached."""

    #: of its event
    id: int
    at: Micros
    claim: Claim
    recipient: Handle
    #: told by a picture on a page, not by a shop's server
    is_picture: bool
    #: human clicks within the window, by place; none: whatever it was, no click of a person led to it
    touches: tuple[Touch[Place], ...] = ()
    #: the campaign last delivered to them within the window; None: none was
    mailed_by: int | None = None


def reached(stores: Stores, goal: Goal, *, since: Micros = ALWAYS, until: Micros) -> list[Reached]:
    """Each time a goal was reached, once, oldest first.

    Args:
        stores: to ask.
        goal: which.
        since: from then on.
        until: and before this time.
    """
    given: dict[str, Any] = {"goal": goal.name, "since": since, "until": until}
    rows = stores.events.ask("conversions", **given | {"since": ALWAYS})  # the first report of an order may be older
    if not any(row["happened_at"] >= since for row in rows):
        return []
    window = goal.window_days * DAY
    clicks, mails = dict[int, list[Touch[Place]]](), dict[int, tuple[int, int]]()
    for row in stores.events.ask("conversion_clicks", **given, window=window):
        place = Place(row["campaign"], row["template"], row["link"], row["delivery"])
        touch = Touch(key=place, first_at=row["first_at"], last_at=row["last_at"])
        clicks.setdefault(row["conversion"], []).append(touch)
    for row in stores.events.ask("conversion_mails", **given, window=window):
        last = (row["sent_at"], row["campaign"])
        mails[row["conversion"]] = max(last, mails.get(row["conversion"], last))
    told = [each for row in rows if (each := _reached(row, clicks, mails)) is not None]
    return [each for each in without_twins(told) if each.at >= since]


def without_twins(told: Iterable[Reached]) -> list[Reached]:
    """The same without second reports of one order by one person: a shop's server is believed before a picture.

    Pictures cannot be told apart from servers by whoever sends them, so that nobody takes another's order away.
    """
    best: dict[tuple[object, ...], Reached] = {}
    for each in told:
        order = each.claim.order
        key = ("event", each.id) if order is None else (each.claim.goal, order, each.recipient)
        known = best.get(key)
        if known is None or _worth(each) < _worth(known):
            best[key] = each
    return sorted(best.values(), key=lambda each: (each.at, each.id))


def _worth(each: Reached) -> tuple[bool, int, int]:
    return each.is_picture, each.at, each.id


def _reached(
    row: Row, clicks: Mapping[int, list[Touch[Place]]], mails: Mapping[int, tuple[int, int]]
) -> Reached | None:
    claim, mail = read_line(row["reason"]), mails.get(row["id"])
    if claim is None:
        return None
    return Reached(
        id=row["id"],
        at=Micros(row["happened_at"]),
        claim=claim,
        recipient=Handle(row["recipient"]),
        is_picture=row["note"] == "pixel",
        touches=tuple(clicks.get(row["id"], ())),
        mailed_by=None if mail is None else mail[1],
    )
