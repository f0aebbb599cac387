"""One message on its way through the relay: split where it must be, and answered with what the next server said.

Nothing is kept: the client has its answer only when the next server has the message. How several recipients share the
one answer that SMTP has for them is told in `docs/explain/relaying.md`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import structlog

from mailwake.errors import BadInput, Unavailable
from mailwake.eventlog import LogWriter
from mailwake.events import DeliveryId, Event, EventType, Handle, Source, encode_event
from mailwake.send.control import Control, take_control
from mailwake.send.memory import Known, Memory, outcome_key, transaction_of
from mailwake.send.together import Together
from mailwake.send.tracker import Tracked, Tracker
from mailwake.smtp.notice import Refused, delivery_failure
from mailwake.smtp.upstream import Gone, Pool, Reply, Upstream

#: A CR or LF that is not part of a line end. Servers disagree on what it means, and smuggling lives on that.
#: Source: CVE-2023-51764, https://www.postfix.org/smtp-smuggling.html
_BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n")
_log = structlog.get_logger()


class Outcome(NamedTuple):
    """What became of one recipient's copy."""

    copy: Tracked
    reply: Reply


class Journal:
    """The relay's log. Mail does not wait for it to come back: what it cannot keep is counted.

    Attributes:
        lost: events that could not be kept since the start.
    """

    def __init__(self, writer: LogWriter) -> None:
        self._writer = writer
        self.lost = 0

    async def keep(self, *events: Event) -> None:
        """Make events durable, or count them."""
        try:
            await self._writer.write([encode_event(event) for event in events])
        except Unavailable as fault:
            self.lost += len(events)
            _log.error("relay.events_lost", events=len(events), lost=self.lost, reason=str(fault))


class Desk:
    """What every transaction of a relay needs.

    Args:
        tracker: makes the copies.
        pool: connections to the next server.
        journal: the relay's log.
        memory: of clients that come again.

    Attributes:
        known, handles, anything_held, consents: questions to the state store, shared by all clients.
    """

    def __init__(self, *, tracker: Tracker, pool: Pool, journal: Journal, memory: Memory) -> None:
        self.tracker, self.pool, self.journal, self.memory = tracker, pool, journal, memory
        self.known = Together(tracker.state.known_handles)
        self.handles = Together(tracker.handles)
        self.anything_held = Together(tracker.state.suppressed)
        self.consents = Together(tracker.consents)


