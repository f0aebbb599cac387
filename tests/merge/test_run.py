"""A run: who gets the mail, what is logged, and what happens when the server does not play along."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from mailwake.errors import BadInput, Unavailable
from mailwake.eventlog.sqlite import SqliteWriter
from mailwake.events import CampaignId, DeliveryId, EventType, Handle, Micros
from mailwake.merge.ledger import own_events, standings
from mailwake.merge.people import Person
from mailwake.merge.run import MAX_REFUSED_IN_A_ROW, Addressee, Run, Stopped, counts
from mailwake.modes import INDIVIDUAL
from mailwake.send.addressed import Tracked
from mailwake.smtp.upstream import Pool

if TYPE_CHECKING:
    from tests.conftest import Home, Sink

ANNA, BEN, EVE = "anna@example.com", "ben@example.com", "eve@example.com"


@dataclass
class Plain:
    """A letter without a template."""

    sender: str = "news@example.com"
    broken: set[str] = field(default_factory=set)

    def copy(self, addressee: Addressee, delivery: DeliveryId) -> Tracked:
        if addressee.person.address in self.broken:
            raise BadInput("the field 'link' makes no usable address")
        return Tracked(
            address=addressee.person.address,
            message=b"Subject: x\r\n\r\nhello\r\n",
            campaign=CampaignId(1),
            delivery=delivery,
            recipient=addressee.handle,
            modes=INDIVIDUAL,
        )


def handle(address: str) -> Handle:
    return Handle(sum(address.encode()) * 1_000 + len(address))


@dataclass
class Sending:
    """Runs of one campaign on one installation."""

    home: Home
    letter: Plain = field(default_factory=Plain)
    slept: list[float] = field(default_factory=list)
    rate: float = 0.0
    connections: int = 3

    def run(self, *addresses: str) -> Run:
        return asyncio.run(self._run(addresses))

    async def _run(self, addresses: Iterable[str]) -> Run:
        folder = self.home.folder / "data" / "log"
        log = SqliteWriter.open(folder, "send-1")
        pool = Pool(self.home.settings(), connections=self.connections)
        numbers = iter(range(1, 100_000))
        self.last = Run(
            campaign=CampaignId(1),
            letter=self.letter,
            pool=pool,
            log=log,
            clock=lambda: Micros(next(numbers)),
            new_delivery=lambda: DeliveryId(next(numbers) + 1_000_000),
            connections=self.connections,
            rate=self.rate,
            sleep=self._sleep,
            standing=standings(own_events(folder, "send-1")),
        )
        try:
            await self.last.go(
                Addressee(person=Person(address=a, fields={}, line=2), handle=handle(a), modes=INDIVIDUAL)
                for a in addresses
                if not (known := self.last.standing.get(handle(a))) or not (known.is_done or known.is_doubtful)
            )
        finally:
            await pool.close()
            await log.close()
        return self.last

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def logged(self) -> list[str]:
        return [event.type for event in self.home.events("send-1")]


@pytest.fixture
def sending(home: Home) -> Sending:
    return Sending(home)


def people(count: int) -> list[str]:
    return [f"p{number}@example.com" for number in range(count)]


def mailed(sink: Sink) -> list[str]:
    return sorted(mail.recipients[0] for mail in sink.mails)


def test_everybody_gets_it_once_over_several_connections(sending: Sending, sink: Sink) -> None:
    run = sending.run(*people(50))
    assert mailed(sink) == sorted(people(50))
    assert 1 < sink.connections <= 3
    assert counts(run.standing, map(handle, people(50)))["delivered"] == 50
    assert sending.logged().count("sent") == sending.logged().count("delivered") == 50


def test_a_second_run_mails_only_those_who_are_new(sending: Sending, sink: Sink) -> None:
    sending.run(ANNA, BEN)
    assert sending.run(ANNA, BEN, EVE).mailed == 1
    assert mailed(sink) == [ANNA, BEN, EVE]


def test_sent_is_durable_before_the_server_has_the_message(sending: Sending, sink: Sink) -> None:
    seen: list[list[str]] = []

    def look(_: object) -> None:
        seen.append(sending.logged())

    sink.on_data = look
    sending.run(ANNA)
    assert seen == [["sent"]]


def test_a_refusal_for_good_is_a_bounce_with_the_servers_words(sending: Sending, sink: Sink) -> None:
    sink.on_rcpt = lambda address: "550 5.1.1 no such user" if address == BEN else None
    run = sending.run(ANNA, BEN)
    assert run.standing[handle(BEN)].kind is EventType.BOUNCED
    assert run.standing[handle(BEN)].reason == "550 5.1.1 no such user"
    assert sorted(sending.logged()) == ["bounced", "delivered", "sent", "sent"]
    assert sending.run(ANNA, BEN).mailed == 0


def test_who_is_put_off_is_tried_again_with_pauses_and_keeps_the_delivery(sending: Sending, sink: Sink) -> None:
    answers = ["451 4.7.1 later", "451 4.7.1 later", None]
    sink.on_data = lambda _: answers.pop(0)
    sending.run(ANNA)
    assert mailed(sink) == [ANNA]
    assert sending.slept == [1.0, 5.0]
    assert len({event.delivery for event in sending.home.events("send-1")}) == 1
    assert sending.logged() == ["sent", "deferred", "sent", "deferred", "sent", "delivered"]


def test_who_is_put_off_to_the_end_is_tried_by_the_next_run(sending: Sending, sink: Sink) -> None:
    sink.on_rcpt = lambda _: "450 4.2.1 greylisted"
    assert sending.run(ANNA).standing[handle(ANNA)].kind is EventType.DEFERRED
    sink.on_rcpt = lambda _: None
    sending.run(ANNA)
    assert mailed(sink) == [ANNA]


def test_one_lost_connection_costs_nobody_their_mail(sending: Sending, sink: Sink) -> None:
    answers: list[str | None] = ["421 4.3.2 restarting"]
    sink.on_mail = lambda _: answers.pop(0) if answers else None
    sending.run(*people(10))
    assert mailed(sink) == sorted(people(10))


def test_who_is_in_doubt_is_not_mailed_again(sending: Sending, sink: Sink) -> None:
    sink.on_data = lambda mail: "cut after" if mail.recipients == (BEN,) else None
    run = sending.run(ANNA, BEN, EVE)
    assert run.standing[handle(BEN)].is_doubtful
    sink.on_data = lambda _: None
    again = sending.run(ANNA, BEN, EVE)
    assert again.standing[handle(BEN)].is_doubtful
    assert mailed(sink) == [ANNA, BEN, EVE]


def test_a_server_that_is_away_leaves_everybody_waiting_and_says_so(sending: Sending, sink: Sink) -> None:
    sending.home.sink.port = 1
    run = sending.run(*people(30))
    assert counts(run.standing, map(handle, people(30)))["waiting"] == 30
    assert "127.0.0.1:1" in run.trouble
    assert sending.logged() == []
    assert len(sending.slept) == 3


def test_a_sender_that_is_refused_stops_the_run_before_anybody_is_bounced(sending: Sending, sink: Sink) -> None:
    sink.on_mail = lambda _: "553 5.7.1 not your domain"
    with pytest.raises(Stopped, match=r"refuses the sender news@example\.com: 553 5\.7\.1"):
        sending.run(*people(5))
    assert sending.logged() == []


def test_a_server_that_refuses_everybody_stops_the_run(sending: Sending, sink: Sink) -> None:
    sink.on_data = lambda _: "554 5.7.1 spam"
    with pytest.raises(Stopped, match="in a row, the last with: 554"):
        sending.run(*people(200))
    assert sending.logged().count("bounced") < MAX_REFUSED_IN_A_ROW + 3


def test_a_copy_that_cannot_be_made_does_not_stop_the_others(sending: Sending, sink: Sink) -> None:
    sending.letter.broken = {BEN}
    run = sending.run(ANNA, BEN, EVE)
    assert mailed(sink) == [ANNA, EVE]
    assert run.standing[handle(BEN)].kind is EventType.FAILED
    sending.letter.broken = set()
    sending.run(ANNA, BEN, EVE)
    assert mailed(sink) == [ANNA, BEN, EVE]


def test_the_rate_gives_every_message_its_moment(sending: Sending) -> None:
    sending.rate = 0.01  # a hundred seconds apart, and nobody really waits
    sending.connections = 1
    sending.run(ANNA, BEN, EVE)
    assert len(sending.slept) == 2
    assert sending.slept[0] > 90
    assert sending.slept[1] > 190


def test_without_a_log_nothing_is_handed_over(sending: Sending, sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(_self: object, _records: object) -> None:
        raise Unavailable("disk full")

    monkeypatch.setattr(SqliteWriter, "write", fail)
    with pytest.raises(Unavailable, match="disk full"):
        sending.run(*people(5))
    assert sink.mails == []


def test_a_run_that_is_asked_to_stop_finishes_what_is_under_way(sending: Sending, sink: Sink) -> None:
    sink.on_data = lambda _: sending.last.stop()
    run = sending.run(*people(50))
    assert 1 <= len(sink.mails) <= 3
    assert {standing.kind for standing in run.standing.values()} == {EventType.DELIVERED}
