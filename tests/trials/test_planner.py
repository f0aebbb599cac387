"""Checked against rpact 3.3.4 and statsmodels 0.15, by going there and back, and by simulation of the power."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailwake.errors import NotEnoughData
from mailwake.stats.tails import two_sided
from mailwake.trials.planner import always_valid_inflation, least_difference, units_each
from mailwake.trials.sequential import inflation, schedule


def test_from_five_to_five_and_a_half_percent() -> None:
    """rpact getSampleSizeRates(pi1 = .055, pi2 = .05, beta = .2): 62,466.87588 in all."""
    assert 2 * units_each(0.05, 0.055) == pytest.approx(62_466.87588, abs=1e-5)


def test_with_four_looks() -> None:
    """The same with typeOfDesign = "asOF", kMax = 4: at most 63,693.55856, expected under H1 52,393.60563."""
    most, usual = inflation(schedule((0.25, 0.5, 0.75, 1.0)))
    assert most * 62_466.87588 == pytest.approx(63_693.55856, rel=1e-7)
    assert usual * 62_466.87588 == pytest.approx(52_393.60563, rel=1e-6)


@given(st.floats(0.002, 0.5), st.floats(200, 1e6))
def test_there_and_back(base: float, each: float) -> None:
    try:
        rise = least_difference(base, each)
    except NotEnoughData:
        assert units_each(base, 1 - 1e-9) > each
        return
    assert units_each(base, base + rise) == pytest.approx(each, rel=1e-3)


def test_the_planned_units_find_it_as_often_as_planned() -> None:
    """Simulation, 20,000 seeded repetitions of the pooled test."""
    each = round(units_each(0.02, 0.03))
    draw = np.random.default_rng(4)
    one, other = draw.binomial(each, 0.02, 20_000), draw.binomial(each, 0.03, 20_000)
    pooled = (one + other) / (2 * each)
    z = (other - one) / each / np.sqrt(2 * pooled * (1 - pooled) / each)
    assert np.mean([two_sided(float(value)) < 0.05 for value in z]) == pytest.approx(0.8, abs=0.01)


def test_what_looking_at_any_time_costs() -> None:
    """The radius is 1.55 times that of a single look where it is tuned; with 80 % power that is 1.9 times the units."""
    assert always_valid_inflation() == pytest.approx(((1.5486 * 1.959964 + 0.841621) / 2.801585) ** 2, rel=1e-3)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be told apart"):
        units_each(0.1, 0.1)
    with pytest.raises(NotEnoughData):
        least_difference(0.9, 3)
