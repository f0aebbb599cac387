"""The mail server at the other end: keeps what it takes, and refuses as real ones do.

Three kinds of mailboxes give trouble: *unknown* ones are refused at RCPT, *full* ones take the mail and send it back
with a notice, *busy* ones put the first try off. Everything else is delivered. Nothing is ever sent elsewhere than to
the one address where notices go.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import aiosmtplib
from aiosmtpd.smtp import SMTP, Envelope, Session

from mailwake.simulate.letters import Letter, LetterWriter
from mailwake.simulate.mailbox import header_block
from mailwake.simulate.notices import mailbox_full


class Trouble(StrEnum):
    """What is wrong with a mailbox."""

    #: there is none; 550 5.1.1
    UNKNOWN = "unknown"
    #: takes the mail, then sends it back; 5.2.2
    FULL = "full"
    #: 451 at the first try
    BUSY = "busy"


@dataclass(frozen=True, kw_only=True)
class Notices:
    """Where bounces go."""

    host: str
    port: int
    #: seconds between tries while nobody answers
    retry_seconds: float = 0.2
    #: tries before it is given up
    tries: int = 600


class Sink:
    """The server's side of an SMTP session.

    Args:
        letters: where mail is kept.
        trouble: address to what is wrong with its mailbox.
        notices: where bounces go; None: nowhere.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        letters: LetterWriter,
        trouble: Mapping[str, Trouble],
        notices: Notices | None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._letters = letters
        self._trouble = trouble
        self._notices = notices
        self._clock = clock
        self._put_off: set[str] = set()
        self._returning: set[asyncio.Task[bool]] = set()
        self._returned = 0

    # The names are aiosmtpd's.
    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take, refuse or put off one recipient."""
        trouble = self._trouble.get(address)
        if trouble is Trouble.UNKNOWN:
            return f"550 5.1.1 <{address}>: Recipient address rejected: User unknown"
        if trouble is Trouble.BUSY and address not in self._put_off:
            self._put_off.add(address)
            return f"451 4.7.1 <{address}>: Recipient address rejected: Greylisted, try again later"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep the message, then say so."""
        content = envelope.content
        if not isinstance(content, bytes):
            return "451 4.3.0 cannot read this"
        now, sender = self._clock(), envelope.mail_from or ""
        await self._letters.keep(
            [
                Letter(int(now * 1_000_000), sender, address, content)
                for address in envelope.rcpt_tos
                if self._trouble.get(address) is not Trouble.FULL
            ]
        )
        for address in envelope.rcpt_tos:
            if self._trouble.get(address) is Trouble.FULL and sender and self._notices is not None:
                self._send_back(header_block(content), self._notices, address=address, sender=sender, now=now)
        return "250 2.0.0 Ok: queued"

    def _send_back(self, headers: bytes, notices: Notices, *, address: str, sender: str, now: float) -> None:
        self._returned += 1
        notice = mailbox_full(
            headers, recipient=address, sender=sender, boundary=f"=_dsn{self._returned}_{now:.6f}", at=now
        )
        task = asyncio.create_task(send_notice(notice, sender, notices))
        self._returning.add(task)
        task.add_done_callback(self._returning.discard)


async def send_notice(notice: bytes, recipient: str, notices: Notices) -> bool:
    """Deliver a notice, trying again while the listener is away; whether it was taken."""
    for _ in range(notices.tries):
        try:
            async with aiosmtplib.SMTP(hostname=notices.host, port=notices.port, start_tls=False) as client:
                await client.sendmail("", [recipient], notice)
        except (aiosmtplib.SMTPException, OSError):
            await asyncio.sleep(notices.retry_seconds)
        else:
            return True
    return False


async def open_sink(sink: Sink, *, host: str = "127.0.0.1", port: int = 0) -> asyncio.Server:
    """Start listening; port 0 takes a free one."""
    loop = asyncio.get_running_loop()

    def connection() -> SMTP:
        return SMTP(sink, enable_SMTPUTF8=True, ident="sink", loop=loop, data_size_limit=64_000_000)

    return await loop.create_server(connection, host, port)


def port_of(server: asyncio.Server) -> int:
    """Where it listens."""
    port: int = server.sockets[0].getsockname()[1]
    return port


LETTERS = "letters.bin"


async def run_sink(
    folder: Path, trouble: Mapping[str, Trouble], notices: Notices | None, *, stop: asyncio.Event, port: int
) -> None:
    """Be the sink of a folder until told to stop."""
    letters = LetterWriter(folder / LETTERS)
    server = await open_sink(Sink(letters, trouble, notices), port=port)
    await stop.wait()
    server.close()
    letters.close()
