"""A textbook's example, properties that must hold for any counts, and simulation of what it is to find again."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta

from mailwake.errors import NotEnoughData
from mailwake.stats.shrinkage import JEFFREYS, Prior, fit_prior, posterior, shrink

COUNTS = st.integers(0, 500).flatmap(lambda trials: st.tuples(st.integers(0, trials), st.just(trials)))
PRIORS = st.builds(Prior, a=st.floats(0.05, 50), b=st.floats(0.05, 50))


def test_the_placenta_previa_births_of_gelman() -> None:
    """437 girls in 980 births, uniform prior: Beta(438, 544), interval 0.415-0.477 (BDA3, section 2.4)."""
    found = shrink(437, 980, Prior(a=1, b=1))
    assert (round(found.mean, 3), round(found.low, 3), round(found.high, 3)) == (0.446, 0.415, 0.477)


@given(counts=COUNTS, prior=PRIORS)
def test_an_estimate_lies_between_what_was_seen_and_what_is_usual(counts: tuple[int, int], prior: Prior) -> None:
    successes, trials = counts
    found, usual = shrink(successes, trials, prior), prior.a / (prior.a + prior.b)
    ends = sorted((usual, successes / trials if trials else usual))
    assert ends[0] - 1e-12 <= found.mean <= ends[1] + 1e-12
    assert 0 <= found.low <= found.mean <= found.high <= 1


@given(counts=COUNTS, prior=PRIORS)
def test_mean_and_variance_are_scipys(counts: tuple[int, int], prior: Prior) -> None:
    successes, trials = counts
    mean, variance = beta.stats(prior.a + successes, prior.b + trials - successes)
    found = posterior(successes, trials, prior)
    assert (found.mean, found.variance) == pytest.approx((float(mean), float(variance)), rel=1e-9)


def test_more_trials_make_it_surer() -> None:
    few, many = shrink(3, 4), shrink(300, 400)
    assert many.high - many.low < few.high - few.low


def test_an_interval_of_jeffreys_covers_what_it_says() -> None:
    """Simulated: over shares from everywhere, 95 % intervals hold the truth 95 % of the time (Brown et al. 2001)."""
    draw, held = random.Random(5), 0
    for _ in range(2_000):
        truth = draw.random()
        found = shrink(sum(draw.random() < truth for _ in range(40)), 40, JEFFREYS)
        held += found.low <= truth <= found.high
    assert 0.93 <= held / 2_000 <= 0.97


def groups(prior: Prior, *, seed: int, count: int) -> tuple[list[tuple[int, int]], list[float]]:
    """Groups of every size whose shares come from a prior."""
    draw = random.Random(seed)
    truths = [draw.betavariate(prior.a, prior.b) for _ in range(count)]
    sizes = [draw.choice([1, 2, 5, 20, 200]) for _ in truths]
    return [(sum(draw.random() < p for _ in range(n)), n) for p, n in zip(truths, sizes, strict=True)], truths


@pytest.mark.parametrize("prior", [Prior(a=1, b=9), Prior(a=2, b=2), Prior(a=0.4, b=0.4)])
def test_a_prior_is_found_again_from_its_groups(prior: Prior) -> None:
    found = fit_prior(groups(prior, seed=1, count=3_000)[0])
    assert found.a / (found.a + found.b) == pytest.approx(prior.a / (prior.a + prior.b), abs=0.02)
    assert found.a + found.b == pytest.approx(prior.a + prior.b, rel=0.15)


def test_shrunken_shares_are_nearer_to_the_truth_than_the_plain_ones() -> None:
    counts, truths = groups(Prior(a=1, b=9), seed=2, count=400)
    prior = fit_prior(counts)
    plain = sum((s / n - p) ** 2 for (s, n), p in zip(counts, truths, strict=True))
    drawn = sum((shrink(s, n, prior).mean - p) ** 2 for (s, n), p in zip(counts, truths, strict=True))
    assert drawn < 0.5 * plain


def test_shrunken_intervals_cover_what_they_say() -> None:
    counts, truths = groups(Prior(a=1, b=9), seed=3, count=1_000)
    prior = fit_prior(counts)
    found = [shrink(s, n, prior) for s, n in counts]
    held = sum(each.low <= p <= each.high for each, p in zip(found, truths, strict=True))
    assert 0.93 <= held / 1_000 <= 0.97


@given(counts=st.lists(COUNTS, max_size=12), order=st.randoms())
def test_a_prior_does_not_hang_on_the_order(counts: list[tuple[int, int]], order: random.Random) -> None:
    if not any(trials for _, trials in counts):
        with pytest.raises(NotEnoughData):
            fit_prior(counts)
        return
    found = fit_prior(counts)
    assert found.a > 0
    assert found.b > 0
    order.shuffle(counts)
    again = fit_prior(counts)
    assert (again.a, again.b) == pytest.approx((found.a, found.b))


def test_groups_without_trials_say_nothing() -> None:
    assert fit_prior([(1, 4), (0, 0), (3, 9)]) == fit_prior([(1, 4), (3, 9)])


@pytest.mark.parametrize("counts", [(5, 4), (-1, 4)])
def test_counts_that_cannot_be_are_refused(counts: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="cannot be"):
        shrink(*counts)
    with pytest.raises(ValueError, match="more successes"):
        fit_prior([(1, 2), counts])


def test_a_confidence_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="confidence"):
        shrink(1, 2, confidence=1.0)
