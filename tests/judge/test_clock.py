"""Delivery times, remembered in little room."""

from hypothesis import given
from hypothesis import strategies as st

from mailwake.events import SECOND, DeliveryId, Micros
from mailwake.judge.clock import REMEMBERED, DeliveryClock

NOW = 1_790_000_000 * SECOND


def test_delivered_beats_sent_in_either_order() -> None:
    for first in (True, False):
        clock = DeliveryClock()
        for delivered in (first, not first):
            clock.set(DeliveryId(7), Micros(NOW + 5 * delivered), delivered=delivered)
        assert clock.get(DeliveryId(7)) == NOW + 5


def test_of_two_times_of_one_kind_the_earlier_stays() -> None:
    clock = DeliveryClock()
    assert clock.set(DeliveryId(7), Micros(NOW + 9), delivered=True)
    assert clock.set(DeliveryId(7), Micros(NOW), delivered=True)
    assert not clock.set(DeliveryId(7), Micros(NOW + 3), delivered=True)
    assert clock.get(DeliveryId(7)) == NOW


def test_an_unknown_delivery_has_no_time() -> None:
    assert DeliveryClock().get(DeliveryId(1)) is None


def test_a_time_before_1970_is_no_time() -> None:
    clock = DeliveryClock()
    assert not clock.set(DeliveryId(1), Micros(0), delivered=True)
    assert clock.get(DeliveryId(1)) is None


@given(st.dictionaries(st.integers(0, 2**64 - 1), st.integers(1, 10**6), max_size=3000))
def test_it_answers_as_a_dictionary_would(times: dict[int, int]) -> None:
    clock = DeliveryClock()
    for delivery, seconds in times.items():
        clock.set(DeliveryId(delivery), Micros(NOW + seconds), delivered=True)
    assert len(clock) == len(times)
    assert all(clock.get(DeliveryId(key)) == NOW + seconds for key, seconds in times.items())


def test_old_times_go_when_it_grows() -> None:
    clock = DeliveryClock()
    clock.set(DeliveryId(1), Micros(NOW), delivered=True)
    for n in range(2, 2000):
        clock.set(DeliveryId(n), Micros(NOW + REMEMBERED + n), delivered=True)
    assert clock.get(DeliveryId(1)) is None
    assert clock.get(DeliveryId(1999)) is not None


def test_it_never_holds_more_than_it_may() -> None:
    clock = DeliveryClock(most=2000)
    for n in range(1, 20_001):
        clock.set(DeliveryId(n), Micros(NOW + n * SECOND), delivered=True)
    assert len(clock) <= 4000
    assert clock.get(DeliveryId(20_000)) == NOW + 20_000 * SECOND
