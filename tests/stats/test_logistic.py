"""Coefficients around a prior: checked against scipy's minimiser, the conditions of the optimum, and simulation."""

import random
from math import exp

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from mailwake.stats.logistic import Outcome, fit_around, log_odds, probability

NAMES = ("a", "b", "c", "d")
OUTCOMES = st.lists(
    st.builds(
        Outcome,
        st.lists(st.sampled_from(NAMES), unique=True).map(tuple),
        st.booleans(),
        st.floats(0.01, 3),
    ),
    max_size=40,
)
PRIOR = st.dictionaries(st.sampled_from(NAMES), st.floats(-3, 3))


@settings(deadline=None)
@given(PRIOR, OUTCOMES, st.sampled_from([0.2, 0.5, 2.0]))
def test_at_the_answer_prior_and_outcomes_pull_equally(
    prior: dict[str, float], outcomes: list[Outcome], deviation: float
) -> None:
    found = fit_around(prior, outcomes, deviation=deviation)
    for name in {*prior, *found}:
        pull = (prior.get(name, 0.0) - found[name]) / deviation**2
        for outcome in outcomes:
            if name in outcome.features:
                pull += outcome.weight * (outcome.happened - probability(log_odds(found, outcome.features)))
        assert abs(pull) < 1e-2


def test_scipy_finds_the_same() -> None:
    chance = random.Random(4)
    prior = {name: chance.uniform(-2, 2) for name in NAMES}
    outcomes = [
        Outcome(tuple(name for name in NAMES if chance.random() < 0.5), chance.random() < 0.3, chance.uniform(0.1, 2))
        for _ in range(200)
    ]
    matrix = np.array([[name in outcome.features for name in NAMES] for outcome in outcomes], dtype=float)
    happened = np.array([outcome.happened for outcome in outcomes], dtype=float)
    weight = np.array([outcome.weight for outcome in outcomes])
    centre = np.array([prior[name] for name in NAMES])

    def loss(values: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> float:
        odds = matrix @ values
        likelihood = weight @ (np.logaddexp(0, odds) - happened * odds)
        return float(likelihood + ((values - centre) ** 2).sum() / (2 * 0.5**2))

    expected = minimize(loss, centre, method="BFGS", tol=1e-8).x
    found = fit_around(prior, outcomes, deviation=0.5)
    assert [found[name] for name in NAMES] == pytest.approx(list(expected), abs=1e-3)


@given(PRIOR)
def test_without_outcomes_the_prior_is_the_answer(prior: dict[str, float]) -> None:
    assert fit_around(prior, [], deviation=0.5) == prior


def test_one_outcome_moves_little_and_many_come_to_what_happens() -> None:
    one = fit_around({"a": -2.0}, [Outcome(("a",), True)], deviation=0.5)
    assert -2.0 < one["a"] < -2.0 + 0.5**2
    many = fit_around({"a": -2.0}, [Outcome(("a",), n % 4 != 0) for n in range(4_000)], deviation=0.5)
    assert probability(many["a"]) == pytest.approx(0.75, abs=0.01)


@given(st.floats(-1e308, 1e308))
def test_a_probability_is_one_whatever_the_log_odds(value: float) -> None:
    assert 0 <= probability(value) <= 1
    if abs(value) < 30:
        assert probability(value) == pytest.approx(1 / (1 + exp(-value)))
