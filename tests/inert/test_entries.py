"""The rule is about the day of the mail: never, up to a day, or for ever, on each axis."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.every import every

from mailwake.inert.entries import EVER, NOTHING, SILENT, Axes, Before, Entries, before, day_after
from mailwake.tokens import EPOCH

days = st.integers(0, EVER)
befores = st.builds(Before, days, days)
tables = st.dictionaries(st.integers(0, 2**64 - 1), befores.filter(lambda said: said != NOTHING), max_size=40)


@given(tables, tables, st.sets(st.integers(0, 2**64 - 1), max_size=5))
def test_changes_replace_add_and_take_out(old: dict[int, Before], new: dict[int, Before], gone: set[int]) -> None:
    changes = {**new, **dict.fromkeys(gone, NOTHING)}
    merged = Entries.of(old).merged(changes)
    wanted = {handle: said for handle, said in {**old, **changes}.items() if said != NOTHING}
    assert len(merged) == len(wanted)
    assert {handle: merged.get(handle) for handle in {**old, **changes}} == {
        handle: wanted.get(handle) for handle in {**old, **changes}
    }


@given(tables)
def test_bytes_come_back_as_they_were(told: dict[int, Before]) -> None:
    raw = Entries.of(told).to_bytes()
    back = Entries.from_bytes(raw, len(told))
    assert {handle: back.get(handle) for handle in told} == told
    assert len(raw) == 12 * len(told)


def test_a_wrong_count_is_refused() -> None:
    with pytest.raises(ValueError, match="count"):
        Entries.from_bytes(Entries.of({1: SILENT}).to_bytes(), 2)


@every(
    ("said", "axes", "silent"),
    [
        (before(Axes.OPENS, EVER), Axes.OPENS, True),
        (before(Axes.OPENS, EVER), Axes.CLICKS, False),
        (before(Axes.CLICKS, EVER), Axes.OPENS, False),
        (before(Axes.OPENS, EVER), Axes.BOTH, True),
        (Before(101, 0), Axes.OPENS, True),
        (Before(100, 0), Axes.OPENS, False),
        (NOTHING, Axes.BOTH, False),
    ],
)
def test_mail_of_day_100_is_silent_on_the_axes_that_are_meant(said: Before, axes: Axes, silent: bool) -> None:
    assert said.holds(100, axes) is silent


def test_the_day_after_is_counted_as_tokens_count_days() -> None:
    noon = datetime.combine(EPOCH, datetime.min.time(), UTC) + timedelta(days=9, hours=23, minutes=59)
    assert day_after(round(noon.timestamp() * 1_000_000)) == 10
    assert day_after(0) == 1  # long before the first token: still said of somebody who once refused
