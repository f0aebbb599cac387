"""At which hour of the day each recipient is most likely to react, by their own clock.

Nobody reacts often enough to tell an hour by that alone: a profile of 24 hours is shrunk to what is usual among some
readers, the more the less readers differ, and every hour is weighed by the mail that could be reacted to then: theirs
in their profile, those readers' in what is usual. Who got mail at too few hours of the day has no hour.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from mailwake.comparing.timing import HOURS, TOO_FEW_HOURS, is_spread, still_fresh, zones
from mailwake.errors import NotEnoughData
from mailwake.events import SECOND, Handle, Micros
from mailwake.insight.stores import Stores
from mailwake.language import say, several
from mailwake.stats.clockwise import best, fit_weight, profile
from mailwake.store.answers.opening import worked_out
from mailwake.store.answers.sliding import Sliding

#: How far back reactions and mail go.
DAYS = 365
#: With fewer reactions no hour is named. Judgement.
LEAST_REACTIONS = 5
#: Recipients whose differences tell how much to shrink; those looked at for what is usual, and rows read of them. They
#: are the first by handle, and handles are drawn at random.
_SAMPLE, _USUAL, _ROWS = 300, 1_000, 20_000
#: Where too few recipients tell how they differ: an even day weighs as many reactions. As on the page of timing.
_WEIGHT = 24.0
_ALL = 2**62


@dataclass(frozen=True, kw_only=True, slots=True)
class PersonHour:
    """The hour at which one recipient is most likely to react."""

    #: 0-23, by their own clock; None: cannot say
    hour: int | None
    #: whose clock it is, such as Europe/Berlin; None: not known
    clock: str | None
    #: that it is the best of all, 0-1
    sureness: float | None
    #: of theirs, each copy once
    reactions: int
    cannot_say: str | None = None


@dataclass(slots=True)
class _Reader:
    """What is known of one recipient."""

    #: start of the quarter of an hour to copies
    arrived: Counter[int] = field(default_factory=Counter)
    reacted: Counter[int] = field(default_factory=Counter)
    countries: Counter[str] = field(default_factory=Counter)

    @property
    def zone(self) -> ZoneInfo | None:
        """Of the country most of their reactions came from, where it has one clock."""
        known = [(n, country) for country, n in self.countries.items() if country in zones()]
        return zones()[max(known)[1]] if known else None

    def by_hour(self, zone: ZoneInfo) -> list[int]:
        """Their reactions by hour of the day."""
        return _by_hour(self.reacted, zone)

    def exposed(self, zone: ZoneInfo) -> list[float]:
        """Their mail that could be reacted to in each hour of the day."""
        return still_fresh(_by_hour(self.arrived, zone))


def best_hours(stores: Stores, handles: Iterable[Handle], *, now: Micros) -> dict[Handle, PersonHour]:
    """The best hour of each recipient, or why none is named.

    Args:
        stores: where to look.
        handles: whose.
        now: microseconds since 1970.
    """
    wanted = list(dict.fromkeys(handles))
    since = Sliding(max(0, now - DAYS * 86_400 * SECOND), "year")
    known = _readers(stores, wanted, since, _ALL)
    if not any(sum(each.reacted.values()) >= LEAST_REACTIONS for each in known.values()):
        return {handle: _hour(known.get(handle, _Reader()), (), 0.0) for handle in wanted}
    (told,) = worked_out(stores.events, "usual_hours", lambda: _told_usual(stores, since))
    usual = [told[f"hour_{hour}"] for hour in range(HOURS)]
    return {handle: _hour(known.get(handle, _Reader()), usual, told["weight"]) for handle in wanted}


def _told_usual(stores: Stores, since: int) -> list[dict[str, float]]:
    """What `_usual` says of some readers, as one row: everything is gone through for it."""
    some = [row["recipient"] for row in stores.events.ask("readers", since=since, limit=_USUAL)]
    usual, weight = _usual(_readers(stores, some, since, _ROWS).values())
    return [{**{f"hour_{hour}": share for hour, share in enumerate(usual)}, "weight": weight}]


def _readers(stores: Stores, handles: Sequence[int], since: int, limit: int) -> dict[Handle, _Reader]:
    found: dict[Handle, _Reader] = defaultdict(_Reader)
    listed = ",".join(map(str, handles))
    for row in stores.events.ask("recipient_hours", recipients=listed, since=since, limit=limit) if handles else ():
        reader = found[Handle(row["recipient"])]
        if row["kind"] == "arrived":
            reader.arrived[row["hour"]] += row["copies"]
            continue
        reader.reacted[row["hour"]] += row["copies"]
        if row["country"]:
            reader.countries[row["country"]] += row["copies"]
    return found


def _usual(readers: Iterable[_Reader]) -> tuple[Sequence[float], float]:
    """What is usual for each mail that could be reacted to, never nothing in any hour, and how much it weighs."""
    known = [(each, zone) for each in readers if (zone := each.zone) is not None and each.reacted and each.arrived]
    units = [each.by_hour(zone) for each, zone in known]
    counts = [sum(unit[hour] for unit in units) for hour in range(HOURS)]
    usual = _for_each_mail(counts, [(sum(unit), *of) for unit, of in zip(units, known, strict=True)])
    try:
        fitted = fit_weight([unit for unit in units if sum(unit) > 1][:_SAMPLE], [1.0 + count for count in counts])
    except NotEnoughData:
        return usual, _WEIGHT
    # What is usual is known by the reactions of each hour: it weighs no more than those of the one least known.
    return usual, min(fitted, *((1.0 + count) * sum(usual) / share for count, share in zip(counts, usual, strict=True)))


def _for_each_mail(counts: Sequence[int], readers: Iterable[tuple[int, _Reader, ZoneInfo]]) -> list[float]:
    """How much happens in each hour for what could; who reacts often has as much of a say there as in the counts."""
    exposed = [0.0] * HOURS
    for reactions, reader, zone in readers:
        theirs = reader.exposed(zone)
        exposed = [have + reactions * more / sum(theirs) for have, more in zip(exposed, theirs, strict=True)]
    if not any(exposed):
        return [1.0] * HOURS
    return [shape / rate for shape, rate in profile(counts, [1.0] * HOURS, _WEIGHT, exposure=exposed)]


def _hour(reader: _Reader, usual: Sequence[float], weight: float) -> PersonHour:
    zone, reactions = reader.zone, sum(reader.reacted.values())
    clock = None if zone is None else zone.key
    if reactions < LEAST_REACTIONS:
        why = several(
            "cannot say: %(reactions)s reaction is too few; it takes %(least)s",
            "cannot say: %(reactions)s reactions are too few; it takes %(least)s",
            reactions,
            reactions=reactions,
            least=LEAST_REACTIONS,
        )
        return _cannot(clock, reactions, why)
    if zone is None:
        return _cannot(clock, reactions, say("cannot say: their clock is not known"))
    if not reader.arrived:
        return _cannot(clock, reactions, say("cannot say: when their mail arrived is not known"))
    if not is_spread(reader.arrived):
        return _cannot(clock, reactions, say(TOO_FEW_HOURS))
    try:
        hour, sureness = best(profile(reader.by_hour(zone), usual, weight, exposure=reader.exposed(zone)))
    except NotEnoughData as why:
        return _cannot(clock, reactions, say("cannot say: %(why)s", why=why))
    return PersonHour(hour=hour, clock=clock, sureness=sureness, reactions=reactions)


def _by_hour(found: Mapping[int, int], zone: ZoneInfo) -> list[int]:
    hours = [0] * HOURS
    for start, copies in found.items():
        hours[datetime.fromtimestamp(start, zone).hour] += copies
    return hours


def _cannot(clock: str | None, reactions: int, why: str) -> PersonHour:
    return PersonHour(hour=None, clock=clock, sureness=None, reactions=reactions, cannot_say=why)
