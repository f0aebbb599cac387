"""How many of everybody's copies people opened, where some may not be watched: reckoned from those who may.

Copies are put together by mailbox provider and kind of domain: each domain that many share for itself, those of single
organisations as one. Nothing else is known of everybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mailwake.insight.metrics import Rate, metrics
from mailwake.language import say
from mailwake.sampling.strata import Estimate, Stratum, TooFewSeen, Unseen, poststratified
from mailwake.stats.uncertain import Expected

_OWN = "~"
#: kind of reaction to metric and columns
_KINDS = {
    "whole_open_rate__delivered": ("opens_seen", "opened"),
    "whole_click_rate__delivered": ("clicks_seen", "clicked"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Whole:
    """One estimate for everybody, or why there is none."""

    #: delivered copies
    base: int = 0
    #: of these, of which it may be told
    seen: int = 0
    #: how many people it makes; None: cannot say
    size: float | None = None
    rate: float | None = None
    low: float | None = None
    high: float | None = None
    cannot_say: str | None = None


def whole_rates(rows: Iterable[Mapping[str, Any]]) -> tuple[Rate, ...]:
    """Both estimates of a campaign, of the answer to `coverage`."""
    known = list(rows)
    return tuple(_rate(metric, whole(known, *columns)) for metric, columns in _KINDS.items())


def whole(rows: Iterable[Mapping[str, Any]], seen: str, kind: str) -> Whole:
    """One of them.

    Args:
        rows: the answer to `coverage`.
        seen: column of the copies of which it may be told.
        kind: opened or clicked.
    """
    strata = [
        Stratum(
            name=_name(row["domain"]),
            size=int(row["delivered"]),
            seen=int(row[seen]),
            having=Expected(mean=row[f"{kind}_expected"] / 1e4, variance=row[f"{kind}_doubt"] / 1e8),
        )
        for row in rows
    ]
    base, told = sum(each.size for each in strata), sum(each.seen for each in strata)
    try:
        found: Estimate = poststratified(strata)
    except (TooFewSeen, Unseen) as fault:
        return Whole(base=base, seen=told, cannot_say=_why(fault, base, told))
    return Whole(
        base=base,
        seen=told,
        size=found.rate * base,
        rate=found.rate,
        low=found.interval.low,
        high=found.interval.high,
    )


def _why(fault: TooFewSeen | Unseen, base: int, told: int) -> str:
    if not base:
        return say("cannot say: nothing was %(what)s", what=say("delivered"))
    if isinstance(fault, Unseen):
        return say("cannot say: nobody at %(name)s can tell", name=fault.name)
    if told >= base:
        return say("cannot say: only %(base)s were delivered", base=f"{base:,}")
    return say("cannot say: only %(seen)s of %(base)s can tell", seen=f"{told:,}", base=f"{base:,}")


def _name(domain: str | None) -> str:
    if domain is None:
        return say("domains that are not known")
    return say("domains of organisations") if domain == _OWN else domain


def _rate(name: str, found: Whole) -> Rate:
    metric = metrics()[name]
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
    )
