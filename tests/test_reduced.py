"""What the log may hold of an event: what a mode must not store has no place to stand in."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailwake.events import (
    Counted,
    DeliveryId,
    Event,
    EventType,
    Handle,
    LastOpen,
    Micros,
    Note,
    Request,
    Source,
    TemplateId,
    decode_event,
)
from mailwake.modes import INDIVIDUAL, Mode, Modes
from mailwake.reduced import axis_mode, is_hit, keep

#: 2026-11-26 12:34:56.789 UTC
AT = Micros(1_795_696_496_789_000)
HOUR, DAY = 3_600_000_000, 86_400_000_000
TEMPLATE, DELIVERY, RECIPIENT = TemplateId(7), DeliveryId(0x1122_3344_5566_7788), Handle(0x0102_0304_0506_0708)
CANARIES = (b"203.0.113.9", b"Canary/7", b"/o/canary-token", DELIVERY.to_bytes(8), AT.to_bytes(8))


def modes(opens: Mode, clicks: Mode = Mode.OFF) -> Modes:
    return Modes(opens=opens, clicks=clicks)


def hit(type_: EventType, allowed: Modes, *, source: Source = Source.EDGE, note: Note = Note.NONE) -> Event:
    """All that could ever be known of a hit, whatever the mode says."""
    return Event(
        type=type_,
        received_at=AT,
        source=source,
        modes=allowed.to_byte(),
        template=TEMPLATE,
        delivery=DELIVERY,
        recipient=RECIPIENT,
        link=3 if type_ is EventType.CLICKED else None,
        note=note,
        request=Request("GET", b"/o/canary-token", "203.0.113.9", ((b"User-Agent", b"Canary/7"),)),
    )


def test_the_record_of_a_counted_hit_has_no_field_for_a_person_a_program_or_a_time_of_day() -> None:
    assert Counted.__struct_fields__ == ("type", "hour", "template", "link")


def test_the_record_of_a_last_open_has_no_field_for_a_time_a_program_or_a_mail() -> None:
    assert LastOpen.__struct_fields__ == ("recipient", "day")


@pytest.mark.parametrize("type_", [EventType.OPENED, EventType.CLICKED, EventType.CONVERTED])
def test_off_leaves_nothing(type_: EventType) -> None:
    assert keep(hit(type_, modes(Mode.OFF))) == ((), ())


def test_aggregate_leaves_the_hour_the_template_and_the_link() -> None:
    (record,), days = keep(hit(EventType.CLICKED, modes(Mode.OFF, Mode.AGGREGATE)))
    assert days == ()
    assert not [canary for canary in (*CANARIES, RECIPIENT.to_bytes(8)) if canary in record]
    event = decode_event(record)
    assert event == Event(
        type=EventType.CLICKED,
        received_at=Micros(AT - AT % HOUR),
        source=Source.EDGE,
        modes=modes(Mode.OFF, Mode.AGGREGATE).to_byte(),
        template=TEMPLATE,
        link=3,
    )
    assert axis_mode(event) is Mode.AGGREGATE


def test_deliverability_leaves_the_handle_and_the_day_in_a_sequence_that_tells_no_time() -> None:
    records, (day,) = keep(hit(EventType.OPENED, modes(Mode.DELIVERABILITY)))
    assert records == ()
    assert not [canary for canary in (*CANARIES, TEMPLATE.to_bytes(4)) if canary in day]
    event = decode_event(day)
    assert event == Event(
        type=EventType.OPENED,
        received_at=Micros(AT - AT % DAY),
        source=Source.EDGE,
        modes=modes(Mode.DELIVERABILITY).to_byte(),
        recipient=RECIPIENT,
    )
    assert axis_mode(event) is Mode.DELIVERABILITY


def test_individual_leaves_the_whole_event() -> None:
    event = hit(EventType.OPENED, INDIVIDUAL)
    assert decode_event(*keep(event).records) == event


def test_what_an_esp_saw_of_somebody_who_is_only_counted_leaves_nothing() -> None:
    """Our own pixel has counted it; and what was never tied to a copy has no mode, which is the strictest one."""
    aggregate = modes(Mode.AGGREGATE, Mode.AGGREGATE)
    assert keep(hit(EventType.OPENED, aggregate, source=Source.ESP)) == ((), ())
    untied = msgspec.structs.replace(hit(EventType.OPENED, Modes.from_byte(0), source=Source.ESP), delivery=None)
    assert keep(untied) == ((), ())


def test_the_installation_lowers_what_was_sealed_and_never_raises_it() -> None:
    low = modes(Mode.OFF, Mode.AGGREGATE)
    assert keep(hit(EventType.OPENED, INDIVIDUAL), low) == ((), ())
    assert decode_event(*keep(hit(EventType.CLICKED, INDIVIDUAL), low).records).delivery is None
    assert keep(hit(EventType.OPENED, modes(Mode.OFF)), INDIVIDUAL) == ((), ())


@pytest.mark.parametrize("note", [Note.DECOY, Note.LINK_REFUSED, Note.UNSUBSCRIBE_VIEWED, Note.PREFERENCES_VIEWED])
def test_a_note_is_individual_or_nothing(note: Note) -> None:
    aggregate = modes(Mode.INDIVIDUAL, Mode.AGGREGATE)
    assert keep(hit(EventType.UNKNOWN, aggregate, note=note)) == ((), ())
    assert keep(hit(EventType.UNKNOWN, INDIVIDUAL, note=note)).records


@pytest.mark.parametrize("type_", [EventType.SENT, EventType.BOUNCED, EventType.UNSUBSCRIBED, EventType.COMPLAINED])
def test_what_is_no_tracking_is_kept_whatever_the_mode(type_: EventType) -> None:
    event = hit(type_, modes(Mode.OFF))
    assert decode_event(*keep(event).records) == event


every_mode = st.builds(Modes, opens=st.sampled_from(Mode), clicks=st.sampled_from(Mode))


every_hit = st.builds(
    hit, st.sampled_from(EventType), every_mode, source=st.sampled_from(Source), note=st.sampled_from(Note)
)


@given(every_hit, every_mode)
def test_no_hit_below_individual_keeps_a_whole_record(event: Event, ceiling: Modes) -> None:
    kept = keep(event, ceiling)
    for record in (*kept.records, *kept.days):
        is_whole = decode_event(record).delivery is not None
        assert is_whole == (not is_hit(event) or axis_mode(event, ceiling) is Mode.INDIVIDUAL)
