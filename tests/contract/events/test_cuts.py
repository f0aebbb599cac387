"""Who withdrew is cut off what they did; campaigns keep their totals, and nobody is known by a number twice."""

from typing import Any

import msgspec
import pytest

from mailwake.events import CampaignId, Class, DeliveryId, EventType, Handle, Micros, Note, Source, TemplateId
from mailwake.store.events import Cut, Cuts, EventRow, EventStore

ANN, BOB = Handle(101), Handle(102)
ALL = Micros(10_000)
_TOTALS = ("sent", "delivered", "opened_events", "opened_human", "clicked_events", "clicked_human", "unsubscribed")


def row(number: int, type_: EventType, who: Handle, **more: Any) -> EventRow:
    human = type_ in (EventType.OPENED, EventType.CLICKED)
    plain = EventRow(
        id=number, type=type_, at=Micros(number), received_at=Micros(number), source=Source.EDGE,
        campaign=CampaignId(1), template=TemplateId(7), delivery=DeliveryId(int(who) * 10), recipient=who, modes=0x33,
        p_human=0.9 if human else None, klass=Class.HUMAN if human else None, network=5, agent=6, domain="~abc",
        link=2 if type_ is EventType.CLICKED else None,
    )  # fmt: skip
    return msgspec.structs.replace(plain, **more)


def mail(first: int, who: Handle, **more: Any) -> list[EventRow]:
    """One copy: sent, delivered, opened twice, clicked once."""
    types = (EventType.SENT, EventType.DELIVERED, EventType.OPENED, EventType.OPENED, EventType.CLICKED)
    return [row(first + n, type_, who, **more) for n, type_ in enumerate(types)]


@pytest.fixture(params=[True, False], ids=["settled", "provisional"])
def filled(store: EventStore, request: pytest.FixtureRequest) -> EventStore:
    store.write(rows=[*mail(1, ANN, settled=request.param), *mail(11, BOB, settled=request.param)])
    return store


def counts(store: EventStore) -> dict[str, Any]:
    (found,) = store.ask("campaign_counts", campaign=1)
    return found


def of(store: EventStore, who: Handle) -> set[str]:
    return {row["type"] for row in store.among([who]).ask("types", campaign=1)}


def test_totals_stay_and_the_person_is_gone_from_them(filled: EventStore) -> None:
    before = counts(filled)
    filled.write(cuts=Cuts(people=[Cut(recipient=ANN, opens_until=ALL, clicks_until=ALL)], line=4))
    after = counts(filled)
    assert {name: after[name] for name in _TOTALS} == {name: before[name] for name in _TOTALS}
    assert of(filled, ANN) == {"sent", "delivered"}
    assert of(filled, BOB) == {"sent", "delivered", "opened", "clicked"}
    assert filled.cut_line() == 4


def test_a_copy_that_was_cut_off_leaves_the_base_of_its_rates(filled: EventStore) -> None:
    filled.write(cuts=Cuts(people=[Cut(recipient=ANN, opens_until=ALL, clicks_until=ALL)]))
    found = counts(filled)
    assert (found["opens_trackable"], found["opened_human_in_base"]) == (1, 1)
    assert (found["clicks_trackable"], found["clicked_human_in_base"]) == (1, 1)


def test_one_axis_leaves_the_other_with_the_person(filled: EventStore) -> None:
    filled.write(cuts=Cuts(people=[Cut(recipient=ANN, opens_until=ALL)]))
    assert of(filled, ANN) == {"sent", "delivered", "clicked"}
    found = counts(filled)
    assert (found["opens_trackable"], found["clicks_trackable"], found["clicked_human_in_base"]) == (1, 2, 2)


def test_only_what_happened_until_then_is_cut(filled: EventStore) -> None:
    filled.write(cuts=Cuts(people=[Cut(recipient=ANN, opens_until=Micros(3), clicks_until=Micros(3))]))
    rows = filled.among([ANN]).ask("types", campaign=1)
    left = {each["type"]: each["event_count"] for each in rows}
    assert left == {"sent": 1, "delivered": 1, "opened": 1, "clicked": 1}


def test_erasing_takes_the_events_out(filled: EventStore) -> None:
    filled.write(cuts=Cuts(people=[Cut(recipient=ANN, opens_until=ALL, clicks_until=ALL)], erase=True))
    found = counts(filled)
    assert (found["opened_human"], found["clicked_human"], found["sent"]) == (1, 1, 2)


def test_doing_it_again_changes_nothing(filled: EventStore) -> None:
    cuts = Cuts(people=[Cut(recipient=ANN, opens_until=ALL, clicks_until=ALL)], line=4)
    filled.write(cuts=cuts)
    once = (counts(filled), filled.cut_line())
    filled.write(cuts=cuts)
    assert (counts(filled), filled.cut_line()) == once


def test_what_is_stored_with_the_cut_is_cut_too(store: EventStore) -> None:
    store.write(rows=mail(1, ANN), cuts=Cuts(people=[Cut(recipient=ANN, opens_until=ALL, clicks_until=ALL)]))
    assert of(store, ANN) == {"sent", "delivered"}


def test_a_look_at_a_page_is_cut_with_either_axis(store: EventStore) -> None:
    store.write(rows=[row(1, EventType.UNKNOWN, ANN, note=Note.PREFERENCES_VIEWED)])
    store.write(cuts=Cuts(people=[Cut(recipient=ANN, clicks_until=ALL)]))
    assert [(each.recipient, each.note) for each in store.provisional()] == [(None, Note.PREFERENCES_VIEWED)]


def test_nothing_left_is_the_same_for_two_campaigns(store: EventStore) -> None:
    """No number of the person, of the copy, of the network or the program, and no domain that is theirs alone."""
    store.write(rows=mail(1, ANN))
    store.write(rows=mail(11, ANN, campaign=CampaignId(2), delivery=DeliveryId(77)))
    store.write(cuts=Cuts(people=[Cut(recipient=ANN, opens_until=ALL, clicks_until=ALL)]))
    left = [each for each in store.provisional() if each.type in (EventType.OPENED, EventType.CLICKED)]
    assert len(left) == 6
    assert {(each.recipient, each.network, each.agent, each.domain) for each in left} == {(None,) * 4}
    copies = {each.campaign: {one.delivery for one in left if one.campaign == each.campaign} for each in left}
    assert {len(each) for each in copies.values()} == {1}, "what one copy saw still counts once"
    assert not set.union(*copies.values()) & {DeliveryId(1_010), DeliveryId(77), None}


def test_the_end_of_a_mail_is_cut_with_opens_and_what_was_sent_stays(store: EventStore) -> None:
    store.write(
        rows=[
            row(1, EventType.SENT, ANN, note=Note.END_PIXEL),
            row(2, EventType.UNKNOWN, ANN, note=Note.END_PIXEL),
        ]
    )
    store.write(cuts=Cuts(people=[Cut(recipient=ANN, opens_until=ALL)]))
    assert sorted((each.type, each.recipient) for each in store.provisional() if each.recipient) == [("sent", ANN)]
