"""AT-74: no cell with fewer than ten people is shown, and none can be worked out from what is shown."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st
from tests.every import every

from mailwake.sampling.cells import LEAST, suppress


@every(
    ("sizes", "cells", "total"),
    [
        ([], [], True),
        ([0, 0], [True, True], True),
        ([12, 30], [True, True], True),
        ([1, 30, 12], [False, True, False], True),
        ([1, 30], [False, False], True),
        ([9], [False], False),
        ([4, 3], [False, False], False),
        ([9, 9, 40], [False, False, True], True),
        ([1, 2, 40, 50], [False, False, False, True], True),
        ([0, 5, 40], [True, False, False], True),
    ],
)
def test_small_cells_take_others_with_them(sizes: list[int], cells: list[bool], *, total: bool) -> None:
    shown = suppress(sizes)
    assert (list(shown.cells), shown.total) == (cells, total)


tables = st.lists(st.integers(0, 40), max_size=12)


@given(tables)
def test_no_subtraction_of_what_is_shown_leaves_a_small_group(sizes: list[int]) -> None:
    """Every union of shown cells, and the total less any of them, is of nobody or of ten people at least."""
    shown = suppress(sizes)
    visible = [size for size, is_shown in zip(sizes, shown.cells, strict=True) if is_shown and size]
    assert all(size >= LEAST for size in visible)
    if shown.total:
        hidden = sum(sizes) - sum(visible)
        assert hidden == 0 or hidden >= LEAST
        assert len([size for size, is_shown in zip(sizes, shown.cells, strict=True) if not is_shown]) != 1
        for count in range(min(len(visible), 4) + 1):
            for some in combinations(visible, count):
                left = sum(sizes) - sum(some)
                assert left == 0 or left >= LEAST


@given(tables)
def test_a_table_without_small_cells_is_shown_whole(sizes: list[int]) -> None:
    large = [size for size in sizes if size == 0 or size >= LEAST]
    shown = suppress(large)
    assert all(shown.cells)
    assert shown.total
