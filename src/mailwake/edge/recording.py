"""From a request to a durable event, or to the reason why there is none. The order is always token, inert, log, answer.

The reader is never punished for our faults: pixel and redirect are answered whatever the log says, and the loss is
counted. A change of state is the one thing that is not confirmed before it is durable.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import NamedTuple

from mailwake.edge.counters import Counters
from mailwake.edge.forwarding import Forwarding
from mailwake.edge.http import Exchange, Response
from mailwake.edge.inert import InertSet
from mailwake.edge.pages import TRY_LATER
from mailwake.errors import Untrusted
from mailwake.eventlog import LogWriter
from mailwake.events import SECOND, Event, EventType, Note, Request, Source
from mailwake.events import encode_event as encode
from mailwake.modes import Mode, Modes
from mailwake.settings import Settings
from mailwake.tokens import KeyRing, LinkToken, MessageToken, Purpose, TokenReader

_DAY = 86_400 * SECOND
_EPOCH = date(1970, 1, 1)
# looked up once: a member of an enumeration costs more than a comparison, and these are on the way of every hit
_OPENED, _CLICKED, _UNKNOWN = EventType.OPENED, EventType.CLICKED, EventType.UNKNOWN
_EDGE, _PLAIN, _OFF, _INDIVIDUAL = Source.EDGE, Note.NONE, Mode.OFF, Mode.INDIVIDUAL
#: Ids are plain numbers on this path: naming the type of each would cost a call.
_event: Callable[..., Event] = Event


class Decision(NamedTuple):
    """What a recipient decided about their mail."""

    type: EventType
    #: how they said it
    note: Note
    #: opens, clicks or both, for consent; travels as the event's reason
    axis: str = ""


class Recorder:
    """Reads tokens, decides what may be kept of a request, and answers when it is durable.

    Args:
        settings: of the installation.
        keys: its master keys.
        writer: this process's own sequence in the log.
        inert: recipients of whom nothing is recorded.
        clock: gives microseconds since 1970.

    Attributes:
        counters: what became of every request.
        clock: as given.
    """

    def __init__(
        self, settings: Settings, keys: KeyRing, writer: LogWriter, *, inert: InertSet, clock: Callable[[], int]
    ) -> None:
        self.hosts = frozenset(
            host.lower() for host in (settings.tracking_host, *settings.tracking.former_hosts) if host
        )
        self.counters = Counters()
        self.clock = clock
        self._writer = writer
        self._inert = inert
        self._tokens = TokenReader(keys, self.hosts)
        self._forwarding = Forwarding(settings.edge.trusted_proxies, settings.edge.forwarded_header)
        self._ceiling = settings.ceiling
        self._record_days = settings.tracking.record_days
        self._day_ends = 0
        self._oldest = date.min

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

    # --- what may be recorded

    def opened(self, exchange: Exchange, response: Response, token: MessageToken) -> None:
        """Record an open as far as its mode allows, and answer."""
        self._hit(exchange, response, token, min(token.modes.opens, self._ceiling.opens), type_=_OPENED)

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
        mode = min(token.modes.clicks, self._ceiling.clicks)
        if note and mode is not _INDIVIDUAL:
            self._pass_over(exchange, response)
        else:
            self._hit(exchange, response, token, mode, type_=_UNKNOWN if note else _CLICKED, link=link, note=note)

    def viewed(self, exchange: Exchange, response: Response, token: MessageToken, note: Note) -> None:
        """Record a look at a page where every look may be recorded, and answer."""
        if self._lowest(token.modes) is _INDIVIDUAL:
            self._hit(exchange, response, token, _INDIVIDUAL, type_=_UNKNOWN, note=note)
        else:
            self._pass_over(exchange, response)

    def decided(self, exchange: Exchange, token: MessageToken, decision: Decision, *, done: Response) -> None:
        """Record what the recipient decided, always; confirm it when it is durable, or ask to try again."""
        event = _event(
            type=decision.type,
            received_at=self.clock(),
            source=_EDGE,
            modes=token.modes.to_byte(),
            template=token.template,
            delivery=token.delivery or None,
            recipient=token.recipient or None,
            note=decision.note,
            reason=decision.axis,
            request=self._evidence(exchange) if self._lowest(token.modes) is _INDIVIDUAL else None,
        )

        def written(fault: Exception | None) -> None:
            if fault is not None:
                self.counters.unrecorded += 1
                exchange.answer(TRY_LATER)
                return
            self.counters.recorded += 1
            if decision.type is EventType.CONSENT_WITHDRAWN and decision.axis == "both":
                self._inert.add(token.recipient)
            elif decision.type is EventType.CONSENT_GIVEN:
                self._inert.discard(token.recipient)
            exchange.answer(done)

        self._writer.append(encode(event), written)

    # --- how

    def _hit(
        self, exchange: Exchange, response: Response, token: MessageToken, mode: Mode, *,
        type_: EventType, link: int | None = None, note: Note = _PLAIN,
    ) -> None:  # fmt: skip
        now, recipient = self.clock(), token.recipient
        if mode is _OFF or (recipient and recipient in self._inert):
            self._pass_over(exchange, response)
            return
        if now >= self._day_ends:
            self._turn_page(now)
        if token.issued < self._oldest:
            self.counters.expired += 1
            exchange.answer(response)
            return
        if mode is _INDIVIDUAL:
            event = _event(
                type=type_,
                received_at=now,
                source=_EDGE,
                modes=token.modes.to_byte(),
                template=token.template,
                delivery=token.delivery or None,
                recipient=recipient or None,
                link=link,
                note=note,
                request=self._evidence(exchange),
            )
        elif exchange.method == "HEAD":
            self._pass_over(exchange, response)  # a machine's, and a counter could not tell
            return
        else:
            daily = mode is Mode.DELIVERABILITY  # who and on which day; neither when, nor which copy, nor how
            event = _event(
                type=type_,
                received_at=now - now % _DAY if daily else now,
                source=_EDGE,
                modes=token.modes.to_byte(),
                template=token.template,
                recipient=(recipient or None) if daily else None,
                link=link,
            )

        def written(fault: Exception | None) -> None:
            if fault is None:
                self.counters.recorded += 1
            else:
                self.counters.unrecorded += 1
            exchange.answer(response)

        self._writer.append(encode(event), written)

    def _pass_over(self, exchange: Exchange, response: Response) -> None:
        self.counters.inert += 1
        exchange.answer(response)

    def _turn_page(self, now: int) -> None:
        days = now // _DAY
        self._day_ends = (days + 1) * _DAY
        self._oldest = _EPOCH + timedelta(days=days - self._record_days)

    def _lowest(self, modes: Modes) -> Mode:
        return min(modes.opens, modes.clicks, self._ceiling.opens, self._ceiling.clicks)

    def _evidence(self, exchange: Exchange) -> Request:
        peer = exchange.peer
        if self._forwarding.trusts(peer):
            peer = self._forwarding.client(peer, exchange.headers)
        return Request(exchange.method, exchange.target, peer, (), exchange.head)
