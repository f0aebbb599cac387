"""The lot: the same whenever it is drawn, as large as asked, and nobody drawn is ever mailed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailwake.errors import BadInput
from mailwake.events import CampaignId, DeliveryId, EventType, Handle, Micros
from mailwake.merge.holdout import is_drawn, percent
from mailwake.merge.ledger import Standing
from mailwake.merge.people import parse_people
from mailwake.merge.plan import Plan, make_plan
from mailwake.send.tracker import Tracker
from mailwake.store.state import Axis, Consent

if TYPE_CHECKING:
    from tests.conftest import Home

KEY = b"k" * 32
NOW = Micros(1_800_000_000_000_000)
NAMES = [f"p{number}@example.com" for number in range(400)]
LIST = parse_people("email\n" + "\n".join(NAMES), name="people.csv")


@pytest.fixture
def tracker(home: Home) -> Iterator[Tracker]:
    made = Tracker(home.settings(), home.state(), clock=lambda: NOW)
    yield made
    made.state.close()


def plan(tracker: Tracker, share: float, standing: dict[Handle, Standing] | None = None) -> Plan:
    return make_plan(tracker, tracker.campaign("spring"), LIST, standing or {}, holdout=share)


@given(st.integers(1, 2**63 - 1), st.integers(1, 99), st.floats(0, 90), st.floats(0, 90))
def test_a_larger_share_holds_whoever_a_smaller_one_held(handle: int, campaign: int, one: float, other: float) -> None:
    small, large = sorted((one, other))
    held = [is_drawn(KEY, CampaignId(campaign), Handle(handle), percent=share) for share in (small, large)]
    assert held[1] or not held[0]


def test_the_share_is_as_asked_and_another_campaign_or_key_draws_others() -> None:
    def drawn(key: bytes, campaign: int) -> set[int]:
        return {who for who in range(1, 20_001) if is_drawn(key, CampaignId(campaign), Handle(who), percent=10)}

    one, other, foreign = drawn(KEY, 1), drawn(KEY, 2), drawn(b"x" * 32, 1)
    for found in (one, other, foreign):
        assert 1_830 < len(found) < 2_170  # four standard deviations
    assert len(one & other) < 300
    assert len(one & foreign) < 300


@pytest.mark.parametrize("value", [-1, 90.5, float("nan"), 1e9])
def test_a_share_that_cannot_be_is_refused(value: float) -> None:
    with pytest.raises(BadInput, match="--holdout"):
        percent(value)


def test_whoever_is_drawn_is_remembered_and_never_mailed_however_often_it_is_run(tracker: Tracker) -> None:
    denied = tracker.handles([NAMES[0]])[NAMES[0]]
    tracker.state.set_consent(denied, axis=Axis.CLICKS, state=Consent.DENIED, at=NOW, source="test")
    first = plan(tracker, 20)
    campaign = tracker.campaign("spring").id
    held = tracker.state.holdouts(campaign)
    assert 40 < len(held) < 120
    assert first.held_out == held.keys()
    assert len(first.addressees) + len(held) == len(NAMES)
    assert not held.keys() & {each.handle for each in first.addressees}
    assert all(may == (handle != denied and may) for handle, (_, may) in held.items())
    done = {each.handle: Standing(EventType.DELIVERED, DeliveryId(9)) for each in first.addressees}
    for share in (0, 20, 90):
        again = plan(tracker, share, done)
        assert again.addressees == ()
        assert tracker.state.holdouts(campaign) == held


def test_nobody_is_held_who_was_tried_before(tracker: Tracker) -> None:
    handles = tracker.handles(NAMES)
    tried = {handle: Standing(EventType.DEFERRED, DeliveryId(9)) for handle in handles.values()}
    made = plan(tracker, 50, tried)
    assert (len(made.addressees), made.held_out) == (len(NAMES), frozenset())
