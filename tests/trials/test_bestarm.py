"""Checked against closed forms, published values, statsmodels, and simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailwake.errors import NotEnoughData
from mailwake.stats.shrinkage import Prior
from mailwake.trials.bestarm import chances, pooled


def test_two_arms() -> None:
    """500/10,000 against 550/10,000 with Beta(1, 1): closed form of E. Miller; losses by 4 million draws."""
    first, second = chances([Prior(a=501, b=9_501), Prior(a=551, b=9_451)])
    assert second.best == pytest.approx(0.94347815530, abs=1e-10)
    assert second.loss == pytest.approx(7.6064056e-05, rel=1e-7)
    assert first.loss == pytest.approx(5.0755e-03, abs=1e-6)


def test_three_arms() -> None:
    found = chances([Prior(a=31, b=470), Prior(a=42, b=459), Prior(a=38, b=463)])
    assert [each.best for each in found] == pytest.approx([0.0468609, 0.6513734, 0.3017657], abs=5.1e-8)


parameters = st.builds(Prior, a=st.floats(0.5, 2e4), b=st.floats(0.5, 2e4))


@given(st.lists(parameters, min_size=1, max_size=4))
def test_one_of_them_is_the_best_and_losses_differ_by_what_the_means_do(beliefs: list[Prior]) -> None:
    found = chances(beliefs)
    assert sum(each.best for each in found) == pytest.approx(1, abs=1e-5)
    highest = [each.a / (each.a + each.b) + chance.loss for each, chance in zip(beliefs, found, strict=True)]
    assert highest == pytest.approx([highest[0]] * len(highest), abs=1e-6)


def test_an_arm_that_nothing_happened_to_yet() -> None:
    """Against 400,000 seeded draws."""
    beliefs = [Prior(a=0.5, b=40.5), Prior(a=2.5, b=38.5)]
    draws = np.random.default_rng(1).beta([0.5, 2.5], [40.5, 38.5], (400_000, 2))
    assert chances(beliefs)[0].best == pytest.approx(float((draws[:, 0] > draws[:, 1]).mean()), abs=3e-3)


#: Vaccination against tuberculosis, 13 trials, (ill, well) with and without: Colditz et al. 1994, JAMA 271, 698-702.
TRIALS = [
    ((4, 119), (11, 128)), ((6, 300), (29, 274)), ((3, 228), (11, 209)), ((62, 13536), (248, 12619)),
    ((33, 5036), (47, 5761)), ((180, 1361), (372, 1079)), ((8, 2537), (10, 619)), ((505, 87886), (499, 87892)),
    ((29, 7470), (45, 7232)), ((17, 1699), (65, 1600)), ((186, 50448), (141, 27197)), ((5, 2493), (3, 2338)),
    ((27, 16886), (29, 17825)),
]  # fmt: skip


def test_thirteen_trials_together() -> None:
    """statsmodels 0.15 combine_effects(method_re="iterated", use_t=True) of log risk ratios."""
    effects = []
    for (ill, well), (control_ill, control_well) in TRIALS:
        ratio = np.log(ill / (ill + well)) - np.log(control_ill / (control_ill + control_well))
        variance = 1 / ill - 1 / (ill + well) + 1 / control_ill - 1 / (control_ill + control_well)
        effects.append((float(ratio), float(variance)))
    found = pooled(effects)
    assert found.between**2 == pytest.approx(0.31806845, abs=1e-7)
    assert found.mean == pytest.approx(-0.71496815, abs=1e-7)
    assert (found.interval.low, found.interval.high) == pytest.approx((-1.109098, -0.320838), abs=1e-6)


def test_effects_that_differ_less_than_by_chance_are_one() -> None:
    found = pooled([(0.1, 0.04), (0.11, 0.04), (0.09, 0.02)])
    assert found.between == 0
    assert found.mean == pytest.approx(0.0975)
    with pytest.raises(NotEnoughData):
        pooled([(0.1, 0.04), (0.11, 0.04)])


def test_the_interval_covers() -> None:
    """Simulation, 2,000 seeded repetitions of 8 experiments."""
    draw, hits = np.random.default_rng(9), 0
    for _ in range(1_000):
        variances = draw.uniform(0.005, 0.05, 8)
        effects = draw.normal(draw.normal(0.2, 0.1, 8), np.sqrt(variances))
        found = pooled([(float(x), float(v)) for x, v in zip(effects, variances, strict=True)])
        hits += found.interval.low <= 0.2 <= found.interval.high
    assert hits / 1_000 >= 0.94


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="above 0"):
        chances([Prior(a=0, b=1)])
