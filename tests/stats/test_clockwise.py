"""Checked against R's circular, closed forms, and by simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailwake.errors import NotEnoughData
from mailwake.stats.clockwise import best, direction, fit_weight, profile

EVEN = [1.0] * 24
counts_by_hour = st.lists(st.integers(0, 30), min_size=24, max_size=24)


def test_ten_times_around_midnight() -> None:
    """R circular 0.4-95: mean 0.6627029382 h, length 0.9724258913."""
    found = direction([0.5, 1.2, 0.8, 23.6, 1.5, 2.2, 0.1, 22.9, 1.1, 0.7])
    assert found.mean == pytest.approx(0.6627029382, abs=1e-10)
    assert found.length == pytest.approx(0.9724258913, abs=1e-10)
    assert found.p_value < 1e-4


def test_no_preference_is_called_one_as_often_as_promised() -> None:
    """Simulation, 4,000 seeded repetitions of 15 times anywhere on the clock."""
    draw = np.random.default_rng(3)
    p_values = [direction(draw.uniform(0, 24, 15).tolist()).p_value for _ in range(4_000)]
    assert np.mean(np.array(p_values) < 0.05) == pytest.approx(0.05, abs=0.011)


def test_nobody_prefers_no_time() -> None:
    with pytest.raises(NotEnoughData):
        direction([])


@given(counts_by_hour, st.floats(0.1, 500))
def test_without_exposure_it_is_the_multinomial_with_a_dirichlet_prior(counts: list[int], weight: float) -> None:
    means = [shape / rate for shape, rate in profile(counts, EVEN, weight)]
    total = weight + sum(counts)
    assert means == pytest.approx([24 * (weight / 24 + each) / total for each in counts])


@given(counts_by_hour)
def test_hours_in_which_little_could_be_are_not_blamed_for_it(counts: list[int]) -> None:
    """Twice as much where twice as much could have been is no preference."""
    exposure = [2.0 if hour < 12 else 1.0 for hour in range(24)]
    even = profile([2 * 30 if hour < 12 else 30 for hour in range(24)], EVEN, 5.0, exposure=exposure)
    assert [shape / rate for shape, rate in even] == pytest.approx([1.0] * 24, rel=0.02)
    some = profile(counts, EVEN, 5.0, exposure=exposure)
    plain = profile(counts, EVEN, 5.0)
    assert sum(a / b for a, b in some[12:]) >= sum(a / b for a, b in plain[12:]) - 1e-9


@pytest.mark.parametrize("weight", [3.0, 30.0])
def test_how_alike_units_are_is_found(weight: float) -> None:
    """Simulation, 1,500 seeded units with 12 events each and hours of their own."""
    draw = np.random.default_rng(4)
    units = [draw.multinomial(12, draw.dirichlet([weight / 24] * 24)).tolist() for _ in range(1_500)]
    assert fit_weight(units, EVEN) == pytest.approx(weight, rel=0.15)
    with pytest.raises(NotEnoughData):
        fit_weight([[1.0] + [0.0] * 23], EVEN)


def test_a_clear_hour_is_named_and_an_unclear_one_is_not() -> None:
    clear = [0.0] * 24
    clear[9] = 12.0
    hour, chance = best(profile(clear, EVEN, 8.0))
    assert hour == 9
    assert chance > 0.95
    with pytest.raises(NotEnoughData):
        best(profile([1.0] * 24, EVEN, 8.0))
    with pytest.raises(NotEnoughData):
        best(profile([0.0] * 24, EVEN, 8.0))


@pytest.mark.long
def test_the_chance_is_that_of_many_draws() -> None:
    """100,000 seeded draws of a week's bins."""
    counts = [0.0] * 168
    counts[33], counts[34] = 9.0, 4.0
    beliefs = profile(counts, [1.0] * 168, 60.0)
    draws = np.random.default_rng(5).gamma([a for a, _ in beliefs], [1 / b for _, b in beliefs], (100_000, 168))
    assert best(beliefs)[1] == pytest.approx(float((draws.argmax(axis=1) == 33).mean()), abs=0.006)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="some exposure"):
        profile([1.0], [1.0], 1.0, exposure=[0.0])
