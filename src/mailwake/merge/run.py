"""Sends one campaign to many people, and can be killed at any moment.

Each worker has one connection and one message at a time. `sent` is durable before the final dot, the outcome before
the next message; so after a kill at most one recipient per connection is in doubt, and everybody else is known to
have the mail or not to have it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from mailwake.errors import BadInput, MailwakeError
from mailwake.eventlog import LogWriter
from mailwake.events import CampaignId, DeliveryId, Event, EventType, Handle, Micros, Source, encode_event
from mailwake.merge.ledger import Standing
from mailwake.merge.people import Person
from mailwake.modes import Modes
from mailwake.send.addressed import Tracked
from mailwake.smtp.upstream import Gone, Pool, Reply, Upstream

#: Greylisting asks for minutes: that is what a second run is for.
BACK_OFF_SECONDS = (1.0, 5.0, 30.0)
#: So many refusals for good without a single success: something is wrong with the message, not with the people.
MAX_REFUSED_IN_A_ROW = 25
#: So many lost connections without an answer in between: the server is away, and trying everybody would not help.
MAX_LOST_PER_CONNECTION = 2


class Stopped(MailwakeError):
    """The run ended early, on purpose; running it again goes on where it ended."""


@dataclass(frozen=True, kw_only=True)
class Addressee:
    """One person of the list, as this run knows them."""

    person: Person
    handle: Handle
    modes: Modes


class Letter(Protocol):
    """Makes the copies."""

    @property
    def sender(self) -> str:
        """The envelope sender."""
        ...

    def copy(self, addressee: Addressee, delivery: DeliveryId) -> Tracked:
        """One person's copy.

        Raises:
            BadInput: a merge field is missing.
        """
        ...


@dataclass(kw_only=True)
class Run:
    """One campaign on its way.

    Attributes:
        standing: how far each recipient got; starts with what earlier runs logged.
        mailed: messages that the server answered in this run.
    """

    campaign: CampaignId
    letter: Letter
    pool: Pool
    log: LogWriter
    clock: Callable[[], Micros]
    new_delivery: Callable[[], DeliveryId]
    #: connections at once
    connections: int
    #: messages a second; 0: as fast as it goes
    rate: float = 0.0
    #: waits between rounds, for whoever was put off
    back_off: tuple[float, ...] = BACK_OFF_SECONDS
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    #: called after each recipient
    progress: Callable[[EventType], None] = lambda _: None
    standing: dict[Handle, Standing] = field(default_factory=dict)
    mailed: int = 0
    #: why somebody could not be reached in the last round; empty: nothing was in the way
    trouble: str = ""
    _refused: int = 0
    _lost: int = 0
    _fault: MailwakeError | None = None
    _is_stopping: bool = False
    _next_turn: float = 0.0

    async def go(self, addressees: Iterable[Addressee]) -> None:
        """Mail everybody who is not done, in rounds, until nobody is put off or the back-off is used up.

        Raises:
            Stopped: the server refuses the sender, or everything.
            Unavailable: the log cannot be written; without it nobody could tell who has the mail.
        """
        waiting = deque(addressees)
        for pause in (*self.back_off, None):
            await self._round(waiting)
            waiting = deque(a for a in waiting if self._is_open(a))
            if not waiting or pause is None or self._is_stopping:
                return
            await self.sleep(pause)

    def stop(self) -> None:
        """End after the messages that are under way."""
        self._is_stopping = True

    def _is_open(self, addressee: Addressee) -> bool:
        standing = self.standing.get(addressee.handle)
        return standing is None or standing.kind is EventType.DEFERRED

    async def _round(self, addressees: Iterable[Addressee]) -> None:
        self.trouble, self._lost = "", 0
        queue = deque(addressees)
        await asyncio.gather(*(self._work(queue) for _ in range(min(self.connections, len(queue)))))
        if self._fault is not None:
            raise self._fault

    async def _work(self, queue: deque[Addressee]) -> None:
        """One connection's share. A fault ends all shares, but lets every message under way come to its end."""
        upstream = await self.pool.take()
        try:
            while queue and not (self._is_stopping or self._is_gone or self._fault):
                addressee = queue.popleft()
                await self._turn()
                await self._mail(upstream, addressee)
        except MailwakeError as fault:
            self._fault = self._fault or fault
        finally:
            self.pool.give(upstream)

    @property
    def _is_gone(self) -> bool:
        return self._lost > MAX_LOST_PER_CONNECTION * self.connections

    async def _turn(self) -> None:
        """Keep the rate: each message has its moment."""
        if self.rate:
            now = asyncio.get_running_loop().time()
            moment = max(now, self._next_turn)
            self._next_turn = moment + 1 / self.rate
            if moment > now:
                await self.sleep(moment - now)

    async def _mail(self, upstream: Upstream, addressee: Addressee) -> None:
        before = self.standing.get(addressee.handle)
        delivery = before.delivery if before and before.delivery else self.new_delivery()
        try:
            copy = self.letter.copy(addressee, delivery)
        except BadInput as fault:
            await self._fail(addressee, delivery, str(fault))
            return
        try:
            reply = await self._hand_over(upstream, copy)
        except Gone as fault:
            if fault.after_dot:
                self._stands(copy, EventType.SENT, str(fault))
            else:  # the server has nothing, and said nothing about this recipient: the next round's turn
                self._lost += 1
                self.trouble = str(fault)
            return
        self._lost = 0
        self.mailed += 1
        await self._record(copy, reply)

    async def _hand_over(self, upstream: Upstream, copy: Tracked) -> Reply:
        options = () if copy.address.isascii() else ("SMTPUTF8",)
        sender = copy.return_path or self.letter.sender
        reply = await upstream.mail(sender, (*options, f"SIZE={len(copy.message)}"))
        if not reply.accepted and not reply.temporary:
            raise Stopped(f"the server refuses the sender {sender}: {reply}; nobody else was mailed")
        if reply.accepted and options and not upstream.offers("SMTPUTF8"):
            return Reply(553, "5.6.7 the server takes no such address")
        if reply.accepted:
            reply = await upstream.rcpt(copy.address)
        if not reply.accepted:
            return reply
        return await upstream.data(copy.message, before_dot=lambda: self._sent(copy))

    async def _sent(self, copy: Tracked) -> None:
        await self.log.write([encode_event(copy.event(EventType.SENT, now=self.clock(), source=Source.SEND))])
        self.standing[copy.recipient] = Standing(EventType.SENT, copy.delivery)

    async def _record(self, copy: Tracked, reply: Reply) -> None:
        now, kind = self.clock(), reply.outcome
        events = []
        if kind is EventType.BOUNCED and not self._was_sent(copy):
            events.append(copy.event(EventType.SENT, now=now, source=Source.SEND))  # a refusal needs something refused
        key = f"deferred:{copy.delivery}:{now}" if kind is EventType.DEFERRED else ""
        events.append(copy.event(kind, now=now, source=Source.SEND, reason=str(reply), key=key))
        await self.log.write([encode_event(event) for event in events])
        self._stands(copy, kind, str(reply))
        self._refused = self._refused + 1 if kind is EventType.BOUNCED else 0
        if self._refused >= MAX_REFUSED_IN_A_ROW:
            raise Stopped(f"the server refused {self._refused} in a row, the last with: {reply}; look at that first")

    async def _fail(self, addressee: Addressee, delivery: DeliveryId, reason: str) -> None:
        """This person's copy cannot be made; the others go on."""
        event = Event(
            type=EventType.FAILED,
            received_at=self.clock(),
            source=Source.SEND,
            campaign=self.campaign,
            delivery=delivery,
            recipient=addressee.handle,
            reason=reason,
        )
        await self.log.write([encode_event(event)])
        self.standing[addressee.handle] = Standing(EventType.FAILED, delivery, reason)
        self.progress(EventType.FAILED)

    def _was_sent(self, copy: Tracked) -> bool:
        standing = self.standing.get(copy.recipient)
        return standing is not None and standing.kind is EventType.SENT

    def _stands(self, copy: Tracked, kind: EventType, reason: str) -> None:
        self.standing[copy.recipient] = Standing(kind, copy.delivery, reason)
        self.progress(kind)


def counts(standing: Mapping[Handle, Standing], handles: Iterable[Handle]) -> dict[str, int]:
    """How many of these recipients are delivered, bounced, deferred, failed, in doubt or still waiting."""
    words = {
        EventType.DELIVERED: "delivered",
        EventType.BOUNCED: "bounced",
        EventType.DEFERRED: "deferred",
        EventType.FAILED: "failed",
        EventType.SENT: "doubtful",
    }
    total = dict.fromkeys((*words.values(), "waiting"), 0)
    for handle in handles:
        known = standing.get(handle)
        total[words.get(known.kind, "waiting") if known else "waiting"] += 1
    return total
