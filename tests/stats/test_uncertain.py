"""Checked by enumerating everything that can happen, and by a bootstrap."""

import itertools
import math
import random
from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from tests.every import every

from mailwake.errors import NotEnoughData
from mailwake.stats.rates import wilson_interval
from mailwake.stats.uncertain import (
    Expected,
    any_of,
    count_interval,
    critical,
    rate_interval,
    with_group_error,
)

probabilities = st.lists(st.floats(0, 1), max_size=7)


def each_by_itself(chances: list[float]) -> Expected:
    """Groups of one that share no error; Poisson-binomial."""
    return with_group_error(((p, p * (1 - p)) for p in chances), error_nats=0)


def outcomes(chances: list[float]) -> list[tuple[float, tuple[int, ...]]]:
    """Everything that can happen, each with its probability."""
    return [
        (prod(p if true else 1 - p for p, true in zip(chances, each, strict=True)), each)
        for each in itertools.product((0, 1), repeat=len(chances))
    ]


@given(probabilities)
def test_any_of_is_the_chance_that_not_all_are_false(chances: list[float]) -> None:
    assert any_of(chances) == pytest.approx(sum(p for p, each in outcomes(chances) if any(each)), abs=1e-12)


@given(probabilities)
def test_mean_and_variance_are_those_of_everything_that_can_happen(chances: list[float]) -> None:
    found, all_of_it = each_by_itself(chances), outcomes(chances)
    mean = sum(p * sum(each) for p, each in all_of_it)
    assert found.mean == pytest.approx(mean, abs=1e-12)
    assert found.variance == pytest.approx(sum(p * (sum(each) - mean) ** 2 for p, each in all_of_it), abs=1e-12)


def test_counts_of_two_sets_add() -> None:
    assert each_by_itself([0.5]) + each_by_itself([0.25]) == each_by_itself([0.5, 0.25])


def test_a_threshold_would_count_what_the_sum_does_not() -> None:
    """A thousand claims that are true with 0.6 are six hundred, and not a thousand."""
    assert each_by_itself([0.6] * 1_000).mean == pytest.approx(600)


@pytest.mark.long
def test_a_common_error_of_groups_is_what_a_wild_bootstrap_finds() -> None:
    """20,000 replicates, seeded: every group's log-odds are shifted together, then each of its members is drawn."""
    groups = [[0.9] * 40, [0.7] * 25, [0.02] * 300, [0.5]]
    found = with_group_error([(sum(each), sum(p * (1 - p) for p in each)) for each in groups], error_nats=0.3)
    draw = random.Random(5)
    totals = []
    for _ in range(20_000):
        mean, spread = 0.0, 0.0
        for group in groups:
            shift = draw.choice((-0.3, 0.3))
            shifted = [1 / (1 + math.exp(-math.log(p / (1 - p)) - shift)) for p in group]
            mean += sum(shifted)
            spread += sum(p * (1 - p) for p in shifted)
        totals.append(mean + draw.gauss(0, math.sqrt(spread)))
    middle = sum(totals) / len(totals)
    variance = sum((each - middle) ** 2 for each in totals) / len(totals)
    assert found.mean == pytest.approx(middle, rel=0.02)
    assert found.variance == pytest.approx(variance, rel=0.05)


def test_groups_of_one_hardly_err_in_common_and_certain_groups_not_at_all() -> None:
    alone = with_group_error([(0.9, 0.09)] * 100)
    assert each_by_itself([0.9] * 100).variance <= alone.variance < 1.03 * 9
    assert with_group_error([(500.0, 0.0)]).variance == 0


@given(st.floats(0, 100), st.floats(0, 1e4), st.floats(0.5, 0.99))
def test_an_interval_of_a_count_stays_between_nothing_and_all(mean: float, variance: float, confidence: float) -> None:
    found = count_interval(Expected(mean=mean, variance=variance), 100, confidence=confidence)
    assert 0 <= found.low <= mean <= found.high <= 100


def test_an_interval_of_a_count_is_the_normal_one_inside() -> None:
    found = count_interval(Expected(mean=50, variance=4), 100)
    assert (found.low, found.high) == pytest.approx(tuple(norm.interval(0.9, 50, 2)))


@every("successes", [0, 1, 17, 199, 200])
def test_without_doubt_the_interval_of_a_rate_is_wilsons(successes: int) -> None:
    assert rate_interval(Expected(mean=successes), 200) == wilson_interval(successes, 200)


@given(st.integers(2, 10_000), st.floats(0.01, 0.99), st.floats(0.001, 1))
def test_doubt_widens_the_interval_of_a_rate_and_leaves_it_inside(trials: int, share: float, doubt: float) -> None:
    sure = rate_interval(Expected(mean=share * trials), trials)
    unsure = rate_interval(Expected(mean=share * trials, variance=doubt * trials), trials)
    assert 0 <= unsure.low < sure.low < share < sure.high < unsure.high <= 1


def test_next_to_nothing_is_told_as_surely_as_nothing() -> None:
    """A copy that was surely not clicked, and one that a machine clicked at P(human) 0.01, say nearly the same."""
    ends = [rate_interval(each_by_itself([chance] * 26), 26).high for chance in (0.0, 0.0001, 0.001, 0.01)]
    assert ends == sorted(ends)
    assert ends[-1] < ends[0] + 0.05


@pytest.mark.parametrize(("chance", "many"), [(0.05, 200), (0.3, 40), (0.9, 25)])
def test_the_interval_of_a_rate_in_doubt_covers(chance: float, many: int) -> None:
    """Seeded: a true rate, verdicts that are right as often as they say, 1,000 times."""
    draw, hits = random.Random(5), 0
    for _ in range(1_000):
        verdicts = [0.95 if draw.random() < (chance - 0.02) / 0.93 else 0.02 for _ in range(many)]
        hits += (told := rate_interval(each_by_itself(verdicts), many)).low <= chance <= told.high
    assert hits / 1_000 >= 0.93


def test_a_rate_of_nothing_out_of_nothing_cannot_be_told() -> None:
    with pytest.raises(NotEnoughData):
        rate_interval(Expected(), 0)


def test_more_than_there_can_be_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be"):
        rate_interval(Expected(mean=11), 10)


@pytest.mark.parametrize("confidence", [0.0, 1.0, 90])
def test_an_impossible_confidence_is_refused(confidence: float) -> None:
    with pytest.raises(ValueError, match="not between 0 and 1"):
        critical(confidence)
