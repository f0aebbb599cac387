"""It covers the truth as often as it says, over populations that try what happens; and says when it cannot."""

from dataclasses import replace

import numpy as np
import pytest
from tests.every import every
from tests.stats.populations import World, drawn_world, populate

from mailwake.stats.cohorts import Estimate, Prior, Stratum, estimate, pooled
from mailwake.stats.recapture import Sums, sums


def trial(seed: int, number: int, *, odds_ratio: float = 1.0, assumed: float = 1.0) -> list[tuple[Estimate, int]]:
    """Estimates and truths, of the populations of which something can be said."""
    draw = np.random.default_rng(seed)
    made = [populate(draw, drawn_world(draw, odds_ratio=odds_ratio)) for _ in range(number)]
    found = [(estimate(strata, odds_ratio=assumed), truth) for strata, truth in made]
    return [(each, truth) for each, truth in found if each is not None]


def bias(found: list[tuple[Estimate, int]]) -> float:
    return sum((each.size - truth) / each.units for each, truth in found) / len(found)


def coverage(found: list[tuple[Estimate, int]]) -> float:
    return sum(each.interval.low <= truth <= each.interval.high for each, truth in found) / len(found)


@pytest.mark.long
def test_it_covers_the_truth_in_a_few_populations() -> None:
    found = trial(11, 60)
    assert len(found) > 40
    assert abs(bias(found)) <= 0.02
    assert coverage(found) >= 0.8


@pytest.mark.long
def test_it_keeps_its_coverage_over_400_populations() -> None:
    """1,500-50,000 units, 0-95 % veiled, 5-50 % of marks failing, veiled units that show always or only when there."""
    found = trial(12, 400)
    assert len(found) > 280
    assert abs(bias(found)) <= 0.02
    assert 0.85 <= coverage(found) <= 0.95


@pytest.mark.long
def test_marks_that_go_with_sightings_make_it_too_low_and_the_odds_ratio_puts_it_right() -> None:
    blind, told = trial(13, 200, odds_ratio=2.0), trial(13, 200, odds_ratio=2.0, assumed=2.0)
    assert -0.06 < bias(blind) < -0.01
    assert abs(bias(told)) <= 0.02


@pytest.mark.long
def test_probabilities_that_do_not_know_of_each_other_cost_coverage() -> None:
    """A limit, written down: a sighting judged without a look at the mark makes the estimate too high by a little."""
    draw = np.random.default_rng(16)
    made = [populate(draw, drawn_world(draw, judged_jointly=False)) for _ in range(200)]
    found = [(each, truth) for strata, truth in made if (each := estimate(strata))]
    assert abs(bias(found)) <= 0.02
    assert 0.75 <= coverage(found) <= 0.95


def test_nobody_seen_among_the_veiled_is_no_proof_that_nobody_is_there() -> None:
    found = estimate([Stratum(open=OPEN, veiled=crisp(60, 60, 0, 0))])
    assert found is not None
    assert found.size > 299 + 5


@pytest.mark.long
def test_strata_cover_where_all_in_one_does_not() -> None:
    draw = np.random.default_rng(14)
    world = World(units=30_000, veiled=0.4, rate=0.3, seen_rate=0.05, failing=0.35, differs=False)
    made = [populate(draw, world) for _ in range(150)]
    apart = [(found, truth) for strata, truth in made if (found := estimate(strata))]
    whole = [(found, truth) for strata, truth in made if (found := estimate([sum(strata, start=Stratum())]))]
    assert coverage(apart) >= 0.85
    assert coverage(whole) < coverage(apart) - 0.05


def crisp(units: int, marked: int, seen: int, both: int) -> Sums:
    pairs = [(1.0, 1.0)] * both + [(1.0, 0.0)] * (marked - both) + [(0.0, 1.0)] * (seen - both)
    return sums([*pairs, *[(0.0, 0.0)] * (units - len(pairs))])


OPEN = crisp(1_000, 240, 40, 32)


def test_without_a_veiled_part_it_is_the_recaptured_number() -> None:
    found = estimate([Stratum(open=OPEN)])
    assert found is not None
    assert found.size == pytest.approx(241 * 41 / 33 - 1)
    assert found.sighting_weight is None
    assert found.mark_rate == pytest.approx(0.8, abs=0.02)


def test_a_veiled_part_that_is_alike_has_the_same_share() -> None:
    found = estimate([Stratum(open=OPEN, veiled=crisp(1_000, 1_000, 40, 40))])
    assert found is not None
    assert found.size == pytest.approx(2 * 299, rel=0.02)


