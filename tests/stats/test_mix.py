"""Checked on worked examples and by what has to hold for all counts; the variance by simulation."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailwake.errors import NotEnoughData
from mailwake.stats.mix import Decomposition, Parts, decompose
from mailwake.stats.uncertain import Expected

Table = dict[tuple[str, ...], tuple[int, int]]

count = st.tuples(st.integers(0, 40), st.integers(0, 60)).map(lambda each: (each[0], each[0] + each[1]))


def tables(depth: int) -> st.SearchStrategy[Table]:
    path = st.tuples(*[st.sampled_from("abc")] * depth)
    return st.dictionaries(path, count, min_size=1).filter(lambda table: any(n for _, n in table.values()))


def of(table: Table, variance: float = 0.0) -> Parts:
    return {path: (Expected(mean=hits, variance=variance), n) for path, (hits, n) in table.items()}


def total(found: Decomposition) -> float:
    return sum(found.mixes) + found.within


def overall(table: Table) -> float:
    return sum(hits for hits, _ in table.values()) / sum(n for _, n in table.values())


def test_a_worked_example() -> None:
    """Halves and halves at 10 % and 20 % become 30:70 at 12 % and 18 %.

    Mix: 0.2 · ((0.2 + 0.18) / 2 - (0.1 + 0.12) / 2) = 0.016. Within: 0.4 · 0.02 - 0.6 · 0.02 = -0.004.
    """
    found = decompose(of({("old",): (50, 500), ("new",): (100, 500)}), of({("old",): (36, 300), ("new",): (126, 700)}))
    assert found.value == pytest.approx(0.012)
    assert found.mixes == pytest.approx((0.016,))
    assert found.within == pytest.approx(-0.004)
    assert {each.path: each.within for each in found.effects} == pytest.approx({("new",): -0.012, ("old",): 0.008})


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_the_parts_add_up_to_the_difference(depth: int) -> None:
    @given(tables(depth), tables(depth))
    def holds(first: Table, second: Table) -> None:
        found = decompose(of(first), of(second))
        assert found.value == pytest.approx(overall(second) - overall(first))
        assert total(found) == pytest.approx(found.value, abs=1e-12)
        assert len(found.mixes) == depth
        assert sum(each.mix + each.within for each in found.effects) == pytest.approx(found.value, abs=1e-12)

    check: Callable[[], None] = holds
    check()


@given(tables(2), tables(2))
def test_turned_round_every_part_changes_its_sign_only(first: Table, second: Table) -> None:
    there, back = decompose(of(first), of(second)), decompose(of(second), of(first))
    assert there.mixes == pytest.approx([-each for each in back.mixes], abs=1e-12)
    assert there.within == pytest.approx(-back.within, abs=1e-12)
    assert there.variance == pytest.approx(back.variance)


@given(tables(2))
def test_equal_rates_in_all_parts_leave_the_mix_alone(table: Table) -> None:
    """Twice as many of all that begin with a, each with the rate it had."""
    other = {path: (2 * hits, 2 * n) if path[0] == "a" else (hits, n) for path, (hits, n) in table.items()}
    found = decompose(of(table), of(other))
    assert found.within == pytest.approx(0, abs=1e-12)
    assert found.mixes[1] == pytest.approx(0, abs=1e-12)


@given(tables(2), st.integers(1, 5))
def test_equal_proportions_leave_what_is_within_alone(table: Table, times: int) -> None:
    other = {path: (0, times * n) for path, (_, n) in table.items()}
    found = decompose(of(table), of(other))
    assert found.mixes == pytest.approx((0, 0), abs=1e-12)
    assert found.within == pytest.approx(-overall(table))


def test_a_part_that_is_new_is_a_matter_of_proportions() -> None:
    found = decompose(of({("a",): (10, 100)}), of({("a",): (10, 100), ("b",): (50, 100)}))
    assert (found.value, found.mixes[0], found.within) == pytest.approx((0.2, 0.2, 0.0))


@pytest.mark.long
def test_the_variance_of_what_is_within_is_that_of_many_draws() -> None:
    """Simulation, 4,000 seeded repetitions with true rates 5 % and 10 % in parts of known size."""
    draw, found = np.random.default_rng(3), []
    for _ in range(4_000):
        sides = [
            of({("a",): (int(draw.binomial(800, 0.05)), 800), ("b",): (int(draw.binomial(n, 0.1)), n)})
            for n in (400, 600)
        ]
        found.append(decompose(*sides))
    seen = float(np.var([each.within for each in found]))
    assert np.mean([each.variance for each in found]) == pytest.approx(seen, rel=0.06)


def test_doubt_about_counts_adds_to_the_variance() -> None:
    table: Table = {("a",): (10, 100), ("b",): (20, 100)}
    assert decompose(of(table, 9.0), of(table)).variance > decompose(of(table), of(table)).variance


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(NotEnoughData):
        decompose(of({("a",): (0, 0)}), of({("a",): (1, 2)}))
    with pytest.raises(ValueError, match="a level of each factor"):
        decompose(of({("a",): (1, 2)}), of({("a", "b"): (1, 2)}))
    with pytest.raises(ValueError, match="more successes"):
        decompose(of({("a",): (3, 2)}), of({("a",): (1, 2)}))
