"""Would a learned model tell who converts better than the points do? Asked of later leads, and refused where not.

Each lead is looked at `LOOK_DAYS` after it was created, by what had happened until then; the target is a conversion in
the `TARGET_DAYS` after that. Who converted before is left out: there was nothing to foretell.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log1p

import msgspec

from mailwake.errors import NotEnoughData
from mailwake.events import Handle, Micros
from mailwake.insight.stores import Stores
from mailwake.scoring.learned import FRESH_DAYS
from mailwake.scoring.model import ACTS, DAY, Model, meaning
from mailwake.scoring.score import scored
from mailwake.scoring.signals import Person, Signal, people
from mailwake.stats.calibration import Claim, calibration_error
from mailwake.weighing.discrimination import gain
from mailwake.weighing.fading import remaining
from mailwake.weighing.newton import Fitted, fit

#: chosen: one mailing or two have arrived by then
LOOK_DAYS = 14
TARGET_DAYS = 90
#: Source: https://help.salesforce.com/s/articleView?id=ai.einstein_sales_els_setup_considerations.htm
GATE_DAYS, LEAST_CREATED, LEAST_CONVERTED = 200, 1_000, 120
#: of the older leads that teach; the rest tests
_TAUGHT = 0.7
#: so much worse a calibration is taken for the same; chosen
_SLACK = 0.01
_PENALTY = 1.0
NAMES = (*(f"{what} {act}" for act in ACTS for what in ("often", "lately")), "often sent")


@dataclass(frozen=True, kw_only=True, slots=True)
class Lead:
    """Somebody who may become a customer."""

    handle: Handle
    created_at: Micros
    #: None: not so far
    converted_at: Micros | None


class Coefficient(msgspec.Struct, frozen=True, kw_only=True):
    """What one number of a person adds to the log-odds: slope times what it is above the mean."""

    name: str
    slope: float
    mean: float


class Learned(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a learned model is better, with the numbers; None: it did not come so far."""

    is_better: bool
    #: in words
    why: str
    #: leads in the last 200 days
    created: int
    converted: int
    #: lines of the table at whose address nobody was ever mailed; they count nowhere
    unknown: int = 0
    #: leads whose outcome is known: older ones that taught, later ones that tested, and how many of these converted
    taught: int = 0
    tested: int = 0
    tested_converted: int = 0
    #: how likely one who converts stands above one who does not, 0-1
    auc_learned: float | None = None
    auc_points: float | None = None
    #: of the difference, 95 %
    gain_low: float | None = None
    gain_high: float | None = None
    #: expected distance between what is foretold and what happens, 0-1
    error_learned: float | None = None
    error_points: float | None = None
    intercept: float | None = None
    coefficients: tuple[Coefficient, ...] = ()
    #: name under which it is kept, to be put in force; empty: it is not
    model: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Case:
    numbers: tuple[float, ...]
    points: float
    happened: bool
    seen_at: Micros


def learn(stores: Stores, leads: Sequence[Lead], model: Model, *, now: Micros) -> Learned:
    """Fit, test on later leads, and decide."""
    since = now - GATE_DAYS * DAY
    created = sum(since <= lead.created_at <= now for lead in leads)
    converted = sum(lead.converted_at is not None and since <= lead.converted_at <= now for lead in leads)
    if created < LEAST_CREATED or converted < LEAST_CONVERTED:
        why = (
            f"refused: {created:,} leads and {converted:,} conversions in {GATE_DAYS} days; "
            f"it takes {LEAST_CREATED:,} and {LEAST_CONVERTED:,}"
        )
        return Learned(is_better=False, why=why, created=created, converted=converted)
    cases = sorted(_cases(stores, leads, model, now), key=lambda case: case.seen_at)
    return decided(cases, created=created, converted=converted)


