"""From a request to a durable event, or to the reason why there is none. The order is always token, inert, log, answer.

The reader is never punished for our faults: pixel and redirect are answered whatever the log says, and the loss is
counted. A change of state is the one thing that is not confirmed before it is durable.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from mailwake.edge.counters import Counters
from mailwake.edge.forwarding import Forwarding
from mailwake.edge.http import Exchange, Response
from mailwake.edge.inert import InertSet
from mailwake.errors import Untrusted
from mailwake.eventlog import LogWriter
from mailwake.events import SECOND, DeliveryId, Event, EventType, Handle, Micros, Note, Request, Source, TemplateId
from mailwake.events import encode_event as encode
from mailwake.modes import Mode, Modes
from mailwake.settings import Settings
from mailwake.tokens import KeyRing, LinkToken, MessageToken, Purpose, TokenReader

_DAY = 86_400 * SECOND
_EPOCH = date(1970, 1, 1)


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
        mode = min(token.modes.opens, self._ceiling.opens)
        if mode is Mode.DELIVERABILITY:
            self._note_day(exchange, response, token)
        else:
            self._hit(exchange, response, token, mode=mode, type_=EventType.OPENED)

    def clicked(
        self,
        exchange: Exchange,
        response: Response,
        token: MessageToken,
        *,
        link: int | None = None,
        note: Note = Note.NONE,
    ) -> None:
        """Record a click as far as its mode allows, and answer. A click with a note is evidence, not a click."""
        mode = min(token.modes.clicks, self._ceiling.clicks)
        if note and mode is not Mode.INDIVIDUAL:
            self._inertly(exchange, response)
        else:
            type_ = EventType.UNKNOWN if note else EventType.CLICKED
            self._hit(exchange, response, token, mode=mode, type_=type_, link=link, note=note)

    def viewed(self, exchange: Exchange, response: Response, token: MessageToken, note: Note) -> None:
        """Record a look at a page where every look may be recorded, and answer."""
        mode = self._lowest(token.modes)
        if mode is Mode.INDIVIDUAL:
            self._hit(exchange, response, token, mode=mode, type_=EventType.UNKNOWN, note=note)
        else:
            self._inertly(exchange, response)

    def decided(
        self,
        exchange: Exchange,
        token: MessageToken,
        *,
        type_: EventType,
        note: Note,
        axis: str = "",
        done: Response,
        sorry: Response,
    ) -> None:
        """Record what the recipient decided, always, and confirm it only when it is durable."""
        personal = self._lowest(token.modes) is Mode.INDIVIDUAL
        event = Event(
            type=type_,
            received_at=Micros(self.clock()),
            source=Source.EDGE,
            modes=token.modes.to_byte(),
            template=TemplateId(token.template),
            delivery=DeliveryId(token.delivery) if token.delivery else None,
            recipient=Handle(token.recipient) if token.recipient else None,
            note=note,
            reason=axis,
            request=self._evidence(exchange) if personal else None,
        )  # fmt: skip

        def written(fault: Exception | None) -> None:
            if fault is not None:
                self.counters.unrecorded += 1
                exchange.answer(sorry)
                return
            self.counters.recorded += 1
            if type_ is EventType.CONSENT_WITHDRAWN and axis == "both":
                self._inert.add(token.recipient)
            elif type_ is EventType.CONSENT_GIVEN:
                self._inert.discard(token.recipient)
            exchange.answer(done)

        self._writer.append(encode(event), written)

    # --- how

    def _hit(
        self, exchange: Exchange, response: Response, token: MessageToken, *,
        mode: Mode, type_: EventType, link: int | None = None, note: Note = Note.NONE,
    ) -> None:  # fmt: skip
        now = self.clock()
        if mode is Mode.OFF or (token.recipient and token.recipient in self._inert):
            self._inertly(exchange, response)
        elif self._too_old(token, now):
            self._expired(exchange, response)
        elif mode is Mode.INDIVIDUAL:
            event = Event(
                type=type_,
                received_at=Micros(now),
                source=Source.EDGE,
                modes=token.modes.to_byte(),
                template=TemplateId(token.template),
                delivery=DeliveryId(token.delivery) if token.delivery else None,
                recipient=Handle(token.recipient) if token.recipient else None,
                link=link,
                note=note,
                request=self._evidence(exchange),
            )
            self._record(exchange, response, event)
        elif exchange.method == "HEAD":
            self._inertly(exchange, response)  # a machine's, and a counter could not tell
        else:
            event = Event(
                type=type_,
                received_at=Micros(now),
                source=Source.EDGE,
                modes=token.modes.to_byte(),
                template=TemplateId(token.template),
                link=link,
            )
            self._record(exchange, response, event)

    def _note_day(self, exchange: Exchange, response: Response, token: MessageToken) -> None:
        """Deliverability: who, and on which day; neither when nor which copy nor how."""
        now = self.clock()
        if token.recipient in self._inert or exchange.method == "HEAD":
            self._inertly(exchange, response)
        elif self._too_old(token, now):
            self._expired(exchange, response)
        else:
            event = Event(
                type=EventType.OPENED,
                received_at=Micros(now - now % _DAY),
                source=Source.EDGE,
                modes=token.modes.to_byte(),
                template=TemplateId(token.template),
                recipient=Handle(token.recipient) if token.recipient else None,
            )
            self._record(exchange, response, event)

    def _record(self, exchange: Exchange, response: Response, event: Event) -> None:
        def written(fault: Exception | None) -> None:
            if fault is None:
                self.counters.recorded += 1
            else:
                self.counters.unrecorded += 1
            exchange.answer(response)

        self._writer.append(encode(event), written)

    def _inertly(self, exchange: Exchange, response: Response) -> None:
        self.counters.inert += 1
        exchange.answer(response)

    def _expired(self, exchange: Exchange, response: Response) -> None:
        self.counters.expired += 1
        exchange.answer(response)

    def _too_old(self, token: MessageToken, now: int) -> bool:
        if now >= self._day_ends:
            days = now // _DAY
            self._day_ends = (days + 1) * _DAY
            self._oldest = _EPOCH + timedelta(days=days - self._record_days)
        return token.issued < self._oldest

    def _lowest(self, modes: Modes) -> Mode:
        return min(modes.opens, modes.clicks, self._ceiling.opens, self._ceiling.clicks)

    def _evidence(self, exchange: Exchange) -> Request:
        peer = self._forwarding.client(exchange.peer, exchange.headers)
        return Request(exchange.method, exchange.target, peer, tuple(exchange.headers))
