"""Segments as people keep them: made, counted, looked into, deleted.

A live segment is asked anew each time; a static one is whoever fitted when it was made. Sizes of a live one over time
are those at the same hour of the weeks before, told by the same query with what had happened by then: so a segment that
was made a minute ago has a past. Each is noted once, because what one reads today should stand there tomorrow.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mailwake.errors import BadInput
from mailwake.events import Handle, Micros
from mailwake.insight.stores import Stores
from mailwake.segments.compiling import DAY, compiled
from mailwake.segments.parser import parse
from mailwake.segments.spans import spans
from mailwake.segments.tree import conditions
from mailwake.segments.wording import explained, spelled
from mailwake.store.answers.sliding import Sliding
from mailwake.store.events.choosing import MANY, chooses_others
from mailwake.store.state import Segment, StateStore

MAX_NAME_CHARS = 100
WEEK = 7 * DAY
#: how far back sizes are told
WEEKS = 12
#: events; of more a segment's past is told as far as it was noted
LARGE = 5_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Size:
    """How many people there are."""

    people: int
    #: of all who are known by an event
    of: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Counted:
    """A segment with its sizes."""

    segment: Segment
    people: int
    of: int
    #: when it had how many, oldest first, `people` last; of a static one that alone
    trend: tuple[tuple[Micros, int], ...]


class NoSuchSegment(BadInput):
    """There is no segment of this name."""


def sentence(query: str) -> str:
    """A query as a sentence.

    Raises:
        Unclear: it cannot be understood.
    """
    told = spans()
    return explained(parse(query), active_days=told.active_days, dormant_days=told.dormant_days)


def chosen(
    stores: Stores, query: str, *, now: Micros, limit: int = MANY, offset: int = 0, after: int = -1
) -> list[Handle]:
    """Whom a query chooses, in order of handles; only those above one.

    Raises:
        Unclear: it cannot be understood.
    """
    choice = compiled(parse(query), stores, now=now)
    rows = stores.events.choose("people", choice, until=now, limit=limit, offset=offset, after=after)
    return [Handle(row["recipient"]) for row in rows]


def size(stores: Stores, query: str, *, now: Micros) -> Size:
    """How many a query chooses.

    Raises:
        Unclear: it cannot be understood.
    """
    choice = compiled(parse(query), stores, now=now)
    told, known = stores.events.choose("size", choice)[0], stores.events.ask("everybody", until=now)[0]
    of = int(known["everybody"])
    return Size(people=of - int(told["others"]) if chooses_others(choice) else int(told["chosen"]), of=of)


def lasting_seconds(queries: Iterable[str]) -> float:
    """How long sizes of these stay true while nothing happens: a hundredth of the shortest span, an hour at most.

    Raises:
        Unclear: one cannot be understood.
    """
    hours = [each.within.hours for query in queries for each in conditions(parse(query)) if each.within]
    return 36.0 * min([*hours, 100])


def add(stores: Stores, name: str, query: str, *, is_live: bool, now: Micros, by: str) -> Segment:
    """Make a segment.

    Raises:
        BadInput: the name is taken or none; the query cannot be understood (`Unclear`).
    """
    members = None if is_live else chosen(stores, query, now=now)
    return put(stores.state, name, query, members, now=now, by=by)


def put(state: StateStore, name: str, query: str, members: Sequence[Handle] | None, *, now: Micros, by: str) -> Segment:
    """Make a segment of members that were chosen before; of none: a live one.

    Raises:
        BadInput: as `add`.
    """
    called = name.strip()
    is_name = 1 <= len(called) <= MAX_NAME_CHARS and called.isprintable() and "/" not in called and called.strip(".")
    if not is_name:  # it is part of addresses
        raise BadInput(f"a segment needs a name of 1 to {MAX_NAME_CHARS} characters, without /")
    told = spelled(parse(query))
    made = state.put_segment(called, told, is_live=members is None, members=members or (), now=now, by=by)
    if made is None:
        raise BadInput(f"there is a segment {called!r} already; delete it first, or take another name")
    return made


def find(state: StateStore, name: str) -> Segment:
    """The segment of this name.

    Raises:
        NoSuchSegment: there is none.
    """
    found = state.segment(name)
    if found is None:
        names = ", ".join(repr(each.name) for each in state.segments()[:10])
        raise NoSuchSegment(
            f"there is no segment {name!r}; " + (f"there are {names}" if names else "there are none yet")
        )
    return found


def members(
    stores: Stores, segment: Segment, *, now: Micros, limit: int = MANY, offset: int = 0, after: int = -1
) -> list[Handle]:
    """Who is in a segment, in order of handles; only those above one."""
    if segment.is_live:
        return chosen(stores, segment.query, now=now, limit=limit, offset=offset, after=after)
    return stores.state.segment_members(segment.id, limit=limit, offset=offset, after=after)


def addresses(stores: Stores, handles: Sequence[Handle]) -> list[str | None]:
    """Of each of these people; None: it is no longer known."""
    known = stores.state.addresses(handles)
    return [known.get(handle) for handle in handles]


def counted(stores: Stores, segment: Segment, *, now: Micros) -> Counted:
    """A segment with its size now and in the weeks before."""
    told = size(stores, segment.query, now=Micros(Sliding(now, "now")))
    if not segment.is_live:
        people = stores.state.segment_member_count(segment.id)
        return Counted(segment=segment, people=people, of=told.of, trend=((now, people),))
    trend = (*_past(stores, segment, now), (now, told.people))
    return Counted(segment=segment, people=told.people, of=told.of, trend=trend)


def delete(state: StateStore, name: str) -> None:
    """Forget a segment.

    Raises:
        NoSuchSegment: there is none of this name.
    """
    state.delete_segment(find(state, name).id)


def note(stores: Stores, segment: Segment, *, now: Micros) -> None:
    """Note the sizes of a live segment at the ends of the last weeks, where that was not done."""
    stores.state.put_segment_sizes(segment.id, _missing(stores, segment, stores.state.segment_sizes(segment.id), now))


def _past(stores: Stores, segment: Segment, now: Micros) -> list[tuple[Micros, int]]:
    noted = stores.state.segment_sizes(segment.id)
    both = noted if _is_large(stores) else noted | _missing(stores, segment, noted, now)
    return [(end, both[end]) for end in _ends(now) if end in both]


def _is_large(stores: Stores) -> bool:
    """Whether to count a week takes so long that it is left to what notes sizes beside (`noting`)."""
    return bool(stores.events.ask("latest")[0]["event_count"] > LARGE)


def _missing(stores: Stores, segment: Segment, noted: Mapping[Micros, int], now: Micros) -> dict[Micros, int]:
    """Sizes that were not noted; none of a time before anybody was known."""
    found: dict[Micros, int] = {}
    for end in reversed(_ends(now)):
        if end in noted:
            continue
        told = size(stores, segment.query, now=end)
        if not told.of:  # nor was anybody known any earlier
            break
        found[end] = told.people
    return found


def _ends(now: Micros) -> list[Micros]:
    """The ends of the last weeks, oldest first. A week ends when a Thursday begins, UTC, as 1970 did."""
    return [Micros((now // WEEK - back) * WEEK) for back in reversed(range(WEEKS))]
