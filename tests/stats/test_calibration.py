"""Calibration: by hand, by simulation, and what few claims may not do."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailwake.errors import NotEnoughData
from mailwake.stats.calibration import Claim, calibration_error, fit_correction
from mailwake.stats.logistic import probability

CLAIMS = st.lists(st.builds(Claim, st.floats(-20, 20), st.booleans(), st.floats(0.1, 5)), min_size=1)


def test_the_error_of_two_bins_counted_by_hand() -> None:
    sure = [Claim(log_odds=2.1972245773362196, happened=n < 7) for n in range(10)]  # claims 0.9, comes to 0.7
    even = [Claim(log_odds=0.0, happened=n < 6, weight=2.0) for n in range(10)]  # claims 0.5, comes to 0.6
    assert calibration_error([*sure, *even]) == pytest.approx((10 * 0.2 + 20 * 0.1) / 30)


@given(CLAIMS)
def test_an_error_is_between_nothing_and_everything(claims: list[Claim]) -> None:
    assert 0 <= calibration_error(claims) <= 1


def test_of_nothing_nobody_can_say_how_honest_it_is() -> None:
    with pytest.raises(NotEnoughData):
        calibration_error([])


def drawn(factor: float, offset: float, n: int = 6_000) -> list[Claim]:
    """Claims whose truth is factor x claim + offset."""
    chance = random.Random(9)
    scores = [chance.gauss(0, 3) for _ in range(n)]
    return [Claim(score, chance.random() < probability(factor * score + offset)) for score in scores]


@pytest.mark.parametrize(("factor", "offset"), [(1.0, 0.0), (0.5, 0.0), (0.6, -1.0), (2.0, 0.7)])
def test_a_simulated_distortion_is_found_again(factor: float, offset: float) -> None:
    claims = drawn(factor, offset)
    found = fit_correction(claims)
    assert found.factor == pytest.approx(factor, rel=0.1)
    assert found.offset == pytest.approx(offset, abs=0.15)
    after = [Claim(found.factor * each.log_odds + found.offset, each.happened) for each in claims]
    assert calibration_error(after) < 0.02


def test_few_claims_correct_little_and_none_nothing() -> None:
    assert fit_correction([]) == (1.0, 0.0)
    found = fit_correction([Claim(5.0, happened=False)])
    assert 0.7 < found.factor < 1
    assert -0.3 < found.offset < 0


@given(CLAIMS)
def test_whatever_was_claimed_the_correction_keeps_the_order(claims: list[Claim]) -> None:
    assert fit_correction(claims).factor > 0
