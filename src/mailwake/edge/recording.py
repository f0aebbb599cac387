"""From a request to a durable event, or to the reason why there is none. The order is always token, inert, log, answer.

The reader is never punished for our faults: pixel and redirect are answered whatever the log says, and the loss is
counted. A change of state is the one thing that is not confirmed before it is durable.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from time import monotonic
from typing import NamedTuple

from msgspec import Struct

from mailwake.edge.counters import Counters
from mailwake.edge.exchange import Exchange
from mailwake.edge.forwarding import Forwarding
from mailwake.edge.inert import InertSet
from mailwake.edge.pages import TRY_LATER
from mailwake.edge.references import References
from mailwake.edge.response import Response
from mailwake.errors import Untrusted
from mailwake.eventlog import QUEUE_RECORDS, LogWriter
from mailwake.events import (
    SECOND,
    DeliveryId,
    Event,
    EventType,
    Handle,
    Headers,
    Micros,
    Note,
    Request,
    Source,
    TemplateId,
    encode_event,
    encode_hit,
)
from mailwake.hosts import Hosts
from mailwake.modes import Mode, Modes
from mailwake.settings import Settings
from mailwake.tokens import LinkToken, MessageToken, Purpose

_DAY = 86_400 * SECOND
_EPOCH = date(1970, 1, 1)
# looked up once: a member of an enumeration costs more than a comparison, and these are on the way of every hit
_OPENED, _CLICKED, _UNKNOWN = EventType.OPENED, EventType.CLICKED, EventType.UNKNOWN
_CONVERTED, _PIXEL = EventType.CONVERTED, Note.PIXEL
_PLAIN, _OFF, _DAILY, _INDIVIDUAL = Note.NONE, Mode.OFF, Mode.DELIVERABILITY, Mode.INDIVIDUAL
#: From this many waiting records on, opens are answered and no longer recorded, then clicks; what is left of the queue
#: is kept for decisions.
_OPENS_UP_TO, _CLICKS_UP_TO = QUEUE_RECORDS // 2, QUEUE_RECORDS * 3 // 4
#: A log that keeps a reader waiting for so long counts as away: disks that hang give no error.
PATIENCE_SECONDS = 2.0
#: A decision is better confirmed late than asked for again; those who send one for their user wait longer than that.
DECISION_PATIENCE_SECONDS = 10.0


class Decision(NamedTuple):
    """What a recipient decided about their mail."""

    type: EventType
    #: how they said it
    note: Note
    #: opens, clicks or both, for consent; travels as the event's reason
    axis: str = ""


class _Waiting(Struct, eq=False):
    """Requests that wait for the same commit."""

    #: seconds, by a clock that nobody sets
    until: float
    #: what each hears; empty once they have heard it
    answers: list[tuple[Exchange, Response]]

    def answer(self) -> None:
        """Let them go."""
        answers, self.answers = self.answers, []
        for exchange, response in answers:
            exchange.answer(response)


class Recorder:
    """Reads tokens, decides what may be kept of a request, and answers when it is durable.

    Args:
        settings: of the installation.
        hosts: its tracking hosts, with their keys.
        writer: this process's own sequence in the log.
        inert: recipients of whom nothing is recorded.
        clock: gives microseconds since 1970.
        soon: runs something when the hits of this round of the event loop have all come in; None: the loop itself does.

    Attributes:
        counters: what became of every request.
        clock: as given.
    """

    def __init__(
        self,
        settings: Settings,
        hosts: Hosts,
        writer: LogWriter,
        *,
        inert: InertSet,
        clock: Callable[[], int],
        soon: Callable[[Callable[[], None]], object] | None = None,
    ) -> None:
        self.hosts = frozenset(hosts.all)
        self.counters = Counters()
        self.clock = clock
        self._writer = writer
        self._inert = inert
        self._soon = soon or _call_soon
        self._tokens = hosts.reader()
        self.references = References(settings.conversions, hosts)
        self._forwarding = Forwarding(settings.edge.trusted_proxies, settings.edge.forwarded_header)
        self._trusts = self._forwarding.trusts
        ceiling = settings.ceiling
        every = [Modes(opens=opens, clicks=clicks) for opens in Mode for clicks in Mode]
        #: what each axis may record, by the byte that is sealed in the mail
        self._opens = {modes.byte: min(modes.opens, ceiling.opens) for modes in every}
        self._clicks = {modes.byte: min(modes.clicks, ceiling.clicks) for modes in every}
        #: hits of this round of the loop, and what each is answered with once they are durable
        self._records: list[bytes] = []
        self._answers: list[tuple[Exchange, Response]] = []
        self._under_way: set[_Waiting] = set()
        self._opens_up_to, self._clicks_up_to = _OPENS_UP_TO, _CLICKS_UP_TO
        self._record_days = settings.tracking.record_days
        self._day_ends = 0
        self._oldest = date.min

    @property
    def gathered(self) -> int:
        """Hits of this round of the event loop, which the log has not got yet."""
        return len(self._records)

    # --- tokens

    def message(self, text: str, host: str, *purposes: Purpose) -> MessageToken | None:
        """The copy that a path names; None, and counted, when it names none."""
        try:
            return self._tokens.message(text, host, *purposes)
        except Untrusted as fault:
            self.counters.reject(fault.reason)
            return None

    def link(self, text: str, host: str) -> LinkToken | None:
        """The link that a path names; None when it names none. Counting is the caller's."""
        try:
            return self._tokens.link(text, host)
        except Untrusted:
            return None

    def reference(self, text: str, host: str) -> tuple[MessageToken, int] | None:
        """The copy and the link that a shop's reference names; None when it names none. Counting is the caller's."""
        try:
            return self._tokens.reference(text, host)
        except Untrusted:
            return None

    def may_name(self, token: MessageToken) -> bool:
        """Whether a shop may be given a reference: as little as may be recorded of the click itself."""
        now, recipient = self.clock(), token.recipient
        if now >= self._day_ends:
            self._turn_page(now)
        known = bool(token.delivery and recipient) and token.issued >= self._oldest
        return known and self._clicks[token.modes.byte] is _INDIVIDUAL and recipient not in self._inert

    # --- what may be recorded

    def opened(self, exchange: Exchange, response: Response, token: MessageToken) -> None:
        """Record an open as far as its mode allows, and answer."""
        self._hit(exchange, response, token, self._opens[token.modes.byte], _OPENED)

    def clicked(
        self,
        exchange: Exchange,
        response: Response,
        token: MessageToken,
        *,
        link: int | None = None,
        note: Note = _PLAIN,
    ) -> None:
        """Record a click as far as its mode allows, and answer. With a note it is evidence, and no click."""
        mode = self._clicks[token.modes.byte]
        if note and mode is not _INDIVIDUAL:
            self._pass_over(exchange, response)
        else:
            self._hit(exchange, response, token, mode, _UNKNOWN if note else _CLICKED, link, note)

    def reached(self, exchange: Exchange, response: Response, token: MessageToken, link: int) -> None:
        """Record a goal where an event per recipient may be, and answer. A machine that asks with HEAD reached none."""
        mode = self._clicks[token.modes.byte]
        if mode is _INDIVIDUAL and exchange.method == "GET":
            self._hit(exchange, response, token, mode, _CONVERTED, link, _PIXEL)
        else:
            self._pass_over(exchange, response)

    def viewed(self, exchange: Exchange, response: Response, token: MessageToken, note: Note) -> None:
        """Record a look at a page where every look may be recorded, and answer."""
        if self._lowest(token.modes) is _INDIVIDUAL:
            self._hit(exchange, response, token, _INDIVIDUAL, type_=_UNKNOWN, note=note)
        else:
            self._pass_over(exchange, response)

    def decided(self, exchange: Exchange, token: MessageToken, decision: Decision, *, done: Response) -> None:
        """Record what the recipient decided, always; confirm it when it is durable, or ask to try again.

        A token that names nobody is one of those that try the endpoint out: it is answered, and nothing is decided.
        """
        if not token.recipient:
            self._pass_over(exchange, done)
            return
        event = Event(
            type=decision.type,
            received_at=Micros(self.clock()),
            source=Source.EDGE,
            modes=token.modes.byte,
            template=TemplateId(token.template),
            delivery=DeliveryId(token.delivery) if token.delivery else None,
            recipient=Handle(token.recipient) if token.recipient else None,
            note=decision.note,
            reason=decision.axis,
            request=Request(*self._evidence(exchange)) if self._lowest(token.modes) is _INDIVIDUAL else None,
        )

        waiting = self._wait([(exchange, TRY_LATER)], DECISION_PATIENCE_SECONDS)

        def written(fault: Exception | None) -> None:
            self._under_way.remove(waiting)
            if fault is not None:
                self.counters.unrecorded += 1
                waiting.answer()
                return
            self.counters.recorded += 1
            if decision.type is EventType.CONSENT_WITHDRAWN and decision.axis == "both":
                self._inert.add(token.recipient)
            elif decision.type is EventType.CONSENT_GIVEN:
                self._inert.discard(token.recipient)
            if waiting.answers:
                exchange.answer(done)

        self._writer.append([encode_event(event)], written)

    def relieve(self) -> None:
        """Answer everybody who waits for a log that does not move; what became of their records is counted later.

        Call it every second. Until the log moves again hits are answered at once and left out.
        """
        now = monotonic()
        late = [waiting for waiting in self._under_way if waiting.until <= now]
        for waiting in late:
            waiting.answer()
        self._opens_up_to, self._clicks_up_to = (0, 0) if late else (_OPENS_UP_TO, _CLICKS_UP_TO)

    # --- how

    def _hit(  # noqa: PLR0917 - by place, because names cost every hit a hundredth
        self, exchange: Exchange, response: Response, token: MessageToken, mode: Mode,
        type_: EventType, link: int | None = None, note: Note = _PLAIN,
    ) -> None:  # fmt: skip
        modes, template, delivery, recipient, issued = token
        now = self.clock()
        if mode is _OFF or (recipient and recipient in self._inert):
            self._pass_over(exchange, response)
            return
        if now >= self._day_ends:
            self._turn_page(now)
        if issued < self._oldest:
            self.counters.expired += 1
            exchange.answer(response)
            return
        if self._writer.waiting >= (self._opens_up_to if type_ is _OPENED else self._clicks_up_to):
            self._shed(exchange, response, type_)
            return
        if mode is _INDIVIDUAL:
            ids, request = (template, delivery or None, recipient or None), self._evidence(exchange)
        elif exchange.method == "HEAD":
            self._pass_over(exchange, response)  # a machine's, and a counter could not tell
            return
        elif mode is _DAILY:  # who and on which day; neither when, nor which copy, nor how
            ids, request, now = (template, None, recipient or None), None, now - now % _DAY
        else:
            ids, request = (template, None, None), None
        record = encode_hit(type_, now, modes.byte, ids, link, note, request)
        self._records.append(record)
        self._answers.append((exchange, response))
        if len(self._records) == 1:
            self._soon(self._hand_in)

    def _hand_in(self) -> None:
        """Give the log what all lines brought in this round of the loop."""
        records, answers = self._records, self._answers
        self._records, self._answers = [], []
        self._writer.append(records, partial(self._written, self._wait(answers, PATIENCE_SECONDS), len(records)))

    def _wait(self, answers: list[tuple[Exchange, Response]], patience_seconds: float) -> _Waiting:
        waiting = _Waiting(monotonic() + patience_seconds, answers)
        self._under_way.add(waiting)
        return waiting

    def _written(self, waiting: _Waiting, count: int, fault: Exception | None) -> None:
        """The log has the hits, or cannot have them; they are answered either way."""
        self._under_way.remove(waiting)
        if fault is None:
            self.counters.recorded += count
        else:
            self.counters.unrecorded += count
        waiting.answer()

    def _pass_over(self, exchange: Exchange, response: Response) -> None:
        self.counters.inert += 1
        exchange.answer(response)

    def _shed(self, exchange: Exchange, response: Response, type_: EventType) -> None:
        self.counters.unrecorded += 1
        self.counters.shed[type_] += 1
        exchange.answer(response)

    def _turn_page(self, now: int) -> None:
        days = now // _DAY
        self._day_ends = (days + 1) * _DAY
        self._oldest = _EPOCH + timedelta(days=days - self._record_days)

    def _lowest(self, modes: Modes) -> Mode:
        return min(self._opens[modes.byte], self._clicks[modes.byte])

    def _evidence(self, exchange: Exchange) -> tuple[str, bytes, str, Headers, bytes]:
        """The fields of a `Request`."""
        peer = exchange.peer
        if self._trusts(peer):
            peer = self._forwarding.client(peer, exchange.headers)
        return exchange.method, exchange.target, peer, (), exchange.head


def _call_soon(action: Callable[[], None]) -> object:
    return asyncio.get_running_loop().call_soon(action)
