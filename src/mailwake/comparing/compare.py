"""Campaigns side by side at equal age, how sure a difference is, and why it is there.

A campaign of yesterday has not had its week yet; only copies that are as old as the age of the comparison count, and
of them only what happened until they were that old.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import sqrt
from typing import Any, NamedTuple

import msgspec

from mailwake.comparing.pace import BASES, CHECKPOINTS, HOUR, Group, groups_of, sums
from mailwake.errors import BadInput, NotEnoughData
from mailwake.events import SECOND, Micros
from mailwake.insight.answers import Overview
from mailwake.insight.domain_names import domain_names
from mailwake.insight.metrics import rates
from mailwake.insight.report import Row
from mailwake.insight.stores import Stores, moment
from mailwake.insight.tally import Tally, read
from mailwake.language import noted, say
from mailwake.stats.difference import difference
from mailwake.stats.mix import Decomposition, Path, decompose
from mailwake.stats.uncertain import Expected, critical, rate_interval
from mailwake.store.answers.sliding import Sliding
from mailwake.store.state import Campaign

#: Campaigns of one comparison.
MOST = 12
_TWO = 2
#: Seconds; a year.
_OLDEST = 366 * 86_400
#: Places of recipients that are told apart; the others stand together.
_MOST_PLACES = 12
#: A domain with fewer copies than this points at people.
LEAST_COPIES = 5
#: Causes are told apart where at least this share of each campaign's copies has its like in the other. Judgement: of
#: the rest nothing says which cause it was.
_LEAST_IN_COMMON = 0.8
#: A share of the copies speaks for one that is so many times as large: a straggler does not stand for a day. Judgement.
_SPEAKS_FOR = 10
#: Place, then part of the week: the levels of a cell.
_LEVELS = ("audience", "timing")
#: What is left by how many levels can be told apart from it.
_LEFT = ("people", "timing_or_within", "within")
OTHERS = noted("other domains")
#: Rates that need no age, because hardly anything comes later.
PLAIN = ("delivery_rate__sent", "bounce_rate__sent", "unsubscribe_rate__delivered", "complaint_rate__delivered")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_PARTS = ("night", "morning", "afternoon", "evening")


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """How one campaign's rate stands to the first's."""

    #: its own less the first's, in rates
    value: float | None
    #: lower end of the 95 % interval (Newcombe's, widened by doubt)
    low: float | None
    #: upper end of it
    high: float | None
    #: its own over the first's
    ratio: float | None
    p_value: float | None
    #: higher, lower or not distinguishable; None: cannot say
    standing: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Compared:
    """One figure of one campaign."""

    #: opened or clicked, by people at equal age; or the id of a rate
    metric: str
    label: str
    #: numerator, expected where people are summed
    count: float
    base: int
    base_name: str
    rate: float | None
    low: float | None
    high: float | None
    #: None for the first campaign
    step: Step | None
    cannot_say: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Side:
    """One campaign of a comparison."""

    id: str
    name: str
    #: UTC
    sent_from: datetime | None
    figures: tuple[Compared, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Cause:
    """A part of a difference, in rates; the parts of one add up to it."""

    #: audience, timing, within, machines; where these cannot be told apart timing_or_within, or people: all three
    what: str
    value: float
    #: of the 95 % interval; None: it is no estimate
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Portion:
    """What one part of the audience adds to the difference."""

    name: str
    by_mix: float
    by_rate: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Why:
    """Why two campaigns differ: the causes add up to the difference of the raw rates."""

    #: opened or clicked
    kind: str
    #: difference of the raw rates, second less first
    raw: float
    #: difference of the rates by people
    people: float
    causes: tuple[Cause, ...]
    #: those that add most, by what they add
    groups: tuple[Portion, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """Campaigns at equal age."""

    #: seconds
    age: int
    #: to choose from
    ages: tuple[int, ...]
    sides: tuple[Side, ...]
    #: of two campaigns
    why: tuple[Why, ...]
    #: whose copies alone this is about; empty: everybody's
    segment: str = ""


def aggregates_only(answer: Comparison) -> Comparison:
    """A comparison without its parts of the audience, each of which may be of a few people."""
    return replace(answer, why=tuple(replace(each, groups=()) for each in answer.why))


def to_json(answer: Comparison) -> bytes:
    """The answer as JSON, the same to the byte for everybody: one line."""
    return msgspec.json.encode(answer) + b"\n"


def compare(
    stores: Stores, campaigns: Sequence[Campaign], *, now: Micros, age: int | None = None, segment: str = ""
) -> Comparison:
    """Campaigns side by side; each is compared with the first.

    Args:
        stores: where to look.
        campaigns: two or more, each once.
        now: microseconds since 1970.
        age: seconds; None: the latest checkpoint that all have reached.
        segment: that the stores were narrowed to, to be told.

    Raises:
        BadInput: there are fewer than two, too many, or one twice; or the age cannot be.
    """
    if not 2 <= len({each.id for each in campaigns}) == len(campaigns) <= MOST:
        raise BadInput(f"name 2 to {MOST} different campaigns to compare")
    if age is not None and not 60 <= age <= _OLDEST:
        raise BadInput("the age of a comparison has to be between a minute and a year")
    groups = [groups_of(stores, each.id) for each in campaigns]
    ages = _ages(groups, now / SECOND)
    asked = _Asked(stores, now, age or ages[-1])
    counted = [_counted(asked, each, of) for each, of in zip(campaigns, groups, strict=True)]
    sides = tuple(_side(each, of, counted[0]) for each, of in zip(campaigns, counted, strict=True))
    why = [_why(asked, campaigns, kind) for kind in BASES] if len(campaigns) == _TWO else []
    told = tuple(each for each in why if each is not None)
    return Comparison(age=asked.age, ages=ages, sides=sides, why=told, segment=segment)


def oldest_first(campaigns: Sequence[Campaign], known: Overview) -> list[Campaign]:
    """Campaigns in the order in which they were sent, so that a difference is later less earlier; unsent ones last."""
    sent = {line.id: line.sent_from for line in known.campaigns}
    never = datetime.max.replace(tzinfo=UTC)
    return sorted(campaigns, key=lambda each: (sent.get(str(each.id)) or never, each.id))


def one_before(stores: Stores, campaign: Campaign) -> Campaign | None:
    """The campaign of the same stream that was sent last before this one began; None: there is none."""
    rows = stores.events.ask("campaigns_counts")
    began = {row["campaign"]: (row["sent_from"], row["campaign"]) for row in rows if row["sent_from"] is not None}
    if campaign.id not in began:
        return None
    stream = (each for each in stores.state.campaigns() if each.stream == campaign.stream and each.id in began)
    earlier = [each for each in stream if began[each.id] < began[campaign.id]]
    return max(earlier, key=lambda each: began[each.id], default=None)


class _Asked(NamedTuple):
    stores: Stores
    now: Micros
    #: seconds
    age: int


def _ages(groups: Iterable[Mapping[str, Sequence[Group]]], now: float) -> tuple[int, ...]:
    """Checkpoints that the oldest copy of every campaign has reached; if none, the age of the youngest campaign."""
    oldest = [now - min(each.sent_at for each in some) for of in groups for some in of.values() if some]
    reached = min(oldest, default=float(HOUR))
    return tuple(each for each in CHECKPOINTS if each <= reached) or (max(60, int(reached)),)


@dataclass(frozen=True, slots=True)
class _Count:
    """A figure before it is a rate."""

    metric: str
    label: str
    base_name: str
    done: Expected
    base: int


@dataclass(frozen=True, slots=True)
class _Counted:
    sent_from: datetime | None
    figures: tuple[_Count, ...]


def _counted(asked: _Asked, campaign: Campaign, groups: Mapping[str, Sequence[Group]]) -> _Counted:
    rows = asked.stores.events.ask("campaign_counts", campaign=campaign.id)
    counts = read(rows[0]) if rows else Tally()
    aged = [
        _Count(kind, f"{kind.capitalize()} by people", name, *sums(groups[kind], asked.age, asked.now / SECOND))
        for kind, name in BASES.items()
    ]
    plain = [
        _Count(each.metric, each.label, each.base_name, Expected(mean=each.count), each.base)
        for each in rates(counts)
        if each.metric in PLAIN
    ]
    return _Counted(moment(rows[0]["sent_from"]) if rows else None, (*aged, *plain))


def _side(campaign: Campaign, counted: _Counted, first: _Counted) -> Side:
    is_first = counted is first
    return Side(
        id=str(campaign.id),
        name=campaign.name,
        sent_from=counted.sent_from,
        figures=tuple(
            _compared(each, None if is_first else before)
            for before, each in zip(first.figures, counted.figures, strict=True)
        ),
    )


def _compared(count: _Count, first: _Count | None) -> Compared:
    rate, low, high, cannot_say = None, None, None, None
    try:
        interval = rate_interval(count.done, count.base)
        rate, low, high = count.done.mean / count.base, interval.low, interval.high
    except NotEnoughData:
        cannot_say = say("cannot say: nothing was %(what)s, or no copy is that old", what=say(count.base_name))
    except ValueError:
        cannot_say = say(
            "cannot say: %(count)s of %(base)s is more than all", count=f"{count.done.mean:g}", base=f"{count.base:,}"
        )
    return Compared(
        metric=count.metric,
        label=count.label,
        count=count.done.mean,
        base=count.base,
        base_name=count.base_name,
        rate=rate,
        low=low,
        high=high,
        step=None if first is None else _step(first, count),
        cannot_say=cannot_say,
    )


def _step(first: _Count, count: _Count) -> Step:
    try:
        found = difference(first.done, first.base, count.done, count.base)
    except (NotEnoughData, ValueError):
        return Step(value=None, low=None, high=None, ratio=None, p_value=None, standing=None)
    return Step(
        value=found.value,
        low=found.interval.low,
        high=found.interval.high,
        ratio=found.ratio,
        p_value=found.p_value,
        standing=found.standing,
    )


@dataclass(frozen=True, slots=True)
class _Audience:
    """To whom and when a campaign went, and what came of it."""

    #: (place, part of the week) to what people did and copies
    parts: dict[Path, tuple[Expected, int]]
    raw: int
    copies: int

    def by_levels(self, levels: int) -> dict[Path, tuple[Expected, int]]:
        """The parts by so many of their levels; by none: all in one."""
        found: dict[Path, tuple[Expected, int]] = {}
        for path, (done, copies) in self.parts.items():
            outer = path[:levels] or (OTHERS,)
            before, number = found.get(outer, (Expected(), 0))
            found[outer] = (before + done, number + copies)
        return found


def _why(asked: _Asked, campaigns: Sequence[Campaign], kind: str) -> Why | None:
    """None: one of them has no copy that old."""
    rows = [_mix(asked, each, kind) for each in campaigns]
    places = _places(asked.stores, [row for some in rows for row in some])
    known = Counter[str]()
    for row in (row for some in rows for row in some):
        if (place := places.get(row["domain"] or "")) is not None:
            known[place] += row["copies"]
    told = {name for name, copies in known.most_common(_MOST_PLACES) if copies >= LEAST_COPIES}
    first, second = (_audience(some, places, told) for some in rows)
    if not first.copies or not second.copies:
        return None
    apart = _told_apart(first, second)
    found = decompose(first.by_levels(apart), second.by_levels(apart))
    raw = second.raw / second.copies - first.raw / first.copies
    groups = _groups(found) if apart else ()
    return Why(kind=kind, raw=raw, people=found.value, causes=_causes(found, raw, apart), groups=groups)


def _told_apart(first: _Audience, second: _Audience) -> int:
    """How many levels can be told apart from what people did: cells of those have to be common to both campaigns."""
    levels = (1, 2)
    return sum(min(_in_common(first, second, n), _in_common(second, first, n)) >= _LEAST_IN_COMMON for n in levels)


def _in_common(one: _Audience, other: _Audience, levels: int) -> float:
    """Share of the one's copies whose cell the other has as well, 0-1."""
    there = {path: copies / other.copies for path, (_, copies) in other.by_levels(levels).items()}
    cells = one.by_levels(levels).items()
    return sum(min(copies / one.copies, _SPEAKS_FOR * there.get(path, 0.0)) for path, (_, copies) in cells)


