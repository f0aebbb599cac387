"""What is told of segments to programs, as JSON: the dashboard's API and the command line say the same."""

from __future__ import annotations

from datetime import datetime

import msgspec

from mailwake.events import Micros
from mailwake.insight.cursors import make_cursor, read_cursor
from mailwake.insight.everywhere import clicks_behind
from mailwake.insight.stores import Stores, moment
from mailwake.segments import keeper
from mailwake.segments.keeper import Counted
from mailwake.segments.parser import parse
from mailwake.segments.sunset import Sunset
from mailwake.segments.tree import Verb, conditions
from mailwake.segments.wording import spelled
from mailwake.store.answers.sliding import Sliding


class SizeAt(msgspec.Struct, frozen=True, kw_only=True):
    """So many people at a moment."""

    at: datetime | None
    people: int


class SegmentAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A segment."""

    name: str
    query: str
    #: the query in English
    sentence: str
    is_live: bool
    people: int
    #: all who are known by an event
    of: int
    created_at: datetime | None
    made_by: str
    #: oldest first
    trend: tuple[SizeAt, ...]


class LinkClicks(msgspec.Struct, frozen=True, kw_only=True):
    """Links that a query names, and how often anybody or anything followed them in all mail."""

    #: as the query says it: part of a label or target
    text: str
    clicks: int
    #: of these by machines
    by_machines: int


class QueryAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A query, understood and counted."""

    query: str
    sentence: str
    people: int
    of: int
    #: one line for each text of a link
    links: tuple[LinkClicks, ...] = ()


class MonthAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Thirty days of a sunset; see `mailwake.segments.sunset.Month`."""

    starts_at: datetime | None
    copies: int
    spared: int
    clicked: int
    lost: int
    people: int
    left_out: int


class SunsetAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A sunset, simulated."""

    days: int
    copies: int
    spared: int
    clicked: int
    lost: int
    spared_per_month: float
    lost_per_month: float
    months: tuple[MonthAnswer, ...]


def segments(stores: Stores, *, now: Micros) -> tuple[SegmentAnswer, ...]:
    """All segments, by name."""
    return tuple(told(keeper.counted(stores, each, now=now)) for each in stores.state.segments())


def told(counted: Counted) -> SegmentAnswer:
    """One segment."""
    return SegmentAnswer(
        name=counted.segment.name,
        query=counted.segment.query,
        sentence=keeper.sentence(counted.segment.query),
        is_live=counted.segment.is_live,
        people=counted.people,
        of=counted.of,
        created_at=moment(counted.segment.created_at),
        made_by=counted.segment.made_by,
        trend=tuple(SizeAt(at=moment(at), people=people) for at, people in counted.trend),
    )


def people(
    stores: Stores, name: str, *, page: int, page_size: int, cursor: str, now: Micros
) -> dict[str, str | int | list[str | None] | None]:
    """The addresses of a segment's people, a page at a time: `name page page_size total people next`.

    Raises:
        BadInput: there is no such segment; the cursor is none of this list.
    """
    found = keeper.find(stores.state, name)
    of_list = f"segment {found.id}"
    (after,) = read_cursor(of_list, cursor, 1) if cursor else (-1,)
    offset = 0 if cursor else (page - 1) * page_size
    handles = keeper.members(stores, found, now=now, limit=page_size, offset=offset, after=after)
    return {
        "name": found.name,
        "page": page,
        "page_size": page_size,
        "total": keeper.counted(stores, found, now=now).people,
        "people": keeper.addresses(stores, handles),
        "next": make_cursor(of_list, handles[-1]) if len(handles) == page_size else None,
    }


def query(stores: Stores, text: str, *, now: Micros) -> QueryAnswer:
    """One query that need not be kept.

    Raises:
        Unclear: it cannot be understood.
    """
    found = keeper.size(stores, text, now=Micros(Sliding(now, "now")))
    node = parse(text)
    texts = dict.fromkeys(each.text for each in conditions(node) if each.verb is Verb.CLICKED and each.text)
    return QueryAnswer(
        query=spelled(node),
        sentence=keeper.sentence(text),
        people=found.people,
        of=found.of,
        links=tuple(_clicks(stores, each) for each in texts),
    )


def _clicks(stores: Stores, text: str) -> LinkClicks:
    found = clicks_behind(stores, text)
    return LinkClicks(text=text, clicks=found.clicks, by_machines=found.by_machines)


def sunset_told(found: Sunset) -> SunsetAnswer:
    """A simulation."""
    names = ("copies", "spared", "clicked", "lost", "people", "left_out")
    return SunsetAnswer(
        days=found.days,
        copies=found.copies,
        spared=found.spared,
        clicked=found.clicked,
        lost=found.lost,
        spared_per_month=round(found.spared_per_month, 2),
        lost_per_month=round(found.lost_per_month, 2),
        months=tuple(
            MonthAnswer(starts_at=moment(each.starts_at), **{name: getattr(each, name) for name in names})
            for each in found.months
        ),
    )


def to_json(answer: msgspec.Struct) -> bytes:
    """One line of JSON."""
    return msgspec.json.encode(answer) + b"\n"
