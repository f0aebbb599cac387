"""Notices have the form that the RFCs ask for, and return the headers that came."""

from email import message_from_bytes
from email.message import Message
from email.policy import default
from typing import TypedDict

from mailwake.simulate.notices import complaint, mailbox_full

HEADERS = b"Subject: News\r\nList-Unsubscribe: <https://track.example.com/u/abc>\r\n"


class Who(TypedDict):
    recipient: str
    sender: str
    boundary: str
    at: float


WHO = Who(recipient="ada@full.example", sender="news@example.com", boundary="=_b1", at=1_790_000_000.0)


def parts(raw: bytes) -> list[Message]:
    payload = message_from_bytes(raw, policy=default).get_payload()
    assert isinstance(payload, list)
    return [part for part in payload if isinstance(part, Message)]


def test_a_bounce_is_a_delivery_status_report() -> None:
    message = message_from_bytes(mailbox_full(HEADERS, **WHO), policy=default)
    assert message.get_content_type() == "multipart/report"
    assert message.get_param("report-type") == "delivery-status"
    kinds = ["text/plain", "message/delivery-status", "text/rfc822-headers"]
    assert [part.get_content_type() for part in parts(message.as_bytes())] == kinds


def test_a_bounce_says_which_address_failed_and_why() -> None:
    text = mailbox_full(HEADERS, **WHO).decode()
    assert "Final-Recipient: rfc822; ada@full.example\r\n" in text
    assert "Action: failed\r\n" in text
    assert "Status: 5.2.2\r\n" in text


def test_both_return_the_headers_as_they_came() -> None:
    for write in (mailbox_full, complaint):
        assert HEADERS in write(HEADERS, **WHO)


def test_a_complaint_is_a_feedback_report() -> None:
    message = message_from_bytes(complaint(HEADERS, **WHO), policy=default)
    assert message.get_param("report-type") == "feedback-report"
    kinds = ["text/plain", "message/feedback-report", "text/rfc822-headers"]
    assert [part.get_content_type() for part in parts(message.as_bytes())] == kinds
    assert b"Feedback-Type: abuse\r\n" in complaint(HEADERS, **WHO)
