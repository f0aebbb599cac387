"""The SMTP server that bounces, complaints and replies come back to.

It answers 250 when what the mail says is durable in the log, and what no event came from is kept as a file. It answers
451 when it can promise neither, so that the other server tries again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Protocol

import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session

from mailwake.errors import Unavailable, Unreadable
from mailwake.eventlog import LogWriter
from mailwake.events import Micros, encode_event
from mailwake.ingest.desk import Opened, open_notice
from mailwake.ingest.origin import Origins
from mailwake.ingest.unread import Unread

log = structlog.get_logger()

_KEPT = "250 2.0.0 thank you"
#: RFC 3463: 4.3.0 other or undefined mail system status
_TRY_LATER = "451 4.3.0 cannot keep it now, try again later"
#: RFC 3463: 5.1.1 bad destination mailbox address
_FORGED = "550 5.1.1 no mail with that envelope sender ever left here"
_MAX_COMMANDS = {"RCPT": 200, "DATA": 100, "MAIL": 100, "*": 20}


class Settings(Protocol):
    """What the listener needs of the section ``[ingest]``."""

    @property
    def host(self) -> str:
        """Address to listen on."""
        ...

    @property
    def port(self) -> int:
        """Port; 0 takes a free one."""
        ...

    @property
    def max_message_bytes(self) -> int:
        """Largest mail taken."""
        ...


@dataclass
class Counts:
    """What became of mail since the start."""

    #: connections now
    clients: int = 0
    #: mails that were answered with 250
    notices: int = 0
    #: that they amounted to, durable in the log
    events: int = 0
    #: mails kept as files, for people
    kept: int = 0
    #: of those, because they could not be read
    unreadable: int = 0
    #: recipients refused, because the bounce domain has no such address
    forged: int = 0
    #: mails answered with 451, because neither log nor folder could keep them
    put_off: int = 0
    #: mails put aside because a DMARC report is attached
    reports: int = 0


class _Server(SMTP):
    """Takes the long lines of real mail; RFC 5321 limits what one may send, which is no reason to lose a bounce."""

    line_length_limit = 65_536

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.event_handler.counts.clients += 1
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.event_handler.counts.clients -= 1
        super().connection_lost(error)


class Intake:
    """What happens with a mail that was taken in.

    Args:
        origins: verifies the tokens.
        writer: this process's log.
        unread: where mail is kept that no event came from.
        reports: where mail with a DMARC report is put aside.
        clock: gives microseconds since 1970.

    Attributes:
        counts: of everything since the start.
    """

    def __init__(
        self, origins: Origins, writer: LogWriter, unread: Unread, *, reports: Unread, clock: Callable[[], int]
    ) -> None:
        self._origins = origins
        self._writer = writer
        self._unread, self._reports = unread, reports
        self._clock = clock
        self.counts = Counts()

    def report(self) -> dict[str, int]:
        """All counts by name. No event is ever lost here: what cannot be kept is answered with 451."""
        return {**asdict(self.counts), "events_lost": 0}

    # The names are aiosmtpd's.
    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Whether mail for this address is taken: at a bounce domain only for what we sealed, so no forger gets in."""
        if self._origins.is_ours(address) and self._origins.return_path(address) is None:
            self.counts.forged += 1
            log.info("ingest.forged", reason="no envelope sender of ours")
            return _FORGED
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """The answer to the final dot."""
        raw = envelope.content
        try:
            answer = await self.take(raw, envelope.rcpt_tos) if isinstance(raw, bytes) else _TRY_LATER
        except Unavailable as fault:
            log.warning("ingest.unavailable", problem=str(fault))
            answer = _TRY_LATER
        self.counts.notices += answer == _KEPT
        self.counts.put_off += answer == _TRY_LATER
        return answer

    async def take(self, raw: bytes, envelope: Sequence[str] = ()) -> str:
        """Read one mail, make what it says durable, and give the SMTP answer.

        Args:
            raw: as it came.
            envelope: addresses that it was sent to.

        Raises:
            Unavailable: neither log nor folder can keep it.
        """
        try:
            opened = open_notice(raw, self._origins, received_at=Micros(self._clock()), envelope=envelope)
        except Unreadable as fault:
            log.warning("ingest.unreadable", problem=str(fault), bytes=len(raw), kept=self._unread.keep(raw).name)
            self.counts.unreadable += 1
            self.counts.kept += 1
            return _KEPT
        await self._writer.write([encode_event(event) for event in opened.events])
        self.counts.events += len(opened.events)
        self._note(opened, raw)
        return _KEPT

    def _note(self, opened: Opened, raw: bytes) -> None:
        kept = self._unread.keep(raw).name if opened.is_for_people else None
        self.counts.kept += kept is not None
        if opened.carries_report:
            self._reports.keep(raw)
            self.counts.reports += 1
        log.info(
            "ingest.taken", kind=opened.notice.kind, verified=opened.verified, events=len(opened.events), kept=kept
        )


async def listen(settings: Settings, intake: Intake) -> asyncio.Server:
    """Start listening.

    Raises:
        Unavailable: the address is taken or not ours.
    """
    loop = asyncio.get_running_loop()

    def connection() -> _Server:
        return _Server(
            intake,
            data_size_limit=settings.max_message_bytes,
            enable_SMTPUTF8=True,
            ident="Mailwake ingest",
            command_call_limit=dict(_MAX_COMMANDS),
            loop=loop,
        )

    try:
        return await loop.create_server(connection, settings.host, settings.port)
    except OSError as fault:
        where = f"{settings.host}:{settings.port}"
        raise Unavailable(f"cannot listen on {where}: {fault.strerror}; change [ingest] host or port") from None
