"""Trying secrets ends after a few, for whoever tries and for nobody else."""

from mailwake.guesses import Guesses


def test_after_so_many_wrong_ones_none_is_looked_at_until_the_oldest_is_a_window_old() -> None:
    guesses = Guesses(most=3, seconds=60)
    for second in range(3):
        assert guesses.may_try("here", second)
        guesses.note("here", second)
    assert not guesses.may_try("here", 59.9)
    assert guesses.may_try("here", 60)
    assert guesses.may_try("there", 3)
