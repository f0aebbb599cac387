"""Checked against R's survival 3.5-3, by properties, and by simulation of coverage."""

import csv
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailwake.errors import NotEnoughData
from mailwake.stats.survival import Watched, kaplan_meier

DATA = Path(__file__).parents[1] / "data" / "statistics"


def watched(times: str) -> list[Watched]:
    """As printed: + for those to whom it had not happened when watching ended."""
    return [Watched(float(each.rstrip("+")), not each.endswith("+")) for each in times.split()]


#: Remission of leukaemia: Miller 1997, Survival Analysis, p. 49; `aml` of R's survival.
MAINTAINED = watched("9 13 13+ 18 23 28+ 31 34 45+ 48 161+")
NOT_MAINTAINED = watched("5 5 8 8 12 16+ 23 27 30 33 43 45")

units = st.lists(st.tuples(st.integers(0, 9), st.booleans()).map(lambda each: Watched(*each)), min_size=1)


def lung() -> list[Watched]:
    """Loprinzi et al. 1994, J. Clin. Oncol. 12, 601-607; `lung` of R's survival."""
    with (DATA / "lung.csv").open(encoding="utf-8") as file:
        return [Watched(float(row["days"]), row["died"] == "1") for row in csv.DictReader(file)]


def test_medians_of_the_leukaemia_trial() -> None:
    """31 (18, NA) and 23 (8, NA) by R, whose interval is on the scale of logarithms; ours is on that of log(-log)."""
    assert kaplan_meier(MAINTAINED).quantile(0.5) == 31
    assert kaplan_meier(NOT_MAINTAINED).quantile(0.5) == 23
    assert kaplan_meier(MAINTAINED).quantile_interval(0.5)[1] is None


def test_quartiles_of_the_lung_cancer_survey() -> None:
    """R: survfit(Surv(time, status) ~ 1, lung, conf.type = "log-log"), its quantile()."""
    curve = kaplan_meier(lung())
    assert [curve.quantile(share) for share in (0.25, 0.5, 0.75)] == [170, 310, 550]
    ends = [curve.quantile_interval(share) for share in (0.25, 0.5, 0.75)]
    assert ends == [(144, 194), (284, 361), (457, 643)]


@given(units)
def test_the_curve_falls_and_stays_inside_its_interval(every: list[Watched]) -> None:
    if not any(each.happened for each in every):
        with pytest.raises(NotEnoughData):
            kaplan_meier(every)
        return
    steps = kaplan_meier(every).steps
    assert all(0 <= step.interval.low <= step.waiting <= step.interval.high <= 1 for step in steps)
    assert all(one.waiting > other.waiting for one, other in pairwise(steps))


@given(units)
def test_watched_to_the_end_it_is_the_plain_share(every: list[Watched]) -> None:
    whole = [Watched(each.time, happened=True) for each in every]
    for step in kaplan_meier(whole).steps:
        assert step.waiting == pytest.approx(sum(each.time > step.time for each in whole) / len(whole), abs=1e-7)


@given(units, st.integers(2, 5))
def test_a_weight_is_as_many_units(every: list[Watched], times: int) -> None:
    every.append(Watched(3, happened=True))
    once = kaplan_meier([each._replace(weight=times) for each in every])
    assert [step.waiting for step in once.steps] == pytest.approx(
        [step.waiting for step in kaplan_meier(every * times).steps]
    )


def test_half_of_those_to_whom_it_happens() -> None:
    """Of a hundred it happens to four, after 1, 2, 3 and 4 hours; with four more to come, the half is the fourth."""
    curve = kaplan_meier(
        [*(Watched(hour, happened=True) for hour in (1, 2, 3, 4)), Watched(9, happened=False, weight=96)]
    )
    assert curve.reached == pytest.approx(0.04)
    assert curve.responders_quantile(0.5) == 2.5
    assert curve.responders_quantile(0.5, final=0.07) == 4
    assert curve.responders_quantile(0.5, final=0.2) is None


@pytest.mark.long
def test_the_interval_covers_with_censoring_and_with_some_that_never_respond() -> None:
    """Simulation, 1,500 seeded repetitions: 30 % respond, after an exponential time; watched for 0 to 3."""
    draw, hits = np.random.default_rng(8), 0
    truth = 1 - 0.3 * (1 - np.exp(-1.0))
    for _ in range(1_500):
        time = np.where(draw.random(150) < 0.3, draw.exponential(1.0, 150), np.inf)
        end = draw.uniform(0, 3, 150)
        curve = kaplan_meier(Watched(float(min(t, e)), bool(t <= e)) for t, e in zip(time, end, strict=True))
        at_one = [step for step in curve.steps if step.time <= 1][-1]
        hits += at_one.interval.low <= truth <= at_one.interval.high
    assert 0.93 <= hits / 1_500 <= 0.975


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="less than no time"):
        kaplan_meier([Watched(-1, happened=True)])
    with pytest.raises(ValueError, match="between 0 and 1"):
        kaplan_meier(MAINTAINED).quantile(1)
