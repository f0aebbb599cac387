"""The same as JSON, for `mailwake links list --json` and the API; null where something is not known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from mailwake.events import Micros
from mailwake.store.watch import Decision
from mailwake.watchdog.desk import LinkCard, Standing, Told
from mailwake.watchdog.reach import Ringing

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class AlarmAnswer:
    """A target that answers no more."""

    href: str
    #: a status, or a word for why there is none
    said: str
    opened_at: datetime | None
    #: no reader is led there any more: each gets to another address or the notice
    mended: bool
    #: links whose readers are sent there by a decision
    sent_from: tuple[str, ...]
    #: addresses that may do instead, and answered; the likeliest first
    instead: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class DecisionAnswer:
    """What somebody decided about a link."""

    href: str
    #: null with `number`: in all mail
    template: str | None
    number: int | None
    #: replace, stop or restore
    kind: str
    #: null: nowhere, or where the mail says
    to: str | None
    at: datetime | None
    by: str
    why: str
    #: null: it does not hold any more
    believed: bool | None = None


@dataclass(frozen=True, kw_only=True)
class LinksAnswer:
    """What stands of all links."""

    alarms: tuple[AlarmAnswer, ...]
    detours: tuple[DecisionAnswer, ...]
    decisions: tuple[DecisionAnswer, ...]


@dataclass(frozen=True, kw_only=True)
class PlaceAnswer:
    """Where a link stands."""

    template: str
    number: int
    role: str


@dataclass(frozen=True, kw_only=True)
class VisitedAnswer:
    """What visits to a target found."""

    at: datetime | None
    #: well, ill or unknown
    health: str
    said: str
    well_at: datetime | None
    failing_since: datetime | None
    failures: int


@dataclass(frozen=True, kw_only=True)
class LinkAnswer:
    """What stands of one link."""

    href: str
    places: tuple[PlaceAnswer, ...]
    #: null: it is, or would be
    never_visited_because: str | None
    #: null: it never was
    visited: VisitedAnswer | None
    detours: tuple[DecisionAnswer, ...]


def everything(standing: Standing) -> LinksAnswer:
    """What stands."""
    return LinksAnswer(
        alarms=tuple(map(_alarm, standing.alarms)),
        detours=tuple(map(_told, standing.detours)),
        decisions=tuple(map(_decision, standing.past)),
    )


def one(card: LinkCard) -> LinkAnswer:
    """One link."""
    places = (PlaceAnswer(template=str(each.template), number=each.number, role=each.role) for each in card.places)
    return LinkAnswer(
        href=card.href,
        places=tuple(places),
        never_visited_because=card.why_not,
        visited=_visited(card),
        detours=tuple(map(_told, card.detours)),
    )


def _alarm(each: Ringing) -> AlarmAnswer:
    return AlarmAnswer(
        href=each.alarm.href,
        said=each.alarm.said,
        opened_at=_utc(each.alarm.opened_at),
        mended=each.is_mended,
        sent_from=tuple(dict.fromkeys(decision.href for decision in each.sent)),
        instead=each.instead,
    )


def _visited(card: LinkCard) -> VisitedAnswer | None:
    target = card.target
    if target is None:
        return None
    return VisitedAnswer(
        at=_utc(target.visited_at),
        health=target.health,
        said=target.said,
        well_at=_utc(target.well_at),
        failing_since=_utc(target.failing_since),
        failures=target.failures,
    )


def _told(told: Told) -> DecisionAnswer:
    return _decision(told.decision, believed=told.is_believed)


def _decision(each: Decision, *, believed: bool | None = None) -> DecisionAnswer:
    return DecisionAnswer(
        href=each.href,
        template=str(each.template) if each.template else None,
        number=each.number or None,
        kind=each.kind,
        to=each.to or None,
        at=_utc(each.at),
        by=each.by,
        why=each.why,
        believed=believed,
    )


def _utc(at: Micros | None) -> datetime | None:
    return None if at is None else _EPOCH + timedelta(microseconds=at)
