"""Assignment holds its shares, forgets nothing and depends on its own key alone."""

import random

from hypothesis import given
from hypothesis import strategies as st

from mailwake.events import Handle
from mailwake.experiments.assignment import assigned
from mailwake.trials.ratio_check import split_p

WEIGHTS = st.lists(st.floats(0.1, 100), min_size=2, max_size=8)


@given(st.binary(min_size=16, max_size=16), st.integers(1, 2**63 - 1), WEIGHTS, st.floats(0.01, 1))
def test_it_is_the_same_each_time_and_a_larger_share_moves_nobody(
    salt: bytes, number: int, weights: list[float], share: float
) -> None:
    handle = Handle(number)
    found = assigned(salt, handle, weights=weights, share=share)
    assert found == assigned(salt, handle, weights=weights, share=share)
    whole = assigned(salt, handle, weights=weights, share=1.0)
    assert whole is not None
    assert 0 <= whole < len(weights)
    assert found in (None, whole)


def test_shares_hold_and_two_experiments_have_nothing_to_do_with_each_other() -> None:
    """20,000 handles; a chi-square test that fails one good split in a million."""
    draw = random.Random(4)
    handles = [Handle(draw.randrange(1, 2**63)) for _ in range(20_000)]
    weights = (50.0, 30.0, 20.0)
    one = [assigned(b"one" * 5, each, weights=weights, share=0.3) for each in handles]
    other = [assigned(b"two" * 5, each, weights=weights, share=0.3) for each in handles]
    assert split_p([sum(each is not None for each in one), one.count(None)], [0.3, 0.7]) > 1e-6
    assert split_p([one.count(number) for number in range(3)], weights) > 1e-6
    both = [there for here, there in zip(one, other, strict=True) if here == 0]
    assert split_p([both.count(0), both.count(1), both.count(2), both.count(None)], [0.15, 0.09, 0.06, 0.7]) > 1e-6
