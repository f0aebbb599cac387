"""Checked against scipy, an independent implementation (Boost), and against itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta
from tests.every import every

from mailwake.stats.beta import beta_cdf, beta_quantile

PARAMETERS = st.floats(0.01, 1e5)


@given(x=st.floats(0, 1, allow_subnormal=False), a=PARAMETERS, b=PARAMETERS)
def test_the_distribution_is_scipys(x: float, a: float, b: float) -> None:
    assert beta_cdf(x, a, b) == pytest.approx(float(beta.cdf(x, a, b)), abs=1e-9)


@given(probability=st.floats(0.001, 0.999), a=st.floats(0.3, 1e5), b=st.floats(0.3, 1e5))
def test_the_quantile_is_scipys(probability: float, a: float, b: float) -> None:
    assert beta_quantile(probability, a, b) == pytest.approx(float(beta.ppf(probability, a, b)), rel=1e-7, abs=1e-9)


@given(probability=st.floats(0.001, 0.999), a=PARAMETERS, b=PARAMETERS)
def test_a_quantile_is_where_the_distribution_says(probability: float, a: float, b: float) -> None:
    found = beta_quantile(probability, a, b)
    assert 0 <= found <= 1
    if 1e-12 < found < 1 - 1e-9:  # nearer to the ends neighbouring doubles differ by more
        nearly = 1e-11  # of itself: ten times what a quantile is given to
        assert beta_cdf(found * (1 - nearly), a, b) <= probability + 1e-9
        assert beta_cdf(min(1.0, found * (1 + nearly)), a, b) >= probability - 1e-9


def test_the_ends_are_the_ends() -> None:
    assert [beta_cdf(x, 2, 3) for x in (0, 1)] == [0, 1]
    assert [beta_quantile(p, 2, 3) for p in (0, 1)] == [0, 1]


@every(("x", "a", "b"), [(-0.1, 1, 1), (1.1, 1, 1), (0.5, 0, 1), (0.5, 1, -1), (float("nan"), 1, 1)])
def test_what_cannot_be_is_refused(x: float, a: float, b: float) -> None:
    with pytest.raises(ValueError, match="cannot be"):
        beta_cdf(x, a, b)


def test_a_probability_outside_0_to_1_is_refused() -> None:
    with pytest.raises(ValueError, match="not between 0 and 1"):
        beta_quantile(1.5, 1, 1)
