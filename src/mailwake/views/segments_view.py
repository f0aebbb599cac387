"""What the pages of segments show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from mailwake.drawing import figures
from mailwake.drawing.paging import pages
from mailwake.errors import BadInput
from mailwake.language import say
from mailwake.segments.answers import MonthAnswer, QueryAnswer, SegmentAnswer, SunsetAnswer
from mailwake.segments.completion import Next
from mailwake.segments.keeper import MAX_NAME_CHARS
from mailwake.segments.lexer import MAX_CHARS

PAGE_SIZE = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One segment."""

    name: str
    href: str
    #: into the editor
    edit: str
    query: str
    sentence: str
    kind: str
    people: str
    share: str
    made: str
    #: points of a line in a drawing of 100 by 100; empty: nothing to compare with
    trend: str
    #: the same in words
    says: str


def values(
    query: str,
    answer: QueryAnswer | None,
    fault: BadInput | None,
    *,
    following: Sequence[Next],
    segments: Sequence[SegmentAnswer],
    sunset: SunsetAnswer | None,
    zone: ZoneInfo,
) -> dict[str, Any]:
    """What `segments.html` names.

    Args:
        query: as typed.
        answer: what it means; None: nothing, or it is not asked yet.
        fault: why it means nothing.
        following: what may come next.
        segments: all of them.
        sunset: a simulation; None: not asked for.
        zone: the viewer's.
    """
    return {
        "query": query,
        "answer": answer,
        "found": ""
        if answer is None
        else say("%(number)s of %(all)s people", number=figures.count(answer.people), all=figures.count(answer.of)),
        "behind": [
            {"text": each.text, "clicks": figures.count(each.clicks), "machines": figures.count(each.by_machines)}
            for each in (answer.links if answer else ())
        ],
        "fault": "" if fault is None else str(fault),
        "following": [
            {"text": each.text, "meaning": say(each.meaning), "query": each.query, "href": _edit(f"{each.query} ")}
            for each in following
        ],
        "segments": [_line(each, zone) for each in segments],
        "sunset": sunset,
        "months": [] if sunset is None else [_month(each, zone) for each in sunset.months],
        "totals": {} if sunset is None else _counts(sunset, "copies", "spared", "clicked", "lost"),
        "longest": MAX_CHARS,
        "longest_name": MAX_NAME_CHARS,
    }


def people(segment: SegmentAnswer, addresses: Sequence[str | None], *, page: int, zone: ZoneInfo) -> dict[str, Any]:
    """What `segment.html` names."""
    line = _line(segment, zone)
    return {
        "segment": line,
        "people": [address or say("address no longer known") for address in addresses],
        "sizes": [
            ("" if each.at is None else figures.day(each.at, zone), figures.count(each.people))
            for each in segment.trend
        ],
        "pages": pages(line.href, {}, page=page, total=segment.people, page_size=PAGE_SIZE),
    }


def _month(month: MonthAnswer, zone: ZoneInfo) -> dict[str, str]:
    begins = "" if month.starts_at is None else figures.day(month.starts_at, zone)
    return {"from": begins, **_counts(month, "copies", "spared", "clicked", "lost", "left_out")}


def _counts(told: MonthAnswer | SunsetAnswer, *members: str) -> dict[str, str]:
    return {member: figures.count(getattr(told, member)) for member in members}


def _line(segment: SegmentAnswer, zone: ZoneInfo) -> Line:
    first = segment.trend[0]
    since = "" if first.at is None else figures.day(first.at, zone)
    is_drawn = len(segment.trend) > 1
    return Line(
        name=segment.name,
        href=f"/segments/{quote(segment.name, safe='')}",
        edit=_edit(segment.query),
        query=segment.query,
        sentence=segment.sentence,
        kind=say("live") if segment.is_live else say("static"),
        people=figures.count(segment.people),
        share=say("of %(count)s people", count=figures.count(segment.of)),
        made=say(
            "%(when)s by %(who)s",
            when="" if segment.created_at is None else figures.day(segment.created_at, zone),
            who=segment.made_by,
        ),
        trend=_points([each.people for each in segment.trend]) if is_drawn else "",
        says=say(
            "from %(first)s on %(since)s to %(now)s",
            first=figures.count(first.people),
            since=since,
            now=figures.count(segment.people),
        )
        if is_drawn
        else "",
    )


def _points(sizes: Sequence[int]) -> str:
    top = max(*sizes, 1)
    return " ".join(f"{100 * n / (len(sizes) - 1):.1f},{100 - 100 * size / top:.1f}" for n, size in enumerate(sizes))


def _edit(query: str) -> str:
    return f"/segments?{urlencode({'query': query})}"
