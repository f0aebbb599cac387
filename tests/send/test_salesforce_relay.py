"""Salesforce's Email Relay as it knocks: TLS checked, a login, the sender of its bounce management, its headers.

Sources: headers as Salesforce documents them,
https://developer.salesforce.com/docs/atlas.en-us.232.0.pages.meta/pages/pages_compref_messaging_emailHeader.htm, and as
they stand in mail of it that people published; form of the envelope sender: docs/howto/salesforce-relay.md.
"""

from __future__ import annotations

import re
import smtplib
from dataclasses import replace
from email import message_from_bytes, policy
from typing import TYPE_CHECKING

import pytest
from tests.send.conftest import ANNA, EVE
from tests.send.test_relay import certificate, encrypted, secured

from mailwake.events import EventType
from mailwake.hosts import Hosts

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Home, Sink
    from tests.send.conftest import Serve

    from mailwake.settings import Settings

__all__ = ["certificate"]

HEADERS = (
    b"X-Priority: 3",
    b"X-SFDC-LK: 00Dx000000099jh",
    b"X-SFDC-User: 005x0000000upVu",
    b"X-Sender: postmaster@salesforce.com",
    b"X-mail_abuse_inquiries: http://www.salesforce.com/company/abuse.jsp",
    b"X-SFDC-TLS-NoRelay: 1",
    b"X-SFDC-Binding: 1WrIRBV94myi25uB",
    b"X-SFDC-EmailCategory: apiMassMail",
    b"X-SFDC-EntityId: 0XBx00000009abc",
    b"X-SFDC-Interface: internal",
)
#: pixel of Salesforce's own tracking
PIXEL = b'<img src="https://acme.my.salesforce.com/servlet/servlet.ImageServer?oid=00Dx&esid=018x&from=ext">'
MAIL = (
    b"Date: Thu, 26 Nov 2026 10:00:00 +0000 (GMT)\r\n"
    b"From: Ada Field <ada@example.com>\r\n"
    b'To: "anna@example.com" <anna@example.com>\r\n'
    b"Message-ID: <19677436.41233862559806.JavaMail.sfdc@acme.my.salesforce.com>\r\n"
    b"Subject: Spring offer\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/alternative; \r\n\tboundary="----=_Part_8_14667134.1233862559806"\r\n'
    + b"\r\n".join(HEADERS)
    + b"\r\n\r\n------=_Part_8_14667134.1233862559806\r\n"
    b"Content-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
    b"See https://www.example.com/spring\r\n"
    b"------=_Part_8_14667134.1233862559806\r\n"
    b"Content-Type: text/html; charset=UTF-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    b'<html><body><p>Good day =C3=A0 vous</p><a href=3D"https://www.example.com/spring">See</a>\r\n'
    + PIXEL.replace(b"=", b"=3D")
    + b"</body></html>\r\n------=_Part_8_14667134.1233862559806--\r\n"
)
MANAGED = "ada=example.com__0-6eq1lz@1k7b0p.x-1a2b.na63.bnc.salesforce.com"


def arrive(serve: Serve, settings: Settings, certificate: Path, *people: str) -> None:
    """As Salesforce sends: one transaction for each recipient."""
    with encrypted(serve(settings=settings), certificate) as client:
        client.login("shop", "correct horse")
        for each in people:
            client.sendmail(MANAGED, [each], MAIL)


def test_a_list_email_arrives_with_its_own_headers_to_the_byte_and_is_tracked(
    serve: Serve, sink: Sink, home: Home, certificate: Path
) -> None:
    arrive(serve, secured(home, certificate), certificate, ANNA, EVE)
    assert [(mail.sender, mail.recipients) for mail in sink.mails] == [(MANAGED, (ANNA,)), (MANAGED, (EVE,))]
    for mail in sink.mails:
        head = mail.content.partition(b"\r\n\r\n")[0].split(b"\r\n")
        assert [line for line in head if line in HEADERS] == list(HEADERS)
        assert b"Message-ID: <19677436.41233862559806.JavaMail.sfdc@acme.my.salesforce.com>" in head
        told = message_from_bytes(mail.content, policy=policy.default)
        page = told.get_body(("html",)).get_content()  # type: ignore[union-attr]  # there is one
        assert "Good day à vous" in page
        assert re.findall(r'href="https://track\.example\.com/c/[^"]+"', page)
        assert re.findall(r'<img src="https://track\.example\.com/o/[^"]+"', page)
        assert page.count("servlet.ImageServer") == 1, "its own pixel stays, and counts there"
    sent = [event for event in home.events() if event.type is EventType.SENT]
    assert len({event.delivery for event in sent}) == 2
    assert len({event.template for event in sent}) == 1, "one letter, not one for each recipient"


def test_its_category_decides_nothing_and_mail_belongs_to_the_day(
    serve: Serve, sink: Sink, home: Home, certificate: Path
) -> None:
    arrive(serve, secured(home, certificate), certificate, ANNA)
    state = home.state()
    (campaign,) = state.campaigns()
    state.close()
    assert re.fullmatch(r"marketing \d{4}-\d\d-\d\d", campaign.name)


def test_with_a_bounce_domain_notices_come_to_us_and_not_to_salesforce(
    serve: Serve, sink: Sink, home: Home, certificate: Path
) -> None:
    settings = secured(home, certificate)
    settings = replace(settings, tracking=replace(settings.tracking, bounce_domain="bounces.example.com"))
    arrive(serve, settings, certificate, ANNA)
    (mail,) = sink.mails
    assert "bnc.salesforce.com" not in mail.sender
    read = Hosts.load(settings).return_paths()["bounces.example.com"].read(mail.sender)
    (sent,) = [event for event in home.events() if event.type is EventType.SENT]
    assert (read.delivery, read.recipient) == (sent.delivery, sent.recipient)


def test_what_the_next_server_refuses_salesforce_hears_at_once(
    serve: Serve, sink: Sink, home: Home, certificate: Path
) -> None:
    sink.on_rcpt = lambda address: "550 5.1.1 no such user" if address == EVE else None
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        arrive(serve, secured(home, certificate), certificate, EVE)
    assert refused.value.recipients[EVE][0] == 550
    assert sink.mails == []
