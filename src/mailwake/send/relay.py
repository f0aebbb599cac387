"""The SMTP listener that programs send through.

It has no queue: the transaction with the next server is open before the client has finished its own, each RCPT is
answered in the next server's words, and 250 leaves only after the next server's 250. aiosmtpd speaks the protocol
(RFC 5321; SIZE RFC 1870, 8BITMIME RFC 6152, SMTPUTF8 RFC 6531, STARTTLS RFC 3207, AUTH RFC 4954, PIPELINING RFC 2920);
BDAT is not offered.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import ssl
from typing import Any

import structlog
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from mailwake.errors import BadInput, MailwakeError, Misconfigured, Unavailable
from mailwake.events import Event, EventType, Source
from mailwake.send.control import STREAMS
from mailwake.send.transaction import Desk, Transaction
from mailwake.settings import Settings
from mailwake.smtp.upstream import Gone, Reply

#: Longest line taken. RFC 5321 says 998; real mailers send whole pages in one line, and the next server may judge that.
_MAX_LINE_BYTES = 1 << 20
#: Clients at once; one more is asked to come back.
_MAX_CLIENTS = 500
#: Wrong passwords per connection.
_MAX_AUTH = 5
#: A client may take this long for a command, and a drain for what is under way (RFC 5321 section 4.5.3.2: 5 minutes).
_PATIENCE_SECONDS = 300.0
_BUSY = "421 4.3.2 too many connections; try again"
_log = structlog.get_logger()


class _Session(Session):
    """Without the deprecated properties, which warn at every login."""

    login_data: Any = None
    stream = "marketing"


class _Client(SMTP):
    """One client's connection. aiosmtpd calls the hooks below by their names."""

    line_length_limit = _MAX_LINE_BYTES

    def __init__(self, relay: Relay, **options: Any) -> None:  # noqa: ANN401 - aiosmtpd's own
        self.current: Transaction | None = None
        self._relay = relay
        super().__init__(relay, **options)

    def _create_session(self) -> Session:
        return _Session(self.loop)

    def _set_post_data_state(self) -> None:
        """RSET, EHLO, the end of DATA and a new connection all come by here."""
        self.drop()
        super()._set_post_data_state()  # type: ignore[no-untyped-call]  # aiosmtpd's own

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._relay.clients.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._relay.clients.discard(self)
        self.drop()
        super().connection_lost(error)

    def drop(self) -> None:
        """Leave a transaction that did not come to DATA; its connection is reset by whoever uses it next."""
        if self.current is not None:
            self._relay.desk.pool.give(self.current.upstream)
            self.current = None

    def hang_up(self) -> None:
        """Close the connection."""
        if self.transport is not None:
            self.transport.close()


