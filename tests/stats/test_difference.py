"""Checked against statsmodels and R, by properties, and by simulation of coverage."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailwake.errors import NotEnoughData
from mailwake.stats.difference import Standing, difference
from mailwake.stats.uncertain import Expected

counts = st.tuples(st.integers(0, 50), st.integers(0, 5_000)).map(lambda each: (each[0], sum(each) or 1))


def of(successes: float, variance: float = 0.0) -> Expected:
    return Expected(mean=successes, variance=variance)


def test_the_worked_comparison() -> None:
    """500/10,000 against 550/10,000: statsmodels 0.15 confint_proportions_2indep(method="newcomb"), R prop.test."""
    found = difference(of(500), 10_000, of(550), 10_000)
    assert found.value == pytest.approx(0.005)
    assert found.interval.low == pytest.approx(-0.00118592276975, abs=1e-13)
    assert found.interval.high == pytest.approx(0.0111941159648, abs=1e-13)
    assert found.p_value == pytest.approx(0.112919506, abs=1e-9)
    assert found.standing is Standing.NOT_DISTINGUISHABLE


def test_the_published_example_of_the_method() -> None:
    """Newcombe 1998, table II, example (a): 56/70 less 48/80 is 0.0524 to 0.3339."""
    found = difference(of(48), 80, of(56), 70)
    assert (round(found.interval.low, 4), round(found.interval.high, 4)) == (0.0524, 0.3339)
    assert found.standing is Standing.HIGHER


def test_the_ratio_has_the_interval_of_its_logarithm() -> None:
    found = difference(of(500), 10_000, of(550), 10_000)
    error = math.sqrt(1 / 500 - 1 / 10_000 + 1 / 550 - 1 / 10_000)
    assert found.ratio == pytest.approx(1.1)
    assert found.ratio_interval is not None
    assert found.ratio_interval.low == pytest.approx(1.1 * math.exp(-1.959963984540054 * error))
    assert found.ratio_interval.high == pytest.approx(1.1 * math.exp(1.959963984540054 * error))


def test_a_ratio_to_nothing_cannot_be_said() -> None:
    assert difference(of(0), 10, of(3), 10).ratio is None
    assert difference(of(3), 10, of(0), 10).ratio == 0
    assert difference(of(3), 10, of(0), 10).ratio_interval is None


@given(first=counts, second=counts, doubt=st.floats(0, 100))
def test_turned_round_it_is_its_own_mirror_image(first: tuple[int, int], second: tuple[int, int], doubt: float) -> None:
    there = difference(of(first[0], doubt), first[1], of(second[0]), second[1])
    back = difference(of(second[0]), second[1], of(first[0], doubt), first[1])
    assert there.value == pytest.approx(-back.value)
    assert there.interval.low == pytest.approx(-back.interval.high)
    assert there.p_value == pytest.approx(back.p_value)
    assert -1 <= there.interval.low <= there.value <= there.interval.high <= 1
    assert 0 <= there.p_value <= 1


@given(counts, st.floats(0.1, 500))
def test_doubt_about_a_count_widens_everything(count: tuple[int, int], doubt: float) -> None:
    sure = difference(of(20), 1_000, of(count[0]), count[1])
    unsure = difference(of(20, doubt), 1_000, of(count[0]), count[1])
    assert unsure.interval.low <= sure.interval.low
    assert unsure.interval.high >= sure.interval.high
    assert unsure.p_value >= sure.p_value


@pytest.mark.parametrize(("one", "other"), [(0.02, 0.02), (0.01, 0.03), (0.3, 0.25), (0.002, 0.004)])
def test_the_interval_covers_also_where_each_success_is_known_with_a_probability_only(one: float, other: float) -> None:
    """Simulation, 2,000 seeded repetitions: a success is certain, or one of ten claims that are true with 0.6."""
    draw, n, hits = np.random.default_rng(11), 2_000, 0
    for _ in range(2_000):
        sums = []
        for rate in (one, other):
            true = draw.binomial(n, rate)
            doubtful = draw.binomial(true, 0.4)  # of those 0.6 of the claims are true: so many claims there are
            claims = doubtful + draw.negative_binomial(doubtful, 0.6) if doubtful else 0
            sums.append(of(true - doubtful + 0.6 * claims, claims * 0.24))
        found = difference(sums[0], n, sums[1], n)
        hits += found.interval.low <= other - one <= found.interval.high
    assert 0.94 <= hits / 2_000 <= 0.985


def test_nothing_cannot_be_compared() -> None:
    with pytest.raises(NotEnoughData):
        difference(of(0), 0, of(1), 10)
    with pytest.raises(ValueError, match="cannot be"):
        difference(of(11), 10, of(1), 10)


def test_two_that_never_happened_are_no_different() -> None:
    found = difference(of(0), 10, of(0), 20)
    assert (found.value, found.p_value, found.standing) == (0, 1, Standing.NOT_DISTINGUISHABLE)
