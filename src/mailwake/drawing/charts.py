"""Drawings as numbers: the templates turn them into SVG, and the server needs no script for it.

Positions are percentages of the drawing, so that it stretches with the page while patterns and text keep their size.
Each class has a colour, a fill and a mark of its own, so that colour alone never says anything.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import log1p
from zoneinfo import ZoneInfo

from mailwake.drawing import figures
from mailwake.insight.series import Series
from mailwake.insight.tally import Reaction, reaction
from mailwake.language import noted, say, several

#: from the bottom of a column, and from the left of a bar
CLASSES = ("human", "possible", "machine")
_TITLES = {"opened": noted("Opened"), "clicked": noted("Clicked")}
MARKS = {"human": "●", "possible": "◐", "machine": "□"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One coloured piece of a bar or column."""

    #: CSS class: human, possible, machine, good, bad or plain
    kind: str
    #: where it starts, in per cent of the drawing: from the left in a bar, from the top in a column
    start: str
    #: how far it reaches, in per cent of the drawing
    length: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """One step of a series."""

    #: left edge, in per cent
    x: str
    width: str
    parts: tuple[Part, ...]
    #: what it says, on hover and for those who hear the page
    says: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Tick:
    """A label under the axis."""

    x: str
    anchor: str
    text: str
    #: left out on narrow screens
    is_minor: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A line of the table that says what the drawing says."""

    start: str
    human: str
    possible: str
    machine: str
    raw: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Chart:
    """A series of one kind of reaction as a drawing, and as the table under it."""

    #: opened or clicked
    kind: str
    title: str
    #: the drawing in a sentence
    says: str
    columns: tuple[Column, ...]
    ticks: tuple[Tick, ...]
    #: labels of the upright axis, top to bottom
    levels: tuple[str, ...]
    rows: tuple[Row, ...]
    #: for the script that draws it again with a cursor: seconds since 1970, then people, possible and machines
    data: tuple[tuple[int, ...], ...]
    step_seconds: int
    timezone: str


def bar(reaction: Reaction, whole: int) -> tuple[Part, ...]:
    """People, possible people and machines side by side, as shares of a whole."""
    return stack([(kind, getattr(reaction, kind)) for kind in CLASSES], whole)


def stack(pieces: list[tuple[str, int]], whole: int) -> tuple[Part, ...]:
    """Pieces of a bar, one after the other; what is nothing is not drawn."""
    parts, start = [], 0
    for kind, number in pieces:
        if number and whole:
            parts.append(Part(kind=kind, start=_percent(start, whole), length=_percent(number, whole)))
        start += number
    return tuple(parts)


def histogram(counts: Sequence[int], labels: Sequence[str], unit: tuple[str, str]) -> tuple[Column, ...]:
    """Counts side by side, the highest as high as the drawing; what is nothing is not drawn.

    Args:
        counts: from left to right.
        labels: what each stands for; as many.
        unit: what is counted, for the hover, as `forms` of one ``count``.
    """
    top = max(counts, default=0)
    return tuple(
        Column(
            x=_percent(place + 0.05, len(counts)),
            width=_percent(0.9, len(counts)),
            parts=(Part(kind="machine", start=_percent(top - number, top), length=_percent(number, top)),)
            if number
            else (),
            says=f"{label}: {several(*unit, number, count=figures.count(number))}",
        )
        for place, (number, label) in enumerate(zip(counts, labels, strict=True))
    )


def scale(weight: float, heaviest: float, *, kind: str = "") -> tuple[Part, ...]:
    """A bar from the middle: to the right what is above zero, to the left what is below.

    Args:
        weight: above or below zero.
        heaviest: the weight, without sign, that reaches the edge.
        kind: CSS class; empty: what is above zero speaks for a person, what is below for a machine.
    """
    reach = min(abs(weight), heaviest) / 2
    if not reach:
        return ()
    start = heaviest / 2 if weight > 0 else heaviest / 2 - reach
    kind = kind or ("human" if weight > 0 else "machine")
    return (Part(kind=kind, start=_percent(start, heaviest), length=_percent(reach, heaviest)),)


#: seconds after delivery at which the axis has a label
_AFTER = ((1, "1 s"), (10, "10 s"), (60, "1 min"), (600, "10 min"), (3_600, "1 h"), (21_600, "6 h"))
_LATER = (
    (86_400, noted("1 day")),
    (604_800, noted("1 week")),
    (2_592_000, noted("30 days")),
    (31_536_000, noted("1 year")),
)


def after(seconds: float, last: float) -> str:
    """Where a moment stands on an axis that gives every tenfold of time the same room, from 0 to a last moment."""
    return _percent(log1p(max(0.0, seconds)), log1p(max(1.0, last)))


def after_ticks(last: float) -> tuple[Tick, ...]:
    """Labels of that axis; the last is left out where it would stand outside."""
    shown = [(at, text) for at, text in (*_AFTER, *_LATER) if log1p(at) <= 0.94 * log1p(max(1.0, last))]
    return tuple(
        Tick(x=after(at, last), anchor="middle", text=say(text), is_minor=index % 2 == 1)
        for index, (at, text) in enumerate(shown)
    )


def chart(series: Series, kind: str, zone: ZoneInfo, *, hidden: Collection[str] = ()) -> Chart:
    """One kind of reaction over time.

    Args:
        series: what was counted.
        kind: "opened" or "clicked".
        zone: the viewer's.
        hidden: of `CLASSES`, those that are not drawn; the table has them all.
    """
    reactions: list[Reaction] = [getattr(point, kind) for point in series.points]
    starts = [point.start for point in series.points]
    drawn = [_without(reaction, hidden) for reaction in reactions]
    top = nice_top(max((reaction.raw for reaction in drawn), default=0))
    rows = tuple(
        Row(
            start=figures.moment(start, zone),
            human=figures.count(reaction.human),
            possible=figures.count(reaction.possible),
            machine=figures.count(reaction.machine),
            raw=figures.count(reaction.raw),
        )
        for start, reaction in zip(starts, reactions, strict=True)
    )
    whole = {who: figures.count(sum(getattr(reaction, who) for reaction in reactions)) for who in CLASSES}
    return Chart(
        kind=kind,
        title=say(_TITLES[kind]),
        says=say(
            "%(what)s over time: %(human)s by people, %(possible)s possibly, %(machine)s by machines; the table below "
            "has every step",
            what=say(_TITLES[kind]),
            **whole,
        ),
        columns=tuple(_column(place, len(rows), drawn[place], top=top, row=rows[place]) for place in range(len(rows))),
        ticks=ticks(series, zone),
        levels=tuple(figures.count(level) for level in (top, top // 2, 0)),
        rows=rows,
        data=(
            tuple(int(start.timestamp()) for start in starts),
            *(tuple(getattr(reaction, who) for reaction in drawn) for who in CLASSES),
        ),
        step_seconds=series.step_seconds,
        timezone=zone.key,
    )


def _without(found: Reaction, hidden: Collection[str]) -> Reaction:
    return reaction(**{who: 0 if who in hidden else getattr(found, who) for who in CLASSES})


def nice_top(highest: int) -> int:
    """The end of an axis: a round, even number not below the highest value."""
    scale = 1
    while True:
        for factor in (2, 4, 6, 8, 10):
            if highest <= factor * scale:
                return factor * scale
        scale *= 10 if scale > 1 else 5


def _column(place: int, columns: int, reaction: Reaction, *, top: int, row: Row) -> Column:
    parts, below = [], 0
    for kind in CLASSES:
        number = getattr(reaction, kind)
        if number:
            parts.append(Part(kind=kind, start=_percent(top - below - number, top), length=_percent(number, top)))
        below += number
    gap = 0.15 if columns > 1 else 0.6
    says = say(
        "%(start)s: people %(human)s, possibly people %(possible)s, machines %(machine)s",
        start=row.start,
        human=row.human,
        possible=row.possible,
        machine=row.machine,
    )
    return Column(x=_percent(place + gap / 2, columns), width=_percent(1 - gap, columns), parts=tuple(parts), says=says)


#: how far apart labels may stand: minutes, hours, days
_TICK_SECONDS = (300, 900, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 1_209_600, 2_592_000)
_DAY = 86_400


def ticks(series: Series, zone: ZoneInfo, *, wanted: int = 7) -> tuple[Tick, ...]:
    """Labels at round times of the viewer's clock; the first says the day, the others where it changes."""
    starts = [point.start.astimezone(zone) for point in series.points]
    span = len(starts) * series.step_seconds
    apart = next((each for each in _TICK_SECONDS if each * wanted >= span), _TICK_SECONDS[-1])
    places = [place for place, start in enumerate(starts) if _is_round(start, apart)]
    if apart < series.step_seconds or not places:
        places = list(range(0, len(starts), -(-len(starts) // wanted)))
    return tuple(
        Tick(
            x=_percent(place, len(starts)),
            anchor="start",
            text=figures.tick(series.points[place].start, zone, with_day=index == 0 or apart >= _DAY),
            is_minor=index % 2 == 1,
        )
        for index, place in enumerate(places)
    )


def _is_round(local: datetime, apart: int) -> bool:
    if apart >= _DAY:
        return local.hour == local.minute == 0 and local.toordinal() % (apart // _DAY) == 0
    return (local.hour * 3_600 + local.minute * 60) % apart == 0


def _percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:.3f}%"
