"""Earlier and later pages."""

import pytest

from mailwake.drawing.paging import pages


@pytest.mark.parametrize(
    ("page", "before", "after"),
    [
        (1, "", "/x?q=a+b&page=2"),
        (2, "/x?q=a+b&page=1", "/x?q=a+b&page=3"),
        (3, "/x?q=a+b&page=2", ""),
        (9, "/x?q=a+b&page=3", ""),
    ],
)
def test_a_page_knows_its_neighbours(page: int, before: str, after: str) -> None:
    found = pages("/x", {"q": "a b", "stream": ""}, page=page, total=21, page_size=10)
    assert (found.before, found.after, found.last) == (before, after, 3)


def test_one_page_has_no_neighbours() -> None:
    found = pages("/x", {}, page=1, total=10, page_size=10)
    assert (found.before, found.after, found.is_several) == ("", "", False)


def test_an_empty_list_is_one_page() -> None:
    assert pages("/x", {}, page=1, total=0, page_size=10).last == 1
