"""Which presses belong together: three recipients within a minute, found by one walk."""

from hypothesis import given
from hypothesis import strategies as st

from mailwake.events import Handle, Micros
from mailwake.leaving.bursts import ENOUGH, WINDOW, bursts
from mailwake.store.state import Unsubscribe


def press(identity: int, at: float, handle: int | None = None) -> Unsubscribe:
    who = Handle(identity if handle is None else handle)
    return Unsubscribe(id=identity, handle=who, at=Micros(round(at * 1_000_000)), how="button")


def ids(*rows: Unsubscribe) -> list[list[int]]:
    return [[row.id for row in burst] for burst in bursts(rows)]


def test_three_recipients_within_a_minute_are_a_burst() -> None:
    assert ids(press(1, 0), press(2, 30), press(3, 60)) == [[1, 2, 3]]


def test_two_recipients_or_three_in_more_than_a_minute_are_none() -> None:
    assert ids(press(1, 0), press(2, 30)) == []
    assert ids(press(1, 0), press(2, 30), press(3, 60.000001)) == []


def test_one_recipient_who_presses_often_is_no_burst() -> None:
    assert ids(*(press(n, n, handle=7) for n in range(10))) == []
    assert ids(press(1, 0, 7), press(2, 1, 7), press(3, 2, 8)) == []


def test_bursts_far_from_each_other_are_apart_and_what_goes_on_is_one() -> None:
    first = [press(n, n) for n in range(3)]
    second = [press(10 + n, 500 + n * 25) for n in range(6)]
    assert ids(*first, press(5, 200), *second) == [[0, 1, 2], [10, 11, 12, 13, 14, 15]]


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 6)), max_size=40))
def test_exactly_those_that_share_a_window_with_enough_recipients_are_found(drawn: list[tuple[int, int]]) -> None:
    rows = [press(n, at, handle) for n, (at, handle) in enumerate(sorted(drawn))]
    windows = [[row for row in rows if 0 <= row.at - first.at <= WINDOW] for first in rows]
    wanted = {row.id for window in windows if len({row.handle for row in window}) >= ENOUGH for row in window}
    found = [row.id for burst in bursts(rows) for row in burst]
    assert found == sorted(wanted)