def decided(cases: Sequence[_Case], *, created: int, converted: int) -> Learned:
    """What cases in order of time say."""
    cut = int(len(cases) * _TAUGHT)
    older, later = cases[:cut], cases[cut:]
    why = f"refused: of {len(cases):,} leads whose outcome is known, too few converted or too few did not"
    found = Learned(
        is_better=False, why=why, created=created, converted=converted, taught=len(older), tested=len(later)
    )
    happened = [case.happened for case in later]
    try:
        learned = fit([case.numbers for case in older], [case.happened for case in older], penalty=_PENALTY)
        points = fit([(case.points,) for case in older], [case.happened for case in older], penalty=_PENALTY)
        by_learned = [learned.log_odds(case.numbers) for case in later]
        by_points = [points.log_odds((case.points,)) for case in later]
        told = gain(by_learned, [case.points for case in later], happened)
    except NotEnoughData:
        return found
    errors = [_error(odds, happened) for odds in (by_learned, by_points)]
    is_better = told.low > 0 and errors[0] <= errors[1] + _SLACK
    return msgspec.structs.replace(
        found,
        is_better=is_better,
        why=_why(is_better, told.low, errors),
        tested_converted=sum(happened),
        auc_learned=told.first,
        auc_points=told.second,
        gain_low=told.low,
        gain_high=told.high,
        error_learned=errors[0],
        error_points=errors[1],
        intercept=learned.intercept,
        coefficients=_coefficients(learned),
    )


def _why(is_better: bool, low: float, errors: Sequence[float]) -> str:
    if is_better:
        return "better than the points on later leads, and as honest"
    if low <= 0:
        return "refused: on later leads it does not tell better than the points for certain; points stay"
    return f"refused: it tells better, but what it foretells is off by {errors[0]:.3f}, the points' by {errors[1]:.3f}"


def _error(log_odds: Sequence[float], happened: Sequence[bool]) -> float:
    return calibration_error([Claim(odds, was) for odds, was in zip(log_odds, happened, strict=True)])


def _coefficients(learned: Fitted) -> tuple[Coefficient, ...]:
    told = zip(NAMES, learned.slopes, learned.means, strict=True)
    return tuple(Coefficient(name=name, slope=slope, mean=mean) for name, slope, mean in told)


def _cases(stores: Stores, leads: Iterable[Lead], model: Model, now: Micros) -> list[_Case]:
    """Leads whose outcome is known, as they stood when they were looked at; one person's several leads apart."""
    usable = [lead for lead in leads if _is_usable(lead, model, now)]
    of_whom: dict[Handle, list[Lead]] = {}
    for lead in usable:
        of_whom.setdefault(lead.handle, []).append(lead)
    found = []
    for person in people(stores, of_whom, model, now=now, is_whole=True):
        found += [_case(person, lead, model) for lead in of_whom[person.handle]]
    return found


def _is_usable(lead: Lead, model: Model, now: Micros) -> bool:
    seen_at = lead.created_at + LOOK_DAYS * DAY
    is_known = seen_at + TARGET_DAYS * DAY <= now and lead.created_at >= now - model.horizon_days * DAY
    return is_known and (lead.converted_at is None or lead.converted_at > seen_at)


def _case(person: Person, lead: Lead, model: Model) -> _Case:
    seen_at = Micros(lead.created_at + LOOK_DAYS * DAY)
    until = seen_at + TARGET_DAYS * DAY
    seen = [signal for signal in person.signals if signal.at <= seen_at]
    at_that_time = Person(handle=person.handle, signals=seen, standing=None)
    return _Case(
        numbers=numbers(seen, model, now=seen_at),
        points=scored(at_that_time, model, now=seen_at).points / 1_000,
        happened=lead.converted_at is not None and lead.converted_at <= until,
        seen_at=seen_at,
    )


def numbers(signals: Iterable[Signal], model: Model, *, now: Micros) -> tuple[float, ...]:
    """How often and how lately somebody did each kind of thing, in the order of `NAMES`.

    Returns:
        For each act ln(1 + how often) and what is left of the latest, 0-1; ln(1 + copies sent).
    """
    often, latest, sent = dict.fromkeys(ACTS, 0), dict[str, Micros](), 0
    for signal in signals:
        act = meaning(model, signal.label, signal.role, signal.href).act if signal.kind == "clicked" else signal.kind
        if act == "sent":
            sent += 1
            continue
        often[act] += 1
        latest[act] = max(latest.get(act, signal.at), signal.at)
    found: list[float] = []
    for act in ACTS:
        left = remaining((now - latest[act]) / DAY, FRESH_DAYS) if act in latest else 0.0
        found += (log1p(often[act]), left)
    return (*found, log1p(sent))
