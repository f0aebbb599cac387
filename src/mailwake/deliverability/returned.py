"""Where mail comes back, why, and what to do: by campaign, by mail exchanger ("place") and by recipient domain.

A line counts copies that were refused for good among copies that were sent there. Of some of them no cause was written
down; they count too, as a cause of their own, so that all causes add up to the copies that the overview calls bounced.
A domain that few people share has a stand-in in the event store; its name comes from the state store, and the smallest
stand together.
"""

from __future__ import annotations

import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files

import msgspec

from mailwake.deliverability.refused import UNTOLD, Cell, Why, refused
from mailwake.errors import NotEnoughData
from mailwake.events import SECOND, CampaignId, Micros
from mailwake.insight.domain_names import domain_names
from mailwake.insight.stores import Stores, moment
from mailwake.language import say
from mailwake.stats.rates import wilson_interval
from mailwake.store.answers.sliding import Sliding
from mailwake.store.state import Campaign, Incident, IncidentKind

#: How far back all campaigns together go; one campaign is told whole.
DAYS = 90
DAY = 86_400 * SECOND
#: A domain with fewer copies than this points at people.
LEAST_COPIES = 5
#: Lines of a table; the others are added up in one more.
MOST_LINES = 100
#: Different words that are quoted of a cause.
_WORDS = 3
#: Whom the recipient's server blames: an address, a moment, us, the message; in the order shown.
CLASSES = ("hard", "hard_probable", "soft", "throttle", "block", "content", "complaint", "none", UNTOLD)
#: (campaign, domain) to the name of the line that they are part of; None: of none that is told apart
_Key = Callable[[int | None, str | None], str | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """How many copies were refused, of those that were sent there."""

    #: hard, hard_probable, soft, throttle, block, content, complaint, none or untold; all: of any class
    klass: str
    count: int
    #: copies sent; 0: not known
    base: int
    #: 0-1; None: cannot say
    rate: float | None
    #: lower end of the 95 % interval, 0-1 (Wilson's)
    low: float | None
    #: upper end, 0-1
    high: float | None
    #: why there is no rate; None when there is one
    cannot_say: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """What a server said, local parts masked; may be any text, also a hostile one."""

    text: str
    count: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Cause:
    """One cause of refusals."""

    #: a word of bounces/rules.toml; no_cause: none was written down
    category: str
    klass: str
    #: copies
    count: int
    first_at: datetime
    last_at: datetime
    #: most frequent first
    quoted: tuple[Words, ...]
    #: what to do, one sentence
    advice: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One campaign, place or domain, or all that are not told apart."""

    #: None: all others
    name: str | None
    #: how many stand together: 1, but for the others
    members: int
    refused: Refused
    #: those that occur, in the order of `CLASSES`
    classes: tuple[Refused, ...]
    first_at: datetime
    #: most copies first; last those of which none was written down
    causes: tuple[Cause, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """A storm or an alarm that these refusals are part of."""

    #: as the page of suppressions has it
    id: str
    #: storm or alarm
    kind: str
    #: of the storm, or cause of the alarm
    about: str
    opened_at: datetime
    count: int
    is_open: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Returned:
    """What came back, of one campaign or of all."""

    #: None: all
    campaign: str | None
    name: str | None
    #: copies sent before are not part of this, UTC; None: there is no such time
    since: datetime | None
    total: Line | None
    incidents: tuple[Event, ...]
    #: most refused copies first, here and below; empty for one campaign
    campaigns: tuple[Line, ...]
    places: tuple[Line, ...]
    domains: tuple[Line, ...]


@cache
def advice() -> dict[str, str]:
    """What to do about each cause."""
    return tomllib.loads(files("mailwake.deliverability").joinpath("bounce_advice.toml").read_text(encoding="utf-8"))


def returned(stores: Stores, *, now: Micros, campaign: Campaign | None = None) -> Returned:
    """What came back and why.

    Args:
        stores: where to look.
        now: microseconds since 1970.
        campaign: the only one; None: all of them, in the last `DAYS` days.
    """
    lately = Micros(Sliding(max(0, now - now % DAY - DAYS * DAY), f"{DAYS} days"))
    since = lately if campaign is None else Micros(0)
    cells = refused(stores, campaign, since)
    sent = _sent(stores, campaign, since)
    places = stores.state.places(
        {*(cell.domain for cell in cells if cell.domain), *(domain for _, domain in sent if domain)}
    )
    names = {each.id: each.name for each in stores.state.campaigns()}

    def by(key: _Key) -> tuple[Line, ...]:
        bases: Counter[str] = Counter()
        for (number, domain), copies in sent.items():
            if (name := key(number, domain)) is not None:
                bases[name] += copies
        return _lines(cells, key, bases)

    def named(number: int | None) -> str:
        return "not known" if number is None else names.get(CampaignId(number), f"campaign {number}")

    def placed(domain: str | None) -> str | None:
        return None if domain is None else places.get(domain, domain)

    return Returned(
        campaign=None if campaign is None else str(campaign.id),
        name=None if campaign is None else campaign.name,
        since=moment(since) if since else None,
        total=_line("all", cells, sum(sent.values())) if cells else None,
        incidents=_incidents(stores, cells),
        campaigns=() if campaign is not None else by(lambda number, _: named(number)),
        places=by(lambda _, domain: placed(domain)),
        domains=by(lambda _, domain: domain),
    )


def to_json(answer: Returned) -> bytes:
    """The answer as JSON, the same to the byte for everybody: one line."""
    return msgspec.json.encode(answer) + b"\n"


def _sent(stores: Stores, campaign: Campaign | None, since: Micros) -> Counter[tuple[int | None, str | None]]:
    """(campaign, domain by its name) to copies; a stand-in that nobody can name any more is None."""
    rows = stores.events.ask("sent_by_domain", campaign=0 if campaign is None else campaign.id, since=since)
    names = domain_names(stores, rows)
    sent: Counter[tuple[int | None, str | None]] = Counter()
    for row in rows:
        sent[row["campaign"], names.get(row["domain"] or "")] += row["copies"]
    return sent


def _lines(cells: Sequence[Cell], key: _Key, bases: Mapping[str, int]) -> tuple[Line, ...]:
    """One line per name with enough copies, most refused first, and one for all others."""
    groups: dict[str | None, list[Cell]] = defaultdict(list)
    for cell in cells:
        groups[key(cell.campaign, cell.domain)].append(cell)
    copies = {name: sum(cell.copies for cell in of) for name, of in groups.items()}
    told = [name for name in groups if name is not None and max(bases.get(name, 0), copies[name]) >= LEAST_COPIES]
    told.sort(key=lambda name: (-copies[name], name))
    told = told[:MOST_LINES]
    lines = [_line(name, groups[name], bases.get(name, 0)) for name in told]
    rest = groups.keys() - told
    if rest:
        base = sum(bases.get(name, 0) for name in rest if name is not None)
        lines.append(_line(None, [cell for name in rest for cell in groups[name]], base, members=len(rest)))
    return tuple(lines)


def _line(name: str | None, cells: Sequence[Cell], base: int, *, members: int = 1) -> Line:
    by_cause: dict[str, list[Why]] = defaultdict(list)
    by_class = Counter[str]()
    for cell in cells:
        by_class.update(cell.by_class())
        for category, why in cell.causes.items():
            by_cause[category].append(why)
    causes = [_cause(category, of) for category, of in by_cause.items()]
    return Line(
        name=name,
        members=members,
        refused=share_refused("all", sum(cell.copies for cell in cells), base),
        classes=tuple(share_refused(each, by_class[each], base) for each in CLASSES if by_class[each]),
        first_at=_time(min(cell.first_at for cell in cells)),
        causes=tuple(sorted(causes, key=lambda cause: (cause.klass == UNTOLD, -cause.count, cause.category))),
    )


def _cause(category: str, whys: Sequence[Why]) -> Cause:
    words = Counter[str]()
    for why in whys:
        words.update(why.words)
    first = min(whys, key=lambda why: why.first_at)
    return Cause(
        category=category,
        klass=first.klass,
        count=sum(why.copies for why in whys),
        first_at=_time(first.first_at),
        last_at=_time(max(why.last_at for why in whys)),
        quoted=tuple(
            Words(text=text, count=n)
            for text, n in sorted(words.items(), key=lambda each: (-each[1], each[0]))[:_WORDS]
        ),
        advice=advice().get(category, ""),
    )


def share_refused(klass: str, count: int, base: int) -> Refused:
    """So many copies of a class among so many sent, with the interval, or why there is no rate."""
    try:
        interval = wilson_interval(count, base)
    except (NotEnoughData, ValueError):
        said = (
            say("cannot say: only %(base)s are known to have been sent there", base=f"{base:,}")
            if base
            else say("cannot say: nobody knows how many were sent there")
        )
        return Refused(klass=klass, count=count, base=base, rate=None, low=None, high=None, cannot_say=said)
    return Refused(klass=klass, count=count, base=base, rate=count / base, low=interval.low, high=interval.high)


def _incidents(stores: Stores, cells: Sequence[Cell]) -> tuple[Event, ...]:
    """The storms that some of these are part of, and the alarms of their causes that go on since the first of them."""
    if not cells:
        return ()
    storms = {storm for cell in cells for storm in cell.storms}
    causes = {cause for cell in cells for cause in cell.causes}
    first = Micros(min(cell.first_at for cell in cells))
    return tuple(
        _event(each)
        for each in stores.state.incidents(since=first)
        if each.id in storms or (each.kind is IncidentKind.ALARM and each.category in causes)
    )


def _event(each: Incident) -> Event:
    return Event(
        id=str(each.id),
        kind=each.kind,
        about=each.place or each.category or "",
        opened_at=_time(each.opened_at),
        count=each.count,
        is_open=each.closed_at is None,
    )


def _time(at: int) -> datetime:
    told = moment(at)
    assert told is not None  # noqa: S101 - there is one for every number
    return told
