"""The fit against scipy's minimiser of the same penalised likelihood, and against the truth it was drawn from."""

import random
from math import exp, log1p

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from mailwake.errors import NotEnoughData
from mailwake.weighing.newton import fit, solved


def drawn(count: int, seed: int) -> tuple[list[list[float]], list[bool]]:
    """Cases of three numbers on scales far apart, and what happened to them."""
    draw = random.Random(seed)
    cases = [[draw.gauss(0, 1), draw.gauss(50, 20), draw.choice((0.0, 1.0))] for _ in range(count)]
    happened = [draw.random() < 1 / (1 + exp(-(-2 + 0.8 * a + 0.03 * b - c))) for a, b, c in cases]
    return cases, happened


@pytest.mark.parametrize("penalty", [0.01, 1.0, 50.0])
def test_the_fit_is_where_scipys_minimiser_ends(penalty: float) -> None:
    cases, happened = drawn(300, 1)
    table, was = np.array(cases), np.array(happened, dtype=float)
    spread = table.std(axis=0)

    def loss(line: np.ndarray) -> float:
        odds = line[0] + table @ line[1:]
        return float(np.logaddexp(0, odds).sum() - (was * odds).sum() + penalty / 2 * ((line[1:] * spread) ** 2).sum())

    expected = minimize(loss, np.zeros(4), method="L-BFGS-B", options={"maxiter": 5_000, "ftol": 1e-15, "gtol": 1e-9})
    found = fit(cases, happened, penalty=penalty)
    assert loss(np.array([found.intercept, *found.slopes])) <= expected.fun + 1e-6
    assert found.slopes == pytest.approx(expected.x[1:], rel=1e-2, abs=1e-3)


def test_the_truth_is_found_again() -> None:
    cases, happened = drawn(8_000, 2)
    found = fit(cases, happened, penalty=1.0)
    assert (found.intercept, *found.slopes) == pytest.approx((-2, 0.8, 0.03, -1), abs=0.2)
    assert sum(found.shares(found.means)) == pytest.approx(0)
    assert found.log_odds([1, 50, 0]) == pytest.approx(found.intercept + found.slopes[0] + 50 * found.slopes[1])


def test_what_parts_the_cases_for_good_stays_finite() -> None:
    """Without the penalty the slope would run away; a number that never changes says nothing."""
    found = fit([[float(n), 3.0] for n in range(10)], [n >= 5 for n in range(10)], penalty=0.1)
    assert 0 < found.slopes[0] < 20
    assert found.slopes[1] == 0
    assert log1p(exp(-found.log_odds([9, 3]))) < 0.2


def test_nothing_is_learned_where_all_are_alike() -> None:
    with pytest.raises(NotEnoughData):
        fit([[1.0], [2.0]], [True, True], penalty=1)


@given(st.lists(st.lists(st.floats(-5, 5), min_size=3, max_size=3), min_size=3, max_size=3))
def test_equations_are_solved(lines: list[list[float]]) -> None:
    matrix = [[value + (20 if n == m else 0) for m, value in enumerate(line)] for n, line in enumerate(lines)]
    right = [1.0, -2.0, 3.0]
    assert (np.array(matrix) @ solved(matrix, right)).tolist() == pytest.approx(right, abs=1e-9)
