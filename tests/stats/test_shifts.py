"""A change is found soon, told from where it began, and seldom where there is none."""

import random

import pytest

from mailwake.errors import NotEnoughData
from mailwake.stats.drift import run_length
from mailwake.stats.shifts import LIMIT, SLACK, find_shift

USUAL = [(n % 3, 200) for n in range(20)]


def drawn(draw: random.Random, rate: float, correlation: float, trials: int) -> tuple[int, int]:
    """A beta-binomial count: the rate varies from count to count."""
    weight = 1 / correlation - 1
    now = draw.betavariate(rate * weight, (1 - rate) * weight)
    return sum(draw.random() < now for _ in range(trials)), trials


def false_alarms(seed: int, times: int, counts: int) -> float:
    """How often a fortnight of sends that are as ever is told to be worse, over rates and unevenness."""
    draw, found = random.Random(seed), 0
    for _ in range(times):
        rate, correlation = draw.choice((0.002, 0.01, 0.05, 0.2)), draw.choice((0.001, 0.005, 0.02))
        series = [drawn(draw, rate, correlation, draw.choice((25, 80, 200))) for _ in range(counts + 14)]
        found += find_shift(series[:counts], series[counts:], falls=draw.random() < 0.25) is not None
    return found / times


def test_a_rise_is_told_from_where_it_began() -> None:
    shift = find_shift(USUAL, [(1, 200), (1, 200), (12, 200), (13, 200), (2, 200)])
    assert shift is not None
    assert (shift.start, shift.noticed) == (2, 2)
    assert [shift.before, shift.after, shift.latest] == pytest.approx([0.00475, 27 / 600, 0.01])
    assert shift.before_low < shift.before < shift.before_high < shift.after_low < shift.after < shift.after_high


def test_one_count_alone_suffices_where_it_can_hardly_be_chance() -> None:
    shift = find_shift(USUAL, [(60, 200)])
    assert shift is not None
    assert (shift.start, shift.noticed) == (0, 0)


def test_a_fall_is_looked_for_only_where_asked() -> None:
    earlier, later = [(40 + n % 5, 200) for n in range(20)], [(15, 200), (14, 200), (13, 200)]
    assert find_shift(earlier, later) is None
    assert find_shift(earlier, later, falls=True) is not None


def test_what_never_happened_before_can_begin() -> None:
    assert find_shift([(0, 200)] * 10, [(0, 200)] * 5) is None
    assert find_shift([(0, 200)] * 10, [(12, 200), (15, 200), (11, 200)]) is not None


def test_too_little_is_no_answer() -> None:
    with pytest.raises(NotEnoughData, match="it takes 8"):
        find_shift(USUAL[:7], [(60, 200)])
    with pytest.raises(NotEnoughData, match="lately"):
        find_shift(USUAL, [])


def test_the_limit_is_far_out() -> None:
    assert 2 * run_length(SLACK, LIMIT) == pytest.approx(6_900, rel=0.05)


@pytest.mark.long
def test_few_alarms_are_false() -> None:
    """Measured over 1,500 fortnights each: 0.7 % with eight sends before, 0.2 % with thirty."""
    assert false_alarms(5, 300, 8) <= 0.02
    assert false_alarms(6, 300, 30) <= 0.01


@pytest.mark.long
def test_few_alarms_are_false_over_thousands() -> None:
    assert false_alarms(7, 2_000, 8) < 0.012
    assert false_alarms(8, 2_000, 30) < 0.006


def test_a_real_change_is_found_within_a_few_sends() -> None:
    draw, found = random.Random(11), 0
    for _ in range(40):
        earlier = [drawn(draw, 0.004, 0.005, 150) for _ in range(20)]
        found += find_shift(earlier, [drawn(draw, 0.06, 0.005, 150) for _ in range(4)]) is not None
    assert found >= 32
