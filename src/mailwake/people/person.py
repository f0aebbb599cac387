"""One recipient over all campaigns: how often and on how many days they engage, whether they come back, with what.

Only what a person did counts (probability 0.5 or more). A forward is never asserted: mail that is opened with several
devices in several countries was perhaps passed on, and perhaps its reader travels.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import msgspec

from mailwake.errors import BadInput
from mailwake.events import SECOND, CampaignId, Handle
from mailwake.insight.stores import Stores, moment

#: Events that are looked at, the latest.
MOST_EVENTS = 5_000
#: A reaction so long after the copy was sent is a return: the mail was kept and looked for again.
RETURN_SECONDS = 14 * 86_400
#: Countries at both ends of so short a time are two readers, or one behind a proxy; nobody flies that fast. Judgement.
_TRAVEL_SECONDS = 7_200
#: With so many devices one copy was perhaps read by more than one person. Judgement.
_MANY_DEVICES = 3
_OUTCOMES = ("complained", "unsubscribed", "bounced", "rejected", "failed", "delivered", "deferred", "sent")

Row = Mapping[str, Any]


class NoSuchPerson(BadInput):
    """Somebody was asked for whom nobody has mailed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Forward:
    """How likely a copy was passed on."""

    #: likely or possible
    likelihood: str
    #: what was seen, in words
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Copy:
    """One campaign's mail to them."""

    campaign: str
    name: str
    delivery: str
    sent_at: datetime | None
    #: the weightiest of what became of it
    outcome: str
    #: human, possible or machine; None: not opened, or not tracked
    opened: str | None
    clicked: str | None
    #: labels of the links a person followed, each once, in order of time
    links: tuple[str, ...]
    #: of the last thing a person did with it, UTC; None: nothing
    last_at: datetime | None
    #: reactions more than 14 days after sending
    returns: int
    #: None: nothing points to it
    forward: Forward | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """Everything known about one recipient's engagement."""

    address: str
    #: copies sent
    sent: int
    #: copies that they opened, or clicked in
    opened: int
    clicked: int
    #: days, by the viewer's clock, on which they did anything
    days: int
    #: reactions more than 14 days after the copy was sent
    returns: int
    first_at: datetime | None
    last_at: datetime | None
    #: client and device, most used first; of requests that tell them
    devices: tuple[str, ...]
    #: ISO 3166-1 codes, most seen first
    countries: tuple[str, ...]
    #: latest first
    copies: tuple[Copy, ...]
    #: False: there is more than is looked at
    is_all: bool


def to_json(answer: Person) -> bytes:
    """The answer as JSON, the same to the byte for everybody: one line."""
    return msgspec.json.encode(answer) + b"\n"


def person(stores: Stores, address: str) -> Person:
    """One recipient over all campaigns.

    Raises:
        NoSuchPerson: nobody was mailed at this address.
        BadInput: it is no address.
    """
    handle = next(iter(stores.state.known_handles([address]).values()), None)
    if handle is None:
        raise NoSuchPerson(f"nobody was ever mailed at {address[:320]}")
    rows = stores.events.ask("person", recipient=handle, limit=MOST_EVENTS + 1)
    by_copy: dict[int, list[Row]] = defaultdict(list)
    for row in sorted(rows[:MOST_EVENTS], key=lambda row: (row["happened_at"], row["id"])):
        if row["delivery"] is not None:
            by_copy[row["delivery"]].append(row)
    copies = [_copy(stores, some) for some in by_copy.values()]
    theirs = [row for some in by_copy.values() for row in some if _is_theirs(row)]
    times = [row["happened_at"] for row in theirs]
    return Person(
        address=stores.state.addresses([Handle(handle)]).get(Handle(handle), address),
        sent=len(copies),
        opened=sum(each.opened == "human" for each in copies),
        clicked=sum(each.clicked == "human" for each in copies),
        days=len({datetime.fromtimestamp(at / SECOND, stores.zone).date() for at in times}),
        returns=sum(each.returns for each in copies),
        first_at=moment(min(times, default=None)),
        last_at=moment(max(times, default=None)),
        devices=_most_used(filter(None, map(_device, theirs))),
        countries=_most_used(row["country"] for row in theirs if row["country"]),
        copies=tuple(sorted(copies, key=_latest_first)),
        is_all=len(rows) <= MOST_EVENTS,
    )


