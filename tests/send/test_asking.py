"""Mail that asks for consent does not reach who refused, or kept silent, before the day on which they may be asked."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.send.conftest import HTML, Serve, send

from mailwake.events import SECOND, DeliveryId, EventType, Micros
from mailwake.merge.ledger import Standing
from mailwake.merge.people import parse_people
from mailwake.merge.plan import Plan, make_plan
from mailwake.send.tracker import Suppressed, Tracker
from mailwake.settings import Settings
from mailwake.store.consent.ledger import COUNTRY
from mailwake.store.state import Axis, Consent

if TYPE_CHECKING:
    from tests.conftest import Home, Sink

#: 2026-11-26
NOW = Micros(1_795_651_200 * SECOND)
DAY = 86_400 * SECOND
ANNA, BEN, EVE = "anna@example.com", "ben@example.com", "eve@example.com"
ASKS = "consent_request"
QUESTION = b"X-Mailwake-Stream: consent_request\r\n" + HTML


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> Micros:
        return self.now


def under(home: Home, profile: str) -> Settings:
    settings = home.settings()
    tracking = replace(settings.tracking, profile=profile, unknown_consent="")
    return replace(settings, tracking=tracking)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tracker(home: Home, clock: Clock) -> Iterator[Tracker]:
    made = Tracker(under(home, "FR"), home.state(), clock=clock)
    yield made
    made.state.close()


def says(tracker: Tracker, address: str, state: Consent, *, days_ago: int) -> None:
    handle = tracker.handles([address])[address]
    moment = Micros(NOW - days_ago * DAY)
    tracker.state.set_consent(handle, axis=Axis.BOTH, state=state, at=moment, source="form")


def held(tracker: Tracker, address: str, stream: str = ASKS) -> list[str]:
    found = tracker.held(tracker.handles([address]).values(), campaign=None, stream=stream)
    return [each.reason for each in found.values()]


def test_who_refused_is_not_asked_and_the_day_is_named(tracker: Tracker) -> None:
    says(tracker, ANNA, Consent.DENIED, days_ago=30)
    assert held(tracker, ANNA) == ["refused or did not answer; may be asked for consent again from 2027-04-27 on"]
    assert held(tracker, ANNA, "marketing") == []
    assert held(tracker, BEN) == []


def test_the_wait_is_over_on_that_day_and_not_before(tracker: Tracker, clock: Clock) -> None:
    says(tracker, ANNA, Consent.WITHDRAWN, days_ago=0)
    clock.now = Micros(NOW + 180 * DAY)
    assert len(held(tracker, ANNA)) == 1
    clock.now = Micros(NOW + 181 * DAY)  # six calendar months of these
    assert held(tracker, ANNA) == []


def test_without_a_profile_that_says_so_nobody_has_to_wait(home: Home, tracker: Tracker) -> None:
    says(tracker, ANNA, Consent.DENIED, days_ago=1)
    for settings in (home.settings(), under(home, "US")):
        assert held(Tracker(settings, tracker.state, clock=lambda: NOW), ANNA) == []


def test_the_country_of_the_recipient_counts_too(home: Home, tracker: Tracker) -> None:
    says(tracker, ANNA, Consent.DENIED, days_ago=1)
    other = Tracker(under(home, "US"), tracker.state, clock=lambda: NOW)
    tracker.state.handles([ANNA], now=NOW, fields={ANNA: {COUNTRY: "it"}})
    assert len(held(other, ANNA)) == 1


def test_a_program_that_asks_too_soon_is_told_the_day(tracker: Tracker) -> None:
    tracker.track(QUESTION, recipient=ANNA)
    with pytest.raises(Suppressed, match=r"again from 2027-05-26 on; leave them in peace until then") as told:
        tracker.track(QUESTION, recipient=ANNA)
    assert told.value.suppression.expires_at is not None
    tracker.track(HTML, recipient=ANNA)


def test_the_relay_refuses_it_also_where_others_may_be_asked(home: Home, sink: Sink, serve: Serve) -> None:
    tracker = Tracker(under(home, "FR"), home.state())
    handle = tracker.handles([ANNA])[ANNA]
    tracker.state.set_consent(handle, axis=Axis.BOTH, state=Consent.DENIED, at=tracker.clock(), source="form")
    tracker.state.close()
    running = serve(settings=under(home, "FR"))
    with pytest.raises(smtplib.SMTPDataError, match=r"may be asked for consent again from 20\d\d-\d\d-\d\d on"):
        send(running, ANNA, message=QUESTION)
    send(running, ANNA)
    send(running, BEN, message=QUESTION)
    assert [(len(sink.to(each))) for each in (ANNA, BEN)] == [1, 1]
    assert ("rejected", ANNA) in home.outcomes()


LIST = parse_people(f"email\n{ANNA}\n{BEN}\n{EVE}\n", name="people.csv")


def plan(tracker: Tracker, standing: dict[str, Standing] | None = None) -> Plan:
    handles = tracker.handles([ANNA, BEN, EVE])
    known = {handles[address]: each for address, each in (standing or {}).items()}
    return make_plan(tracker, tracker.campaign("may we", stream=ASKS), LIST, known)


def test_a_list_is_asked_without_those_who_refused(tracker: Tracker) -> None:
    says(tracker, BEN, Consent.DENIED, days_ago=10)
    made = plan(tracker)
    assert [each.person.address for each in made.addressees] == [ANNA, EVE]
    (event,) = made.rejected(tracker)
    assert "may be asked for consent again from 2027-05-16 on" in event.reason


def test_a_run_that_goes_on_counts_whom_it_asked_as_asked(tracker: Tracker) -> None:
    handles = tracker.handles([ANNA, BEN])
    tracker.state.note_asked(dict.fromkeys(handles.values(), NOW))
    standing = {ANNA: Standing(EventType.DELIVERED, DeliveryId(9))}
    made = plan(tracker, standing)
    assert [each.person.address for each in made.addressees] == [EVE]
    assert set(made.suppressed) == {handles[BEN]}
