"""What changed since last week: the mail of two weeks at equal age.

A copy of yesterday evening has not been read to the end yet, so each copy is looked at when it was a day old, and the
two weeks end that long ago. What was sent since is told as too young instead of being compared. Streams are told
apart: confirmations of orders are clicked more often than newsletters, and a week with more of them is no better one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

import msgspec

from mailwake.errors import NotEnoughData
from mailwake.events import SECOND, Micros
from mailwake.insight.answers import CampaignLine, Overview
from mailwake.insight.metrics import Rate, metrics, rate
from mailwake.insight.stores import Stores, moment
from mailwake.insight.tally import Tally, add, read
from mailwake.profiles import STREAMS
from mailwake.stats.difference import difference
from mailwake.stats.uncertain import Expected
from mailwake.store.answers.sliding import Sliding
from mailwake.store.state import Incident, IncidentKind

DAYS = 7
_DAY = 86_400 * SECOND
#: Ages at which copies are looked at; the first at which this week has any.
AGES = (86_400, 3_600)
#: With fewer copies in a week a stream tells of people rather than of mail, and is left out where there is another.
_LEAST_COPIES = 10
_CLICKED = "human_click_rate__delivered_trackable"
#: In the order in which they are told.
METRICS = (
    "delivery_rate__sent",
    _CLICKED,
    "machine_alone_rate__clicked",
    "bounce_rate__sent",
    "unsubscribe_rate__delivered",
    "complaint_rate__delivered",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Changed:
    """A rate of this week beside that of the week before."""

    now: Rate
    before: Rate
    #: this week's less the week before's, -1 to 1; None here and below: one of them cannot be said
    value: float | None
    #: lower end of the 95 % interval of the difference (Newcombe's, widened by doubt)
    low: float | None
    #: upper end of it
    high: float | None
    #: higher, lower or not distinguishable
    standing: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class OfStream:
    """The two weeks of one stream."""

    #: marketing, transactional or outbound
    stream: str
    figures: tuple[Changed, ...]
    #: id of its campaign begun last in this week, and in the week before; None: none was begun then
    newest: str | None
    newest_before: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Begun:
    """A campaign whose first copy was sent lately."""

    id: str
    name: str
    sent_from: datetime
    #: sent so far
    copies: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Alarm:
    """Something that concerns many recipients at once, and that nobody has closed."""

    id: str
    #: storm or alarm
    kind: str
    #: of the storm, or cause of the alarm
    about: str
    opened_at: datetime
    #: refusals that are part of it
    count: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Changes:
    """What is new, and what changed from one week to the next."""

    #: seconds that every copy was given; both weeks end so long ago
    age: int
    days: int
    #: copies sent before are of the week before; what is new is newer than this, UTC
    since: datetime
    #: copies sent later are too young to be compared, UTC
    until: datetime
    #: the last event that is part of these numbers was received then, UTC
    fresh_at: datetime | None
    #: begun since, the latest first
    begun: tuple[Begun, ...]
    #: how many of them were begun after `until`
    too_young: int
    #: of all streams below together
    figures: tuple[Changed, ...]
    streams: tuple[OfStream, ...]
    #: how many addresses are not to be mailed any more since then, by reason
    suppressed: Mapping[str, int]
    #: the latest first
    alarms: tuple[Alarm, ...]


def to_json(answer: Changes) -> bytes:
    """The answer as JSON, the same to the byte for everybody: one line."""
    return msgspec.json.encode(answer) + b"\n"


def changes(stores: Stores, known: Overview, *, now: Micros) -> Changes:
    """What changed since last week.

    Args:
        stores: where to look.
        known: all campaigns.
        now: microseconds since 1970.
    """
    age, weeks = _weeks(stores, now)
    until = now - age * SECOND
    since = Micros(max(0, until - DAYS * _DAY))
    begun = [each for each in known.campaigns if each.sent_from and each.sent_from >= _time(since)]
    begun.sort(key=_latest_first)
    return Changes(
        age=age,
        days=DAYS,
        since=_time(since),
        until=_time(until),
        fresh_at=known.fresh_at,
        begun=tuple(_begun(each) for each in begun),
        too_young=sum(each.sent_from is not None and each.sent_from >= _time(until) for each in begun),
        figures=_figures([add(week.values()) for week in weeks]),
        streams=tuple(
            _of_stream(name, weeks, known, since=since, until=until) for name in sorted(weeks[0].keys() | weeks[1])
        ),
        suppressed=stores.state.suppressed_since(since),
        alarms=tuple(
            _alarm(each) for each in stores.state.incidents(only_open=True) if each.kind is not IncidentKind.IMPORT
        ),
    )


def worth_telling(answer: Changes) -> list[tuple[OfStream, Changed]]:
    """Figures by stream that can be said: nothing out of nothing is no news, nor is nothing twice.

    Of a stream without a week before only clicks are told, where there is another stream.
    """
    return [
        (of, each)
        for figures in zip(*(of.figures for of in answer.streams), strict=True)
        for of, each in zip(answer.streams, figures, strict=True)
        if each.now.rate is not None and (each.now.count or each.before.count)
        if len(answer.streams) == 1 or each.before.rate is not None or each.now.metric == _CLICKED
    ]


_Weeks = tuple[dict[str, Tally], dict[str, Tally]]


def _weeks(stores: Stores, now: Micros) -> tuple[int, _Weeks]:
    """At which age the copies are looked at, and what was counted by stream: the week before, this week."""
    found: _Weeks = {}, {}
    for age in AGES:
        until = now - age * SECOND
        middle, since = until - DAYS * _DAY, until - 2 * DAYS * _DAY
        found = {}, {}
        spans = {name: Sliding(at, name) for name, at in (("since", since), ("middle", middle), ("until", until))}
        for row in stores.events.ask("weeks", **spans, age=age * SECOND):
            found[row["period"] % 2][STREAMS[row["period"] // 2]] = read(row)
        if found[1]:
            return age, _of_many(found)
    return AGES[0], _of_many(found)


def _of_many(weeks: _Weeks) -> _Weeks:
    if len(weeks[0].keys() | weeks[1]) < 2:  # there is no other to be confused with
        return weeks
    before, now = ({name: each for name, each in week.items() if each.sent >= _LEAST_COPIES} for week in weeks)
    return before, now


def _of_stream(name: str, weeks: _Weeks, known: Overview, *, since: int, until: int) -> OfStream:
    middle, first = _time(since), _time(since - DAYS * _DAY)
    return OfStream(
        stream=name,
        figures=_figures([week.get(name, Tally()) for week in weeks]),
        newest=_newest(name, known, middle, _time(until)),
        newest_before=_newest(name, known, first, middle),
    )


def _newest(stream: str, known: Overview, since: datetime, until: datetime) -> str | None:
    found = (each for each in known.campaigns if each.stream == stream)
    begun = [each for each in found if each.sent_from and since <= each.sent_from < until]
    return min(begun, key=_latest_first).id if begun else None


def _figures(weeks: Sequence[Tally]) -> tuple[Changed, ...]:
    return tuple(_changed(metric, *weeks) for metric in METRICS)


def _changed(metric: str, before: Tally, now: Tally) -> Changed:
    meant = metrics()[metric]
    one, other = rate(meant, before), rate(meant, now)
    if one.rate is None or other.rate is None:
        return Changed(now=other, before=one, value=None, low=None, high=None, standing=None)
    try:
        found = difference(_count(meant.count, before), one.base, _count(meant.count, now), other.base)
    except (NotEnoughData, ValueError):
        return Changed(now=other, before=one, value=None, low=None, high=None, standing=None)
    return Changed(
        now=other,
        before=one,
        value=found.value,
        low=found.interval.low,
        high=found.interval.high,
        standing=found.standing,
    )


def _count(path: str, tally: Tally) -> Expected:
    told = attrgetter(path)(tally)
    return told if isinstance(told, Expected) else Expected(mean=told)


def _begun(line: CampaignLine) -> Begun:
    assert line.sent_from is not None  # noqa: S101 - chosen by it
    return Begun(id=line.id, name=line.name, sent_from=line.sent_from, copies=line.tally.sent)


def _latest_first(line: CampaignLine) -> tuple[float, int]:
    return (-line.sent_from.timestamp() if line.sent_from else 0.0, -int(line.id))


def _alarm(each: Incident) -> Alarm:
    return Alarm(
        id=str(each.id),
        kind=each.kind,
        about=each.place or each.category or "",
        opened_at=_time(each.opened_at),
        count=each.count,
    )


def _time(at: int) -> datetime:
    told = moment(max(0, at))
    assert told is not None  # noqa: S101 - there is one for every number
    return told
