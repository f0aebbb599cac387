"""Apple Mail Privacy Protection as a mixture."""

from math import exp

from hypothesis import given
from hypothesis import strategies as st
from tests.judge.world import START, at, rules

from mailwake.events import SECOND, Micros
from mailwake.judge.families.mixture import weigh


def probability(
    seconds: float, *, country: str | None = "DE", anchor: bool = True, clicks: tuple[float, ...] = ()
) -> float:
    weight, _ = weigh(
        rules(), at=at(seconds), anchor=at(0) if anchor else None, country=country, clicks=[at(each) for each in clicks]
    )
    return 1 / (1 + exp(-weight))


def _seconds_to_local_hour(hour: int) -> float:
    """Seconds from START to the next time it is that hour in Berlin, an hour ahead of UTC."""
    now = (START / SECOND / 3600 + 1) % 24
    return ((hour - now) % 24) * 3600


def test_it_is_never_zero_or_one() -> None:
    assert all(0.04 < probability(10.0**power) < 0.91 for power in range(-2, 8))


@given(st.integers(-(10**9), 10**9), st.sampled_from(["DE", "US", "XX", None]))
def test_any_time_and_country_has_an_answer(seconds: int, country: str | None) -> None:
    assert 0 < probability(seconds, country=country) < 1


def test_right_after_delivery_it_is_mostly_a_prefetch() -> None:
    assert probability(20) < 0.1


def test_an_afternoon_fetch_is_likelier_a_person_than_a_night_one() -> None:
    night, day = _seconds_to_local_hour(3), _seconds_to_local_hour(18)
    assert probability(day) > probability(night) + 0.2


def test_without_a_country_the_hour_says_nothing() -> None:
    assert probability(3600, country=None) == probability(3600, country="XX")


def test_without_a_delivery_time_the_share_of_people_is_the_answer() -> None:
    assert abs(probability(0, anchor=False) - rules().numbers["mpp.person_share"]) < 1e-9


def test_a_click_soon_after_says_somebody_was_there() -> None:
    assert abs(probability(20, clicks=(50,)) - 0.97) < 1e-9
    assert abs(probability(20, clicks=(1000,)) - 0.6) < 1e-9


def test_a_click_before_or_much_later_says_nothing() -> None:
    assert probability(20, clicks=(10, 5000)) == probability(20)


def test_the_hour_is_told_in_words() -> None:
    _, cell = weigh(rules(), at=Micros(at(_seconds_to_local_hour(3))), anchor=at(0), country="DE", clicks=())
    assert "local night" in cell.say()
