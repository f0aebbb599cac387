"""Checked against R's p.adjust, published tables, and scipy."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control, multivariate_normal

from mailwake.trials.multiple import benjamini_hochberg, dunnett_critical, dunnett_p, holm

P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=12)


def test_four_as_r_adjusts_them() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert benjamini_hochberg([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.02, 0.04, 0.04, 0.02])


@given(P_VALUES)
def test_false_discoveries_are_controlled_as_scipy_does(p_values: list[float]) -> None:
    assert benjamini_hochberg(p_values) == pytest.approx(list(false_discovery_control(p_values)))


@given(P_VALUES)
def test_holm_lies_between_the_plain_value_and_bonferronis_and_keeps_the_order(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    assert all(p <= a <= min(1, len(p_values) * p) + 1e-15 for p, a in zip(p_values, adjusted, strict=True))
    by_plain = [a for _, a in sorted(zip(p_values, adjusted, strict=True))]
    assert by_plain == sorted(by_plain)


@pytest.mark.parametrize(("arms", "critical"), [(1, 1.9600), (2, 2.2121), (3, 2.3490), (4, 2.4418)])
def test_critical_values_are_those_of_the_tables(arms: int, critical: float) -> None:
    """Dunnett 1964, Biometrics 20, 482-491, infinite degrees of freedom: 1.96, 2.21, 2.35, 2.44."""
    assert dunnett_critical([0.5] * arms) == pytest.approx(critical, abs=6e-5)


def test_unequal_arms_against_scipys_multivariate_normal() -> None:
    shares = (0.2, 0.5, 0.4)
    cov = [[1.0 if i == j else (a * b) ** 0.5 for j, b in enumerate(shares)] for i, a in enumerate(shares)]
    inside = multivariate_normal(cov=cov).cdf([2.1] * 3, lower_limit=[-2.1] * 3)
    assert dunnett_p(-2.1, shares) == pytest.approx(1 - float(inside), abs=2e-5)
