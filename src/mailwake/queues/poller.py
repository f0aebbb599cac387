"""Empties a queue into the log: received, verified, durable, and only then deleted.

A queue may give the same message twice and in any order; ids of events are deterministic, so neither changes anything.
A process that dies between log and deletion gets the message again and writes the same events again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol

import structlog

from mailwake.errors import Unavailable
from mailwake.events import Micros
from mailwake.queues.sqs import Message
from mailwake.webhooks.call import Call, Refused
from mailwake.webhooks.reporting import Hook
from mailwake.webhooks.server import Receiver

log = structlog.get_logger()

#: After a fault, and doubled after each that follows it at once.
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 60.0


class Queue(Protocol):
    """What is needed of a queue; each may raise `Unavailable`."""

    def receive(self) -> Sequence[Message]:
        """Wait for some, not for long."""
        ...

    def delete(self, message: Message) -> None:
        """Take one out for good."""
        ...

    def put_off(self, message: Message) -> None:
        """Let nobody see it for a while."""
        ...


class Poller:
    """Takes what one queue holds.

    Args:
        queue: where it comes from.
        hook: what proves it.
        receiver: verifies it, reads it and makes it durable; its counts tell what became of it.
        clock: gives microseconds since 1970.
    """

    def __init__(self, queue: Queue, hook: Hook, receiver: Receiver, *, clock: Callable[[], int]) -> None:
        self._queue, self._hook, self._receiver, self._clock = queue, hook, receiver, clock

    async def run(self, stop: asyncio.Event) -> None:
        """Go on until told to stop; what was received by then is still taken."""
        pause = 0.0
        while not stop.is_set():
            try:
                await self.poll()
                pause = 0.0
            except Unavailable as fault:
                pause = min(max(FIRST_PAUSE_SECONDS, 2 * pause), LONGEST_PAUSE_SECONDS)
                log.warning("webhooks.queue_waits", hook=self._hook.name, problem=str(fault), seconds=pause)
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), pause)

    async def poll(self) -> int:
        """Take one answer of the queue, and say how many of its messages were taken; the others come again.

        Raises:
            Unavailable: there were some, and none could be taken; or the queue cannot be reached.
        """
        taken, fault = 0, None
        for message in await asyncio.to_thread(self._queue.receive):
            try:
                await self._take(message)
                taken += 1
            except Unavailable as why:  # of one message, perhaps: a certificate that cannot be had keeps no other back
                fault = why
                log.warning("webhooks.queue_left", hook=self._hook.name, problem=str(why))
        if fault is not None and not taken:
            raise fault
        return taken

    async def _take(self, message: Message) -> None:
        body = message.body.encode("utf-8", "replace")
        call = Call(method="POST", url=self._hook.url, headers={}, body=body, received_at=Micros(self._clock()))
        try:
            await self._receiver.take(self._hook, call)
        except Refused:
            # A wrong topic_arn refuses everything; what stays in the queue is not lost by it.
            with suppress(Unavailable):
                await asyncio.to_thread(self._queue.put_off, message)
            return
        await asyncio.to_thread(self._queue.delete, message)
