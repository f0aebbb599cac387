"""Mail that comes back, written as servers write it, around a mail of ours with a real sealed token."""

from __future__ import annotations

from datetime import date

from mailwake.ingest.origin import Origins
from mailwake.modes import INDIVIDUAL
from mailwake.tokens import KeyRing, MessageToken, Minter, Purpose, ReturnPaths, TokenReader

HOST = "track.example.com"
KEYS = KeyRing({1: b"0123456789abcdef0123456789abcdef"})
TOKEN = MessageToken(modes=INDIVIDUAL, template=7, delivery=4711, recipient=99, issued=date(2026, 11, 2))
PATHS = ReturnPaths([KEYS], "bounces.example.com")


def origins() -> Origins:
    return Origins(TokenReader(KEYS, [HOST, "old.example.com"]), {PATHS.domain: PATHS})


def url(
    route: str = "u", *, token: MessageToken = TOKEN, purpose: Purpose = Purpose.UNSUBSCRIBE_HEADER, host: str = HOST
) -> str:
    return f"https://{host}/{route}/{Minter(KEYS, host).message(purpose, token)}"


def ours(unsubscribe: str | None = None, *, to: str = "Ann <ann@example.com>", body: str = "Hello Ann") -> str:
    """A mail that we sent, as a server returns it."""
    list_header = f"List-Unsubscribe: <mailto:stop@example.com>,\n <{unsubscribe or url()}>\n"
    return (
        f"From: Shop <news@example.com>\nTo: {to}\nSubject: Autumn\nMessage-ID: <1.2@example.com>\n"
        f"{list_header}Content-Type: text/plain; charset=utf-8\n\n{body}\n"
    )


def dsn(
    returned: str | None = None, *, action: str = "failed", status: str = "5.1.1", recipient: str = "ann@example.com",
    original: str = "", diagnostic: str = "smtp; 550 5.1.1 <ann@example.com>: user unknown",
    headers_only: bool = False, date_header: str = "Mon, 02 Nov 2026 10:00:05 +0000",
) -> bytes:  # fmt: skip
    """A delivery status notification in the form of RFC 3464, as Postfix sends it."""
    returned = ours() if returned is None else returned
    kind = "text/rfc822-headers" if headers_only else "message/rfc822"
    if headers_only:
        returned = returned.split("\n\n", 1)[0] + "\n"
    original = f"Original-Recipient: rfc822;{original}\n" if original else ""
    return f"""\
Return-Path: <>
From: MAILER-DAEMON@mx.example.net (Mail Delivery System)
To: news@example.com
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
Date: {date_header}
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b1"

--b1
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--b1
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net
Arrival-Date: Mon, 02 Nov 2026 10:00:00 +0000

Final-Recipient: rfc822; {recipient}
{original}Action: {action}
Status: {status}
Diagnostic-Code: {diagnostic}

--b1
Content-Type: {kind}

{returned}
--b1--
""".encode()


def complaint(returned: str | None = None, *, feedback_type: str = "abuse") -> bytes:
    """A report in the form of RFC 5965."""
    return f"""\
From: fbl@example.net
To: abuse@example.com
Subject: FW: Autumn
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b2"

--b2
Content-Type: text/plain

This is an abuse report.

--b2
Content-Type: message/feedback-report

Feedback-Type: {feedback_type}
User-Agent: Example/1
Version: 1

--b2
Content-Type: message/rfc822

{ours() if returned is None else returned}
--b2--
""".encode()


def reply(*, headers: str = "", body: str = "") -> bytes:
    """An answer that quotes our mail."""
    return f"""\
From: Ann <ann@example.com>
To: news@example.com
Subject: Re: Autumn
In-Reply-To: <1.2@example.com>
Date: Mon, 02 Nov 2026 11:00:00 +0000
{headers}Content-Type: text/plain; charset=utf-8

Please send me the blue one.

> {body or url("c", purpose=Purpose.READ)}
""".encode()
