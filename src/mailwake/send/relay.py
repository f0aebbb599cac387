"""The SMTP listener that programs send through.

It has no queue: the transaction with the next server is open before the client has finished its own, each RCPT is
answered in the next server's words, and 250 leaves only after the next server's 250. aiosmtpd speaks the protocol
(RFC 5321; SIZE RFC 1870, 8BITMIME RFC 6152, SMTPUTF8 RFC 6531, STARTTLS RFC 3207, AUTH RFC 4954, PIPELINING RFC 2920);
BDAT is not offered.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import structlog
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from mailwake.errors import BadInput, MailwakeError, Misconfigured, Unavailable
from mailwake.events import Event, EventType, Source
from mailwake.profiles import STREAMS
from mailwake.send.transaction import Desk, Transaction
from mailwake.settings import Settings
from mailwake.smtp.admission import Logins, is_loopback, refuse_open_relay, server_tls
from mailwake.smtp.clients import Client, Clients
from mailwake.smtp.upstream import Gone, Reply, Upstream

#: Wrong passwords per connection.
_MAX_AUTH = 5
#: Commands that bring nothing forward, and how many of each a connection has; the same for recipients too many.
_IDLE, _MAX_IDLE_COMMANDS = ("NOOP", "HELP", "VRFY", "EXPN"), 1_000
#: How long a drain waits for what is under way.
_PATIENCE_SECONDS = 300.0
#: How long whoever was just answered has to say QUIT, before it is told that we stop.
_LEAVE_SECONDS = 0.5
#: How long a closed connection may take to be gone.
_GOODBYE_SECONDS = 1.0
#: How often somebody looks for clients that keep others waiting.
_LOOK_SECONDS = 1.0
#: Clients that connect at the same moment; the kernel may allow fewer.
_BACKLOG = 512
_STOPPING = Reply(421, "4.3.2 shutting down; try again")
_log = structlog.get_logger()


class _Session(Session):
    """Without the deprecated properties, which warn at every login."""

    login_data: Any = None
    stream = "marketing"


class _Client(Client):
    """One client's connection. aiosmtpd calls the hooks below by their names."""

    def __init__(self, relay: Relay, **options: Any) -> None:  # noqa: ANN401 - aiosmtpd's own
        self.current: Transaction | None = None
        self._relay = relay
        super().__init__(relay, relay.clients, **options)

    @property
    def holds_upstream(self) -> bool:
        """A transaction is open, and has a connection to the next server for itself."""
        return self.current is not None

    def _create_session(self) -> Session:
        return _Session(self.loop)

    def _set_post_data_state(self) -> None:
        """RSET, EHLO, the end of DATA and a new connection all come by here."""
        self.drop()
        super()._set_post_data_state()  # type: ignore[no-untyped-call]  # aiosmtpd's own

    def connection_lost(self, error: Exception | None) -> None:
        self.drop()
        super().connection_lost(error)

    def drop(self) -> None:
        """Leave a transaction that did not come to DATA; its connection is reset by whoever uses it next."""
        if self.current is not None:
            self._relay.desk.pool.give(self.current.upstream)
            self.current = None


