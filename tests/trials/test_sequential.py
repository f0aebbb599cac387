"""Checked against rpact 3.3.4, confseq 0.0.11 and gbstats 0.8.0, and by simulation under constant peeking."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.every import every

from mailwake.errors import NotEnoughData
from mailwake.stats.difference import Standing
from mailwake.stats.uncertain import Expected
from mailwake.trials.sequential import (
    Schedule,
    Spending,
    always_valid_radius,
    crossings,
    inflation,
    passing,
    schedule,
    watch,
)


def equal(count: int) -> tuple[float, ...]:
    return tuple((look + 1) / count for look in range(count))


def classical(count: int, power: float) -> Schedule:
    """Bounds by one constant: O'Brien and Fleming 1979 with a power of 1/2, Pocock 1977 with 0."""

    def plan(constant: float) -> Schedule:
        return Schedule(fractions=equal(count), bounds=tuple(constant / each**power for each in equal(count)))

    return plan(passing(lambda constant: 0.025 - sum(crossings(plan(constant))), 1.0, 6.0))


LAN_DEMETS = [
    (Spending.LATE, 5, [4.8769, 3.3570, 2.6803, 2.2898, 2.0310], 1.02472),
    (Spending.LATE, 3, [3.7103, 2.5114, 1.9930], 1.01279),
    (Spending.EVEN, 5, [2.4380, 2.4268, 2.4102, 2.3966, 2.3860], 1.21261),
]
CLASSICAL = [
    (0.5, 5, [4.5617, 3.2256, 2.6337, 2.2809, 2.0401], 1.02841),
    (0.5, 3, [3.4711, 2.4544, 2.0040], 1.01741),
    (0.0, 5, [2.4132] * 5, 1.22857),
    (0.0, 3, [2.2895] * 3, 1.16639),
]


@pytest.mark.parametrize(("kind", "count", "bounds", "times"), LAN_DEMETS)
def test_spending_bounds_are_rpacts(kind: Spending, count: int, bounds: list[float], times: float) -> None:
    plan = schedule(equal(count), kind)
    assert plan.bounds == pytest.approx(bounds, abs=5.1e-5)
    assert inflation(plan)[0] == pytest.approx(times, abs=5.1e-6)


@pytest.mark.parametrize(("power", "count", "bounds", "times"), CLASSICAL)
def test_classical_bounds_are_rpacts(power: float, count: int, bounds: list[float], times: float) -> None:
    """Jennison and Turnbull 2000, tables 2.1 to 2.4, have the same."""
    plan = classical(count, power)
    assert plan.bounds == pytest.approx(bounds, abs=5.1e-5)
    assert inflation(plan)[0] == pytest.approx(times, abs=5.1e-6)


@settings(max_examples=40)
@given(st.lists(st.integers(2, 98), max_size=4, unique=True), st.sampled_from(Spending))
@pytest.mark.long
def test_whatever_the_looks_the_error_is_spent_whole_and_no_more(looks: list[int], kind: Spending) -> None:
    plan = schedule((*(look / 100 for look in sorted(looks)), 1.0), kind)
    assert sum(crossings(plan)) == pytest.approx(0.025, abs=1e-7)


def test_looks_that_lie_so_close_that_nobody_could_wait_are_refused() -> None:
    with pytest.raises(ValueError, match="apart"):
        schedule((0.5, 0.5000001, 1.0))


def test_many_early_looks_spend_next_to_nothing() -> None:
    plan = schedule(equal(20))
    assert plan.bounds[0] > 9
    assert sum(crossings(plan)) == pytest.approx(0.025, abs=1e-7)


def test_one_look_is_the_plain_test() -> None:
    assert schedule((1.0,)).bounds == pytest.approx((1.959963984540054,))
    assert inflation(schedule((1.0,))) == pytest.approx((1, 1))


@every("fractions", [(), (0.5,), (0.5, 0.5, 1.0), (1.0, 0.5), (0.0, 1.0)])
def test_looks_that_cannot_be_are_refused(fractions: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="rising shares"):
        schedule(fractions)


def test_the_always_valid_radius_is_the_published_one() -> None:
    """confseq's normal_mixture_bound at v = v_opt = 1,000 is 95.98173584209047; the others by the formula."""
    assert always_valid_radius(1_000, 1_000) * 1_000 == pytest.approx(95.98173584209047, rel=1e-13)
    radii = [always_valid_radius(10.0**each, 10_000) for each in (2, 3, 4, 5)]
    assert radii == pytest.approx([0.908438, 0.121908, 0.030352, 0.010251], abs=5.1e-7)


