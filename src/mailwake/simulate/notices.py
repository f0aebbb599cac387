"""What mail servers send back: delivery status notifications (RFC 3464) and complaints (RFC 5965).

Both return the headers of the original, as real ones do; the sealed token in them is what names the copy.
"""

from __future__ import annotations

from email.utils import formatdate

_CRLF = "\r\n"


def mailbox_full(headers: bytes, *, recipient: str, sender: str, boundary: str, at: float) -> bytes:
    """A DSN that says 5.2.2, from the recipient's own server.

    Args:
        headers: header block of the message that comes back.
        recipient: whose mailbox is full.
        sender: envelope sender of the message, who gets the notice.
        boundary: separates the parts; must not occur in the headers.
        at: seconds since 1970.

    Source: RFC 3464 (fields), RFC 3463 section 3.3 (5.2.2), RFC 3462 (report).
    """
    domain = recipient.rpartition("@")[2]
    diagnostic = f"552 5.2.2 <{recipient}>: user is over quota"
    text = f"Your message to {recipient} was not delivered: the mailbox is full.\r\n\r\n{diagnostic}\r\n"
    status = _fields(
        {
            "Reporting-MTA": f"dns; mx.{domain}",
            "Arrival-Date": formatdate(at),
            "": "",
            "Final-Recipient": f"rfc822; {recipient}",
            "Action": "failed",
            "Status": "5.2.2",
            "Diagnostic-Code": f"smtp; {diagnostic}",
        }
    )
    top = {
        "From": f"Mail Delivery System <MAILER-DAEMON@{domain}>",
        "To": sender,
        "Subject": "Undelivered Mail Returned to Sender",
        "Date": formatdate(at),
        "Message-ID": f"<{boundary}@mx.{domain}>",
        "Auto-Submitted": "auto-replied",
    }
    parts = (("text/plain; charset=us-ascii", text), ("message/delivery-status", status))
    return _report("delivery-status", top, parts, headers=headers, boundary=boundary)


def complaint(headers: bytes, *, recipient: str, sender: str, boundary: str, at: float) -> bytes:
    """A complaint in the abuse reporting format, from the mailbox provider; arguments as `mailbox_full`.

    Source: RFC 5965 section 3.
    """
    domain = recipient.rpartition("@")[2]
    feedback = _fields(
        {
            "Feedback-Type": "abuse",
            "User-Agent": "ExampleFeedback/1.0",
            "Version": "1",
            "Original-Mail-From": f"<{sender}>",
            "Original-Rcpt-To": f"<{recipient}>",
            "Arrival-Date": formatdate(at),
        }
    )
    top = {
        "From": f"Feedback loop <fbl@{domain}>",
        "To": sender,
        "Subject": "Abuse report",
        "Date": formatdate(at),
        "Message-ID": f"<{boundary}@fbl.{domain}>",
    }
    text = "This is an email abuse report for a message received from your network.\r\n"
    parts = (("text/plain; charset=us-ascii", text), ("message/feedback-report", feedback))
    return _report("feedback-report", top, parts, headers=headers, boundary=boundary)


def _fields(fields: dict[str, str]) -> str:
    return "".join(f"{name}: {value}{_CRLF}" if name else _CRLF for name, value in fields.items())


def _report(
    kind: str, top: dict[str, str], parts: tuple[tuple[str, str], ...], *, headers: bytes, boundary: str
) -> bytes:
    head = _fields(top) + (
        f"MIME-Version: 1.0{_CRLF}"
        f'Content-Type: multipart/report; report-type={kind};{_CRLF}\tboundary="{boundary}"{_CRLF}'
    )
    body = "".join(f"--{boundary}{_CRLF}Content-Type: {type_}{_CRLF}{_CRLF}{text}{_CRLF}" for type_, text in parts)
    body += f"--{boundary}{_CRLF}Content-Type: text/rfc822-headers{_CRLF}{_CRLF}"
    return f"{head}{_CRLF}{body}".encode() + headers + f"{_CRLF}--{boundary}--{_CRLF}".encode()
