"""What was learned fades after 30 days to the last digit, and never takes more room than allowed."""

from hypothesis import given
from hypothesis import strategies as st

from mailwake.events import Micros
from mailwake.judge.families.fading import DAY, REMEMBERED_DAYS, Fading
from mailwake.judge.families.learned import Reputations, Shares

SHARES = st.dictionaries(st.integers(0, 11), st.integers(0, 10_000), min_size=1)


def learn(known: Fading, day: int, shares: Shares) -> None:
    known.add(shares)
    known.keep(Micros(day * DAY), shares)


def sums(known: Reputations) -> dict[int, tuple[int, int]]:
    return {key: pair for key, pair in known._sums.items() if pair[0]}


@given(st.lists(st.tuples(st.integers(0, 80), SHARES)))
def test_only_the_last_thirty_days_count(learned: list[tuple[int, Shares]]) -> None:
    known, expected = Fading(), Reputations()
    for day, shares in learned:
        learn(known, day, shares)
    newest = max((day for day, _ in learned), default=0)
    for day, shares in learned:
        if day > newest - REMEMBERED_DAYS:
            expected.add(shares)
    assert sums(known) == sums(expected)
    assert len(known) == len(sums(known))


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 60)), max_size=200))
def test_there_are_never_more_keys_than_allowed(learned: list[tuple[int, int]]) -> None:
    known = Fading(most=20)
    for day, number in learned:
        learn(known, day, {number: 5_000})
        assert len(known) <= 20
    learn(known, 200, {1: 5_000})
    assert sums(known) == {1: (1, 5_000)}


def test_what_went_before_it_could_be_kept_is_not_missed_later() -> None:
    """Several deliveries settle together: all are added, then each is kept, and the first to be so may be too many."""
    known, several = Fading(most=4), [{1: 100, 2: 100, 3: 100}, {4: 100, 5: 100, 6: 100}]
    for shares in several:
        known.add(shares)
    for shares in reversed(several):
        known.keep(Micros(DAY), shares)
    learn(known, 1 + REMEMBERED_DAYS, {9: 100})
    assert sums(known) == {9: (1, 100)}


def test_what_is_met_least_goes_first() -> None:
    known = Fading(most=4)
    for number, times in ((1, 3), (2, 1), (3, 2), (4, 1), (5, 1)):
        for _ in range(times):
            learn(known, 1, {number: 100})
    assert set(known._sums) == {1, 3, 5}
