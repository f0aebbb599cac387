"""A message is deleted when the log has it, and nothing that goes wrong loses one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.webhooks.calls import NOW, TOPIC, URL, bounce, reader, secrets, sns
from tests.webhooks.test_server import Log

from mailwake.copies import Copies
from mailwake.errors import Unavailable
from mailwake.events import EventType
from mailwake.queues import poller
from mailwake.queues.poller import Poller
from mailwake.queues.sqs import Message
from mailwake.webhooks.reporting import Hook
from mailwake.webhooks.server import Receiver


@dataclass
class Memory:
    """A queue that gives what was not deleted again and again, at once."""

    bodies: list[Any]
    deleted: list[str] = field(default_factory=list)
    put_aside: list[str] = field(default_factory=list)
    #: called at each receipt; may raise
    on_receive: Callable[[], None] = lambda: None
    #: called at each deletion; may raise
    on_delete: Callable[[], None] = lambda: None

    def receive(self) -> Sequence[Message]:
        self.on_receive()
        return [
            Message(body=body if isinstance(body, str) else json.dumps(body), receipt=f"r{n}")
            for n, body in enumerate(self.bodies)
            if f"r{n}" not in {*self.deleted, *self.put_aside}
        ]

    def delete(self, message: Message) -> None:
        self.on_delete()
        self.deleted.append(message.receipt)

    def put_off(self, message: Message) -> None:
        self.put_aside.append(message.receipt)


def away() -> None:
    raise Unavailable("the network is gone")


def polling(queue: Memory, log: Log) -> tuple[Poller, Receiver]:
    hook = Hook(esp="ses", name="main", url=URL, secrets=secrets("ses"), queued=True)
    receiver = Receiver([hook], Copies(reader()), log, days=log, clock=lambda: NOW)
    return Poller(queue, hook, receiver, clock=lambda: NOW), receiver


def test_a_queue_is_emptied_into_the_log() -> None:
    queue, log = Memory([sns(bounce("ses")), sns(bounce("ses", soft=True))]), Log()
    assert asyncio.run(polling(queue, log)[0].poll()) == 2
    assert queue.deleted == ["r0", "r1"]
    raw, event = log.events()[:2]
    assert json.loads(raw.raw)["TopicArn"] == TOPIC
    assert (event.type, event.cause) == (EventType.BOUNCED, "reported_hard")


def test_what_is_refused_stays_in_the_queue_for_whoever_mends_the_setting() -> None:
    queue, log = Memory([sns(bounce("ses"), topic=TOPIC + "x"), "no envelope", sns(bounce("ses"))]), Log()
    made, receiver = polling(queue, log)
    asyncio.run(made.poll())
    assert (queue.put_aside, queue.deleted) == (["r0", "r1"], ["r2"])
    assert (receiver.counts.refused, receiver.counts.calls) == (2, 1)


def test_nothing_is_deleted_that_the_log_does_not_have() -> None:
    queue = Memory([sns(bounce("ses"))])
    with pytest.raises(Unavailable, match="disk is full"):
        asyncio.run(polling(queue, Log(away=True))[0].poll())
    assert (queue.deleted, queue.put_aside) == ([], [])


def test_a_message_that_cannot_be_proved_just_now_keeps_no_other_back() -> None:
    missing = {"SigningCertURL": "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-00.pem"}

    def fetch(url: str) -> bytes:
        if "Service-00" in url:
            raise Unavailable("cannot fetch Amazon's certificate")
        return secrets("ses").fetch(url)  # type: ignore[misc]  # it is set there

    queue, log = Memory([sns(bounce("ses"), **missing), sns(bounce("ses", soft=True))]), Log()
    made, _ = polling(queue, log)
    made._hook = Hook(esp="ses", name="main", secrets=type(secrets("ses"))(topic_arn=TOPIC, fetch=fetch))
    assert asyncio.run(made.poll()) == 1
    assert queue.deleted == ["r1"]


def test_a_message_that_could_not_be_deleted_comes_again_as_the_same_event() -> None:
    queue, log = Memory([sns(bounce("ses"))], on_delete=away), Log()
    made, _ = polling(queue, log)
    with pytest.raises(Unavailable):
        asyncio.run(made.poll())
    queue.on_delete = lambda: None
    asyncio.run(made.poll())
    told = [event for event in log.events() if event.type is EventType.BOUNCED]
    assert len(told) == 2
    assert len({event.key for event in told}) == 1
    assert queue.deleted == ["r0"]


def test_faults_are_waited_for_longer_each_time_and_a_stop_ends_the_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(poller, "FIRST_PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(poller, "LONGEST_PAUSE_SECONDS", 0.004)
    tries: list[None] = []
    queue, log = Memory([sns(bounce("ses"))]), Log()

    async def run() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()

        def receive() -> None:
            tries.append(None)
            if len(tries) < 6:
                away()
            if queue.deleted:
                loop.call_soon_threadsafe(stop.set)

        queue.on_receive = receive
        await asyncio.wait_for(polling(queue, log)[0].run(stop), 20)

    asyncio.run(run())
    assert queue.deleted == ["r0"]


def test_a_stop_while_it_waits_after_a_fault_is_heard_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(poller, "FIRST_PAUSE_SECONDS", 3_600.0)
    monkeypatch.setattr(poller, "LONGEST_PAUSE_SECONDS", 3_600.0)

    async def run() -> None:
        stop = asyncio.Event()
        task = asyncio.create_task(polling(Memory([], on_receive=away), Log())[0].run(stop))
        asyncio.get_running_loop().call_later(0.2, stop.set)
        await asyncio.wait_for(task, 20)

    asyncio.run(run())
