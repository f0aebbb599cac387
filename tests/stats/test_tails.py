"""Checked against scipy, an independent implementation (Boost and Cephes)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2, gamma, norm, t

from mailwake.stats.tails import below, chi_square_tail, gamma_tail, student_critical, two_sided


@given(x=st.floats(0, 1e4), shape=st.floats(0.05, 1e4))
def test_the_gamma_tail_is_scipys(x: float, shape: float) -> None:
    assert gamma_tail(x, shape) == pytest.approx(float(gamma.sf(x, shape)), abs=1e-10)


@given(value=st.floats(0, 200), freedom=st.integers(1, 50))
def test_the_tail_of_chi_square_is_scipys(value: float, freedom: int) -> None:
    assert chi_square_tail(value, freedom) == pytest.approx(float(chi2.sf(value, freedom)), rel=1e-8, abs=1e-12)


@given(st.floats(-30, 30))
def test_normal_tails_are_scipys(z: float) -> None:
    assert below(z) == pytest.approx(float(norm.cdf(z)), rel=1e-9)
    assert two_sided(z) == pytest.approx(2 * float(norm.sf(abs(z))), rel=1e-9)


@given(confidence=st.floats(0.5, 0.999), freedom=st.integers(1, 500))
def test_students_critical_value_is_scipys(confidence: float, freedom: int) -> None:
    assert student_critical(confidence, freedom) == pytest.approx(float(t.ppf((1 + confidence) / 2, freedom)), rel=1e-6)


@pytest.mark.parametrize(("x", "shape"), [(-1, 1), (1, 0), (float("nan"), 1)])
def test_what_cannot_be_is_refused(x: float, shape: float) -> None:
    with pytest.raises(ValueError, match="cannot be"):
        gamma_tail(x, shape)