def _places(stores: Stores, rows: Sequence[Row]) -> dict[str, str]:
    """Domain, or what stands for it, to who takes its mail; one whose recipients are all forgotten is not in it."""
    domains = domain_names(stores, rows)
    places = stores.state.places(set(domains.values()))
    return {domain: places.get(name, name) for domain, name in domains.items()}


def _mix(asked: _Asked, campaign: Campaign, kind: str) -> list[dict[str, Any]]:
    age = asked.age * SECOND
    until = _until(asked, campaign, age)
    offset = datetime.fromtimestamp(until / SECOND, asked.stores.zone).utcoffset() or timedelta()
    return asked.stores.events.ask(
        "mix",
        campaign=campaign.id,
        kind=kind,
        until=until,
        age=age,
        ahead=int(offset.total_seconds()),
    )


def _until(asked: _Asked, campaign: Campaign, age: int) -> int:
    """When copies were sent that are old enough; once all of them are, it is the last one's time and slides no more."""
    rows, until = asked.stores.events.ask("campaign_counts", campaign=campaign.id), asked.now - age
    last = rows[0]["sent_to"] if rows else None
    return Sliding(until, "now") if last is None or last > until else int(last)


def _audience(rows: Iterable[Row], places: Mapping[str, str], told: Collection[str]) -> _Audience:
    parts: dict[Path, tuple[Expected, int]] = {}
    raw = copies = 0
    for row in rows:
        place = places.get(row["domain"] or "", OTHERS)
        path = (place if place in told else OTHERS, part_of_week(row["part"]))
        before, number = parts.get(path, (Expected(), 0))
        done = Expected(mean=row["expected"] / 1e4, variance=row["doubt"] / 1e8)
        parts[path] = (before + done, number + row["copies"])
        raw, copies = raw + row["raw"], copies + row["copies"]
    return _Audience(parts, raw, copies)


def part_of_week(number: int) -> str:
    """A quarter of a day of the week in words: "Monday morning"."""
    return f"{_DAYS[number // 4 % 7]} {_PARTS[number % 4]}"


def _causes(found: Decomposition, raw: float, apart: int) -> tuple[Cause, ...]:
    reach = critical(0.95) * sqrt(found.variance)
    return (
        *(Cause(what=what, value=mix) for what, mix in zip(_LEVELS[:apart], found.mixes, strict=False)),
        Cause(what=_LEFT[apart], value=found.within, low=found.within - reach, high=found.within + reach),
        Cause(what="machines", value=raw - found.value),
    )


def _groups(found: Decomposition) -> tuple[Portion, ...]:
    """Each place with all that lies inside it."""
    sums_of: dict[str, list[float]] = {}
    for effect in found.effects:
        adds = sums_of.setdefault(effect.path[0], [0.0, 0.0])
        adds[0] += effect.mix
        adds[1] += effect.within
    groups = [Portion(name=name, by_mix=mix, by_rate=rate) for name, (mix, rate) in sums_of.items()]
    return tuple(sorted(groups, key=lambda each: (-abs(each.by_mix + each.by_rate), each.name)))