@dataclass(kw_only=True)
class Transaction:
    """From MAIL to the answer after the final dot."""

    desk: Desk
    upstream: Upstream
    sender: str
    options: tuple[str, ...]
    #: what the client's login stands for
    stream: str
    recipients: list[str] = field(default_factory=list)
    #: of those recipients that were seen before
    handles: dict[str, Handle] = field(default_factory=dict)
    #: somebody is suppressed for some campaign or stream; ask again when ours is known
    has_held: bool = False
    #: the client went away before it was answered; it will come again
    is_abandoned: bool = False

    async def deliver(self, raw: bytes) -> Reply:
        """Take the whole message, hand it on, and say what the client is to hear."""
        try:
            return await self._deliver(raw)
        except BadInput as fault:
            return Reply(550, f"5.6.0 {fault}")
        except Gone as fault:
            return fault.reply
        except Unavailable as fault:
            return Reply(451, f"4.3.0 {fault}")
        finally:
            self.desk.pool.give(self.upstream)

    async def _deliver(self, raw: bytes) -> Reply:
        if found := _BARE.search(raw):
            what = "LF" if found[0] == b"\n" else "CR"
            raise BadInput(f"bare {what} received; lines end with CR LF (RFC 5321 section 2.3.8)")
        control, message = take_control(raw, stream=self.stream)
        if control.is_ours:
            return await self.upstream.data(message, before_dot=_nothing)
        name = transaction_of(self.sender, raw)
        known = self.desk.memory.recall(name)
        copies = await self._copies(message, control, {h: k.delivery for h, k in known.items()})
        done = [Outcome(c, k.reply) for c in copies if (k := known.get(c.recipient)) and not k.reply.temporary]
        settled = {outcome.copy.recipient for outcome in done}
        refused = await self._held_back([c for c in copies if c.recipient not in settled], control)
        settled |= {outcome.copy.recipient for outcome in refused}
        pending = [copy for copy in copies if copy.recipient not in settled]
        done += refused
        if len(pending) == len(copies) and len({copy.message for copy in copies}) == 1:
            done += await self._together(name, pending)
        else:
            done += await self._one_by_one(name, pending, done)
        return await self._answer(name, done, raw)

    async def _copies(self, message: bytes, control: Control, deliveries: dict[Handle, DeliveryId]) -> list[Tracked]:
        handles = self.handles | await self.desk.handles(a for a in self.recipients if a not in self.handles)
        return await asyncio.to_thread(
            self.desk.tracker.copies,
            message,
            self.recipients,
            control=control,
            handles=handles,
            consents=await self.desk.consents(handles.values()),
            deliveries=deliveries,
        )

    async def _held_back(self, copies: Sequence[Tracked], control: Control) -> list[Outcome]:
        """Those suppressed for this campaign or stream, which nobody knew when RCPT was answered."""
        if not copies or not self.has_held:
            return []
        held = await asyncio.to_thread(
            self.desk.tracker.held,
            [copy.recipient for copy in copies],
            campaign=copies[0].campaign,
            stream=control.stream,
        )
        refused = [
            Outcome(copy, Reply(550, f"5.7.1 suppressed: {held[copy.recipient].reason}"))
            for copy in copies
            if copy.recipient in held
        ]
        now = self.desk.tracker.clock()
        await self.desk.journal.keep(
            *(
                copy.event(EventType.REJECTED, now=now, source=Source.RELAY, reason=str(reply))
                for copy, reply in refused
            )
        )
        return refused

    async def _together(self, name: str, copies: Sequence[Tracked]) -> list[Outcome]:
        """All get the same bytes, so the transaction that is open goes on for all of them."""
        try:
            reply = await self.upstream.data(copies[0].message, before_dot=lambda: self._sent(*copies))
        except Gone as fault:
            reply = fault.reply
        outcomes = [Outcome(copy, reply) for copy in copies]
        await self._record(name, outcomes, is_final=not reply.temporary)
        return outcomes

    async def _one_by_one(self, name: str, copies: Sequence[Tracked], done: Sequence[Outcome]) -> list[Outcome]:
        """A transaction for each, one after the other. Once the next server is gone, the rest is put off untried."""
        outcomes: list[Outcome] = []
        lost: Reply | None = None
        for copy in copies:
            try:
                reply = lost or await self._alone(copy)
            except Gone as fault:
                reply = lost = fault.reply
            outcome = Outcome(copy, reply)
            is_last = len(outcomes) + 1 == len(copies)
            is_final = is_last and not any(each.reply.temporary for each in (*done, *outcomes, outcome))
            outcomes.append(outcome)
            await self._record(name, [outcome], is_final=is_final)
        return outcomes

    async def _alone(self, copy: Tracked) -> Reply:
        size = f"SIZE={len(copy.message)}"
        for reply in (
            await self.upstream.mail(self.sender, (*self.options, size)),
            await self.upstream.rcpt(copy.address),
        ):
            if not reply.accepted:
                return reply
        return await self.upstream.data(copy.message, before_dot=lambda: self._sent(copy))

    async def _sent(self, *copies: Tracked) -> None:
        now = self.desk.tracker.clock()
        await self.desk.journal.keep(*(c.event(EventType.SENT, now=now, source=Source.RELAY) for c in copies))

    async def _record(self, name: str, outcomes: Sequence[Outcome], *, is_final: bool) -> None:
        """Write down what the next server said, in the log and for a client that comes again."""
        now = self.desk.tracker.clock()
        events = []
        for copy, reply in outcomes:
            kind = reply.outcome
            key = outcome_key(kind, copy.delivery, name, now=now, is_final=is_final)
            events.append(copy.event(kind, now=now, source=Source.RELAY, reason=str(reply), key=key))
            self.desk.memory.note(name, copy.recipient, Known(copy.delivery, reply))
        await self.desk.journal.keep(*events)

    async def _answer(self, name: str, outcomes: Sequence[Outcome], raw: bytes) -> Reply:
        replies = [outcome.reply for outcome in outcomes]
        waiting = [reply for reply in replies if reply.temporary]
        refused = [outcome for outcome in outcomes if not outcome.reply.temporary and not outcome.reply.accepted]
        accepted = [reply for reply in replies if reply.accepted]
        if waiting:
            if not accepted and not refused:
                return waiting[0]
            return Reply(
                451,
                f"4.3.0 {len(accepted)} of {len(replies)} recipients have the message and will not get it twice; "
                f"send it again for the others: {waiting[0]}",
            )
        if not self.is_abandoned:
            self.desk.memory.forget(name)
        if not refused:
            return accepted[-1]
        return refused[0].reply if not accepted else await self._report(accepted[-1], refused, raw)

    async def _report(self, accepted: Reply, refused: Sequence[Outcome], raw: bytes) -> Reply:
        """Some have it, some never will: the sender hears it by a notice, or, failing that, by the answer."""
        names = ", ".join(outcome.copy.address for outcome in refused)
        failed = Reply(554, f"5.5.0 delivered, except to {names}: {refused[0].reply}")
        if not self.sender:
            return failed
        settings = self.desk.tracker.settings
        notice = delivery_failure(
            self.sender,
            [Refused(outcome.copy.address, outcome.reply) for outcome in refused],
            raw,
            host=settings.tracking_host,
            now=self.desk.tracker.clock(),
        )
        try:
            for reply in (await self.upstream.mail("", self.options), await self.upstream.rcpt(self.sender)):
                if not reply.accepted:
                    return failed
            reply = await self.upstream.data(notice, before_dot=_nothing)
        except Gone:
            return failed
        return accepted if reply.accepted else failed


async def _nothing() -> None:
    """Nothing has to be durable before this final dot."""
