"""Checked against VGAM, Montgomery's table, scipy, and by simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import betabinom

from mailwake.errors import NotEnoughData
from mailwake.stats.drift import Cusum, Usual, fit_usual, log_likelihood, run_length

TRIALS = (120, 80, 200, 150, 90, 300, 60, 110, 250, 170)
SUCCESSES = (30, 12, 61, 22, 31, 70, 9, 40, 48, 51)


def test_ten_counts_as_vgam_fits_them() -> None:
    """VGAM, vglm(cbind(k, n - k) ~ 1, betabinomial)."""
    counts = list(zip(SUCCESSES, TRIALS, strict=True))
    found = fit_usual(counts)
    assert found.rate == pytest.approx(0.2450328321, abs=1e-5)
    assert found.correlation == pytest.approx(0.02228807483, abs=1e-5)
    assert sum(log_likelihood(k, n, *found.beta) for k, n in counts) == pytest.approx(-37.41387237, abs=1e-8)


@given(st.integers(0, 300), st.integers(1, 300), st.floats(0.01, 0.99), st.floats(0.001, 0.5))
def test_the_tail_is_scipys(successes: int, trials: int, rate: float, correlation: float) -> None:
    usual = Usual(rate=rate, correlation=correlation)
    wanted = float(betabinom.sf(successes - 1, trials, *usual.beta))
    assert usual.tail(successes, trials) == pytest.approx(wanted, rel=1e-6, abs=1e-10)


def test_residuals_are_standard() -> None:
    """20,000 seeded draws."""
    usual, draw = Usual(rate=0.1, correlation=0.02), np.random.default_rng(2)
    counts = draw.binomial(400, draw.beta(*usual.beta, 20_000))
    residuals = [usual.residual(int(each), 400) for each in counts]
    assert np.mean(residuals) == pytest.approx(0, abs=0.03)
    assert np.std(residuals) == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize(("limit", "quiet", "shifted"), [(4, 167.7, 8.383), (5, 465.4, 10.376)])
def test_run_lengths_are_montgomerys(limit: int, quiet: float, shifted: float) -> None:
    """Montgomery, table 9.3, has 168, 465, 8.38 and 10.4; the further digits are by Brook and Evans."""
    assert run_length(0.5, limit) == pytest.approx(quiet, abs=0.051)
    assert run_length(0.5, limit, 1.0) == pytest.approx(shifted, abs=5.1e-4)


@pytest.mark.long
def test_alarms_come_as_often_as_the_run_length_says() -> None:
    """Simulation, 600 seeded runs without a shift, to the first alarm at 4."""
    draw, lengths = np.random.default_rng(7), []
    for _ in range(600):
        gathered, length = Cusum(limit=4.0), 0
        while not gathered.is_alarm:
            gathered, length = gathered.after(float(draw.normal())), length + 1
        lengths.append(length)
    assert np.mean(lengths) == pytest.approx(run_length(0.5, 4.0), rel=0.12)


def test_a_lasting_shift_is_found_and_a_single_outlier_is_not() -> None:
    gathered = Cusum().after(4.0)
    assert not gathered.is_alarm
    for _ in range(10):
        gathered = gathered.after(-1.5)
    assert gathered.is_alarm
    assert gathered.down > gathered.up


def test_too_few_counts_do_not_tell() -> None:
    with pytest.raises(NotEnoughData):
        fit_usual([(1, 10)] * 7)
    with pytest.raises(NotEnoughData):
        fit_usual([(0, 10)] * 30)