def test_the_worked_comparison_is_that_of_gbstats() -> None:
    """SequentialTwoSidedTTest with sequential_tuning_parameter 5000; 500/10,000 against 550/10,000."""
    found = watch((Expected(mean=500), 10_000), (Expected(mean=550), 10_000), tuned_at=5_000)
    ends = (found.interval.low, found.interval.high)
    assert ends == pytest.approx((-0.004862810929242381, 0.014862810929242376), abs=1e-15)
    assert found.standing is Standing.NOT_DISTINGUISHABLE


@given(st.integers(10, 400), st.integers(10, 400), st.floats(0, 300))
def test_p_and_interval_say_the_same(one: int, other: int, doubt: float) -> None:
    first, second = (Expected(mean=one, variance=doubt), 2_000), (Expected(mean=other), 2_000)
    found = watch(first, second, tuned_at=3_000)
    assert (found.p_value < 0.05) == (found.standing is not Standing.NOT_DISTINGUISHABLE)
    if found.p_value < 1e-3 or not 0.001 < found.p_value < 0.999:
        return
    at_p = watch(first, second, tuned_at=3_000 * _rho(found.p_value) / _rho(0.05), alpha=found.p_value)
    assert min(abs(at_p.interval.low), abs(at_p.interval.high)) == pytest.approx(0, abs=1e-9)


def _rho(alpha: float) -> float:
    """The p is of the mixture tuned at 0.05: the same mixture at another alpha is tuned at another number."""
    return -2 * math.log(alpha) + math.log(1 - 2 * math.log(alpha))


@pytest.mark.parametrize("rate", [0.02, *(pytest.param(rate, marks=pytest.mark.long) for rate in (0.004, 0.2))])
def test_constant_peeking_finds_a_false_winner_once_in_twenty_at_most(rate: float) -> None:
    """Simulation of A/A, 2,000 seeded repetitions with 20 looks of 1,000 units a side each."""
    draw, false, naive = np.random.default_rng(20), 0, 0
    for _ in range(2_000):
        sums = draw.binomial(1_000, rate, (2, 20)).cumsum(axis=1)
        false += any(_sees(int(sums[0, k]), int(sums[1, k]), 1_000 * (k + 1)) for k in range(20))
        totals = 1_000 * np.arange(1, 21)
        pooled = sums.sum(axis=0) / (2 * totals)
        z = (sums[1] - sums[0]) / totals / np.sqrt(np.maximum(2 * pooled * (1 - pooled) / totals, 1e-12))
        naive += bool((np.abs(z) > 1.96).any())
    assert false / 2_000 <= 0.05
    assert naive / 2_000 > 0.15  # the same looks taken at face value


def _sees(one: int, other: int, trials: int) -> bool:
    try:
        found = watch((Expected(mean=one), trials), (Expected(mean=other), trials), tuned_at=20_000)
    except NotEnoughData:
        return False
    return found.standing is not Standing.NOT_DISTINGUISHABLE


@pytest.mark.long
def test_a_difference_is_found_as_often_as_told_by_the_plan() -> None:
    """Simulation, 4,000 seeded repetitions of a plan with 20 looks: false with 5 %, true with 80 %."""
    plan = schedule(equal(20))
    single = 1.959963984540054 + 0.8416212335729143
    for drift, wanted in ((0.0, 0.05), (single * math.sqrt(inflation(plan)[0]), 0.8)):
        steps = np.random.default_rng(6).normal(drift / 20, math.sqrt(1 / 20), (4_000, 20)).cumsum(axis=1)
        found = (np.abs(steps / np.sqrt(np.array(plan.fractions))) > np.array(plan.bounds)).any(axis=1).mean()
        assert found == pytest.approx(wanted, abs=0.016)


def test_too_few_to_look_at_is_said() -> None:
    with pytest.raises(NotEnoughData):
        watch((Expected(mean=3), 1_000), (Expected(mean=30), 1_000), tuned_at=100)
    with pytest.raises(ValueError, match="cannot be"):
        watch((Expected(mean=30), 10), (Expected(mean=30), 100), tuned_at=100)
