"""Simulation: experiments without a difference that are looked at all the time, as the rule looks at them.

All copies go out at once, and clicks come in over days, which is how mailings are; and mail that goes out bit by bit.
"""

import numpy as np
import pytest

from mailwake.errors import NotEnoughData
from mailwake.stats.difference import Standing
from mailwake.stats.uncertain import Expected
from mailwake.trials.multiple import with_the_best
from mailwake.trials.sequential import ripened, watch

LOOKS = 60


def winner(counts: list[int], trials: int, *, planned: float, baseline: float, is_ripened: bool = True) -> int | None:
    """As `mailwake.experiments.results` says it: the best one, if it is better than each other at its part."""
    pairs = with_the_best(len(counts))
    leader = max(range(len(counts)), key=counts.__getitem__)
    for number, count in enumerate(counts):
        if number == leader:
            continue
        rate = (count + counts[leader]) / (2 * trials)
        try:
            found = watch(
                (Expected(mean=count), trials),
                (Expected(mean=counts[leader]), trials),
                tuned_at=ripened(2 * planned, baseline) if is_ripened else 2 * planned,
                seen=ripened(2 * trials, rate) if is_ripened else None,
                alpha=0.05 / pairs,
            )
        except NotEnoughData:
            return None
        if found.standing is not Standing.HIGHER:
            return None
    return leader


def false_winners(runs: int, *, arms: int, rate: float, seed: int, at_once: bool, is_ripened: bool = True) -> float:
    """How often somebody wins at any of the looks, though all have the same rate."""
    draw, false, size = np.random.default_rng(seed), 0, 20_000
    ages = np.geomspace(0.01, 1, LOOKS)  # looks are dense at the beginning, when clicks come fast
    for _ in range(runs):
        if at_once:
            counts = draw.binomial(size, rate, arms)
            clicked = [np.searchsorted(np.sort(draw.random(count)), ages) for count in counts]
            sizes = [size] * LOOKS
        else:
            sizes = [round(size * age) for age in ages]
            steps = np.diff([0, *sizes])
            clicked = [np.cumsum(draw.binomial(steps, rate)) for _ in range(arms)]
        false += any(
            winner([int(each[k]) for each in clicked], sizes[k], planned=size, baseline=rate, is_ripened=is_ripened)
            is not None
            for k in range(LOOKS)
        )
    return false / runs


@pytest.mark.parametrize(
    ("at_once", "arms"), [(True, 2), *(pytest.param(*each, marks=pytest.mark.long) for each in ((False, 2), (True, 3)))]
)
def test_constant_peeking_makes_a_false_winner_once_in_twenty_at_most(at_once: bool, arms: int) -> None:
    assert false_winners(400, arms=arms, rate=0.03, seed=11 + arms, at_once=at_once) <= 0.05


@pytest.mark.long
@pytest.mark.parametrize("rate", [0.005, 0.03, 0.3])
@pytest.mark.parametrize(("at_once", "arms"), [(True, 2), (False, 2), (True, 3), (True, 5)])
def test_false_winners_stay_below_five_percent_in_four_thousand_experiments(
    rate: float, at_once: bool, arms: int
) -> None:
    assert false_winners(4_000, arms=arms, rate=rate, seed=5, at_once=at_once) <= 0.05


@pytest.mark.long
def test_counting_copies_instead_of_what_they_told_would_err_more_often() -> None:
    """Why `ripened` is there: all copies are out at the first look, and the interval would take them for done."""
    wrong = false_winners(4_000, arms=2, rate=0.3, seed=9, at_once=True, is_ripened=False)
    assert wrong > false_winners(4_000, arms=2, rate=0.3, seed=9, at_once=True)


def test_a_difference_worth_having_is_found() -> None:
    """From 3 % to 4 % in 20,000 copies each, all at once: found before the end nearly always."""
    draw, found = np.random.default_rng(3), 0
    for _ in range(200):
        counts = [int(draw.binomial(20_000, rate)) for rate in (0.03, 0.04)]
        found += winner(counts, 20_000, planned=20_000, baseline=0.03) == 1
    assert found >= 190
