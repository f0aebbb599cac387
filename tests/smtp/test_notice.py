"""The notice about those who did not get a message that others got."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage

from mailwake.events import Micros
from mailwake.smtp.notice import Refused, delivery_failure
from mailwake.smtp.upstream import Reply

NOW = Micros(1_800_000_000_000_000)


def notice(raw: bytes = b"Subject: offer\r\nX: \xff\r\n\r\nsecret body\r\n") -> EmailMessage:
    refused = [
        Refused("ben@example.com", Reply(550, "5.1.1 no such\nuser here")),
        Refused("eve@example.com", Reply(554, "no")),
    ]
    made = delivery_failure("me@example.com", refused, raw, host="relay.example.com", now=NOW)
    assert b"\n" not in made.replace(b"\r\n", b"")
    return message_from_bytes(made, policy=policy.default)


def test_it_is_a_delivery_status_notification_that_nobody_answers() -> None:
    message = notice()
    assert message.get_content_type() == "multipart/report"
    assert message.get_param("report-type") == "delivery-status"
    assert message["To"] == "me@example.com"
    assert message["Auto-Submitted"] == "auto-replied"
    assert message["Date"].datetime.timestamp() == NOW // 1_000_000


def test_it_names_everybody_with_status_and_the_servers_words() -> None:
    status = notice().get_payload(1)
    assert isinstance(status, EmailMessage)
    assert status.get_content_type() == "message/delivery-status"
    blocks = status.get_payload()
    assert isinstance(blocks, list)
    told = [block for block in blocks[1:] if isinstance(block, EmailMessage)]
    facts = [(each["Final-Recipient"], each["Action"], each["Status"]) for each in told]
    assert facts == [("rfc822; ben@example.com", "failed", "5.1.1"), ("rfc822; eve@example.com", "failed", "5.0.0")]
    assert told[0]["Diagnostic-Code"] == "smtp; 550 5.1.1 no such user here"


def test_the_header_comes_back_and_the_body_does_not() -> None:
    headers = notice().get_payload(2)
    assert isinstance(headers, EmailMessage)
    assert headers.get_content_type() == "text/rfc822-headers"
    assert "Subject: offer" in headers.get_payload()
    assert "secret" not in str(notice())
