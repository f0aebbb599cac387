"""At which hours of the week people open and click, by their own clocks.

A reader's clock is that of the country the request came from, where that country has one time zone; the others are
told apart. When people react depends on when mail was sent, so an hour is named the best only by reactions for each
mail that could have been opened then, and only where mail went out at different hours at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

import msgspec

from mailwake.errors import BadInput, NotEnoughData
from mailwake.events import SECOND, Micros
from mailwake.insight.report import Row
from mailwake.insight.stores import Stores
from mailwake.language import noted, say
from mailwake.stats.clockwise import best, profile
from mailwake.store.answers.sliding import Sliding
from mailwake.store.state import Campaign

#: How far back all campaigns together go.
DAYS = 90
HOURS, WEEK = 24, 168
#: days of the week as URLs and commands write them, Monday first
DAY_WORDS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOUR_WORDS = frozenset(map(str, range(HOURS)))
_DAY = 86_400 * SECOND
#: Seconds. Clocks of all countries are ahead of UTC by a whole number of quarters of an hour.
QUARTER, _HOUR = 900, 3_600
#: Fewer reactions than this are no pattern. Judgement.
LEAST_REACTIONS = 100
#: So many different hours of the day have to have had at least this share of the mail. Judgement.
_LEAST_HOURS, _SHARE = 3, 0.03
TOO_FEW_HOURS = noted(
    "cannot say: mail was sent at too few hours of the day to tell the hour of reading from that of sending"
)
#: A mail's chance to be opened in the hours after it came; older mail counts no more. Judgement.
_FRESH_HOURS = 24
#: Half of what a mail will get is there after so long. Judgement; `pace` tells it of each campaign.
_HALF_LIFE_HOURS = 6.0
#: Clocks that an exposure is worked out for, the most frequent.
_MOST_CLOCKS = 10
#: What an even day weighs against what was counted, in reactions.
_WEIGHT = 24.0


@dataclass(frozen=True, kw_only=True, slots=True)
class BestHour:
    """The hour in which a mail is most likely to be reacted to."""

    #: 0-23, by the reader's clock; None: cannot say
    hour: int | None
    #: that it is the best of all, 0-1
    sureness: float | None
    #: times the average hour's
    times_usual: float | None
    cannot_say: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Week:
    """One kind of reaction by hour of the week."""

    #: opened or clicked
    kind: str
    #: copies by day (Monday first) and hour, by the reader's own clock
    cells: tuple[tuple[int, ...], ...]
    #: copies in `cells`
    total: int
    #: copies whose reader's clock is not known; by the viewer's clock, and not in `cells`
    elsewhere: int
    best: BestHour


@dataclass(frozen=True, kw_only=True, slots=True)
class Timing:
    """When people react."""

    #: None: all campaigns
    campaign: str | None
    name: str | None
    #: days that this goes back; None: as far as the campaign does
    days: int | None
    #: mail that arrived, by day and hour of the viewer's clock
    arrived: tuple[tuple[int, ...], ...]
    timezone: str
    opened: Week
    clicked: Week


def to_json(answer: Timing) -> bytes:
    """The answer as JSON, the same to the byte for everybody: one line."""
    return msgspec.json.encode(answer) + b"\n"


@cache
def zones() -> dict[str, ZoneInfo]:
    """Country to its time zone, where it has one."""
    text = files("mailwake.comparing").joinpath("zones.tsv").read_text(encoding="utf-8")
    pairs = (line.split("\t") for line in text.splitlines() if not line.startswith("#"))
    return {country: ZoneInfo(name.strip()) for country, name in pairs}


def timing(stores: Stores, *, now: Micros, campaign: Campaign | None = None) -> Timing:
    """When people react to mail.

    Args:
        stores: where to look.
        now: microseconds since 1970.
        campaign: the only one; None: all of them, in the last `DAYS` days.
    """
    lately = Sliding(max(0, now - now % _DAY - DAYS * _DAY), f"{DAYS} days")
    number, since = (0, lately) if campaign is None else (campaign.id, 0)
    sent = stores.events.ask("sent_hours", campaign=number, since=since)
    return Timing(
        campaign=None if campaign is None else str(campaign.id),
        name=None if campaign is None else campaign.name,
        days=DAYS if campaign is None else None,
        arrived=_table((row["hour"], row["copies"], stores.zone) for row in sent),
        timezone=stores.zone.key,
        opened=_week(stores, {"campaign": number, "since": since, "kind": "opened"}, sent),
        clicked=_week(stores, {"campaign": number, "since": since, "kind": "clicked"}, sent),
    )


def _week(stores: Stores, asked: dict[str, int | str], sent: Sequence[Row]) -> Week:
    rows = stores.events.ask("hours", **asked, quarters=_uneven())
    known = [(row["hour"], row["copies"], zones()[row["country"]]) for row in rows if row["country"] in zones()]
    cells = _table(known)
    total = sum(copies for _, copies, _ in known)
    return Week(
        kind=str(asked["kind"]),
        cells=cells,
        total=total,
        elsewhere=sum(row["copies"] for row in rows) - total,
        best=_best(cells, total, _exposure(sent, known), sent),
    )


def hour_named(text: str) -> tuple[int, int]:
    """Day of the week (0: Monday) and hour of an hour such as `tue-14`.

    Raises:
        BadInput: it is none.
    """
    day, _, hour = text.partition("-")
    if day not in DAY_WORDS or hour not in _HOUR_WORDS:
        raise BadInput(f"there is no hour {text[:40]!r} in a week; say a day and an hour from 0 to 23, such as tue-14")
    return DAY_WORDS.index(day), int(hour)


def moments_in(stores: Stores, campaign: Campaign, kind: str, text: str) -> list[tuple[str, int]]:
    """What makes up one cell of a campaign's week: countries, and starts of quarters in seconds since 1970.

    Args:
        stores: where to look.
        campaign: whose.
        kind: opened or clicked.
        text: the hour of the week, such as `tue-14`.

    Raises:
        BadInput: there is no such hour.
    """
    wanted = hour_named(text)
    rows = stores.events.ask("hours", campaign=campaign.id, since=0, kind=kind, quarters=_uneven())
    known = [(row["country"], row["hour"]) for row in rows if row["country"] in zones()]
    found = [(country, start) for country, start in known if _local(start, zones()[country]) == wanted]
    return [(country, quarter) for country, start in found for quarter in _quarters(country, start)]


def _quarters(country: str, start: int) -> range:
    """Starts of the quarters in what `hours` told of a country."""
    return range(start, start + (QUARTER if f",{country}," in _uneven() else _HOUR), QUARTER)


@cache
def _uneven() -> str:
    """Countries whose clocks are not ahead of UTC by whole hours, such as India, with commas around each."""
    days = [datetime(2026, month, 1, tzinfo=UTC) for month in (1, 7)]  # the year that the table is of
    offsets = {country: [each.astimezone(zone).utcoffset() for each in days] for country, zone in zones().items()}
    odd = [country for country, told in offsets.items() if any((each or timedelta()).seconds % _HOUR for each in told)]
    return f",{','.join(odd)},"


@lru_cache(maxsize=1 << 17)  # all hours of 90 days by 60 clocks: each visit asks for the same
def _local(start: int, zone: ZoneInfo) -> tuple[int, int]:
    """Day of the week (0: Monday) and hour by a clock."""
    local = datetime.fromtimestamp(start, zone)
    return local.weekday(), local.hour


def _table(hours: Iterable[tuple[int, int, ZoneInfo]]) -> tuple[tuple[int, ...], ...]:
    """(start of an hour or a quarter in seconds since 1970, copies, whose clock) by day of the week and hour."""
    cells = [[0] * HOURS for _ in range(7)]
    for start, copies, zone in hours:
        day, hour = _local(start, zone)
        cells[day][hour] += copies
    return tuple(tuple(day) for day in cells)


def _exposure(sent: Sequence[Row], known: Sequence[tuple[int, int, ZoneInfo]]) -> list[float]:
    """Mail that could still be reacted to in each hour, by readers' clocks as often as they were seen."""
    clocks: Counter[ZoneInfo] = Counter()
    for _, copies, zone in known:
        clocks[zone] += copies
    exposed = [0.0] * HOURS
    for zone, weight in clocks.most_common(_MOST_CLOCKS):
        arrived = [0] * HOURS
        for row in sent:
            arrived[_local(row["hour"], zone)[1]] += row["copies"]
        exposed = [have + weight * more for have, more in zip(exposed, still_fresh(arrived), strict=True)]
    return exposed


