"""Every rate has a name, a base and an interval.

`metrics.toml` is the registry: a rate that is not in it is shown nowhere. The id names the base after two underscores,
because most quarrels about e-mail figures are about the base.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache, lru_cache
from gettext import NullTranslations
from importlib.resources import files
from operator import attrgetter

import msgspec

from mailwake.errors import NotEnoughData
from mailwake.insight.opens import TrueOpens
from mailwake.insight.tally import Tally
from mailwake.language import say, spoken
from mailwake.stats.uncertain import Expected, rate_interval


@dataclass(frozen=True, kw_only=True, slots=True)
class Metric:
    """What a rate means."""

    #: name and base, such as ``bounce_rate__sent``
    id: str
    #: what people read
    label: str
    #: the definition, for someone who sees it for the first time
    sentence: str
    #: path of the numerator in `Tally`: a count, or an expected one with its variance
    count: str
    #: path of the denominator in `Tally`
    base: str
    #: how the base reads after "of 1,912"
    base_name: str
    #: up, down or none: which way is better
    good: str
    #: what is counted, once each
    unit: str = "deliveries"
    #: where `count` and `base` are: tally, true_opens, whole or earnings
    source: str = "tally"
    #: how the interval is made
    interval: str = "Wilson, 95 %"
    #: roles of the links that count; empty: no link does
    roles: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rate:
    """One rate of one campaign, with everything needed to read it."""

    #: id in the registry
    metric: str
    label: str
    #: numerator, to the nearest whole where it is an expected one
    count: int
    base: int
    base_name: str
    #: 0-1; None: cannot say
    rate: float | None
    #: lower end of the interval, 0-1: Wilson's, which doubt about who it was makes wider
    low: float | None
    #: upper end of it, 0-1
    high: float | None
    #: why there is no rate; None when there is one
    cannot_say: str | None = None
    #: numerator where it is a sum of probabilities; None where it was counted
    expected: float | None = None
    #: two-sided coverage of `low` to `high`, 0-1
    confidence: float = 0.95


@cache
def metrics() -> dict[str, Metric]:
    """The registry, in the order of display."""
    text = files("mailwake.insight").joinpath("metrics.toml").read_text(encoding="utf-8")
    return {name: msgspec.convert({"id": name, **entry}, Metric) for name, entry in tomllib.loads(text).items()}


def rate(metric: Metric, tally: Tally) -> Rate:
    """The rate of a tally, or the reason why there is none. "Cannot say" is a value, never a neutral-looking number."""
    return told(metric, attrgetter(metric.count)(tally), attrgetter(metric.base)(tally))


def told(metric: Metric, numerator: int | Expected, base: int) -> Rate:
    """The rate of a count that is not in a tally; else as `rate`."""
    is_expected = isinstance(numerator, Expected)
    counted = numerator if isinstance(numerator, Expected) else Expected(mean=numerator)
    count = round(counted.mean)
    found, low, high, cannot_say = None, None, None, None
    try:
        interval = rate_interval(counted, base)
    except NotEnoughData:
        cannot_say = say("cannot say: nothing was %(what)s", what=say(metric.base_name))
    except ValueError:
        cannot_say = say(
            "cannot say: %(count)s are counted, but only %(base)s are known as %(what)s",
            count=f"{count:,}",
            base=f"{base:,}",
            what=say(metric.base_name),
        )
    else:
        found, low, high = counted.mean / base, interval.low, interval.high
    return Rate(
        metric=metric.id,
        label=metric.label,
        count=count,
        base=base,
        base_name=metric.base_name,
        rate=found,
        low=low,
        high=high,
        cannot_say=cannot_say,
        expected=counted.mean if is_expected else None,
    )


def rates(tally: Tally) -> tuple[Rate, ...]:
    """Every rate of the registry that a tally tells, in its order."""
    return _rates(tally, spoken())


@lru_cache(maxsize=2_000)  # the list of campaigns asks for all of them at each visit
def _rates(tally: Tally, language: NullTranslations) -> tuple[Rate, ...]:
    del language  # what is said of a rate that cannot be told is kept by it
    return tuple(rate(metric, tally) for metric in metrics().values() if metric.source == "tally")


def true_open_rate(found: TrueOpens) -> Rate:
    """The estimated rate, with the interval of the estimate."""
    metric = metrics()["true_open_rate__delivered_both_trackable"]
    return Rate(
        metric=metric.id,
        label=metric.label,
        count=round(found.size or 0),
        base=found.base,
        base_name=metric.base_name,
        rate=found.rate,
        low=found.low,
        high=found.high,
        cannot_say=found.cannot_say,
        expected=found.size,
        confidence=found.confidence,
    )
