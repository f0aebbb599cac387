"""Means and variances against scipy, and against what random numbers do."""

import random
from statistics import fmean, pvariance

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import betabinom

from mailwake.errors import NotEnoughData
from mailwake.stats.moments import Moments, counted, part_of, product, scaled, share, total
from mailwake.stats.shrinkage import Prior, posterior

MOMENTS = st.builds(Moments, mean=st.floats(1e-6, 1e6), variance=st.floats(0, 1e6))


@given(trials=st.integers(0, 5_000), a=st.floats(0.1, 40), b=st.floats(0.1, 40))
def test_a_count_is_beta_binomial(trials: int, a: float, b: float) -> None:
    mean, variance = betabinom.stats(trials, a, b)
    found = counted(trials, posterior(0, 0, Prior(a=a, b=b)))
    assert (found.mean, found.variance) == pytest.approx((float(mean), float(variance)), rel=1e-9, abs=1e-12)


@pytest.mark.long
def test_products_and_sums_do_what_random_numbers_do() -> None:
    draw = random.Random(3)
    pairs = [(draw.gauss(5, 2), draw.gauss(3, 1)) for _ in range(200_000)]
    one, other = Moments(mean=5, variance=4), Moments(mean=3, variance=1)
    together = product(one, other)
    assert fmean(x * y for x, y in pairs) == pytest.approx(together.mean, rel=0.01)
    assert pvariance([x * y for x, y in pairs]) == pytest.approx(together.variance, rel=0.02)
    added = total([scaled(2, one), other])
    assert pvariance([2 * x + y for x, y in pairs]) == pytest.approx(added.variance, rel=0.02)
    assert added.mean == 13


def test_a_share_covers_what_it_says() -> None:
    """Simulated: two counts with the moments that are told; the interval holds about 95 % of the shares seen."""
    draw, held = random.Random(8), 0
    found = share(Moments(mean=300, variance=900), Moments(mean=700, variance=2_500))
    for _ in range(4_000):
        part, rest = draw.gauss(300, 30), draw.gauss(700, 50)
        held += found.low <= part / (part + rest) <= found.high
    assert 0.93 <= held / 4_000 <= 0.97


@given(part=MOMENTS, rest=MOMENTS)
def test_a_share_and_its_interval_stay_inside(part: Moments, rest: Moments) -> None:
    found = share(part, rest)
    assert 0 <= found.low <= found.mean <= found.high <= 1


@given(part=MOMENTS, rest=MOMENTS)
def test_two_shares_of_one_whole_make_it_up(part: Moments, rest: Moments) -> None:
    one, other = share(part, rest), share(rest, part)
    assert one.mean + other.mean == pytest.approx(1)
    assert one.low + other.high == pytest.approx(1)


def test_all_and_nothing_are_exact() -> None:
    some, none = Moments(mean=2, variance=1), Moments(mean=0)
    assert share(some, none).mean == share(some, none).low == 1
    assert share(none, some).high == 0
    with pytest.raises(NotEnoughData):
        share(none, none)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="below nothing"):
        share(Moments(mean=-1), Moments(mean=1))


@given(part=st.just(0.0) | st.floats(1e-9, 100), variance=st.floats(0, 1e4))
def test_a_part_of_a_known_whole_and_its_interval_stay_inside(part: float, variance: float) -> None:
    found = part_of(Moments(mean=part, variance=variance), 100)
    assert 0 <= found.low <= found.mean <= found.high <= 1


def test_a_part_of_a_known_whole_covers_what_it_says() -> None:
    """Simulated: beta-binomial counts of 400; the interval from their moments holds about 95 % of the shares seen."""
    draw, held = random.Random(4), 0
    chance = posterior(0, 0, Prior(a=30, b=70))
    found = part_of(counted(400, chance), 400)
    for _ in range(1_500):
        p = draw.betavariate(30, 70)
        held += found.low <= sum(draw.random() < p for _ in range(400)) / 400 <= found.high
    assert 0.93 <= held / 1_500 <= 0.97


def test_a_part_larger_than_its_whole_is_refused() -> None:
    with pytest.raises(ValueError, match="whole"):
        part_of(Moments(mean=3), 2)
    with pytest.raises(NotEnoughData):
        part_of(Moments(mean=0), 0)
