"""Checked against R's chisq.test, scipy, and by simulation under constant looking."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from mailwake.errors import NotEnoughData
from mailwake.trials.ratio_check import ALARM, split_anytime_p, split_e_value, split_p


def test_splits_in_halves_as_r_and_gbstats_judge_them() -> None:
    assert split_p([50_210, 49_790], [1, 1]) == pytest.approx(0.1841263728, abs=1e-10)
    assert split_p([50_500, 49_500], [0.5, 0.5]) == pytest.approx(0.001565402258, abs=1e-12)


@given(st.lists(st.tuples(st.integers(1, 500), st.integers(1, 9)), min_size=2, max_size=6))
def test_any_split_as_scipy_judges_it(parts: list[tuple[int, int]]) -> None:
    counts, shares = [count for count, _ in parts], [share for _, share in parts]
    expected = [sum(counts) * share / sum(shares) for share in shares]
    assert split_p(counts, shares) == pytest.approx(float(chisquare(counts, expected).pvalue), rel=1e-8, abs=1e-12)


def test_the_evidence_is_a_mean_of_one_over_everything_that_can_happen() -> None:
    """What makes it an e-value: its expectation under the planned split is 1, for any number of units."""
    for units in (1, 5, 12):
        chances = [np.exp(_log_choose(units, k)) * 0.3**k * 0.7 ** (units - k) for k in range(units + 1)]
        mean = sum(p * split_e_value([k, units - k], [3, 7], held=4.0) for k, p in enumerate(chances))
        assert mean == pytest.approx(1)


def _log_choose(n: int, k: int) -> float:
    return float(sum(np.log(n - i) - np.log(i + 1) for i in range(k)))


@pytest.mark.long
def test_constant_looking_alarms_no_more_often_than_promised() -> None:
    """Simulation, 1,000 seeded repetitions with 100 looks: evidence of 20 in 5 % at most; a broken split is found."""
    draw = np.random.default_rng(12)
    sound = draw.binomial(200, 0.5, (1_000, 100)).cumsum(axis=1)
    ever = [
        any(split_e_value([int(x), 200 * (k + 1) - int(x)], [1, 1]) >= 20 for k, x in enumerate(row)) for row in sound
    ]
    assert sum(ever) / 1_000 <= 0.05
    assert split_e_value([10_700, 9_300], [1, 1]) > 1 / ALARM


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(NotEnoughData):
        split_p([0, 0], [1, 1])
    with pytest.raises(ValueError, match="two parts"):
        split_p([5], [1])


def test_a_gross_fault_shows_in_few_units_and_a_small_one_in_many() -> None:
    assert split_anytime_p([120, 20], [1, 1]) < ALARM
    assert split_anytime_p([51_000, 49_000], [1, 1]) < ALARM
    assert split_anytime_p([70, 66], [1, 1]) == 1.0
    assert split_anytime_p([50_210, 49_790], [1, 1]) == 1.0


@pytest.mark.long
def test_looking_at_a_good_split_all_the_time_hardly_ever_alarms() -> None:
    """Simulation of 1,000 splits in two, looked at 100 times each; at 0.05, for the alarm's own rate takes too many."""
    draw = np.random.default_rng(8)
    steps = draw.binomial(20, 0.5, (1_000, 100)).cumsum(axis=1)
    false = 0
    for line in steps:
        false += any(split_anytime_p([int(a), 20 * n - int(a)], [1, 1]) < 0.05 for n, a in enumerate(line, 1))
    assert false / 1_000 <= 0.05
