"""Money per unit: against numpy and scipy, and by simulation of what it covers."""

from __future__ import annotations

import random

import numpy as np
import pytest
from scipy import stats as scipy_stats

from mailwake.errors import NotEnoughData
from mailwake.stats.means import amounts, mean, mean_difference

FIRST, SECOND = [1_999, 4_900, 250, 1_999, 12_000, 800], [2_500, 2_500, 7_777, 100, 350, 990, 1_250]


def test_a_mean_is_that_of_student_over_all_units_zeros_included() -> None:
    every = np.array(FIRST + [0] * 194)
    told = mean(amounts(200, FIRST))
    low, high = scipy_stats.t.interval(0.95, 199, loc=every.mean(), scale=scipy_stats.sem(every))
    assert (told.value, told.low, told.high) == pytest.approx((every.mean(), max(0, low), high))


def test_a_difference_is_that_of_welch() -> None:
    one, other = np.array(FIRST + [0] * 94), np.array(SECOND + [0] * 293)
    told = mean_difference(amounts(100, FIRST), amounts(300, SECOND))
    expected = scipy_stats.ttest_ind(other, one, equal_var=False).confidence_interval()
    assert (told.low, told.high) == pytest.approx((expected.low, expected.high))
    assert told.value == pytest.approx(other.mean() - one.mean())


def test_too_few_amounts_give_a_value_and_no_interval() -> None:
    assert mean(amounts(1_000, [100] * 4)).low is None
    assert mean(amounts(1_000, [100] * 5)).low is not None
    assert mean_difference(amounts(50, [5]), amounts(1_000, [100] * 9)).low is None


def test_nothing_per_nothing_is_refused_and_so_is_more_than_there_is() -> None:
    with pytest.raises(NotEnoughData):
        mean(amounts(0, []))
    with pytest.raises(NotEnoughData):
        mean_difference(amounts(0, []), amounts(5, []))
    with pytest.raises(ValueError, match="2 of 1"):
        amounts(1, [3, 4])


def test_equal_amounts_differ_by_exactly_nothing() -> None:
    told = mean_difference(amounts(9, [7] * 9), amounts(9, [7] * 9))
    assert (told.value, told.low, told.high) == (0, 0, 0)


@pytest.mark.parametrize(("buyers", "least"), [(0.05, 0.90), (0.30, 0.92)])
@pytest.mark.long
def test_skewed_orders_are_covered_about_as_often_as_said(buyers: float, least: float) -> None:
    """600 copies, log-normal orders: the truth is inside nine times in ten with some 30 buyers, more with more."""
    draw, inside, runs = random.Random(4), 0, 500
    truth = buyers * 2_000 * np.exp(0.8**2 / 2)
    for _ in range(runs):
        some = [round(draw.lognormvariate(np.log(2_000), 0.8)) for _ in range(600) if draw.random() < buyers]
        told = mean(amounts(600, some))
        inside += told.low is not None and told.high is not None and told.low <= truth <= told.high
    assert inside / runs >= least
