"""The notice that tells a sender who did not get a message, while others did.

Source: RFC 3464 (delivery status notifications), RFC 3462 (multipart/report), RFC 3834 (Auto-Submitted).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime, make_msgid
from typing import NamedTuple

from mailwake.events import Micros
from mailwake.smtp.upstream import Reply

_STATUS = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")
#: As much of a message's header comes back with a notice.
MAX_HEADER_BYTES = 65_536


class Refused(NamedTuple):
    """A recipient, and what the next server said."""

    address: str
    reply: Reply


def delivery_failure(sender: str, refused: Sequence[Refused], raw: bytes, *, host: str, now: Micros) -> bytes:
    """A delivery status notification to the envelope sender.

    Args:
        sender: whom to tell.
        refused: who did not get the message; the others did.
        raw: the message as the client sent it; its header comes back, its body does not.
        host: who says so.
        now: when.
    """
    boundary = f"=_{now:x}_{len(refused)}"
    head = (
        f"From: Mail relay <postmaster@{host}>",
        f"To: {sender}",
        "Subject: Not delivered to everybody",
        f"Date: {format_datetime(datetime.fromtimestamp(now // 1_000_000, tz=UTC))}",
        f"Message-ID: {make_msgid(domain=host)}",
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/report; report-type=delivery-status; boundary="{boundary}"',
    )
    parts = (
        ("text/plain; charset=utf-8", _explanation(refused)),
        ("message/delivery-status", _status(refused, host)),
        ("text/rfc822-headers", _header(raw)),
    )
    body = "".join(f"--{boundary}\nContent-Type: {kind}\n\n{text}\n" for kind, text in parts)
    whole = "\n".join(head) + f"\n\n{body}--{boundary}--\n"
    return whole.replace("\r\n", "\n").replace("\n", "\r\n").encode("utf-8", "surrogateescape")


def _explanation(refused: Sequence[Refused]) -> str:
    lines = "".join(f"  {address}\n      {reply}\n" for address, reply in refused)
    return (
        "Your message went to several recipients. The next mail server took it for the\n"
        "others and refused it for good for:\n\n"
        f"{lines}\n"
        "They will not get it unless you send it again. The others have it.\n"
    )


def _status(refused: Sequence[Refused], host: str) -> str:
    blocks = [f"Reporting-MTA: dns; {host}\n"]
    for address, reply in refused:
        found = _STATUS.search(reply.text)
        kind = "rfc822" if address.isascii() else "utf-8"
        blocks.append(
            f"Final-Recipient: {kind}; {address}\n"
            "Action: failed\n"
            f"Status: {found[0] if found else '5.0.0'}\n"
            f"Diagnostic-Code: smtp; {reply}\n"
        )
    return "\n".join(blocks)


def _header(raw: bytes) -> str:
    header = raw.partition(b"\r\n\r\n")[0][:MAX_HEADER_BYTES]
    return header.decode("ascii", "replace").replace("\ufffd", "?") + "\n"
