"""Ids: the same fact has the same one, and what happens to a copy once has one that stores can make again."""

import pytest

from mailwake.events import DeliveryId, Event, EventType, Micros, Source, copy_id, event_id
from mailwake.pipeline.item import Item, identity_of


def item(kind: EventType, *, key: str, index: int = 0) -> Item:
    found = Item(writer="relay", segment=3, index=index, record=b"", written_at=Micros(5))
    found.event = Event(type=kind, received_at=Micros(5), source=Source.RELAY, delivery=DeliveryId(77), key=key)
    return found


@pytest.mark.parametrize("kind", [EventType.SENT, EventType.DELIVERED])
def test_what_happens_once_to_a_copy_has_the_id_of_the_copy(kind: EventType) -> None:
    assert identity_of(item(kind, key=f"{kind}:77")) == copy_id(kind, 77)
    assert copy_id("sent", 77) != copy_id("delivered", 77) != copy_id("delivered", 78)


def test_all_else_has_an_id_of_its_key_or_its_place() -> None:
    assert identity_of(item(EventType.BOUNCED, key="bounced:77")) == event_id("bounced:77")
    assert identity_of(item(EventType.DELIVERED, key="delivered:77:again")) == event_id("delivered:77:again")
    assert identity_of(item(EventType.DELIVERED, key="esp:9")) == event_id("esp:9")
    assert identity_of(item(EventType.CLICKED, key="", index=1)) == event_id("relay", 3, 1)
