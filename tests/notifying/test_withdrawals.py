"""Other programs are told that somebody withdrew, and nothing more of what they did before."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mailwake.events import CampaignId, Class, DeliveryId, EventType, Handle, Micros, Source, TemplateId
from mailwake.notifying.endpoints import EVENTS, Endpoint
from mailwake.notifying.messages import Names, messages
from mailwake.store.events import Cut, Cuts, EventRow, EventStore, open_events

ANN = Handle(101)
EVERYTHING = Endpoint(
    name="all", url="https://example.com/", keys=(b"k",), events=frozenset(EVENTS), when="provisional",
    allow_private=False,
)  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EventStore]:
    opened = open_events(tmp_path / "events.duckdb", news=True, threads=1)
    yield opened
    opened.close()


def row(number: int, type_: EventType, **more: Any) -> EventRow:
    return EventRow(
        id=number, type=type_, at=Micros(number), received_at=Micros(number), source=Source.EDGE,
        campaign=CampaignId(1), template=TemplateId(7), delivery=DeliveryId(9), recipient=ANN, modes=0x33, **more,
    )  # fmt: skip


def told(store: EventStore) -> list[dict[str, Any]]:
    names = Names(addresses={ANN: "ann@example.com"}, campaigns={}, links={}, silent=frozenset())
    rows = store.ask("news", after=0, limit=100)
    return [msgspec.json.decode(each.body) for one in rows for each in messages(one, EVERYTHING, names)]


def test_a_withdrawal_is_told_with_its_axis(store: EventStore) -> None:
    store.write(rows=[row(1, EventType.CONSENT_WITHDRAWN, reason="opens")])
    (one,) = told(store)
    assert (one["type"], one["data"]["reason"]) == ("email.consent_withdrawn", "opens")
    assert one["data"]["address"] == "ann@example.com"


def test_what_was_not_told_yet_when_somebody_withdrew_is_told_no_more(store: EventStore) -> None:
    store.write(rows=[row(n, EventType.OPENED, p_human=0.9, klass=Class.HUMAN) for n in (1, 2)])
    assert [each["type"] for each in told(store)] == ["email.opened"] * 2
    store.write(cuts=Cuts(people=[Cut(recipient=ANN, opens_until=Micros(10), clicks_until=Micros(10))]))
    assert told(store) == []
    store.write(rows=[row(3, EventType.UNSUBSCRIBED)])
    assert [each["type"] for each in told(store)] == ["email.unsubscribed"], "numbers of news go on"
