"""Checked against a published formula's independent implementations, and by simulation of coverage."""

import math
import random

import pytest
from scipy.stats import binomtest
from tests.every import every

from mailwake.errors import NotEnoughData
from mailwake.stats.rates import wilson_interval


def test_wilson_equals_the_reference_of_statsmodels_and_r() -> None:
    """17 of 200; statsmodels 0.15 `proportion_confint(method="wilson")` and R `prop.test(correct=FALSE)` agree."""
    interval = wilson_interval(17, 200)
    assert interval.low == pytest.approx(0.05374575, abs=5e-9)
    assert interval.high == pytest.approx(0.13189587, abs=5e-9)


@every("trials", [1, 2, 7, 50, 1_000, 2_000_000])
@every("share", [0.0, 0.001, 0.03, 0.5, 0.97, 1.0])
@every("confidence", [0.8, 0.95, 0.99])
def test_wilson_equals_scipy_everywhere(trials: int, share: float, confidence: float) -> None:
    successes = round(trials * share)
    reference = binomtest(successes, trials).proportion_ci(confidence, method="wilson")
    interval = wilson_interval(successes, trials, confidence=confidence)
    assert (interval.low, interval.high) == pytest.approx((reference.low, reference.high), abs=1e-12)


@pytest.mark.parametrize("trials", [1, 3, 40, 10_000])
def test_the_interval_holds_the_rate_and_stays_inside_0_and_1(trials: int) -> None:
    for successes in {0, 1, trials // 2, trials - 1, trials}:
        interval = wilson_interval(successes, trials)
        assert 0 <= interval.low <= successes / trials <= interval.high <= 1


def test_no_success_starts_at_exactly_0_and_nothing_but_successes_ends_at_exactly_1() -> None:
    assert wilson_interval(0, 30).low == 0.0
    assert wilson_interval(30, 30).high == 1.0


def test_nothing_out_of_nothing_is_no_rate() -> None:
    with pytest.raises(NotEnoughData):
        wilson_interval(0, 0)


@pytest.mark.parametrize(("successes", "trials"), [(-1, 10), (11, 10), (1, 0), (0, -1)])
def test_impossible_counts_are_refused(successes: int, trials: int) -> None:
    with pytest.raises(ValueError, match="cannot be"):
        wilson_interval(successes, trials)


@pytest.mark.parametrize("confidence", [0.0, 1.0, -0.5, 95])
def test_an_impossible_confidence_is_refused(confidence: float) -> None:
    with pytest.raises(ValueError, match="not between 0 and 1"):
        wilson_interval(1, 2, confidence=confidence)


def test_it_covers_the_truth_about_as_often_as_promised() -> None:
    """2,000 simulated rates of 20 % among 200, drawn with a fixed seed: 95 % coverage within 1.5 points."""
    draw = random.Random(20261123)
    covered = 0
    for _ in range(2_000):
        interval = wilson_interval(sum(draw.random() < 0.2 for _ in range(200)), 200)
        covered += interval.low <= 0.2 <= interval.high
    assert math.isclose(covered / 2_000, 0.95, abs_tol=0.015)