def _is_theirs(row: Row) -> bool:
    return row["reaction"] is not None and row["grade"] == "human"


def _latest_first(copy: Copy) -> tuple[float, str]:
    at = copy.sent_at or copy.last_at or datetime.fromtimestamp(0, UTC)
    return -at.timestamp(), copy.delivery


def _copy(stores: Stores, rows: Sequence[Row]) -> Copy:
    """One copy from its events in order of time."""
    types = {row["type"] for row in rows}
    sent = next((row["happened_at"] for row in rows if row["type"] == "sent"), None)
    theirs = [row for row in rows if _is_theirs(row)]
    campaign = next((row["campaign"] for row in rows if row["campaign"] is not None), None)
    known = None if campaign is None else stores.state.find_campaign(str(campaign))
    return Copy(
        campaign=str(campaign),
        name=known.name if known is not None else f"campaign {campaign}",
        delivery=str(rows[0]["delivery"]),
        sent_at=moment(sent),
        outcome=next((each for each in _OUTCOMES if each in types), "unknown"),
        opened=_grade(rows, "opened"),
        clicked=_grade(rows, "clicked"),
        links=_links(stores, campaign, theirs),
        last_at=moment(theirs[-1]["happened_at"]) if theirs else None,
        returns=sum(sent is not None and row["happened_at"] - sent > RETURN_SECONDS * SECOND for row in theirs),
        forward=forward(theirs),
    )


def _grade(rows: Iterable[Row], kind: str) -> str | None:
    grades = {row["grade"] for row in rows if row["reaction"] == kind}
    return next((each for each in ("human", "possible", "machine") if each in grades), None)


def _links(stores: Stores, campaign: int | None, theirs: Iterable[Row]) -> tuple[str, ...]:
    followed = [(row["template"], row["link"]) for row in theirs if row["reaction"] == "clicked" and row["link"]]
    if not followed or campaign is None:
        return ()
    labels = {(link.template, link.number): link.label for link in stores.state.links(CampaignId(campaign))}
    return tuple(dict.fromkeys(labels.get(place) or f"link {place[1]}" for place in followed))


def forward(theirs: Sequence[Row]) -> Forward | None:
    """How likely a copy was passed on, by what a person did with it; None: nothing points to it.

    Args:
        theirs: opens and clicks by people, in order of time.
    """
    devices = list(dict.fromkeys(filter(None, map(_device, theirs))))
    placed = [(row["happened_at"], row["country"]) for row in theirs if row["country"]]
    countries = list(dict.fromkeys(country for _, country in placed))
    jump = any(
        one != another and later - at < _TRAVEL_SECONDS * SECOND for (at, one), (later, another) in pairwise(placed)
    )
    said = f"{len(devices)} devices, {len(countries)} countries" + (" within two hours" if jump else "")
    if len(devices) > 1 and len(countries) > 1 and (jump or len(devices) >= _MANY_DEVICES):
        return Forward(likelihood="likely", why=said)
    if len(devices) >= _MANY_DEVICES or (len(countries) > 1 and len(devices) > 1):
        return Forward(likelihood="possible", why=said)
    return None


def _device(row: Row) -> str:
    """Client and device together; empty where a proxy hides them."""
    if not row["device"] or row["device"] == "proxied":
        return ""
    return " on ".join(filter(None, (row["client"], row["device"])))


def _most_used(names: Iterable[str]) -> tuple[str, ...]:
    counts: dict[str, int] = defaultdict(int)
    for name in names:
        counts[name] += 1
    return tuple(sorted(counts, key=lambda name: (-counts[name], name)))
