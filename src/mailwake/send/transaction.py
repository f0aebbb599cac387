"""One message on its way through the relay: split where it must be, and answered with what the next server said.

Nothing is kept: the client has its answer only when the next server has the message. How several recipients share the
one answer that SMTP has for them is told in `docs/explain/relaying.md`. While the next server thinks, one copy of the
message is held and nothing else of its size.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

import structlog

from mailwake.errors import BadInput, Unavailable
from mailwake.eventlog import LogWriter
from mailwake.events import Event, EventType, Handle, Source, encode_event
from mailwake.profiles import CONSENT_REQUEST
from mailwake.send.addressed import Addressed
from mailwake.send.control import Control, take_control
from mailwake.send.tracker import Reading, Tracker
from mailwake.smtp.memory import Known, Memory, outcome_key, transaction_of
from mailwake.smtp.notice import MAX_HEADER_BYTES, Refused, delivery_failure
from mailwake.smtp.upstream import Gone, Pool, Reply, Upstream
from mailwake.store.state import Standing
from mailwake.store.together import Together, others_first

#: A CR or LF that is not part of a line end. Servers disagree on what it means, and smuggling lives on that.
#: Source: CVE-2023-51764, https://www.postfix.org/smtp-smuggling.html
_BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n")
#: What the state store said about a recipient is believed for so long; a refusal must take effect within five seconds.
FRESH_SECONDS = 2.0
#: Instrumented on the spot; a thread would cost more than it saves, and a larger message would keep others waiting.
_SMALL_BYTES = 131_072
_log = structlog.get_logger()


class Outcome(NamedTuple):
    """What became of one recipient's copy."""

    copy: Addressed
    reply: Reply


class Journal:
    """The relay's log. Mail does not wait for it to come back: what it cannot keep is counted.

    A commit costs more than anything else that is done for a message, so events leave after all that can be done at
    once was done: what others have to write then goes with them.

    Attributes:
        lost: events that could not be kept since the start.
    """

    def __init__(self, writer: LogWriter) -> None:
        self._writer = writer
        self._records: list[bytes] = []
        self._handing_over: asyncio.Task[None] | None = None
        self.lost = 0

    async def keep(self, *events: Event) -> None:
        """Make events durable, or count them."""
        if not events:
            return
        self._records += [encode_event(event) for event in events]
        if self._handing_over is None:
            self._handing_over = asyncio.create_task(self._hand_over())
        await asyncio.shield(self._handing_over)

    async def _hand_over(self) -> None:
        await others_first()
        records, self._records, self._handing_over = self._records, [], None
        try:
            await self._writer.write(records)
        except Unavailable as fault:
            self.lost += len(records)
            _log.error("relay.events_lost", events=len(records), lost=self.lost, reason=str(fault))


@dataclass
class Counts:
    """What became of mail since the start: ``recipients = delivered + deferred + bounced + rejected``."""

    #: that were complete and could be read
    messages: int = 0
    #: whose copy was tried, or refused; a client that comes again adds those who had none yet
    recipients: int = 0
    delivered: int = 0
    deferred: int = 0
    bounced: int = 0
    #: suppressed, so that the next server never heard of them
    rejected: int = 0
    #: messages that passed as they are
    untouched: int = 0

    def add(self, kind: EventType, recipients: int = 1) -> None:
        """Count what happened to so many recipients: delivered, deferred, bounced or rejected."""
        self.recipients += recipients
        setattr(self, kind, getattr(self, kind) + recipients)


