"""Who of a list gets the mail in this run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from mailwake.errors import BadInput
from mailwake.events import DeliveryId, EventType, Micros
from mailwake.merge.ledger import Standing
from mailwake.merge.people import parse_people
from mailwake.merge.plan import Plan, make_plan
from mailwake.modes import OFF
from mailwake.send.tracker import Tracker
from mailwake.store.state import Axis, Consent

if TYPE_CHECKING:
    from tests.conftest import Home

NOW = Micros(1_800_000_000_000_000)
ANNA, BEN, EVE = "anna@example.com", "ben@example.com", "eve@example.com"
LIST = parse_people(f"email,city\n{ANNA},Rome\n{BEN},Bonn\n{EVE},Oslo\n", name="people.csv")


@pytest.fixture
def tracker(home: Home) -> Iterator[Tracker]:
    made = Tracker(home.settings(), home.state(), clock=lambda: NOW)
    yield made
    made.state.close()


def plan(
    tracker: Tracker, *, attributes: tuple[str, ...] = (), retry_doubtful: bool = False, **kinds: EventType
) -> Plan:
    handles = tracker.handles([ANNA, BEN, EVE])
    standing = {handles[f"{name}@example.com"]: Standing(kind, DeliveryId(9)) for name, kind in kinds.items()}
    campaign = tracker.campaign("spring")
    return make_plan(tracker, campaign, LIST, standing, attributes=attributes, retry_doubtful=retry_doubtful)


def mailed(made: Plan) -> list[str]:
    return [addressee.person.address for addressee in made.addressees]


def test_everybody_gets_it_the_first_time(tracker: Tracker) -> None:
    assert mailed(plan(tracker)) == [ANNA, BEN, EVE]


def test_who_has_it_and_who_bounced_are_left_out_and_who_was_put_off_is_not(tracker: Tracker) -> None:
    made = plan(tracker, anna=EventType.DELIVERED, ben=EventType.BOUNCED, eve=EventType.DEFERRED)
    assert mailed(made) == [EVE]


def test_who_is_in_doubt_is_left_out_unless_asked_for(tracker: Tracker) -> None:
    assert mailed(plan(tracker, anna=EventType.SENT)) == [BEN, EVE]
    assert mailed(plan(tracker, anna=EventType.SENT, retry_doubtful=True)) == [ANNA, BEN, EVE]


def test_the_suppressed_are_left_out_and_reported_once(tracker: Tracker) -> None:
    handle = tracker.handles([BEN])[BEN]
    tracker.state.suppress(handle, reason="unsubscribed", source="edge", at=NOW, stream="marketing")
    made = plan(tracker)
    assert mailed(made) == [ANNA, EVE]
    (event,) = made.rejected(tracker)
    assert (event.type, event.recipient, event.reason) == (EventType.REJECTED, handle, "suppressed: unsubscribed")
    assert plan(tracker, ben=EventType.REJECTED).rejected(tracker) == []


def test_each_person_is_watched_as_closely_as_they_allow(tracker: Tracker) -> None:
    handle = tracker.handles([BEN])[BEN]
    tracker.state.set_consent(handle, axis=Axis.BOTH, state=Consent.DENIED, at=NOW, source="test")
    modes = {addressee.person.address: addressee.modes for addressee in plan(tracker).addressees}
    assert modes[BEN] == OFF
    assert modes[ANNA] != OFF


def test_columns_are_kept_with_the_recipient_only_when_asked_for(tracker: Tracker) -> None:
    handle = tracker.handles([ANNA])[ANNA]
    plan(tracker)
    assert tracker.state.recipients([handle])[handle].fields == {}
    plan(tracker, attributes=("city",))
    assert tracker.state.recipients([handle])[handle].fields == {"city": "Rome"}


def test_an_attribute_that_is_no_column_is_named(tracker: Tracker) -> None:
    with pytest.raises(BadInput, match="no column plan; it has email, city"):
        plan(tracker, attributes=("plan",))
