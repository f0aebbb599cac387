"""An `smtplib.SMTP` that tracks what goes through it, for programs that already have one.

Each recipient gets a copy and a transaction of its own; what the server says to each comes back as `smtplib` has it.
"""

from __future__ import annotations

import smtplib
from collections.abc import Sequence
from typing import Any, cast

from mailwake.events import EventType, Source
from mailwake.send.addressed import Tracked
from mailwake.send.control import take_control
from mailwake.send.tracker import LINE_END, Tracker
from mailwake.smtp.upstream import Reply

#: What the server said to an address, as `smtplib` tells it.
Refusals = dict[str, tuple[int, bytes]]


class Connection:
    """Behaves as the connection that it wraps.

    Args:
        smtp: a connection, open or not.
        tracker: made by `mailwake.open`.
    """

    def __init__(self, smtp: smtplib.SMTP, tracker: Tracker) -> None:
        self._smtp = smtp
        self._tracker = tracker

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the connection has
        return getattr(self._smtp, name)

    def send_message(self, *args: Any, **options: Any) -> Refusals:  # noqa: ANN401 - as smtplib has it
        """As `smtplib.SMTP.send_message`."""
        return smtplib.SMTP.send_message(cast("smtplib.SMTP", self), *args, **options)

    def sendmail(  # noqa: PLR0917 - smtplib's own
        self,
        from_addr: str,
        to_addrs: str | Sequence[str],
        msg: bytes | str,
        mail_options: Sequence[str] = (),
        rcpt_options: Sequence[str] = (),
    ) -> Refusals:
        """As `smtplib.SMTP.sendmail`: the recipients that were refused, or an error when all of them were."""
        raw = LINE_END.sub(b"\r\n", msg.encode("ascii") if isinstance(msg, str) else msg)
        recipients = [to_addrs] if isinstance(to_addrs, str) else list(to_addrs)
        control, message = take_control(raw)
        if control.is_ours:
            return self._smtp.sendmail(from_addr, recipients, message, mail_options, rcpt_options)
        copies = self._tracker.copies(message, recipients, control=control)
        held = self._tracker.held(
            [copy.recipient for copy in copies], campaign=copies[0].campaign, stream=control.stream
        )
        refused: Refusals = {}
        last: smtplib.SMTPException | None = None
        for copy in copies:
            if copy.recipient in held:
                reply = Reply(550, f"5.7.1 recipient suppressed: {held[copy.recipient].reason}")
                self._keep(copy, EventType.REJECTED, str(reply))
                refused[copy.address] = (reply.code, reply.text.encode())
                continue
            fault = self._send(from_addr, copy, mail_options, rcpt_options)
            if fault is not None:
                refused[copy.address], last = _answer(fault, copy.address), fault
        if len(refused) == len(copies):
            single = isinstance(last, smtplib.SMTPResponseException)
            raise last if single and last is not None else smtplib.SMTPRecipientsRefused(refused)
        return refused

    def _send(
        self, sender: str, copy: Tracked, mail_options: Sequence[str], rcpt_options: Sequence[str]
    ) -> smtplib.SMTPException | None:
        self._keep(copy, EventType.SENT)
        try:
            self._smtp.sendmail(sender, [copy.address], copy.message, mail_options, rcpt_options)
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPResponseException) as fault:
            reply = Reply(*_decoded(_answer(fault, copy.address)))
            self._keep(copy, reply.outcome, str(reply))
            return fault
        except (smtplib.SMTPException, OSError) as fault:
            self._keep(copy, EventType.DEFERRED, f"451 4.4.2 {type(fault).__name__}")
            raise
        self._keep(copy, EventType.DELIVERED)
        return None

    def _keep(self, copy: Tracked, kind: EventType, reason: str = "") -> None:
        now = self._tracker.clock()
        key = f"{kind}:{copy.delivery}:{now}" if kind is EventType.DEFERRED else ""
        self._tracker.keep([copy.event(kind, now=now, source=Source.API, reason=reason, key=key)])


def _answer(fault: smtplib.SMTPException, address: str) -> tuple[int, bytes]:
    if isinstance(fault, smtplib.SMTPRecipientsRefused):
        return fault.recipients.get(address, (550, b""))
    response = cast("smtplib.SMTPResponseException", fault)
    text = response.smtp_error
    return response.smtp_code, text if isinstance(text, bytes) else str(text).encode()


def _decoded(answer: tuple[int, bytes]) -> tuple[int, str]:
    return answer[0], answer[1].decode("utf-8", "replace")
