"""What an event does to its recipient happens once, and what was taken back stays taken back."""

import msgspec
import pytest
from tests.pipeline.house import AGGREGATE, START, House, after, hit

from mailwake.events import Event, EventType, Handle, Micros, Note, Source, TemplateId
from mailwake.pipeline.item import Item
from mailwake.pipeline.suppression import apply_to_consent, apply_to_suppression
from mailwake.store.state import Consent

ANN = Handle(101)


def item(event: Event, *, at: Micros = START) -> Item:
    return Item(record=b"", writer="edge-0", segment=1, index=0, written_at=at, event=event, at=at)


def test_a_dead_address_gets_no_mail_of_any_stream(house: House) -> None:
    house.work(hit(EventType.BOUNCED, 5, reason="550 5.1.1 user unknown"))
    for stream in ("marketing", "transactional", "outbound"):
        assert house.state.suppressed([ANN], stream=stream)[ANN].reason == "bounced"


@pytest.mark.parametrize("reason", ["552 5.2.2 mailbox full", "550 5.7.26 DMARC", "550 sorry", "forwarded; 550 5.1.1"])
def test_a_bad_moment_or_a_senders_fault_suppresses_nobody(house: House, reason: str) -> None:
    house.work(hit(EventType.BOUNCED, 5, reason=reason))
    assert house.state.suppressed([ANN]) == {}


@pytest.mark.parametrize("type_", [EventType.DEFERRED, EventType.DELIVERED, EventType.OPENED, EventType.REPLIED])
def test_other_events_suppress_nobody(house: House, type_: EventType) -> None:
    house.work(hit(type_, 5, reason="550 5.1.1 user unknown"))
    assert house.state.suppressed([ANN]) == {}


def test_a_complaint_stops_marketing_and_leaves_receipts_alone(house: House) -> None:
    house.work(hit(EventType.COMPLAINED, 5, reason="abuse"))
    assert house.state.suppressed([ANN], stream="marketing")[ANN].reason == "complained"
    assert house.state.suppressed([ANN], stream="transactional") == {}


def test_whoever_complains_of_receipts_gets_none_of_them_either(house: House) -> None:
    event = hit(EventType.COMPLAINED, 5)
    assert apply_to_suppression(house.state, event, at=after(5), stream="transactional")
    assert ANN in house.state.suppressed([ANN], stream="transactional")
    assert ANN in house.state.suppressed([ANN], stream="marketing")


def test_an_unsubscription_is_left_to_the_room_that_can_take_it_back(house: House) -> None:
    event = hit(EventType.UNSUBSCRIBED, 5, note=Note.BUTTON)
    assert not apply_to_suppression(house.state, event, at=after(5), stream="marketing")
    house.work(event)
    assert house.state.suppressed([ANN], stream="marketing")[ANN].reason == "unsubscribed"
    assert house.state.suppressed([ANN], stream="transactional") == {}


def test_an_unsubscribe_counts_whatever_the_mode(house: House) -> None:
    house.work(msgspec.structs.replace(hit(EventType.UNSUBSCRIBED, 5), modes=AGGREGATE.to_byte()))
    assert ANN in house.state.suppressed([ANN])


def test_replaying_the_log_does_not_undo_what_was_lifted(house: House) -> None:
    for type_ in (EventType.UNSUBSCRIBED, EventType.COMPLAINED):
        house.work(hit(type_, 5))
    house.state.lift(ANN, after(60))
    again = House(house.folder, events_file="again.duckdb")
    assert again.work().records == 2
    assert again.state.suppressed([ANN]) == {}
    again.close()


def test_a_new_unsubscribe_after_the_lifting_holds(house: House) -> None:
    house.work(hit(EventType.UNSUBSCRIBED, 5))
    house.state.lift(ANN, after(60))
    house.work(hit(EventType.UNSUBSCRIBED, 70))
    assert ANN in house.state.suppressed([ANN])


def test_the_ledger_takes_a_statement_once(house: House) -> None:
    said = item(hit(EventType.CONSENT_WITHDRAWN, 5, reason="clicks"), at=after(5))
    assert apply_to_consent(house.state, house.withdrawals, [said, said]) == {ANN}
    assert apply_to_consent(house.state, house.withdrawals, [said]) == set()
    assert [line.source for line in house.state.consents(ANN)] == [Source.EDGE]


def test_an_axis_that_nobody_knows_means_both(house: House) -> None:
    apply_to_consent(house.state, house.withdrawals, [item(hit(EventType.CONSENT_WITHDRAWN, 5, reason="everything"))])
    assert [(line.axis, line.state) for line in house.state.consents(ANN)] == [("both", Consent.WITHDRAWN)]


def test_an_event_that_names_nobody_changes_nobody(house: House) -> None:
    for type_ in (EventType.UNSUBSCRIBED, EventType.BOUNCED, EventType.COMPLAINED, EventType.CONSENT_WITHDRAWN):
        event = msgspec.structs.replace(hit(type_, 5, reason="5.1.1"), recipient=None)
        assert not apply_to_suppression(house.state, event, at=START, stream="marketing")
        assert not apply_to_consent(house.state, house.withdrawals, [item(event)])


def asked(house: House, type_: EventType, *, stream: str = "consent_request") -> dict[Handle, Micros]:
    campaign = house.state.campaign("May we", stream=stream, now=START).id
    template = TemplateId(7002)
    house.state.put_template(campaign, template, subject="May we?", html=b"<p>", links=(), now=START)
    house.work(msgspec.structs.replace(hit(type_, 5), template=template, campaign=campaign, request=None))
    return house.state.asked([ANN])


def test_whom_a_question_was_delivered_to_was_asked_then(house: House) -> None:
    assert asked(house, EventType.DELIVERED) == {ANN: after(5)}


@pytest.mark.parametrize("type_", [EventType.SENT, EventType.DEFERRED, EventType.BOUNCED, EventType.REJECTED])
def test_who_never_got_the_question_was_not_asked(house: House, type_: EventType) -> None:
    assert asked(house, type_) == {}


def test_other_mail_asks_nobody(house: House) -> None:
    assert asked(house, EventType.DELIVERED, stream="marketing") == {}
