"""Checked against numpy's rule, and on hills whose top is known."""

import math

import numpy as np
import pytest
from tests.every import every

from mailwake.stats.quadrature import legendre, nodes, top


@every("count", [2, 3, 12, 48, 180])
def test_places_and_weights_are_numpys(count: int) -> None:
    places, weights = np.polynomial.legendre.leggauss(count)
    ours = sorted(legendre(count))
    assert [place for place, _ in ours] == pytest.approx(list(places), abs=1e-13)
    assert [weight for _, weight in ours] == pytest.approx(list(weights), abs=1e-12)


def test_an_integral_over_an_interval() -> None:
    assert sum(weight * math.exp(x) for x, weight in nodes(-1, 3, 20)) == pytest.approx(math.e**3 - 1 / math.e)


def test_a_bent_ridge_is_climbed_to_its_top() -> None:
    """Rosenbrock's valley upside down, whose top is at (1, 1)."""
    found = top(lambda at: -((1 - at[0]) ** 2) - 100 * (at[1] - at[0] ** 2) ** 2, (-1.2, 1.0))
    assert found == pytest.approx((1, 1), abs=1e-4)


def test_where_there_is_no_ground_nobody_goes() -> None:
    assert top(lambda at: math.log(at[0]) - at[0] if at[0] > 0 else -math.inf, (0.2,)) == pytest.approx((1,), abs=1e-4)