class Desk:
    """What every transaction of a relay needs.

    Args:
        tracker: makes the copies.
        pool: connections to the next server.
        journal: the relay's log.
        memory: of clients that come again.

    Attributes:
        standings, new_handles: questions to the state store, shared by all clients.
        counts: of all clients.
        large: held while a large message is instrumented, which takes several times its size in memory.
    """

    def __init__(self, *, tracker: Tracker, pool: Pool, journal: Journal, memory: Memory) -> None:
        self.tracker, self.pool, self.journal, self.memory = tracker, pool, journal, memory
        self.standings = Together(tracker.standings)
        self.new_handles = Together(tracker.new_handles)
        self.counts = Counts()
        self.large = asyncio.Lock()


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
    #: recipients asked for, taken or not
    named: int = 0
    #: the message as it came, until it is read
    raw: bytes = field(default=b"", repr=False)
    #: the client went away before it was answered; it will come again
    is_abandoned: bool = False
    _standings: dict[str, Standing] = field(default_factory=dict)
    _asked_at: float = -FRESH_SECONDS
    _name: str = ""
    _header: bytes = field(default=b"", repr=False)

    async def ask(self, address: str) -> Standing | None:
        """What holds for a recipient; None: never seen before."""
        if not self._standings:
            self._asked_at = _now()
        self._standings |= await self.desk.standings([address])
        return self._standings.get(address)

    async def deliver(self) -> Reply:
        """Hand the whole message on, and say what the client is to hear."""
        try:
            return await self._deliver()
        except BadInput as fault:
            return Reply(550, f"5.6.0 {fault}")
        except Gone as fault:
            return fault.reply
        except Unavailable as fault:
            return Reply(451, f"4.3.0 {fault}")
        finally:
            self.desk.pool.give(self.upstream)

    async def _deliver(self) -> Reply:
        raw, self.raw = self.raw, b""
        _refuse_bare(raw)
        control, message = take_control(raw, stream=self.stream)
        self.desk.counts.messages += 1
        if control.is_ours:
            return await self._pass_on(message)
        self._name, self._header = transaction_of(self.sender, raw), raw[:MAX_HEADER_BYTES]
        known = self.desk.memory.recall(self._name)
        reading = await self._read(message, control)
        del raw, message
        plan = await self._plan(reading, known)
        done = [Outcome(each, k.reply) for each in plan if (k := known.get(each.recipient)) and not k.reply.temporary]
        settled = {outcome.copy.recipient for outcome in done}
        done += await self._held_back([each for each in plan if each.recipient not in settled], control)
        settled |= {outcome.copy.recipient for outcome in done}
        pending = [each for each in plan if each.recipient not in settled]
        same = await self._same_for_all(reading, pending) if len(pending) == len(plan) else None
        if same is None:
            done += await self._one_by_one(reading, pending, done)
        else:
            del reading
            done += await self._together(same, pending)
        return await self._answer(done)

    async def _pass_on(self, message: bytes) -> Reply:
        """What was instrumented before goes on as it is and is not noted a second time."""
        counts = self.desk.counts
        counts.untouched += 1
        try:
            reply = await self.upstream.data(message, before_dot=_nothing)
        except Gone as fault:
            reply = fault.reply
        counts.add(reply.outcome, len(self.recipients))
        return reply

    async def _read(self, message: bytes, control: Control) -> Reading:
        tracker = self.desk.tracker
        read = partial(tracker.read, message, control=control)
        if len(message) <= _SMALL_BYTES and tracker.knows(control):
            reading = read()
        else:
            async with self.desk.large:
                reading = await asyncio.to_thread(read)
        if reading.draft and not tracker.is_registered(reading):
            await asyncio.to_thread(tracker.register, reading.campaign, reading.draft)
        return reading

    async def _make(self, reading: Reading, addressed: Addressed) -> bytes:
        tracker = self.desk.tracker
        if len(reading.message) <= _SMALL_BYTES:
            return tracker.render(reading, addressed)
        async with self.desk.large:
            return await asyncio.to_thread(tracker.render, reading, addressed)

    async def _plan(self, reading: Reading, known: Mapping[Handle, Known]) -> list[Addressed]:
        """Who gets a copy; by what the state store says now, also when the client took its time."""
        tracker = self.desk.tracker
        if _now() - self._asked_at > FRESH_SECONDS:
            self._standings = await self.desk.standings(self.recipients)
        found = {address: self._standings[address] for address in self.recipients if address in self._standings}
        handles = {address: standing.handle for address, standing in found.items()}
        consents = [standing.modes for standing in found.values()]
        if len(found) < len(set(self.recipients)):
            handles |= await self.desk.new_handles(address for address in self.recipients if address not in found)
            consents.append(tracker.silent)
        plan = tracker.plan(
            reading,
            {handles[address]: address for address in self.recipients},
            consents=consents,
            deliveries={handle: each.delivery for handle, each in known.items()},
        )
        self.desk.counts.untouched += plan[0].untouched is not None
        return plan

    async def _held_back(self, plan: Sequence[Addressed], control: Control) -> list[Outcome]:
        """Those suppressed for this campaign or stream, which nobody knew when RCPT was answered."""
        known = [self._standings[address] for address in self.recipients if address in self._standings]
        may_be_held = any(each.is_suppressed for each in known) or control.stream == CONSENT_REQUEST
        if not plan or not may_be_held:
            return []
        held = await asyncio.to_thread(
            self.desk.tracker.held,
            [each.recipient for each in plan],
            campaign=plan[0].campaign,
            stream=control.stream,
        )
        refused = [
            Outcome(each, Reply(550, f"5.7.1 suppressed: {held[each.recipient].reason}"))
            for each in plan
            if each.recipient in held
        ]
        now = self.desk.tracker.clock()
        await self.desk.journal.keep(
            *(
                copy.event(EventType.REJECTED, now=now, source=Source.RELAY, reason=str(reply))
                for copy, reply in refused
            )
        )
        self.desk.counts.add(EventType.REJECTED, len(refused))
        return refused

    async def _same_for_all(self, reading: Reading, plan: Sequence[Addressed]) -> bytes | None:
        """The message that all get; None: each gets another. Two alike mean that nothing in it is one person's own."""
        if self.sender and plan[0].return_path:
            return None  # each has an envelope sender of its own
        first = await self._make(reading, plan[0])
        return first if len(plan) == 1 or first == await self._make(reading, plan[1]) else None

    async def _together(self, message: bytes, plan: Sequence[Addressed]) -> list[Outcome]:
        """All get the same bytes, so the transaction that is open goes on for all of them."""
        try:
            reply = await self.upstream.data(message, before_dot=lambda: self._sent(len(message), *plan))
        except Gone as fault:
            reply = fault.reply
        outcomes = [Outcome(each, reply) for each in plan]
        await self._record(outcomes, is_final=not reply.temporary)
        return outcomes

    async def _one_by_one(self, reading: Reading, plan: Sequence[Addressed], done: Sequence[Outcome]) -> list[Outcome]:
        """A transaction for each, one after the other. Once the next server is gone, the rest is put off untried."""
        outcomes: list[Outcome] = []
        lost: Reply | None = None
        for each in plan:
            try:
                reply = lost or await self._alone(await self._make(reading, each), each)
            except Gone as fault:
                reply = lost = fault.reply
            outcome = Outcome(each, reply)
            is_last = len(outcomes) + 1 == len(plan)
            is_final = is_last and not any(other.reply.temporary for other in (*done, *outcomes, outcome))
            outcomes.append(outcome)
            await self._record([outcome], is_final=is_final)
        return outcomes

    async def _alone(self, message: bytes, addressed: Addressed) -> Reply:
        size = f"SIZE={len(message)}"
        sender = (addressed.return_path or self.sender) if self.sender else ""
        for reply in (
            await self.upstream.mail(sender, (*self.options, size)),
            await self.upstream.rcpt(addressed.address),
        ):
            if not reply.accepted:
                return reply
        return await self.upstream.data(message, before_dot=lambda: self._sent(len(message), addressed))

    async def _sent(self, size: int, *plan: Addressed) -> None:
        now = self.desk.tracker.clock()
        await self.desk.journal.keep(
            *(each.event(EventType.SENT, now=now, source=Source.RELAY, size=size) for each in plan)
        )

    async def _record(self, outcomes: Sequence[Outcome], *, is_final: bool) -> None:
        """Write down what the next server said, in the log and for a client that comes again."""
        now = self.desk.tracker.clock()
        events = []
        for copy, reply in outcomes:
            kind = reply.outcome
            is_heard = is_final and not self.is_abandoned  # who has gone will come again, perhaps after a restart
            key = outcome_key(kind, copy.delivery, self._name, now=now, is_final=is_heard)
            events.append(copy.event(kind, now=now, source=Source.RELAY, reason=str(reply), key=key))
            self.desk.memory.note(self._name, copy.recipient, Known(copy.delivery, reply))
            self.desk.counts.add(kind)
        await self.desk.journal.keep(*events)

    async def _answer(self, outcomes: Sequence[Outcome]) -> Reply:
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
            self.desk.memory.forget(self._name)
        if not refused:
            return accepted[-1]
        return refused[0].reply if not accepted else await self._report(accepted[-1], refused)

    async def _report(self, accepted: Reply, refused: Sequence[Outcome]) -> Reply:
        """Some have it, some never will: the sender hears it by a notice, or, failing that, by the answer."""
        names = ", ".join(outcome.copy.address for outcome in refused)
        failed = Reply(554, f"5.5.0 delivered, except to {names}: {refused[0].reply}")
        if not self.sender:
            return failed
        settings = self.desk.tracker.settings
        notice = delivery_failure(
            self.sender,
            [Refused(outcome.copy.address, outcome.reply) for outcome in refused],
            self._header,
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


def _now() -> float:
    return asyncio.get_running_loop().time()


def _refuse_bare(raw: bytes) -> None:
    """Raise `BadInput` where a line ends otherwise than in CR LF."""
    ends = raw.count(b"\r\n")
    if raw.count(b"\n") == ends == raw.count(b"\r"):
        return
    found = _BARE.search(raw)
    what = "LF" if found and found[0] == b"\n" else "CR"
    raise BadInput(f"bare {what} received; lines end with CR LF (RFC 5321 section 2.3.8)")
