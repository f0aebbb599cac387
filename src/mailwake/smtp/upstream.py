"""The next mail server: a bounded pool of connections, and one transaction at a time on each.

aiosmtplib does connecting, TLS and AUTH. The message itself is written here, because three things matter that no
client library offers: every byte stays as it is, something has to be durable *before* the final dot, and after a lost
connection we must know on which side of that dot it was lost.

Source: RFC 5321 sections 4.1.1.4 (DATA), 4.5.2 (transparency), 4.5.3.2 (timeouts).
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator
from typing import NamedTuple

import aiosmtplib

from mailwake.errors import Misconfigured, Unavailable
from mailwake.events import EventType
from mailwake.sections import Smtp
from mailwake.settings import Settings

#: What must not stand in an answer that we pass on: it could end a line, and say something else in the next.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
#: First digits of answers that end something. Source: RFC 5321 section 4.2.1
_FINAL = (2, 4, 5)
#: Slowest transfer that we wait for, beside the configured timeout: a message may take as long as it is large.
_SLOWEST_BYTES_PER_SECOND = 50_000
#: Written at once before others get their turn on the loop.
_CHUNK_BYTES = 262_144


class Reply(NamedTuple):
    """What a server answered, in its own words."""

    code: int
    #: the text without codes; several lines are parted by a line feed
    text: str

    @property
    def accepted(self) -> bool:
        """The server did what it was asked."""
        return 200 <= self.code < 300

    @property
    def temporary(self) -> bool:
        """Trying again may help."""
        return 400 <= self.code < 500

    @property
    def outcome(self) -> EventType:
        """The event that this amounts to, as the answer to a message."""
        if self.accepted:
            return EventType.DELIVERED
        return EventType.DEFERRED if self.temporary else EventType.BOUNCED

    @property
    def wire(self) -> str:
        """The reply as it goes over the wire, without the last line end."""
        lines = self.text.split("\n") or [""]
        return "\r\n".join([*(f"{self.code}-{line}" for line in lines[:-1]), f"{self.code} {lines[-1]}"])

    def __str__(self) -> str:
        """One line, for reasons and reports."""
        return f"{self.code} {' '.join(self.text.split())}"


class Gone(Unavailable):
    """The next server is not there, does not answer, or went away.

    Attributes:
        after_dot: the message was complete when it happened, so the server may have taken it.
    """

    def __init__(self, message: str, *, after_dot: bool = False) -> None:
        super().__init__(message)
        self.after_dot = after_dot

    @property
    def reply(self) -> Reply:
        """What to tell a client: try again later."""
        return Reply(451, f"4.4.2 {self}; try again")


class Upstream:
    """One connection to the next server. Opens itself when it is first needed and again after it was lost.

    Args:
        smtp: the ``[smtp]`` settings.
        password: the password itself, where a user is configured.
        hostname: what to say in EHLO.
        tls: how to trust the server; None: the system's authorities.
    """

    def __init__(self, smtp: Smtp, *, password: str, hostname: str, tls: ssl.SSLContext | None = None) -> None:
        self._settings = smtp
        self._client = aiosmtplib.SMTP(
            hostname=smtp.host,
            port=smtp.port,
            local_hostname=hostname,
            timeout=smtp.timeout_seconds,
            username=smtp.user or None,
            password=password or None,
            use_tls=smtp.security == "tls",
            start_tls=smtp.security == "starttls",
            tls_context=tls,
        )
        self._in_transaction = False

    @property
    def connected(self) -> bool:
        """The connection stands, as far as one can know without asking."""
        return self._client.is_connected

    def offers(self, extension: str) -> bool:
        """The server announced this extension, such as SMTPUTF8."""
        return self._client.supports_extension(extension)

    async def open(self) -> None:
        """Connect, encrypt and log in, unless that is done.

        Raises:
            Gone: it did not work; the message says why.
        """
        if self.connected:
            return
        self._in_transaction = False
        try:
            await self._client.connect()
            if self._client.is_ehlo_or_helo_needed:
                await self._client.ehlo()
        except aiosmtplib.SMTPException as fault:
            self._client.close()
            raise Gone(f"{self._where} does not let us in: {_words(fault)}") from fault
        except (OSError, ValueError) as fault:
            self._client.close()
            raise Gone(f"{self._where} cannot be reached: {_words(fault)}") from fault
        except asyncio.CancelledError:
            self._client.close()
            raise

    async def mail(self, sender: str, options: Iterable[str] = ()) -> Reply:
        """Begin a transaction. A connection that the server dropped while it was idle is opened anew, once.

        Args:
            sender: envelope sender; empty for a notice that nobody may bounce.
            options: such as SIZE=1000; those that the server does not offer are left out.
        """
        fresh = not self.connected
        await self.open()
        command = (b"FROM:<" + _octets(sender) + b">", *(o.encode() for o in options if self.offers(o.split("=")[0])))
        try:
            if self._in_transaction:
                await self._say(b"RSET")
            reply = await self._say(b"MAIL", *command)
        except Gone:
            if fresh:
                raise
            await self.open()
            reply = await self._say(b"MAIL", *command)
        else:
            if reply.code == 421 and not fresh:
                await self.open()
                reply = await self._say(b"MAIL", *command)
        self._in_transaction = True
        return reply

    async def rcpt(self, recipient: str) -> Reply:
        """Name a recipient of the transaction."""
        return await self._say(b"RCPT", b"TO:<" + _octets(recipient) + b">")

    async def data(self, message: bytes, *, before_dot: Callable[[], Awaitable[None]]) -> Reply:
        """Hand over the message.

        Args:
            message: complete, lines ended by CR LF.
            before_dot: awaited when everything but the final dot is written. If it raises, the connection is cut
                and the server has no message.

        Raises:
            Gone: the connection was lost; `Gone.after_dot` says whether the server may have the message.
        """
        reply = await self._say(b"DATA", kinds=(3, 4, 5))
        if reply.code // 100 != 3:
            return reply
        try:
            await self._write_text(message)
            await before_dot()
        except BaseException:
            self._client.close()  # without its dot the server must forget the message (RFC 5321 section 4.1.1.4)
            raise
        self._write(b".\r\n" if message.endswith(b"\r\n") else b"\r\n.\r\n")
        return await self._answer_to_dot(len(message))

    async def _write_text(self, message: bytes) -> None:
        """The text of a message, no faster than the server takes it: what waits to be written takes up memory."""
        for number, chunk in enumerate(stuffed(message)):
            if number:
                await self._drain()
            self._write(chunk)

    async def _drain(self) -> None:
        protocol = self._client.protocol
        try:
            async with asyncio.timeout(self._settings.timeout_seconds):
                if protocol is not None:
                    await protocol._drain_helper()  # noqa: SLF001 - what `StreamWriter.drain` calls by this name
        except (TimeoutError, OSError) as fault:
            self._client.close()
            raise Gone(f"{self._where} takes no more of the message: {_words(fault)}") from fault

    async def _answer_to_dot(self, size: int) -> Reply:
        protocol = self._client.protocol
        try:
            if protocol is None:
                raise aiosmtplib.SMTPServerDisconnected("Connection lost")
            wait = self._settings.timeout_seconds + size / _SLOWEST_BYTES_PER_SECOND
            code, text = await protocol.read_response(timeout=wait)
        except (aiosmtplib.SMTPException, OSError) as fault:
            self._client.close()
            raise Gone(f"{self._where} gave no answer to the message: {_words(fault)}", after_dot=True) from fault
        except asyncio.CancelledError:
            self._client.close()
            raise
        self._in_transaction = False
        if code == 421 or protocol._buffer:  # noqa: SLF001 - it said more, which is no answer to what comes next
            self._client.close()
        if code // 100 not in _FINAL:
            self._client.close()
            raise Gone(f"{self._where} answered the message with {_reply(code, text)}", after_dot=True)
        return _reply(code, text)

    async def reset(self) -> None:
        """Leave the transaction, if there is one; a lost connection has none."""
        if self._in_transaction and self.connected:
            with contextlib.suppress(Gone):
                await self._say(b"RSET")
        self._in_transaction = False

    async def close(self) -> None:
        """Say good-bye, without insisting."""
        if self.connected:
            with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                await self._client.quit(timeout=min(2.0, self._settings.timeout_seconds))
        self._client.close()

    def cut(self) -> None:
        """Drop the connection at once."""
        self._client.close()

    async def _say(self, *words: bytes, kinds: Collection[int] = _FINAL) -> Reply:
        """Give a command. An answer of no such kind, or one more than was asked for, is none: all that came after it
        would be taken for the answer to something else, and 250 for that to a message which nobody has.
        """
        try:
            code, text = await self._client.execute_command(*words)
        except ValueError as fault:
            return Reply(501, f"5.1.3 {fault}")
        except (aiosmtplib.SMTPException, OSError) as fault:
            self._client.close()
            raise Gone(f"{self._where} went away: {_words(fault)}") from fault
        except asyncio.CancelledError:
            self._client.close()  # its answer is still to come, and would be taken for that to the next command
            raise
        protocol = self._client.protocol
        if code // 100 not in kinds or (protocol is not None and protocol._buffer):  # noqa: SLF001 - nowhere else
            self._client.close()
            raise Gone(f"{self._where} does not answer what it was asked: {_reply(code, text)}")
        return _reply(code, text)

    def _write(self, data: bytes) -> None:
        protocol = self._client.protocol
        try:
            if protocol is None:
                raise aiosmtplib.SMTPServerDisconnected("Connection lost")
            protocol.write(data)
        except (aiosmtplib.SMTPException, OSError) as fault:
            self._client.close()
            raise Gone(f"{self._where} went away: {_words(fault)}") from fault

    @property
    def _where(self) -> str:
        return f"{self._settings.host}:{self._settings.port}"


class Pool:
    """At most so many connections to the next server, shared by all who send.

    Args:
        settings: where the next server is, and how many connections it may get.
        tls: how to trust it; None: the system's authorities.
        connections: another bound than `settings.smtp.connections`.

    Attributes:
        waiting: how many are waiting for a connection.

    Raises:
        Misconfigured: the password reference leads nowhere.
    """

    def __init__(self, settings: Settings, *, tls: ssl.SSLContext | None = None, connections: int = 0) -> None:
        self.smtp = settings.smtp
        if self.smtp.user and not self.smtp.password:
            raise Misconfigured("smtp.password", "smtp.user needs one; write env:NAME or file:PATH")
        self._password = settings.secret(self.smtp.password, "smtp.password") if self.smtp.user else ""
        self._tls = tls
        self._hostname = socket.gethostname()
        self._free = asyncio.Semaphore(connections or self.smtp.connections)
        self._idle: list[Upstream] = []
        self._all: list[Upstream] = []
        self.waiting = 0

    @property
    def connections(self) -> int:
        """Connections that stand."""
        return sum(upstream.connected for upstream in self._all)

    async def take(self) -> Upstream:
        """A connection for one transaction, in the order of asking; give it back with `give`.

        Raises:
            Gone: all connections are busy for longer than anybody has to wait.
        """
        if self._free.locked():
            await self._wait()
        else:
            await self._free.acquire()
        if not self._idle:
            self._all.append(Upstream(self.smtp, password=self._password, hostname=self._hostname, tls=self._tls))
            return self._all[-1]
        return self._idle.pop()

    async def _wait(self) -> None:
        self.waiting += 1
        try:
            async with asyncio.timeout(self.smtp.wait_seconds):
                await self._free.acquire()
        except TimeoutError:
            raise Gone(f"all connections to {self.smtp.host}:{self.smtp.port} are busy") from None
        finally:
            self.waiting -= 1

    def give(self, upstream: Upstream) -> None:
        """Return a connection; a lost one is opened again when somebody needs it."""
        self._idle.append(upstream)
        self._free.release()

    async def close(self) -> None:
        """Say good-bye on every idle connection."""
        idle, self._idle = self._idle, []
        await asyncio.gather(*(upstream.close() for upstream in idle))


def stuffed(message: bytes, chunk_bytes: int = _CHUNK_BYTES) -> Iterator[bytes]:
    """The message in chunks, with leading dots doubled (RFC 5321 section 4.5.2).

    A line starts after CR LF only: bare ones never get here.

    Args:
        message: lines ended by CR LF.
        chunk_bytes: at most so much at once, before dots are doubled; at least 2.
    """
    start, begins_line = 0, True
    while start < len(message):
        end = start + chunk_bytes
        if end < len(message):  # a chunk ends with a line, where it can, and never between CR and LF
            line_end = message.rfind(b"\r\n", start, end)
            end = line_end + 2 if line_end >= 0 else end - (message[end - 1] == ord("\r"))
        chunk = message[start:end]
        doubled = chunk.replace(b"\r\n.", b"\r\n..")
        yield b"." + doubled if begins_line and chunk.startswith(b".") else doubled
        start, begins_line = end, chunk.endswith(b"\r\n")


def _octets(address: str) -> bytes:
    return address.encode("utf-8", "surrogateescape")  # what was no UTF-8 when it came goes on as it came


def _reply(code: int, text: str) -> Reply:
    """What a server said, as far as it can be said again: what is no UTF-8 or no text is replaced."""
    readable = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return Reply(code, _CONTROLS.sub(" ", readable))


def _words(fault: BaseException) -> str:
    if isinstance(fault, aiosmtplib.SMTPResponseException):
        return str(_reply(fault.code, fault.message))
    return " ".join(_reply(0, str(fault)).text.split()) or type(fault).__name__
