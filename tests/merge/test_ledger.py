"""Reading back who already has the mail."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from tests.every import every

from mailwake.errors import Unavailable
from mailwake.eventlog.sqlite import append_now
from mailwake.events import CampaignId, DeliveryId, Event, EventType, Handle, Micros, Source, encode_event
from mailwake.merge.ledger import Standing, own_events, standings, writer_of

ANNA = Handle(11)


def event(kind: EventType, reason: str = "") -> Event:
    return Event(
        type=kind, received_at=Micros(1), source=Source.SEND, delivery=DeliveryId(5), recipient=ANNA, reason=reason
    )


@every(
    ("told", "is_done", "is_doubtful"),
    [
        ([EventType.SENT], False, True),
        ([EventType.SENT, EventType.DELIVERED], True, False),
        ([EventType.SENT, EventType.BOUNCED], True, False),
        ([EventType.SENT, EventType.DEFERRED], False, False),
        ([EventType.SENT, EventType.DEFERRED, EventType.SENT], False, True),
        ([EventType.REJECTED], False, False),
        ([EventType.SENT, EventType.DELIVERED, EventType.OPENED], True, False),
    ],
)
def test_the_last_word_on_a_recipient_holds(told: list[EventType], is_done: bool, is_doubtful: bool) -> None:
    standing = standings(map(event, told))[ANNA]
    assert (standing.is_done, standing.is_doubtful) == (is_done, is_doubtful)


def test_the_log_of_others_is_none_of_our_business(tmp_path: Path) -> None:
    append_now(tmp_path, "send-1", [encode_event(event(EventType.SENT))])
    append_now(tmp_path, "send-2", [encode_event(event(EventType.DELIVERED))])
    append_now(tmp_path, "relay", [encode_event(event(EventType.BOUNCED))])
    assert standings(own_events(tmp_path, "send-1")) == {ANNA: Standing(EventType.SENT, DeliveryId(5))}


def test_a_campaign_that_never_ran_has_nobody(tmp_path: Path) -> None:
    assert list(own_events(tmp_path / "none", writer_of(CampaignId(3)))) == []


def test_a_log_that_cannot_be_read_whole_stops_who_sends_by_it(tmp_path: Path) -> None:
    append_now(tmp_path, "send-1", [encode_event(event(EventType.SENT))])
    append_now(tmp_path, "send-1", [encode_event(event(EventType.DELIVERED))])
    with sqlite3.connect(tmp_path / "send-1.log") as log:
        log.execute("UPDATE segment SET body = zeroblob(8) WHERE number = 1")
    log.close()
    with pytest.raises(Unavailable, match="cannot be read whole"):
        list(own_events(tmp_path, "send-1"))


def test_a_record_that_is_no_event_stops_who_sends_by_it(tmp_path: Path) -> None:
    append_now(tmp_path, "send-1", [b"\xc1"])
    with pytest.raises(Unavailable):
        list(own_events(tmp_path, "send-1"))
