"""Programs that send mail do it the ordinary way, and come again when they have to."""

import asyncio
import re
import threading
from collections.abc import Callable
from email import message_from_bytes
from email.policy import default
from typing import TypeVar, cast

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from mailwake.simulate.agents import load_dials
from mailwake.simulate.clients import ORDER, UPDATE, Client, Fate, Occasion, Relay, send_all, write_message
from mailwake.simulate.people import make_people
from mailwake.simulate.places import load_world

PEOPLE = make_people(12, seed=3, world=load_world(), dials=load_dials())


class Server:
    """Answers RCPT from a script, then takes everything."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.taken: list[Envelope] = []

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        answer = self.answers.pop(0) if self.answers else "250 ok"
        if answer == "die":
            cast("asyncio.Transport", server.transport).abort()
        elif answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - the same
        self.taken.append(envelope)
        return "250 ok"


T = TypeVar("T")


def served(server: Server, client: Callable[[Relay], T]) -> T:
    async def run() -> T:
        loop = asyncio.get_running_loop()
        listener = await loop.create_server(lambda: SMTP(server, loop=loop), "127.0.0.1", 0)
        relay = Relay(host="127.0.0.1", port=listener.sockets[0].getsockname()[1], connections=3)
        found = await asyncio.to_thread(client, relay)
        listener.close()
        return found

    return asyncio.run(run())


def send_one(*answers: str) -> tuple[Fate, Server]:
    server = Server(*answers)

    def send(relay: Relay) -> Fate:
        client = Client(relay=relay, pause=lambda _: None)
        fate = client.send("a@example.com", "b@example.com", b"Subject: x\r\n\r\nhello\r\n")
        client.close()
        return fate

    return served(server, send), server


@pytest.mark.parametrize("occasion", [UPDATE, ORDER])
def test_a_message_has_text_and_html_and_nothing_of_tracking(occasion: Occasion) -> None:
    raw = write_message(occasion, PEOPLE[0], 1, 1_790_000_000.0)
    message = message_from_bytes(raw, policy=default)
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert message["X-Mailwake-Campaign"] == occasion.campaign
    assert "$" not in message.get_body().get_content()  # type: ignore[union-attr]
    assert not re.search(rb"List-Unsubscribe|/[ocup]/[A-Za-z0-9]{20}", raw)


def test_everybody_gets_a_message_of_their_own() -> None:
    server = Server()
    fates = served(server, lambda relay: send_all(ORDER, PEOPLE, relay))
    assert set(fates.values()) == {Fate.TAKEN}
    assert sorted(envelope.rcpt_tos[0] for envelope in server.taken) == sorted(person.address for person in PEOPLE)
    assert len({envelope.content for envelope in server.taken}) == len(PEOPLE)


def test_what_is_put_off_is_sent_again() -> None:
    fate, server = send_one("451 4.7.1 later")
    assert (fate, len(server.taken)) == (Fate.TAKEN, 1)


def test_what_is_refused_for_good_is_not() -> None:
    fate, server = send_one("550 5.1.1 unknown")
    assert (fate, server.taken) == (Fate.REFUSED, [])


def test_a_lost_connection_is_opened_again() -> None:
    fate, server = send_one("die", "die")
    assert (fate, len(server.taken)) == (Fate.TAKEN, 1)


def test_nobody_listening_is_given_up_in_the_end() -> None:
    times = iter(range(1_000))
    relay = Relay(host="127.0.0.1", port=1, patience_seconds=5)
    client = Client(relay=relay, clock=lambda: float(next(times)), pause=lambda _: None)
    assert client.send("a@example.com", "b@example.com", b"x") is Fate.GIVEN_UP


def test_who_is_told_to_stop_tries_no_more() -> None:
    stop, server = threading.Event(), Server()
    stop.set()
    assert set(served(server, lambda relay: send_all(ORDER, PEOPLE, relay, stop=stop)).values()) == {Fate.GIVEN_UP}
    assert server.taken == []
