"""What is left after a half-life, how far amounts fill something up, and what a cap lets through."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailwake.weighing.fading import filled, granted, remaining


def test_half_is_left_after_each_half_life() -> None:
    assert [remaining(age, 21) for age in (-3, 0, 21, 42, 63)] == [1, 1, 0.5, 0.25, 0.125]
    assert remaining(1e9, float("inf")) == 1


def test_an_amount_fills_one_half_and_never_all() -> None:
    assert [filled(amount, 20) for amount in (-5, 0, 20, 40, 60)] == [0, 0, 0.5, 0.75, 0.875]
    assert filled(3, 20) == pytest.approx(1 - 2 ** (-3 / 20))


@given(st.lists(st.integers(0, 100)), st.integers(0, 300))
def test_a_cap_serves_the_first_first_and_gives_out_all_it_has(amounts: list[int], cap: int) -> None:
    given_out = granted(amounts, cap)
    assert sum(given_out) == min(sum(amounts), cap)
    assert all(0 <= some <= amount for some, amount in zip(given_out, amounts, strict=True))
    served = [some == amount for some, amount in zip(given_out, amounts, strict=True) if amount]
    assert served == sorted(served, reverse=True)
