"""What the log keeps can be read for ever: records written before a field existed, and after."""

import msgspec

from mailwake.events import (
    DeliveryId,
    Event,
    EventType,
    Handle,
    Micros,
    Note,
    Request,
    Source,
    TemplateId,
    decode_event,
    encode_event,
    encode_hit,
)
from mailwake.modes import INDIVIDUAL

#: As it was written when a request had five fields.
FIVE_FIELDS = bytes.fromhex(
    "9fa66f70656e6564cf0006611890fef000a465646765c0a033c007ce0012d687ce0074cbb1c0a0a095a3474554c4042f6f2f78ab3230332e30"
    "2e3131332e3990c42d486f73743a20747261636b2e6578616d706c652e636f6d0d0a557365722d4167656e743a204d61696c2f312e30c0"
)
OPENED = Event(
    type=EventType.OPENED,
    received_at=Micros(1_795_608_000_000_000),
    source=Source.EDGE,
    modes=INDIVIDUAL.to_byte(),
    template=TemplateId(7),
    delivery=DeliveryId(1_234_567),
    recipient=Handle(7_654_321),
    request=Request(
        "GET", b"/o/x", "203.0.113.9", ((b"Host", b"track.example.com"), (b"User-Agent", b"Mail/1.0")), told=None
    ),
)


def test_a_record_of_an_older_version_is_read_as_it_was_meant() -> None:
    assert decode_event(FIVE_FIELDS) == OPENED


def test_what_a_newer_version_adds_at_the_end_is_passed_over() -> None:
    fields = msgspec.msgpack.decode(FIVE_FIELDS)
    fields[13] += [["user-agent"], "something new"]
    event = decode_event(msgspec.msgpack.encode([*fields, "something new"]))
    assert event.request is not None
    assert event.request.told == ("user-agent",)


def test_what_is_written_comes_back() -> None:
    told = msgspec.structs.replace(OPENED, request=Request("HEAD", b"/o/x", "", (), told=("user-agent", "referer")))
    assert decode_event(encode_event(told)) == told


def test_a_hit_encoded_the_short_way_is_the_same_event() -> None:
    request = ("GET", b"/o/x", "203.0.113.9", (), b"Host: track.example.com\r\nUser-Agent: Mail/1.0")
    hit = encode_hit(
        EventType.OPENED,
        OPENED.received_at,
        OPENED.modes,
        ids=(7, 1_234_567, 7_654_321),
        link=None,
        note=Note.NONE,
        request=request,
    )
    assert decode_event(hit) == OPENED


def test_a_counted_click_encoded_the_short_way_is_the_same_event() -> None:
    at, modes = Micros(1_795_608_000_000_000), 17
    hit = encode_hit(EventType.CLICKED, at, modes, ids=(7, None, None), link=3, note=Note.DECOY, request=None)
    event = Event(
        type=EventType.CLICKED,
        received_at=at,
        source=Source.EDGE,
        modes=modes,
        template=TemplateId(7),
        link=3,
        note=Note.DECOY,
    )
    assert decode_event(hit) == event
