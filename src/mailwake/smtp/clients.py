"""The server's side of SMTP: who is connected, what all of them may take up together, and how a message is read.

aiosmtpd speaks the protocol. The message itself is read here, because line by line it costs more than all the rest: it
is taken in blocks, with the same end, the same limits and the same bytes. What aiosmtpd does not know stands here too:
a bound for all clients together, and a clock that runs faster while others wait.

Source: RFC 5321 sections 4.1.1.4 (DATA), 4.5.2 (transparency), 4.5.3.1 (limits), 4.5.3.2.7 (timeouts of a server)
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, syntax

#: Where a message ends. The line end of DATA itself counts as the first half of it.
_END = b"\r\n.\r\n"
#: What is read at once; a client that sends without waiting fills twice as much, then it has to wait.
_BLOCK_BYTES = 65_536
#: Longest line taken. RFC 5321 says 998; real mailers send whole pages in one line, and the next server may judge that.
MAX_LINE_BYTES = 1 << 20
#: An address as nearly everybody has one: a dot-atom at a host name, and parameters without comments.
#: Source: RFC 5322 section 3.2.3 (atext), RFC 5321 section 4.1.2
_PLAIN_ADDRESS = re.compile(
    r"<(?P<address>[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*)>"
    r" *(?P<rest>[\w =.;+-]*)",
    re.ASCII,
)
#: A command that comes sooner than this was not waited for.
_PROMPT_SECONDS = 0.25
#: aiosmtpd's own clock is not used; it would also run while the next server thinks.
_NEVER_SECONDS = 1e8


class Clients:
    """Everybody who is connected.

    Args:
        most: connections at once; one more is asked to come back.
        most_bytes: of messages under way at once, from DATA to the answer; beyond it messages are put off.
        patience_seconds: how long a client may take for a command, or for the next part of a message.
        crowded_seconds: the same for a client that keeps others waiting.

    Attributes:
        bytes_under_way: of messages that are not answered yet.
        refused: connections that there was no place for.
        put_off: messages that there was no room for.
        cut: connections ended because nothing came.
    """

    def __init__(self, *, most: int, most_bytes: int, patience_seconds: float, crowded_seconds: float) -> None:
        self._most, self._most_bytes = most, most_bytes
        self._patience, self._crowded = patience_seconds, crowded_seconds
        self._here: set[Client] = set()
        self.bytes_under_way = self.refused = self.put_off = self.cut = 0

    def __len__(self) -> int:
        return len(self._here)

    def __iter__(self) -> Iterator[Client]:
        return iter(list(self._here))

    @property
    def is_full(self) -> bool:
        """One more would be sent away."""
        return len(self._here) >= self._most

    def add(self, client: Client) -> None:
        """Somebody connected."""
        self._here.add(client)

    def remove(self, client: Client) -> None:
        """Somebody is gone."""
        self._here.discard(client)

    def reserve(self, size: int) -> bool:
        """Make room for so many bytes more, if there is any."""
        if self.bytes_under_way + size > self._most_bytes:
            return False
        self.bytes_under_way += size
        return True

    def release(self, size: int) -> None:
        """Those bytes are not under way any more."""
        self.bytes_under_way -= size

    def cut_idle(self, now: float, *, others_wait: bool) -> None:
        """End connections whose client keeps us waiting for too long.

        Where nobody is kept from anything, that is minutes. A client that holds what others wait for, or a place while
        there is none left, has seconds; Postfix does the same (https://www.postfix.org/STRESS_README.html).

        Args:
            now: time of the event loop.
            others_wait: for what clients in a transaction hold.
        """
        is_full = self.is_full
        for client in self:
            if client.waits_since is None:
                continue
            waited, patience = now - client.waits_since, self._patience
            if others_wait and client.holds_upstream:
                waited, patience = waited + client.waited, self._crowded
            elif is_full:
                patience = self._crowded
            if waited > patience:
                self.cut += 1
                client.hang_up(f"421 4.4.2 waited {waited:.0f} seconds for you; try again")


class Client(SMTP):
    """One client's connection; the handler gets whole messages.

    Args:
        handler: has the hooks that aiosmtpd calls.
        clients: everybody who is connected.
        options: as aiosmtpd has them.

    Attributes:
        waits_since: time of the loop since which it is the client's turn; None: it is ours.
        waited: seconds that it let us wait for commands since it had something that others may be waiting for.
    """

    line_length_limit = _BLOCK_BYTES

    def __init__(self, handler: object, clients: Clients, **options: Any) -> None:  # noqa: ANN401 - aiosmtpd's own
        self.waits_since: float | None = None
        self.waited = 0.0
        self._clients, self._is_refused = clients, False
        super().__init__(handler, timeout=_NEVER_SECONDS, **options)

    @property
    def holds_upstream(self) -> bool:
        """It has something that others may be waiting for."""
        return False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, or send away whom there is no place for; after STARTTLS this is called again."""
        is_new = self.transport is None
        if is_new and self._clients.is_full:
            self._is_refused = True
            self._clients.refused += 1
            self.transport = transport
            self.hang_up("421 4.3.2 too many connections; try again")
            return
        self._clients.add(self)
        super().connection_made(transport)

    def eof_received(self) -> bool | None:
        """The client says no more."""
        return None if self._is_refused else super().eof_received()

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is gone."""
        self._clients.remove(self)
        if not self._is_refused:
            super().connection_lost(error)

    def hang_up(self, word: str) -> None:
        """Say a last word and close the connection, also when the client does not read."""
        transport: Any = self.transport
        if transport is None or transport.is_closing():
            return
        if transport.get_write_buffer_size():
            transport.abort()  # it does not read; what is left for it would never go
        else:
            transport.write(word.encode() + b"\r\n")
            transport.close()

    def leave(self) -> None:
        """Close the connection behind the answer that is about to be given."""
        if self.transport is not None:
            self.loop.call_soon(self.transport.close)

    async def push(self, status: str | bytes) -> None:
        """Answer; then it is the client's turn."""
        line = status if isinstance(status, bytes) else status.encode("utf-8", "surrogateescape")
        self._writer.write(line + b"\r\n")
        self.waits_since = self.loop.time()
        await self._writer.drain()
        if self._buffer:
            await asyncio.sleep(0)  # commands that came all at once must not keep others waiting

    @property
    def _buffer(self) -> bytearray:
        """What came and was not read yet; aiosmtpd clears it by this name as well."""
        buffer: bytearray = self._reader._buffer  # type: ignore[attr-defined]  # noqa: SLF001
        return buffer

    def _reset_timeout(self, duration: float | None = None) -> None:
        """A command has come."""
        if self.waits_since is not None:
            self.waited += max(0.0, self.loop.time() - self.waits_since - _PROMPT_SECONDS)
        self.waits_since = None
        if self._timeout_handle is None:
            super()._reset_timeout(duration)

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        found = _PLAIN_ADDRESS.fullmatch(arg)
        if found:
            return found["address"], found["rest"]
        try:
            address, rest = super()._getaddr(arg)
        except (LookupError, ValueError, AttributeError):  # the standard library's parser falls over some nonsense
            return None, None
        return (address, rest) if (rest or "").isascii() else (None, None)  # digits are not all numbers to Python

    @syntax("DATA")
    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802 - aiosmtpd's name
        """Read a message and hand it to the handler."""
        if await self.check_helo_needed() or await self.check_auth_needed("DATA"):
            return
        envelope = self.envelope
        if envelope is None or not envelope.rcpt_tos:
            await self.push("503 Error: need RCPT command")
            return
        if arg:
            await self.push("501 Syntax: DATA")
            return
        reading = _Reading(self._clients, self.data_size_limit, _declared(envelope.mail_options))
        try:
            await self.push(await self._take(reading, envelope))
        finally:
            reading.close()

    async def _take(self, reading: _Reading, envelope: Envelope) -> str:
        """The answer to DATA, or to the final dot."""
        if not reading.refusal:
            await self.push("354 End data with <CR><LF>.<CR><LF>")
            await self._read(reading)
        if reading.refusal:
            self._set_post_data_state()  # type: ignore[no-untyped-call]  # aiosmtpd's own
            return reading.refusal
        envelope.content = envelope.original_content = message = reading.message()
        if has_long_line(message):
            self._set_post_data_state()  # type: ignore[no-untyped-call]  # aiosmtpd's own
            return "500 Line too long (see RFC5321 4.5.3.1.6)"
        del message  # the handler alone holds it from here on
        try:
            status: str = await self._call_handler_hook("DATA")
        finally:
            self._set_post_data_state()  # type: ignore[no-untyped-call]  # aiosmtpd's own
        return status

    async def _read(self, reading: _Reading) -> None:
        """Everything up to the final dot, whatever becomes of it (RFC 5321 section 4.2.5)."""
        reader = self._reader
        self.waited = 0.0  # a message is measured by its blocks
        self._buffer[:0] = b"\r\n"
        is_complete = False
        while not is_complete:
            try:
                block = await reader.readuntil(_END)
                is_complete = True
            except asyncio.LimitOverrunError as more:
                block = await reader.read(more.consumed)
            self.waits_since = None if is_complete else self.loop.time()
            reading.add(block)


class _Reading:
    """A message that is coming in, and its share of the room that there is for all."""

    def __init__(self, clients: Clients, most_bytes: int | None, declared: int) -> None:
        self._clients, self._most_bytes = clients, most_bytes
        self._blocks: list[bytes] = []
        self._size, self._reserved = 0, 0
        #: why it is not taken; empty: it is
        self.refusal = ""
        self._reserve(declared)

    def add(self, block: bytes) -> None:
        """Keep a block, unless the message is refused anyway."""
        self._size += len(block)
        if self._most_bytes and self._size > self._most_bytes + len(_END):
            self._refuse("552 Error: Too much mail data")
        self._reserve(self._size)
        if not self.refusal:
            self._blocks.append(block)

    def message(self) -> bytes:
        """The message itself: without the dots that were doubled, and the last one."""
        self._blocks[0] = self._blocks[0][2:]
        self._blocks[-1] = self._blocks[-1][:-3]
        raw = b"".join(self._blocks)
        self._blocks.clear()
        return (raw[1:] if raw.startswith(b".") else raw).replace(b"\r\n.", b"\r\n")

    def close(self) -> None:
        """It is answered; its room is free."""
        self._clients.release(self._reserved)
        self._reserved = 0

    def _reserve(self, size: int) -> None:
        missing = size - self._reserved
        if self.refusal or missing <= 0:
            return
        if self._clients.reserve(missing):
            self._reserved = size
        else:
            self._clients.put_off += 1
            self._refuse("452 4.3.1 too much mail under way; try again")

    def _refuse(self, answer: str) -> None:
        self.refusal = self.refusal or answer
        self._blocks.clear()
        self.close()


def _declared(options: list[str]) -> int:
    """What the client said that the message would have (RFC 1870)."""
    sizes = (option.removeprefix("SIZE=") for option in options if option.startswith("SIZE="))
    return next((int(size) for size in sizes if size.isdecimal()), 0)


def has_long_line(message: bytes) -> bool:
    """Whether a line is longer than anybody may send."""
    start = 0
    while len(message) - start > MAX_LINE_BYTES:
        end = message.rfind(b"\n", start, start + MAX_LINE_BYTES)
        if end < 0:
            return True
        start = end + 1
    return False
