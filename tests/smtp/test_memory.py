"""What a relay remembers of clients that have to come again, also after a restart."""

from __future__ import annotations

from mailwake.events import DeliveryId, Event, EventType, Handle, Micros, Source
from mailwake.smtp.memory import (
    KEEP_DAYS,
    KEEP_TRANSACTIONS,
    UNHEARD_MICROS,
    Known,
    Memory,
    outcome_key,
    transaction_of,
)
from mailwake.smtp.upstream import Reply

NOW = Micros(1_800_000_000_000_000)
OK, LATER, NEVER = Reply(250, "2.0.0 kept"), Reply(451, "4.7.1 greylisted"), Reply(550, "5.1.1 nobody")
ANNA, BEN = Handle(11), Handle(12)


def outcome(kind: EventType, who: Handle, reply: Reply, *, is_final: bool = False, now: Micros = NOW) -> Event:
    delivery = DeliveryId(who * 100)
    return Event(
        type=kind,
        received_at=now,
        source=Source.RELAY,
        delivery=delivery,
        recipient=who,
        reason=str(reply),
        key=outcome_key(kind, delivery, "t1", now=now, is_final=is_final),
    )


def test_an_unknown_transaction_is_new() -> None:
    assert Memory().recall("t1") == {}


def test_what_was_noted_is_recalled_until_the_client_has_its_answer() -> None:
    memory = Memory()
    memory.note("t1", ANNA, Known(DeliveryId(1), OK))
    assert memory.recall("t1") == {ANNA: Known(DeliveryId(1), OK)}
    memory.forget("t1")
    assert memory.recall("t1") == {}


def test_a_transaction_is_its_sender_and_every_byte() -> None:
    names = {transaction_of("a@example.com", b"x"), transaction_of("b@example.com", b"x"), transaction_of("a@", b"y")}
    assert len(names) == 3
    assert transaction_of("a@example.com", b"x") in names


def test_a_restart_reads_unfinished_transactions_back_from_the_log() -> None:
    memory = Memory()
    events = [outcome(EventType.DELIVERED, ANNA, OK), outcome(EventType.DEFERRED, BEN, LATER)]
    memory.read_back(events, now=NOW)
    assert memory.recall("t1") == {ANNA: Known(DeliveryId(1100), OK), BEN: Known(DeliveryId(1200), LATER)}


def test_a_refusal_for_good_comes_back_with_its_words() -> None:
    memory = Memory()
    memory.read_back([outcome(EventType.BOUNCED, ANNA, NEVER)], now=NOW)
    assert memory.recall("t1")[ANNA].reply == NEVER


def test_a_transaction_with_a_final_answer_is_not_read_back() -> None:
    memory = Memory()
    events = [outcome(EventType.DELIVERED, ANNA, OK), outcome(EventType.DELIVERED, BEN, OK, is_final=True)]
    memory.read_back(events, now=NOW)
    assert memory.recall("t1") == {}


def test_what_was_finished_just_before_a_kill_may_not_have_been_heard() -> None:
    memory = Memory()
    events = [outcome(EventType.DELIVERED, ANNA, OK), outcome(EventType.DELIVERED, BEN, OK, is_final=True)]
    memory.read_back(events, now=NOW, was_killed=True)
    assert memory.recall("t1") == {ANNA: Known(DeliveryId(1100), OK), BEN: Known(DeliveryId(1200), OK)}


def test_what_was_finished_long_before_a_kill_was_heard() -> None:
    memory = Memory()
    later = Micros(NOW + UNHEARD_MICROS + 1)
    events = [outcome(EventType.DELIVERED, ANNA, OK, is_final=True), outcome(EventType.DEFERRED, BEN, LATER, now=later)]
    memory.read_back(events, now=later, was_killed=True)
    assert memory.recall("t1") == {BEN: Known(DeliveryId(1200), LATER)}


def test_the_same_bytes_sent_again_on_purpose_are_as_unheard_as_the_first() -> None:
    memory = Memory()
    once, again = outcome(EventType.DELIVERED, ANNA, OK, is_final=True), outcome(EventType.DEFERRED, ANNA, LATER)
    memory.read_back([once, again], now=NOW, was_killed=True)
    assert memory.recall("t1") == {ANNA: Known(DeliveryId(1100), LATER)}


def test_what_is_older_than_any_clients_patience_is_left_out() -> None:
    memory = Memory()
    old = Micros(NOW - (KEEP_DAYS * 86_400_000_000) - 1)
    memory.read_back([outcome(EventType.DELIVERED, ANNA, OK, now=old)], now=NOW)
    assert memory.recall("t1") == {}


def test_events_of_others_are_passed_over() -> None:
    memory = Memory()
    strange = [
        Event(type=EventType.DELIVERED, received_at=NOW, source=Source.SEND, delivery=DeliveryId(1), recipient=ANNA),
        Event(type=EventType.SENT, received_at=NOW, source=Source.RELAY, key="sent:1", recipient=ANNA),
        Event(type=EventType.REJECTED, received_at=NOW, source=Source.RELAY, recipient=ANNA),
    ]
    memory.read_back(strange, now=NOW)
    assert memory.recall("1") == {}


def test_memory_is_bounded_and_drops_the_oldest() -> None:
    memory = Memory()
    for number in range(KEEP_TRANSACTIONS + 1):
        memory.note(str(number), ANNA, Known(DeliveryId(1), OK))
    assert memory.recall("0") == {}
    assert memory.recall("1")


def test_every_deferral_is_a_fact_of_its_own_and_other_outcomes_are_one() -> None:
    def key(kind: EventType, now: int) -> str:
        return outcome_key(kind, DeliveryId(1), "t", now=Micros(now), is_final=False)

    assert key(EventType.DEFERRED, 1) != key(EventType.DEFERRED, 2)
    assert key(EventType.DELIVERED, 1) == key(EventType.DELIVERED, 2)