def still_fresh(arrived: Sequence[int]) -> list[float]:
    """Mail that could still be reacted to in each hour of the day, by when it arrived, (24,)."""
    exposed = [0.0] * HOURS
    for later in range(_FRESH_HOURS):
        left: float = 0.5 ** (later / _HALF_LIFE_HOURS)
        for hour, copies in enumerate(arrived):
            exposed[(hour + later) % HOURS] += copies * left
    return exposed


def _best(cells: Sequence[Sequence[int]], total: int, exposed: Sequence[float], sent: Sequence[Row]) -> BestHour:
    if total < LEAST_REACTIONS:
        return _cannot(
            say(
                "cannot say: %(total)s reactions with a known clock are too few; it takes %(least)s",
                total=f"{total:,}",
                least=LEAST_REACTIONS,
            )
        )
    arrived: Counter[int] = Counter()
    for row in sent:
        arrived[row["hour"]] += row["copies"]
    if not is_spread(arrived):
        return _cannot(say(TOO_FEW_HOURS))
    counts = [sum(day[hour] for day in cells) for hour in range(HOURS)]
    beliefs = profile(counts, [1.0] * HOURS, _WEIGHT, exposure=exposed)
    try:
        hour, sureness = best(beliefs)
    except NotEnoughData as why:
        return _cannot(say("cannot say: %(why)s", why=why))
    shape, rate = beliefs[hour]
    return BestHour(hour=hour, sureness=sureness, times_usual=shape / rate)


def is_spread(arrived: Mapping[int, int]) -> bool:
    """Whether mail went out at different hours of the day; start of each quarter, seconds since 1970, to copies."""
    by_hour: Counter[int] = Counter()
    for start, copies in arrived.items():
        by_hour[start // 3_600 % HOURS] += copies
    return sum(copies >= _SHARE * by_hour.total() for copies in by_hour.values()) >= _LEAST_HOURS


def _cannot(why: str) -> BestHour:
    return BestHour(hour=None, sureness=None, times_usual=None, cannot_say=why)