class Relay:
    """The listener. Use it as: `start`, then `drain`.

    Args:
        settings: all of mailwake.toml.
        desk: tracker, pool, journal and memory.
        port: another port than that of the settings; 0 takes a free one.

    Attributes:
        host, port: where it listens, once started.

    Raises:
        Misconfigured: strangers could send through it, or a password could be overheard.
    """

    def __init__(self, settings: Settings, desk: Desk, *, port: int | None = None) -> None:
        self.desk = desk
        self.clients: set[_Client] = set()
        self.host, self.port = settings.relay.host, settings.relay.port if port is None else port
        self._settings = settings.relay
        self._passwords = {
            name: settings.secret(reference, f"relay.users.{name}").encode()
            for name, reference in settings.relay.users.items()
        }
        self._tls = _tls(settings)
        self._running: set[asyncio.Task[Reply]] = set()
        self._is_draining = False
        self._server: asyncio.Server | None = None
        _refuse_open_relay(settings, has_tls=self._tls is not None)

    async def start(self) -> None:
        """Listen.

        Raises:
            Misconfigured: the address cannot be used.
        """
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(self._client, self.host, self.port)
        except OSError as fault:
            raise Misconfigured("relay.port", f"cannot listen on {self.host}:{self.port}: {fault.strerror}") from None
        self.host, self.port = self._server.sockets[0].getsockname()[:2]

    async def drain(self, *, patience_seconds: float = _PATIENCE_SECONDS) -> None:
        """Take no new message, finish those under way, and close.

        Args:
            patience_seconds: for messages that the next server has not answered yet.
        """
        self._is_draining = True
        if self._server is not None:
            self._server.close()
        if self._running:
            await asyncio.wait(self._running, timeout=patience_seconds)
            await asyncio.sleep(0)  # the answers leave before the connections do
        for client in list(self.clients):
            client.hang_up()
        await self.desk.pool.close()

    def _client(self) -> _Client:
        is_loopback = _is_loopback(self._settings.host)
        return _Client(
            self,
            data_size_limit=self._settings.max_message_bytes,
            enable_SMTPUTF8=True,
            ident="Mailwake",
            tls_context=self._tls,
            require_starttls=bool(self._passwords) and not is_loopback,
            timeout=_PATIENCE_SECONDS,
            auth_require_tls=not is_loopback,
            authenticator=self._authenticate,
            command_call_limit={"AUTH": _MAX_AUTH, "*": 1_000_000},
            loop=asyncio.get_running_loop(),
        )

    def _authenticate(
        self, _server: SMTP, session: _Session, _envelope: Envelope, _mechanism: str, login: LoginPassword
    ) -> AuthResult:
        name = login.login.decode("utf-8", "replace")
        known = self._passwords.get(name)
        if not hmac.compare_digest(known or b"", login.password) or known is None:
            _log.warning("relay.login_refused")
            return AuthResult(success=False, handled=False)
        _, _, stream = name.rpartition("+")
        session.stream = stream if stream in STREAMS else "marketing"
        return AuthResult(success=True)

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, _server: _Client, session: _Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """Say what we can: AUTH only where there are users."""
        session.host_name = hostname
        offered = [line for line in responses if self._passwords or not line.startswith("250-AUTH")]
        return [*offered[:-1], "250-PIPELINING", "250-ENHANCEDSTATUSCODES", offered[-1]]

    async def handle_MAIL(  # noqa: N802, PLR0917 - aiosmtpd's own
        self, server: _Client, session: _Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Open the transaction with the next server, and answer in its words."""
        if self._passwords and not session.authenticated:
            return "530 5.7.0 authentication required"
        if self._is_draining:
            return "421 4.3.2 shutting down; try again"
        if len(self.clients) > _MAX_CLIENTS:
            return _BUSY
        wanted = tuple(option for option in options if not option.startswith("SIZE="))
        sender = "" if address == "<>" else address
        try:
            upstream = await self.desk.pool.take()
        except Gone as fault:
            return fault.reply.wire
        try:
            reply = await upstream.mail(sender, wanted)
        except Gone as fault:
            reply = fault.reply
        if "SMTPUTF8" in wanted and reply.accepted and not upstream.offers("SMTPUTF8"):
            reply = Reply(550, "5.6.7 the next server takes no internationalised addresses")
        if not reply.accepted:
            self.desk.pool.give(upstream)
            return reply.wire
        server.current = Transaction(
            desk=self.desk, upstream=upstream, sender=sender, options=wanted, stream=session.stream
        )
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return reply.wire

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: _Client, _session: _Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Refuse whom we must not mail; for all others the next server has the word."""
        current = server.current
        if current is None:
            return "503 5.5.1 need MAIL command"
        if len(current.recipients) >= self._settings.max_recipients:
            return f"452 4.5.3 more than {self._settings.max_recipients} recipients; send the others again"
        try:
            refused = await self._refuse(current, address)
            reply = refused or await current.upstream.rcpt(address)
        except Gone as fault:
            reply = fault.reply
        except BadInput as fault:
            return f"553 5.1.3 {fault}"
        except Unavailable as fault:
            return f"451 4.3.0 {fault}"
        if reply.accepted:
            current.recipients.append(address)
            envelope.rcpt_tos.append(address)
        return reply.wire

    async def _refuse(self, current: Transaction, address: str) -> Reply | None:
        tracker = self.desk.tracker
        known = await self.desk.known([address])
        current.handles.update(known)
        if not await self.desk.anything_held(known.values()):
            return None
        current.has_held = True
        found = await asyncio.to_thread(tracker.held, known.values(), campaign=None, stream=current.stream)
        if not found:
            return None
        (held,) = found.values()
        reply = Reply(550, f"5.7.1 recipient suppressed: {held.reason}")
        await self.desk.journal.keep(
            Event(
                type=EventType.REJECTED,
                received_at=tracker.clock(),
                source=Source.RELAY,
                recipient=held.handle,
                reason=str(reply),
            )
        )
        return reply

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: _Client, _session: _Session, envelope: Envelope
    ) -> str:
        """Hand the message on. A client that goes away meanwhile does not stop it half-way."""
        current, server.current = server.current, None
        if current is None:
            return "503 5.5.1 need MAIL command"
        task = asyncio.create_task(current.deliver(envelope.original_content or b""))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        try:
            reply = await asyncio.shield(task)
        except asyncio.CancelledError:
            current.is_abandoned = True
            raise
        return reply.wire

    async def handle_exception(self, fault: Exception) -> str:
        """A fault of ours: the client keeps its message and comes again."""
        if not isinstance(fault, MailwakeError | ConnectionError | ssl.SSLError):
            _log.error("relay.fault", kind=type(fault).__name__, exc_info=fault)
        return "451 4.3.0 internal fault; try again"


def _tls(settings: Settings) -> ssl.SSLContext | None:
    if not settings.relay.tls_certificate:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        key = settings.path(settings.relay.tls_key) if settings.relay.tls_key else None
        context.load_cert_chain(settings.path(settings.relay.tls_certificate), key)
    except (OSError, ssl.SSLError) as fault:
        raise Misconfigured("relay.tls_certificate", f"cannot be used: {fault}") from None
    return context


def _refuse_open_relay(settings: Settings, *, has_tls: bool) -> None:
    if _is_loopback(settings.relay.host):
        return
    if not settings.relay.users:
        raise Misconfigured(
            "relay.users", f"anybody could send mail through {settings.relay.host}; add a user, or listen on 127.0.0.1"
        )
    if not has_tls:
        raise Misconfigured(
            "relay.tls_certificate", "passwords would travel in the clear; add a certificate, or listen on 127.0.0.1"
        )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
