"""Areas against scipy's rank test and counting of pairs; the interval against simulation."""

import random
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu

from mailwake.errors import NotEnoughData
from mailwake.weighing.discrimination import auc, gain

CASES = st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=2, max_size=40)


@given(CASES)
def test_the_area_is_the_share_of_pairs_and_scipys_rank_sum(cases: list[tuple[int, bool]]) -> None:
    mine = [number for number, happened in cases if happened]
    others = [number for number, happened in cases if not happened]
    numbers, happened = [number for number, _ in cases], [was for _, was in cases]
    if not mine or not others:
        with pytest.raises(NotEnoughData):
            auc(numbers, happened)
        return
    pairs = [(a > b) + (a == b) / 2 for a, b in product(mine, others)]
    assert auc(numbers, happened) == pytest.approx(sum(pairs) / len(pairs))
    assert auc(numbers, happened) == pytest.approx(mannwhitneyu(mine, others).statistic / len(pairs))


def test_the_interval_of_a_difference_holds_as_often_as_it_says() -> None:
    """500 draws of two numbers that tell equally well: the interval holds 0 in about 95 of 100."""
    draw, held = random.Random(5), 0
    for _ in range(500):
        happened = [draw.random() < 0.3 for _ in range(150)]
        first, second = ([was + draw.gauss(0, 1.2) for was in happened] for _ in range(2))
        found = gain(first, second, happened)
        held += found.low <= 0 <= found.high
    assert 0.92 <= held / 500 <= 0.98


def test_a_better_number_is_told_to_be_better() -> None:
    draw = random.Random(6)
    happened = [draw.random() < 0.3 for _ in range(400)]
    found = gain([was + draw.gauss(0, 0.6) for was in happened], [was + draw.gauss(0, 3) for was in happened], happened)
    assert found.first > found.second
    assert found.low > 0
    with pytest.raises(NotEnoughData):
        gain([1, 2], [2, 1], [True, False])