def test_marks_in_the_veiled_part_change_nothing() -> None:
    one, other = (estimate([Stratum(open=OPEN, veiled=crisp(500, marked, 20, 20))]) for marked in (20, 500))
    assert one is not None
    assert other is not None
    assert (one.size, one.interval) == (other.size, other.interval)


def test_many_who_were_taken_for_others_leave_more_open_and_less_for_certain() -> None:
    """Among a thousand that were taken for none of them a few are; the estimate itself does not move."""
    alone = estimate([Stratum(open=OPEN)])
    crowded = estimate([Stratum(open=replace(OPEN, any_seen=1_040, any_marked=1_240))])
    assert alone is not None
    assert crowded is not None
    assert crowded.size == alone.size
    assert crowded.interval.high > alone.interval.high
    assert crowded.interval.low < OPEN.found < alone.interval.low + 1


def test_where_the_two_estimates_contradict_each_other_likeness_yields() -> None:
    """Five hundred sightings among a thousand veiled: nine in ten of them must be there, whatever the others do."""
    alike = estimate([Stratum(open=OPEN, veiled=crisp(1_000, 0, 40, 0))])
    unlike = estimate([Stratum(open=OPEN, veiled=crisp(1_000, 0, 125, 0))])
    assert alike is not None
    assert unlike is not None
    assert unlike.sighting_weight is not None
    assert alike.sighting_weight is not None
    assert unlike.sighting_weight > alike.sighting_weight
    assert unlike.interval.high - unlike.interval.low > alike.interval.high - alike.interval.low


@every(
    "strata",
    [
        [],
        [Stratum()],
        [Stratum(open=crisp(1_000, 200, 19, 15))],
        [Stratum(open=crisp(1_000, 200, 40, 4))],
        [Stratum(veiled=crisp(1_000, 900, 500, 500))],
    ],
    ids=["no stratum", "nobody", "19 seen", "4 seen and marked", "all veiled"],
)
def test_it_cannot_say_from_too_few(strata: list[Stratum]) -> None:
    assert estimate(strata) is None


def test_from_too_few_it_falls_back_to_a_prior_and_says_so() -> None:
    found = estimate([Stratum(open=crisp(1_000, 200, 4, 3))], prior=Prior(rate=0.3, units=100))
    assert found is not None
    assert found.leans_on_prior
    assert 0.2 < found.size / found.units < 0.32


def test_with_all_veiled_and_a_prior_it_is_the_prior() -> None:
    found = estimate([Stratum(veiled=crisp(500, 500, 30, 30))], prior=Prior(rate=0.4, units=80))
    assert found is not None
    assert found.leans_on_prior
    assert found.size / found.units == pytest.approx(0.4)


def test_a_prior_pulls_by_what_is_left_open() -> None:
    alone = estimate([Stratum(open=OPEN)])
    pulled = [estimate([Stratum(open=OPEN)], prior=Prior(rate=0.1, units=units)) for units in (10, 100, 1_000)]
    sizes = [each.size for each in [alone, *pulled] if each is not None]
    assert len(sizes) == 4
    assert sizes == sorted(sizes, reverse=True)
    assert not pulled[0].leans_on_prior  # type: ignore[union-attr]


@pytest.mark.parametrize("prior", [Prior(rate=0, units=5), Prior(rate=1, units=5), Prior(rate=0.5, units=0)])
def test_an_impossible_prior_is_refused(prior: Prior) -> None:
    with pytest.raises(ValueError, match="no prior"):
        estimate([Stratum(open=OPEN)], prior=prior)


def test_thin_strata_stand_together() -> None:
    thin, thick = Stratum(open=crisp(300, 60, 8, 6)), Stratum(open=OPEN)
    assert pooled([thick, thin]) == [thick + thin]
    assert pooled([thick, thin, thin, thin]) == [thick, thin + thin + thin]
    assert pooled([thick, Stratum()]) == [thick]


def test_the_interval_stays_between_those_found_and_all() -> None:
    draw = np.random.default_rng(15)
    for _ in range(25):
        strata, _ = populate(draw, World(units=3_000, veiled=0.5, rate=0.5, seen_rate=0.1, failing=0.1))
        found = estimate(strata)
        assert found is not None
        least = sum(each.open.found + each.veiled.seen for each in strata)
        assert least <= found.interval.low <= found.size <= found.interval.high <= found.units
