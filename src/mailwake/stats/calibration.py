"""Whether things that were given 80 % happen in 80 of 100 cases, and how to make it so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mailwake.errors import NotEnoughData
from mailwake.stats.logistic import probability

#: How strongly temperature and offset are held at 1 and 0: as by so much weight of outcomes. Source: judgement.
_HOLD = 25.0
_LEAST, _MOST = 0.2, 5.0


class Claim(NamedTuple):
    """What was claimed of one outcome, and what came of it."""

    log_odds: float
    happened: bool
    #: how much it counts, above 0
    weight: float = 1.0


class Correction(NamedTuple):
    """Makes log-odds honest: times the factor, plus the offset."""

    #: one over the temperature, above 0
    factor: float
    offset: float


def calibration_error(claims: Sequence[Claim], *, bins: int = 10) -> float:
    """The expected distance between what is claimed and what happens, 0-1.

    Args:
        claims: at least one.
        bins: of equal width in probability.

    Raises:
        NotEnoughData: nothing was claimed.

    Source: expected calibration error of Guo, Pleiss, Sun and Weinberger 2017, ICML, section 2; weighted.
    """
    total = sum(each.weight for each in claims)
    if not total:
        raise NotEnoughData("of no claims nobody can say how honest they are")
    surplus = [0.0] * bins
    for each in claims:
        p = probability(each.log_odds)
        surplus[min(int(p * bins), bins - 1)] += each.weight * (p - each.happened)
    return sum(abs(each) for each in surplus) / total


def fit_correction(claims: Sequence[Claim], *, steps: int = 50) -> Correction:
    """The factor and offset under which the outcomes are likeliest, held near 1 and 0 where there are few.

    Args:
        claims: what was claimed and what came of it; none: the answer is 1 and 0.
        steps: at most.

    Source: Platt 1999, "Probabilistic outputs for support vector machines", with a normal prior; Newton's method.
    """
    factor, offset = 1.0, 0.0
    for _ in range(steps):
        slope_f, slope_o = _HOLD * (1 - factor), -_HOLD * offset
        ff, fo, oo = _HOLD, 0.0, _HOLD
        for score, happened, weight in claims:
            p = probability(factor * score + offset)
            miss, curve = weight * (happened - p), weight * p * (1 - p)
            slope_f += miss * score
            slope_o += miss
            ff += curve * score * score
            fo += curve * score
            oo += curve
        determinant = ff * oo - fo * fo
        step_f = (oo * slope_f - fo * slope_o) / determinant
        step_o = (ff * slope_o - fo * slope_f) / determinant
        reach = max(1.0, abs(step_f), abs(step_o))  # a whole step may overshoot far from the end
        factor = min(max(factor + step_f / reach, _LEAST), _MOST)
        offset += step_o / reach
        if max(abs(step_f), abs(step_o)) < 1e-9:
            break
    return Correction(factor=factor, offset=offset)
