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
    encode_counted,
    encode_event,
    encode_hit,
    encode_last_open,
)
from mailwake.hosts import Hosts
from mailwake.inert.entries import Axes
from mailwake.inert.reader import InertSet
from mailwake.modes import Mode, Modes
from mailwake.settings import Settings
from mailwake.tokens import LinkToken, MessageToken, Purpose

_DAY = 86_400 * SECOND
_EPOCH = date(1970, 1, 1)
# looked up once: a member of an enumeration costs more than a comparison, and these are on the way of every hit
_OPENED, _CLICKED, _UNKNOWN = EventType.OPENED, EventType.CLICKED, EventType.UNKNOWN
_CONVERTED, _PIXEL, _END, _DETOUR = EventType.CONVERTED, Note.PIXEL, Note.END_PIXEL, Note.DETOUR
_OF_OPENS, _OF_CLICKS, _OF_BOTH = int(Axes.OPENS), int(Axes.CLICKS), int(Axes.BOTH)
_SAID = {"opens": _OF_OPENS, "clicks": _OF_CLICKS, "both": _OF_BOTH}
#: evidence that belongs to a click; what else is no open and no click is a look at a page
_OF_CLICK = (Note.LINK_REFUSED, Note.DECOY)
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
        days: the one beside it, which tells no time of day.
        inert: recipients of whom nothing is recorded.
        clock: gives microseconds since 1970.
        soon: runs something when the hits of this round of the event loop have all come in; None: the loop itself does.
        elsewhere: see `mailwake.detours.reader.DetourFile.of`.

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
        days: LogWriter,
        inert: InertSet,
        clock: Callable[[], int],
        soon: Callable[[Callable[[], None]], object] | None = None,
        elsewhere: Callable[[int, int, str], str | None] = lambda *_: None,
    ) -> None:
        self.hosts = frozenset(hosts.all)
        self.counters = Counters()
        self.clock = clock
        self._writer, self._days = writer, days
        self._inert = inert
        self._soon, self.elsewhere = soon or _call_soon, elsewhere
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
        #: opens of which the day alone is kept, and what they are answered with
        self._dated: list[tuple[bytes, Exchange, Response]] = []
        self._under_way: set[_Waiting] = set()
        self._opens_up_to, self._clicks_up_to = _OPENS_UP_TO, _CLICKS_UP_TO
        self._record_days = settings.tracking.record_days
        self._day_ends = 0
        self._oldest = date.min

    @property
    def gathered(self) -> int:
        """Hits of this round of the event loop, which the log has not got yet, and those on their way into the days."""
        return len(self._records) + len(self._dated) + self._days.waiting

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
        may = known and self._clicks[token.modes.byte] is _INDIVIDUAL
        return may and not self._inert.holds(recipient, token.issued, _OF_CLICKS)

    # --- what may be recorded

    def opened(self, exchange: Exchange, response: Response, token: MessageToken) -> None:
        """Record an open as far as its mode allows, and answer."""
        self._hit(exchange, response, token, self._opens[token.modes.byte], _OPENED, _OF_OPENS)

    def clicked(
        self,
        exchange: Exchange,
        response: Response,
        token: MessageToken,
        *,
        link: int | None = None,
        note: Note = _PLAIN,
    ) -> None:
        """Record a click as far as its mode allows, and answer. With a note but a detour it is evidence, no click."""
        mode = self._clicks[token.modes.byte]
        is_click = not note or note is _DETOUR
        if not is_click and mode is not _INDIVIDUAL:
            self._pass_over(exchange, response)
        else:
            axes = _OF_CLICKS if is_click or note in _OF_CLICK else _OF_BOTH
            self._hit(exchange, response, token, mode, _CLICKED if is_click else _UNKNOWN, axes, link, note)

    def reached(self, exchange: Exchange, response: Response, token: MessageToken, link: int) -> None:
        """Record a goal where an event per recipient may be, and answer. A machine that asks with HEAD reached none."""
        mode = self._clicks[token.modes.byte]
        if mode is _INDIVIDUAL and exchange.method == "GET":
            self._hit(exchange, response, token, mode, _CONVERTED, _OF_CLICKS, link, _PIXEL)
        else:
            self._pass_over(exchange, response)

    def ended(self, exchange: Exchange, response: Response, token: MessageToken) -> None:
        """Record that the end of a copy was fetched, where an event per recipient may be, and answer."""
        mode = self._opens[token.modes.byte]
        if mode is _INDIVIDUAL and exchange.method == "GET":
            self._hit(exchange, response, token, mode, _UNKNOWN, _OF_OPENS, None, _END)
        else:
            self._pass_over(exchange, response)

    def viewed(self, exchange: Exchange, response: Response, token: MessageToken, note: Note) -> None:
        """Record a look at a page where every look may be recorded, and answer."""
        if self._lowest(token.modes) is _INDIVIDUAL:
            self._hit(exchange, response, token, _INDIVIDUAL, _UNKNOWN, _OF_BOTH, None, note)
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
            request=Request(*self._evidence(exchange)) if self._may_watch(token) else None,
        )

        waiting = self._wait([(exchange, TRY_LATER)], DECISION_PATIENCE_SECONDS)

        def written(fault: Exception | None) -> None:
            self._under_way.remove(waiting)
            if fault is not None:
                self.counters.lose(1, fault)
                waiting.answer()
                return
            self.counters.recorded += 1
            if decision.type is EventType.CONSENT_WITHDRAWN and token.recipient:
                self._inert.withdraw(token.recipient, _SAID[decision.axis], said_at=event.received_at)
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
        type_: EventType, axes: int, link: int | None = None, note: Note = _PLAIN,
    ) -> None:  # fmt: skip
        modes, template, delivery, recipient, issued = token
        now = self.clock()
        if mode is _OFF:
            self._pass_over(exchange, response)
            return
        if self._inert.holds(recipient or delivery, issued, axes):
            self._keep_silent(exchange, response, unsure=self._inert.is_unsure(issued, axes))
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
            record = encode_hit(type_, now, modes.byte, ids, link, note, request)
        elif exchange.method == "HEAD":
            self._pass_over(exchange, response)  # a machine's, and a counter could not tell
            return
        elif mode is _DAILY and recipient:
            self._date(encode_last_open(recipient, now), exchange, response)
            return
        else:
            record = encode_counted(type_, now, template, link)
        self._records.append(record)
        self._answers.append((exchange, response))
        if len(self._records) == 1:
            self._soon(self._hand_in)

    def _date(self, record: bytes, exchange: Exchange, response: Response) -> None:
        """Keep the day of an open apart from everything that has a time."""
        self._dated.append((record, exchange, response))
        if len(self._dated) == 1:
            self._soon(self._hand_in_days)

    def _hand_in(self) -> None:
        """Give the log what all lines brought in this round of the loop."""
        records, answers = self._records, self._answers
        self._records, self._answers = [], []
        self._writer.append(records, partial(self._written, self._wait(answers, PATIENCE_SECONDS), len(records)))

    def _hand_in_days(self) -> None:
        dated, self._dated = self._dated, []
        waiting = self._wait([(exchange, response) for _, exchange, response in dated], PATIENCE_SECONDS)

        def written(fault: Exception | None) -> None:
            self._under_way.remove(waiting)
            if fault is None:
                self.counters.dated += len(dated)
            else:
                self.counters.lose(len(dated), fault)
            waiting.answer()

        self._days.append([record for record, *_ in dated], written)

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
            self.counters.lose(count, fault)
        waiting.answer()

    def _pass_over(self, exchange: Exchange, response: Response) -> None:
        self.counters.inert += 1
        exchange.answer(response)

    def _keep_silent(self, exchange: Exchange, response: Response, *, unsure: bool) -> None:
        """Somebody withdrew, or nobody can say whether: two different things for whoever counts."""
        if unsure:
            self.counters.unsure += 1
        else:
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

    def _may_watch(self, token: MessageToken) -> bool:
        """Whether it may be kept how a decision was sent: where every look may be recorded, of who did not withdraw."""
        who = token.recipient or token.delivery
        return self._lowest(token.modes) is _INDIVIDUAL and not self._inert.holds(who, token.issued, _OF_BOTH)

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
