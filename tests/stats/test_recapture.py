"""Checked against a published property, by enumeration and by simulation."""

import itertools
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import hypergeom

from mailwake.stats.recapture import NOTHING, Sums, both_of, recapture, sums

chances = st.tuples(st.floats(0, 1), st.floats(0, 1))


def certain(units: int, marked: float, seen: float, both: float) -> Sums:
    """Units of which everything is known."""
    return Sums(
        units=units,
        marked=marked,
        seen=seen,
        both=both,
        marked_marked=marked,
        seen_seen=seen,
        both_both=both,
        marked_seen=both,
        marked_both=both,
        seen_both=both,
    )


def test_it_is_chapmans_estimate() -> None:
    """The example in the manual of R's recapr 0.4.4, NChapman(n1=100, n2=100, m2=20): (101 x 101) / 21 - 1."""
    assert recapture(certain(1_000, 100, 100, 20)).size == pytest.approx(101 * 101 / 21 - 1)


@pytest.mark.parametrize(("size", "marked", "seen"), [(10, 6, 5), (30, 20, 10), (50, 35, 40), (200, 150, 60)])
def test_it_has_no_bias_where_chapman_says_so(size: int, marked: int, seen: int) -> None:
    """Exactly none, over everything that can happen, where marked and seen are together at least all there are."""
    mean = sum(
        hypergeom.pmf(both, size, marked, seen) * recapture(certain(size, marked, seen, both)).size
        for both in range(max(0, marked + seen - size), min(marked, seen) + 1)
    )
    assert mean == pytest.approx(size)


@pytest.mark.parametrize(("marked", "seen", "both"), [(300, 120, 80), (2_000, 300, 250), (100, 100, 20)])
def test_its_variance_is_sebers(marked: int, seen: int, both: int) -> None:
    """Seber 1970, within the corrections for small numbers in which the two differ."""
    seber = (marked + 1) * (seen + 1) * (marked - both) * (seen - both) / ((both + 1) ** 2 * (both + 2))
    assert recapture(certain(5_000, marked, seen, both)).error ** 2 == pytest.approx(seber, rel=0.06)


@pytest.mark.parametrize(("mark_rate", "seen_rate"), [(0.7, 0.1), (0.5, 0.05), (0.95, 0.3)])
@pytest.mark.long
def test_its_error_is_the_one_it_makes(mark_rate: float, seen_rate: float) -> None:
    """1,500 draws of 2,000 that are there, seeded: no bias, and an error within a tenth of the one it states."""
    draw = random.Random(7)
    found = []
    for _ in range(1_500):
        seen, both, rest = _binomial(draw, 2_000, seen_rate), 0, 0
        both, rest = _binomial(draw, seen, mark_rate), _binomial(draw, 2_000 - seen, mark_rate)
        found.append(recapture(certain(9_000, both + rest, seen, both)))
    mean = sum(each.size for each in found) / len(found)
    spread = math.sqrt(sum((each.size - mean) ** 2 for each in found) / len(found))
    assert mean == pytest.approx(2_000, abs=4 * spread / math.sqrt(len(found)))
    assert spread == pytest.approx(sum(each.error for each in found) / len(found), rel=0.1)


def _binomial(draw: random.Random, number: int, chance: float) -> int:
    return draw.binomialvariate(number, chance) if hasattr(draw, "binomialvariate") else _by_units(draw, number, chance)


def _by_units(draw: random.Random, number: int, chance: float) -> int:
    return sum(draw.random() < chance for _ in range(number))


def test_with_the_right_odds_ratio_dependence_makes_no_bias() -> None:
    """The seen are marked with odds of 4 instead of 2: 0.8 of 200, and two thirds of 1,800."""
    counts = certain(9_000, 160 + 1_200, 200, 160)
    assert recapture(counts, odds_ratio=2.0).size == pytest.approx(2_000, rel=0.01)
    assert recapture(counts).size < 1_750


@given(st.lists(chances, min_size=1, max_size=3), st.tuples(*[st.floats(-3, 3)] * 3))
def test_doubt_is_the_variance_of_everything_that_can_be(
    units: list[tuple[float, float]], weights: tuple[float, float, float]
) -> None:
    """Each unit falls into one of three cases of what is true of it; all combinations are gone through."""
    kinds = []
    for p, q in units:
        r = both_of(p, q)
        kinds.append([(r, (1, 1, 1)), (p - r, (1, 0, 0)), (q - r, (0, 1, 0)), (1 - p - q + r, (0, 0, 0))])
    values = [
        (
            math.prod(chance for chance, _ in each),
            sum(weight * true for _, case in each for weight, true in zip(weights, case, strict=True)),
        )
        for each in itertools.product(*kinds)
    ]
    mean = sum(chance * value for chance, value in values)
    variance = sum(chance * (value - mean) ** 2 for chance, value in values)
    assert sums(units).doubt(*weights) == pytest.approx(variance, abs=1e-9)


@given(st.lists(chances, max_size=6), st.lists(chances, max_size=6))
def test_sums_add(first: list[tuple[float, float]], second: list[tuple[float, float]]) -> None:
    together, apart = sums(first + second), sums(first) + sums(second)
    for name in Sums.__slots__:
        assert getattr(together, name) == pytest.approx(getattr(apart, name), abs=1e-12)


def test_of_nothing_there_is_nothing() -> None:
    assert recapture(NOTHING).size == 0
    assert sums([]) == NOTHING


def test_where_nobody_was_seen_the_size_is_far_from_certain() -> None:
    found = recapture(certain(100, 40, 0, 0))
    assert found.error > 20


@pytest.mark.parametrize("unit", [(1.1, 0.5), (0.5, -0.1), (math.nan, 0.5)])
def test_what_is_no_probability_is_refused(unit: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="not both between 0 and 1"):
        sums([unit])


def test_an_impossible_odds_ratio_is_refused() -> None:
    with pytest.raises(ValueError, match="not above 0"):
        recapture(NOTHING, odds_ratio=0)
