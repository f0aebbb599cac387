"""Addresses that others stand behind, and those that only look like it."""

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from mailwake.origins.fronts import EVERY, WINDOW, FrontWatch, Visit, find_fronts

FRONT, OTHER = "3.83.206.173", "203.0.113.9"


def visits(n: int, *, address: str = FRONT, programs: int = 8, copies: int = 60) -> list[Visit]:
    return [Visit(address, f"program {number % programs}", number % copies) for number in range(n)]


def readers(n: int) -> Iterator[Visit]:
    """Each from home."""
    return (Visit(f"198.51.100.{number}", "program 1", number) for number in range(n))


def test_a_proxy_that_hides_everybody_is_one() -> None:
    assert find_fronts(visits(100)) == {FRONT}
    assert find_fronts([*visits(100), *readers(9)]) == {FRONT}, "some come past it"


def test_several_that_share_the_load_are_too() -> None:
    shared = [*visits(60), *visits(40, address=OTHER)]
    assert find_fronts(shared) == {FRONT, OTHER}


def test_a_scanner_is_none_however_often_it_comes() -> None:
    assert not find_fronts(visits(1_000, programs=4)), "it has few programs"
    assert not find_fronts(visits(1_000, copies=19)), "it comes to few copies"


def test_an_office_is_none_while_others_read_elsewhere() -> None:
    assert not find_fronts([*visits(100), *readers(20)])
    assert not find_fronts([*visits(60), *visits(40, address=OTHER, programs=1)]), "a scanner that comes beside it"


def test_one_of_many_ways_in_is_one_where_image_proxies_come_through_it() -> None:
    elsewhere = list(readers(500))
    behind = visits(60)
    assert not find_fronts([*behind, *elsewhere])
    fetched = [Visit(FRONT, "an image proxy", copy, proxied=True) for copy in (1, 2, 2)]
    assert not find_fronts([*behind, *fetched, *elsewhere]), "twice of one copy is once"
    assert find_fronts([*behind, *fetched, Visit(FRONT, "an image proxy", 3, proxied=True), *elsewhere]) == {FRONT}


def test_an_image_proxy_is_none() -> None:
    fetched = [Visit(FRONT, f"program {number % 9}", number, proxied=True) for number in range(400)]
    assert not find_fronts(fetched)


def test_where_nothing_comes_there_is_none() -> None:
    assert not find_fronts([])


@given(st.permutations(visits(60) + list(readers(5))))
def test_the_order_does_not_matter(all_of_them: list[Visit]) -> None:
    assert find_fronts(all_of_them) == {FRONT}


def test_it_is_noticed_as_hits_come_and_forgotten_when_it_is_mended() -> None:
    watch = FrontWatch()
    assert [watch.saw(visit) for visit in visits(EVERY)] == [False] * (EVERY - 1) + [True]
    assert all(watch.saw(visit) for visit in visits(EVERY))
    assert not watch.saw(Visit(OTHER, "program 1", 1)), "who comes past it keeps an address of his own"
    for number in range(2 * WINDOW):
        watch.saw(Visit(f"home {number}", "program 1", number))
    assert not watch.fronts
