"""Credit that is handed out is what there was: to the last unit, under every model, in whatever order it is told."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailwake.earnings.credit import Model, Touch, credited, split

Key = tuple[int, int]


@st.composite
def touches(draw: st.DrawFn) -> list[Touch[Key]]:
    keys = draw(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), unique=True, max_size=8))
    made = []
    for key in keys:
        first = draw(st.integers(0, 4))
        made.append(Touch(key=key, first_at=first, last_at=first + draw(st.integers(0, 4))))
    return made


@given(touches(), st.none() | st.integers(0, 10**12), st.sampled_from(Model), st.randoms())
def test_shares_add_up_and_the_order_of_telling_changes_nothing(
    told: list[Touch[Key]], amount: int | None, model: Model, chance: object
) -> None:
    shares = credited(told, amount, model)
    assert sum((each.part for each in shares), Fraction(0)) == (1 if told else 0)
    if amount is not None and told:
        assert sum(each.amount or 0 for each in shares) == amount
    else:
        assert all(each.amount is None for each in shares)
    shuffled = list(told)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # a random.Random that hypothesis replays
    assert credited(shuffled, amount, model) == shares


@given(st.integers(0, 10**15), st.integers(1, 50))
def test_parts_of_an_amount_differ_by_one_at_most(amount: int, parts: int) -> None:
    made = split(amount, parts)
    assert (sum(made), len(made), max(made) - min(made) <= 1) == (amount, parts, True)


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (Model.LAST, {"b": (Fraction(1), 100)}),
        (Model.FIRST, {"a": (Fraction(1), 100)}),
        (Model.LINEAR, {"a": (Fraction(1, 3), 34), "b": (Fraction(1, 3), 33), "c": (Fraction(1, 3), 33)}),
    ],
)
def test_a_dollar_over_three_clicks_by_hand(model: Model, expected: dict[str, tuple[Fraction, int]]) -> None:
    told = [
        Touch(key="c", first_at=5, last_at=6),
        Touch(key="a", first_at=1, last_at=2),
        Touch(key="b", first_at=3, last_at=9),
    ]
    assert {each.key: (each.part, each.amount) for each in credited(told, 100, model)} == expected
