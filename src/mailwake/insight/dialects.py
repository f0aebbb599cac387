"""A campaign's figures as other tools define them, beside our own.

Two tools that count the same mail differ mostly by their bases, and by whom they leave out. `dialects.toml` has each
definition with its source; nothing here is a figure of ours.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from operator import attrgetter

import msgspec

from mailwake.errors import BadInput, NotEnoughData
from mailwake.insight.metrics import Rate
from mailwake.insight.report import campaign_report
from mailwake.insight.stores import Stores
from mailwake.insight.tally import Tally
from mailwake.language import say
from mailwake.stats.rates import wilson_interval
from mailwake.store.state import Campaign


@dataclass(frozen=True, kw_only=True, slots=True)
class OtherCounts:
    """What other tools count and we do not need."""

    #: copies that a server took, also those that came back later
    taken: int = 0
    #: events, not copies; of what an ESP and we both saw, the side that saw more
    opened_events: int = 0
    #: the same of clicks
    clicked_events: int = 0
    #: copies opened or clicked, by anybody or anything
    confirmed: int = 0
    #: copies opened other than by Apple's privacy proxy
    opened_direct: int = 0
    #: copies clicked, or opened other than by that proxy
    confirmed_direct: int = 0
    #: copies clicked, or unsubscribed by the link in the mail
    clicked_or_left: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Definition:
    """A figure of another tool."""

    id: str
    label: str
    #: path of what stands above the line
    count: str
    #: path of what stands below it
    base: str
    says: str
    #: the rate of our registry that stands nearest
    ours: str
    #: False: a quotient that may be above 1, without an interval
    is_share: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Dialect:
    """Another tool's words."""

    title: str
    source: str
    note: str
    metrics: tuple[Definition, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Translated:
    """One figure in another tool's definition."""

    id: str
    label: str
    says: str
    count: int
    base: int
    #: count over base; a share 0-1, or a quotient; None: cannot say
    value: float | None
    #: Wilson's interval of a share, 95 %; None: it has none
    low: float | None
    high: float | None
    cannot_say: str | None
    #: id of our own rate that stands nearest
    ours: str
    #: its value, 0-1
    our_value: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Translation:
    """A campaign in another tool's words."""

    #: its name among `dialects`
    dialect: str
    title: str
    source: str
    note: str
    figures: tuple[Translated, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Definitions:
    """What the figures of a campaign mean, ours and those of other tools."""

    id: str
    name: str
    #: ours, with bases and intervals
    rates: tuple[Rate, ...]
    #: in the order of display
    translations: tuple[Translation, ...]


@cache
def dialects() -> dict[str, Dialect]:
    """Every dialect by name, in the order of display."""
    text = files("mailwake.insight").joinpath("dialects.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, Dialect])


def dialect(name: str) -> Dialect:
    """One of them.

    Raises:
        BadInput: there is none of this name.
    """
    if name not in dialects():
        near = difflib.get_close_matches(name.lower(), dialects(), n=1, cutoff=0.0)
        raise BadInput(f"there is no dialect {name[:40]!r}; the nearest is {near[0]!r}")
    return dialects()[name]


def definitions(stores: Stores, campaign: Campaign, only: str = "") -> Definitions:
    """One campaign in our definitions and in those of other tools.

    Args:
        stores: where to look.
        campaign: which.
        only: one dialect; empty: all of them.

    Raises:
        BadInput: there is no such dialect.
    """
    wanted = [only] if only else list(dialects())
    dialect(wanted[0])
    report = campaign_report(stores, campaign)
    other = other_counts(stores, campaign)
    ours = {each.metric: each.rate for each in report.rates}
    return Definitions(
        id=report.id,
        name=report.name,
        rates=report.rates,
        translations=tuple(translate(name, report.tally, other, ours) for name in wanted),
    )


def to_json(answer: Definitions) -> bytes:
    """The answer as JSON, the same to the byte for everybody: one line."""
    return msgspec.json.encode(answer) + b"\n"


def other_counts(stores: Stores, campaign: Campaign) -> OtherCounts:
    """What other tools would have counted of this campaign."""
    (row,) = stores.events.ask("dialect_counts", campaign=campaign.id)
    return OtherCounts(**{name: int(number) for name, number in row.items()})


def translate(name: str, tally: Tally, other: OtherCounts, ours: Mapping[str, float | None]) -> Translation:
    """A campaign's figures as another tool would show them.

    Args:
        name: of the dialect.
        tally: what we counted.
        other: what only others need.
        ours: our own rates by id, for comparison.

    Raises:
        BadInput: there is no such dialect.
    """
    told, counted = dialect(name), Counted(tally, other)
    return Translation(
        dialect=name,
        title=told.title,
        source=told.source,
        note=told.note,
        figures=tuple(_figure(each, counted, ours.get(each.ours)) for each in told.metrics),
    )


@dataclass(frozen=True, slots=True)
class Counted:
    """Where the paths of definitions start."""

    tally: Tally
    other: OtherCounts


def _figure(definition: Definition, counted: Counted, ours: float | None) -> Translated:
    count, base = attrgetter(definition.count, definition.base)(counted)
    value, low, high, cannot_say = None, None, None, None
    try:
        interval = wilson_interval(count, base) if definition.is_share else None
        value = count / base
    except (NotEnoughData, ZeroDivisionError):
        cannot_say = say("cannot say: nothing to divide by")
    except ValueError:
        cannot_say = say("cannot say: %(count)s of %(base)s is more than all", count=f"{count:,}", base=f"{base:,}")
    else:
        low, high = (interval.low, interval.high) if interval else (None, None)
    return Translated(
        id=definition.id,
        label=definition.label,
        says=definition.says,
        count=count,
        base=base,
        value=value,
        low=low,
        high=high,
        cannot_say=cannot_say,
        ours=definition.ours,
        our_value=ours,
    )