class Relay:
    """The listener. Use it as: `start`, then `drain`.

    Args:
        settings: all of mailwake.toml.
        desk: tracker, pool, journal and memory.
        port: another port than that of the settings; 0 takes a free one.

    Attributes:
        host, port: where it listens, once started.
        clients: who is connected.

    Raises:
        Misconfigured: strangers could send through it, or a password could be overheard.
    """

    def __init__(self, settings: Settings, desk: Desk, *, port: int | None = None) -> None:
        self.desk = desk
        self.host, self.port = settings.relay.host, settings.relay.port if port is None else port
        self._settings = settings.relay
        self.clients = Clients(
            most=self._settings.max_clients,
            most_bytes=self._settings.max_bytes_under_way,
            patience_seconds=self._settings.client_timeout_seconds,
            crowded_seconds=self._settings.crowded_timeout_seconds,
        )
        self._logins = Logins(
            {
                name: settings.secret(reference, f"relay.users.{name}").encode()
                for name, reference in settings.relay.users.items()
            }
        )
        self._tls = server_tls(settings)
        self._hostname = socket.getfqdn()  # once: it may ask the network
        self._running: set[asyncio.Task[Reply]] = set()
        self._watching: asyncio.Task[None] | None = None
        self._is_draining = False
        self._server: asyncio.Server | None = None
        refuse_open_relay(settings, has_tls=self._tls is not None)

    async def start(self, listener: socket.socket | None = None) -> None:
        """Listen.

        Args:
            listener: a socket that somebody else keeps open; None: one of our own.

        Raises:
            Misconfigured: the address cannot be used.
        """
        loop = asyncio.get_running_loop()
        place = {"host": self.host, "port": self.port} if listener is None else {"sock": listener}
        try:
            self._server = await loop.create_server(self._client, **place, backlog=_BACKLOG)
        except OSError as fault:
            raise Misconfigured("relay.port", f"cannot listen on {self.host}:{self.port}: {fault.strerror}") from None
        self.host, self.port = self._server.sockets[0].getsockname()[:2]
        self._watching = asyncio.create_task(self._watch())

    async def drain(self, *, patience_seconds: float = _PATIENCE_SECONDS) -> None:
        """Take no new message, finish those under way, and close.

        Args:
            patience_seconds: for messages that the next server has not answered yet.
        """
        self._is_draining = True
        if self._server is not None:
            self._server.close()
        await _until(lambda: not self._running and all(each.waits_since for each in self.clients), patience_seconds)
        # a program that hears 421 where it said QUIT takes that for the answer to its mail, and sends it again
        await _until(self._is_quiet, 2 * _LEAVE_SECONDS)
        if self._watching is not None:
            self._watching.cancel()
        for client in self.clients:
            client.hang_up(_STOPPING.wire)
        await _until(lambda: not len(self.clients), _GOODBYE_SECONDS)  # they give their connections back
        await self.desk.pool.close()

    def _is_quiet(self) -> bool:
        """Whether nobody was answered a moment ago."""
        since = asyncio.get_running_loop().time() - _LEAVE_SECONDS
        return all((each.waits_since or since) < since for each in self.clients)

    def report(self) -> dict[str, int]:
        """Everything that was counted since the start, and what is under way now."""
        clients = self.clients
        return {
            **asdict(self.desk.counts),
            "events_lost": self.desk.journal.lost,
            "clients": len(clients),
            "clients_refused": clients.refused,
            "clients_cut": clients.cut,
            "put_off": clients.put_off,
            "waiting": self.desk.pool.waiting,
            "upstream_connections": self.desk.pool.connections,
            "bytes_under_way": clients.bytes_under_way,
        }

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            self.clients.cut_idle(loop.time(), others_wait=self.desk.pool.waiting > 0)

    def _client(self) -> _Client:
        is_local = is_loopback(self._settings.host)
        return _Client(
            self,
            data_size_limit=self._settings.max_message_bytes,
            enable_SMTPUTF8=True,
            hostname=self._hostname,
            ident="Mailwake",
            tls_context=self._tls,
            require_starttls=bool(self._logins) and not is_local,
            auth_require_tls=not is_local,
            authenticator=self._authenticate,
            command_call_limit={"AUTH": _MAX_AUTH, **dict.fromkeys(_IDLE, _MAX_IDLE_COMMANDS), "*": 1_000_000_000},
            loop=asyncio.get_running_loop(),
        )

    def _authenticate(
        self, _server: SMTP, session: _Session, _envelope: Envelope, _mechanism: str, login: LoginPassword
    ) -> AuthResult:
        name = login.login.decode("utf-8", "replace")
        source, now = str((session.peer or ("",))[0]), asyncio.get_running_loop().time()
        if not self._logins.may_try(source, name, now=now):
            _log.warning("relay.login_blocked")
            message = "454 4.7.0 too many wrong passwords; try again in a minute"
            return AuthResult(success=False, handled=False, message=message)
        if not self._logins.fits(source, name, login.password, now=now):
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
        offered = [line for line in responses if self._logins or not line.startswith("250-AUTH")]
        return [*offered[:-1], "250-PIPELINING", "250-ENHANCEDSTATUSCODES", offered[-1]]

    async def handle_MAIL(  # noqa: N802, PLR0917 - aiosmtpd's own
        self, server: _Client, session: _Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Open the transaction with the next server, and answer in its words."""
        if self._logins and not session.authenticated:
            return "530 5.7.0 authentication required"
        wanted = tuple(option for option in options if not option.startswith("SIZE="))
        sender = "" if address == "<>" else address
        try:
            upstream = await self.desk.pool.take()
        except Gone as fault:
            return fault.reply.wire
        reply = None
        try:
            reply = _STOPPING if self._is_draining else await self._open(upstream, sender, wanted)
        finally:
            if reply is None or not reply.accepted:  # also when the client left meanwhile
                self.desk.pool.give(upstream)
        if not reply.accepted:
            return reply.wire
        server.current = Transaction(
            desk=self.desk, upstream=upstream, sender=sender, options=wanted, stream=session.stream
        )
        server.waited = 0.0
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return reply.wire

    async def _open(self, upstream: Upstream, sender: str, wanted: tuple[str, ...]) -> Reply:
        try:
            reply = await upstream.mail(sender, wanted)
        except Gone as fault:
            return fault.reply
        if "SMTPUTF8" in wanted and reply.accepted and not upstream.offers("SMTPUTF8"):
            return Reply(550, "5.6.7 the next server takes no internationalised addresses")
        return reply

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: _Client, _session: _Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Refuse whom we must not mail; for all others the next server has the word."""
        current = server.current
        if current is None:
            return "503 5.5.1 need MAIL command"
        current.named += 1
        if current.named > self._settings.max_recipients + _MAX_IDLE_COMMANDS:
            server.leave()
            return "421 4.5.3 too many recipients; try again with fewer"
        if current.named > self._settings.max_recipients:
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
        standing = await current.ask(address)
        if standing is None or not standing.is_suppressed:
            return None
        found = await asyncio.to_thread(tracker.held, [standing.handle], campaign=None, stream=current.stream)
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
        self.desk.counts.add(EventType.REJECTED)
        return reply

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: _Client, _session: _Session, envelope: Envelope
    ) -> str:
        """Hand the message on. A client that goes away meanwhile does not stop it half-way."""
        current, server.current = server.current, None
        if current is None:
            return "503 5.5.1 need MAIL command"
        current.raw = envelope.original_content or b""
        envelope.content = envelope.original_content = None  # nobody else holds it any more
        task = asyncio.create_task(current.deliver())
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


async def _until(condition: Callable[[], bool], patience_seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(patience_seconds):
            while not condition():  # noqa: ASYNC110 - many things at once are waited for, and only once
                await asyncio.sleep(0.01)
