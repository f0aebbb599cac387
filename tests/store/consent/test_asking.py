"""Who refused, or did not answer, is left alone for as long as their profile says."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mailwake.events import SECOND, Handle, Micros
from mailwake.profiles import profiles
from mailwake.store.consent.asking import may_ask_again
from mailwake.store.state import Axis, Consent, Held, StateStore, open_state

FR = [profiles()["FR"]]


@pytest.fixture
def state(tmp_path: Path) -> Iterator[StateStore]:
    store = open_state(tmp_path / "state.sqlite")
    yield store
    store.close()


def at(day: str) -> Micros:
    return Micros(int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) * SECOND)


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def said(state: Consent, on: str, axis: Axis = Axis.OPENS) -> dict[Axis, Held]:
    return {axis: Held(state=state, at=at(on))}


@pytest.mark.parametrize("state", [Consent.DENIED, Consent.WITHDRAWN, Consent.UNKNOWN])
def test_who_did_not_say_yes_is_not_asked_again_for_six_months(state: Consent) -> None:
    assert may_ask_again(said(state, "2026-08-31"), None, FR) == day("2027-02-28")
    assert may_ask_again(said(state, "2026-08-31", Axis.CLICKS), None, FR) == day("2027-02-28")


def test_who_kept_silent_is_not_asked_again_for_six_months_either() -> None:
    assert may_ask_again({}, at("2026-05-12"), FR) == day("2026-11-12")
    assert may_ask_again(said(Consent.EXEMPT_HYGIENE, "2026-01-01"), at("2026-05-12"), FR) == day("2026-11-12")


def test_the_wait_begins_with_whatever_came_last() -> None:
    assert may_ask_again(said(Consent.DENIED, "2026-05-01"), at("2026-06-01"), FR) == day("2026-12-01")
    assert may_ask_again(said(Consent.DENIED, "2026-07-01"), at("2026-06-01"), FR) == day("2027-01-01")
    both = said(Consent.GRANTED, "2026-05-01") | said(Consent.DENIED, "2026-08-01", Axis.CLICKS)
    assert may_ask_again(both, None, FR) == day("2027-02-01")


def test_nothing_speaks_against_asking_who_said_yes_who_was_never_asked_or_where_no_profile_says_so() -> None:
    assert may_ask_again(said(Consent.GRANTED, "2026-08-31"), at("2026-08-30"), FR) is None
    assert may_ask_again({}, None, FR) is None
    assert may_ask_again(said(Consent.EXEMPT_HYGIENE, "2026-08-31"), None, FR) is None
    assert may_ask_again(said(Consent.WITHDRAWN, "2026-08-31", Axis.PROFILE), None, FR) is None
    for none in ([profiles()["US"]], [None], []):
        assert may_ask_again(said(Consent.DENIED, "2026-08-31"), at("2026-08-31"), none) is None


def test_the_longest_wait_counts() -> None:
    assert may_ask_again({}, at("2026-05-12"), [profiles()["US"], profiles()["IT"]]) == day("2026-11-12")


def test_the_latest_question_is_kept_however_often_and_in_whatever_order_it_is_told(state: StateStore) -> None:
    for moment in (20, 30, 10, 30):
        state.note_asked({Handle(1): Micros(moment)})
    state.note_asked({})
    assert state.asked([Handle(1), Handle(2)]) == {Handle(1): Micros(30)}
