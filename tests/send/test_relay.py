"""The relay on real sockets: what the next server gets, what is refused, and who may send."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.send.conftest import ANNA, EVE, HTML, ME, PLAIN, send, undone, with_relay

from mailwake.errors import Misconfigured
from mailwake.events import EventType
from mailwake.hosts import Hosts
from mailwake.settings import Settings

if TYPE_CHECKING:
    from tests.conftest import Home, Mail, Sink
    from tests.send.conftest import Running, Serve


BRANDS = '[hosts."links.brand.example"]\nsenders = ["brand.example"]'


def test_a_program_that_mails_for_two_brands_needs_to_do_nothing(serve: Serve, sink: Sink) -> None:
    running = serve(BRANDS)
    send(running, ANNA)
    send(running, ANNA, message=HTML.replace(b"From: me@example.com", b"From: Brand <me@brand.example>"))
    hosts = [set(re.findall(rb"https://([a-z.]+)/[ocu]/", mail.content)) for mail in sink.mails]
    assert hosts == [{b"track.example.com"}, {b"links.brand.example"}]


def test_a_message_differs_only_by_links_one_pixel_and_named_headers(serve: Serve, sink: Sink) -> None:
    send(serve(), ANNA)
    content = sink.mails[0].content
    assert content.count(b"https://track.example.com/c/") == 1
    assert content.count(b"https://track.example.com/o/") == 1
    assert b"\r\nX-Mailwake: tracked\r\n" in b"\r\n" + content
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in content
    assert undone(content) == HTML


def test_the_client_hears_the_next_servers_own_answers(serve: Serve) -> None:
    with serve().client() as client:
        client.ehlo()
        assert client.mail(ME) == (250, b"2.1.0 sender fine")
        assert client.rcpt(ANNA) == (250, b"2.1.5 anna@example.com is welcome")
        assert client.data(HTML) == (250, b"2.0.0 kept as number 1")


def test_sent_and_delivered_are_logged_for_the_same_delivery(serve: Serve, home: Home) -> None:
    send(serve(), ANNA)
    sent, delivered = home.events()
    assert (sent.type, delivered.type) == (EventType.SENT, EventType.DELIVERED)
    assert sent.delivery == delivered.delivery
    assert sent.delivery is not None
    assert 0 < sent.delivery < 2**63
    assert sent.key == f"sent:{sent.delivery}"
    assert sent.template is not None
    assert sent.message_bytes is not None
    assert sent.message_bytes > len(HTML)
    assert delivered.reason == "250 2.0.0 kept as number 1"


def test_sent_is_durable_before_the_next_server_has_the_message(serve: Serve, sink: Sink, home: Home) -> None:
    seen: list[list[tuple[str, str]]] = []

    def look(_: Mail) -> None:
        seen.append(home.outcomes())

    sink.on_data = look
    send(serve(), ANNA)
    assert seen == [[("sent", ANNA)]]


def test_without_a_campaign_header_mail_belongs_to_its_stream_and_day(serve: Serve, home: Home) -> None:
    running = serve()
    send(running, ANNA)
    send(running, ANNA, message=b"X-Mailwake-Campaign: Spring\r\nX-Mailwake-Stream: outbound\r\n" + HTML)
    state = home.state()
    names = {(campaign.name, campaign.stream) for campaign in state.campaigns()}
    state.close()
    assert ("Spring", "outbound") in names
    assert any(re.fullmatch(r"marketing \d{4}-\d\d-\d\d", name) for name, _ in names)


def test_control_headers_do_not_travel_on(serve: Serve, sink: Sink) -> None:
    send(serve(), ANNA, message=b"X-Mailwake-Campaign: a\r\nX-Mailwake-Mode: opens=individual\r\n" + HTML)
    assert b"x-mailwake-" not in sink.mails[0].content.lower()
    assert undone(sink.mails[0].content) == HTML


def test_a_control_header_that_makes_no_sense_is_refused_with_the_reason(serve: Serve, sink: Sink) -> None:
    with pytest.raises(smtplib.SMTPDataError, match="is no mode"):
        send(serve(), ANNA, message=b"X-Mailwake-Mode: opens=all\r\n" + HTML)
    assert sink.mails == []


def test_many_messages_of_one_template_register_it_once(serve: Serve, home: Home) -> None:
    running = serve()
    for number in range(5):
        send(running, f"p{number}@example.com", message=HTML.replace(b"Hello", b"Hello number %d" % number))
    state = home.state()
    (campaign,) = state.campaigns()
    (template,) = state.templates(campaign.id)
    links = state.links(campaign.id)
    state.close()
    assert template.subject == "Grüße"
    assert [(link.number, link.href, link.label) for link in links] == [(1, "https://example.com/shop?a=1&b=2", "Shop")]


# ---- bad input


def test_nul_bytes_pass_to_be_judged_by_the_next_server(serve: Serve, sink: Sink) -> None:
    message = b"Subject: x\r\n\r\na\x00b\r\n"
    send(serve(), ANNA, message=message)
    assert b"a\x00b" in sink.mails[0].content


def test_a_message_above_the_limit_is_refused_before_and_after_it_was_sent(serve: Serve, home: Home) -> None:
    running = serve(settings=with_relay(home.settings(), max_message_bytes=1_000))
    big = b"Subject: x\r\n\r\n" + b"x" * 70 + b"\r\n" + (b"y" * 70 + b"\r\n") * 20
    with pytest.raises(smtplib.SMTPSenderRefused) as early:
        send(running, ANNA, message=big)
    assert early.value.smtp_code == 552
    with running.client() as client:
        client.ehlo()
        client.mail(ME)
        client.rcpt(ANNA)
        assert client.data(big)[0] == 552


@pytest.mark.long
def test_a_message_of_25_megabytes_passes(serve: Serve, sink: Sink) -> None:
    boundary = (
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>hi</p>\r\n--b\r\n'
    )
    part = b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    message = b"MIME-Version: 1.0\r\n" + boundary + part + (b"QUJD" * 19 + b"\r\n") * 320_000 + b"--b--\r\n"
    assert len(message) > 24_000_000
    send(serve(), ANNA, message=message)
    assert undone(sink.mails[0].content) == message


@pytest.mark.long
def test_ten_thousand_links_are_all_tracked(serve: Serve, sink: Sink) -> None:
    links = b"".join(b'<a href="https://example.com/%d">x</a>\r\n' % number for number in range(10_000))
    send(serve(), ANNA, message=b"MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n" + links)
    assert sink.mails[0].content.count(b"https://track.example.com/c/") == 10_000


def test_a_line_of_a_hundred_kilobytes_passes(serve: Serve, sink: Sink) -> None:
    message = b"Subject: x\r\n\r\n" + b"x" * 100_000 + b"\r\n"
    send(serve(), ANNA, message=message)
    assert undone(sink.mails[0].content) == message


@pytest.mark.parametrize("message", [b"\r\n", b"no header", b"\x00\xff\xfe\r\n\r\n\x80", b": :\r\n\r\n"])
def test_what_is_hardly_a_message_still_arrives(serve: Serve, sink: Sink, message: bytes) -> None:
    send(serve(), ANNA, message=message)
    assert len(sink.mails) == 1
    assert undone(sink.mails[0].content).rstrip() == message.rstrip()


def test_international_addresses_go_through_with_smtputf8(serve: Serve, sink: Sink) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = ME, "änna@example.com", "x"
    message.set_content("<p>x</p>", subtype="html")
    with serve().client() as client:
        client.send_message(message)
    assert sink.mails[0].recipients == ("änna@example.com",)
    assert "SMTPUTF8" in sink.mails[0].options


def test_commands_may_come_all_at_once(serve: Serve, sink: Sink) -> None:
    running = serve()
    with socket.create_connection(("127.0.0.1", running.port), timeout=10) as raw, raw.makefile("rb") as answers:
        raw.sendall(b"EHLO x\r\n")
        offered = []
        while not (line := answers.readline()).startswith(b"250 "):
            offered.append(line)
        assert b"250-PIPELINING\r\n" in offered
        assert not any(word in line for line in offered for word in (b"CHUNKING", b"AUTH"))
        raw.sendall(b"MAIL FROM:<me@example.com>\r\nRCPT TO:<anna@example.com>\r\nDATA\r\n")
        assert [answers.readline()[:3] for _ in range(3)] == [b"250", b"250", b"354"]
        raw.sendall(PLAIN + b".\r\nMAIL FROM:<me@example.com>\r\nRSET\r\nNOOP\r\nQUIT\r\n")
        assert [answers.readline()[:3] for _ in range(5)] == [b"250", b"250", b"250", b"250", b"221"]
    assert len(sink.mails) == 1


def test_a_transaction_given_up_by_rset_leaves_nothing_behind(serve: Serve, sink: Sink) -> None:
    with serve().client() as client:
        client.ehlo()
        for _ in range(10):  # more often than there are connections to the next server
            client.mail(ME)
            client.rcpt(EVE)
            client.rset()
        client.sendmail(ME, [ANNA], PLAIN)
    assert [mail.recipients for mail in sink.mails] == [(ANNA,)]


# ---- who may send


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
         "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")],
        check=True, capture_output=True,
    )  # fmt: skip
    return folder


@contextmanager
def encrypted(running: Running, certificate: Path) -> Iterator[smtplib.SMTP]:
    with running.client() as client:
        client.starttls(context=ssl.create_default_context(cafile=str(certificate / "cert.pem")))
        client.ehlo()
        yield client


def secured(home: Home, certificate: Path, host: str = "127.0.0.1") -> Settings:
    (home.folder / "pass").write_text("correct horse\n", encoding="utf-8")
    return with_relay(
        home.settings(),
        host=host,
        tls_certificate=str(certificate / "cert.pem"),
        tls_key=str(certificate / "key.pem"),
        users={"shop": "file:pass"},
    )


def test_nothing_is_sent_without_login_where_there_are_users(serve: Serve, home: Home, certificate: Path) -> None:
    with serve(settings=secured(home, certificate)).client() as client:
        client.ehlo()
        assert client.mail(ME)[0] == 530


def test_a_login_over_tls_sends(serve: Serve, sink: Sink, home: Home, certificate: Path) -> None:
    with encrypted(serve(settings=secured(home, certificate)), certificate) as client:
        client.login("shop", "correct horse")
        client.sendmail(ME, [ANNA], HTML)
    assert undone(sink.mails[0].content) == HTML


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_salesforce_may_send_through_it(
    mechanism: str, *, serve: Serve, sink: Sink, home: Home, certificate: Path
) -> None:
    """An Email Relay set to Required Verify with SMTP authentication: a checked certificate, then PLAIN or LOGIN.

    The envelope sender of its bounce management stays as it is. Sources: docs/howto/salesforce-relay.md
    """
    sender = "me=example.com__0-abc123@xyz.bnc.salesforce.com"
    with encrypted(serve(settings=secured(home, certificate)), certificate) as client:
        client.user, client.password = "shop", "correct horse"
        assert client.auth(mechanism, getattr(client, f"auth_{mechanism.lower()}"))[0] == 235
        client.sendmail(sender, [ANNA], HTML)
    (mail,) = sink.mails
    assert mail.sender == sender
    assert undone(mail.content) == HTML
    assert [event.type for event in home.events()] == [EventType.SENT, EventType.DELIVERED]


def test_what_salesforce_signed_arrives_to_the_byte(serve: Serve, sink: Sink) -> None:
    """So nothing of it is tracked, and the count says so."""
    signed = b"DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=sf; h=From:Subject; bh=AAAA; b=BBBB\r\n" + HTML
    running = serve()
    send(running, ANNA, message=signed)
    assert [mail.content for mail in sink.mails] == [signed]
    assert running.report()["untouched"] == 1


@pytest.mark.parametrize("login", [("shop", "wrong"), ("nobody", "correct horse"), ("nobody", "")])
def test_a_wrong_login_is_refused(serve: Serve, home: Home, certificate: Path, login: tuple[str, str]) -> None:
    with encrypted(serve(settings=secured(home, certificate)), certificate) as client:
        with pytest.raises(smtplib.SMTPAuthenticationError):
            client.login(*login)
        assert client.mail(ME)[0] == 530


def test_passwords_cannot_be_tried_for_ever(serve: Serve, home: Home, certificate: Path) -> None:
    with encrypted(serve(settings=secured(home, certificate)), certificate) as client:
        answers = [client.docmd("AUTH", "PLAIN AHNob3AAeA==")[0] for _ in range(6)]
    assert answers == [535] * 5 + [421]


def test_beyond_loopback_a_password_is_not_even_asked_for_without_tls(
    serve: Serve, home: Home, certificate: Path
) -> None:
    with serve(settings=secured(home, certificate, "0.0.0.0")).client() as client:
        client.ehlo()
        assert not client.has_extn("auth")
        assert client.docmd("AUTH", "PLAIN AHNob3AAY29ycmVjdCBob3JzZQ==")[0] == 530
        assert client.mail(ME)[0] == 530


def test_what_was_sent_in_the_clear_before_tls_is_forgotten(serve: Serve, home: Home, certificate: Path) -> None:
    running = serve(settings=secured(home, certificate))
    with socket.create_connection(("127.0.0.1", running.port), timeout=10) as raw:
        raw.sendall(b"EHLO x\r\n")
        while b"250 HELP\r\n" not in raw.recv(4096):
            pass
        raw.sendall(b"STARTTLS\r\nRSET\r\nMAIL FROM:<evil@example.com>\r\n")
        assert raw.recv(4096).startswith(b"220")
        context = ssl.create_default_context(cafile=str(certificate / "cert.pem"))
        with context.wrap_socket(raw, server_hostname="localhost") as secure:
            secure.sendall(b"EHLO x\r\n")
            assert secure.recv(4096).startswith(b"250-")


def test_a_relay_that_anybody_could_use_does_not_start(serve: Serve, home: Home) -> None:
    with pytest.raises(Misconfigured, match=r"relay\.users"):
        serve(settings=with_relay(home.settings(), host="0.0.0.0"))


def test_a_relay_whose_passwords_could_be_overheard_does_not_start(serve: Serve, home: Home) -> None:
    (home.folder / "pass").write_text("x", encoding="utf-8")
    with pytest.raises(Misconfigured, match=r"relay\.tls_certificate"):
        serve(settings=with_relay(home.settings(), host="0.0.0.0", users={"shop": "file:pass"}))


def with_bounces(home: Home) -> Settings:
    settings = home.settings()
    return replace(settings, tracking=replace(settings.tracking, bounce_domain="bounces.example.com"))


def test_with_a_bounce_domain_every_copy_has_an_envelope_sender_of_its_own(
    serve: Serve, sink: Sink, home: Home
) -> None:
    settings = with_bounces(home)
    send(serve(settings=settings), ANNA, EVE)
    assert [mail.recipients for mail in sink.mails] == [(ANNA,), (EVE,)]
    paths = Hosts.load(settings).return_paths()["bounces.example.com"]
    read = [paths.read(mail.sender) for mail in sink.mails]
    sent = [event for event in home.events() if event.type is EventType.SENT]
    assert [(each.delivery, each.recipient, each.template) for each in read] == [
        (event.delivery, event.recipient, event.template) for event in sent
    ]


def test_mail_from_nobody_stays_from_nobody_with_a_bounce_domain(serve: Serve, sink: Sink, home: Home) -> None:
    with serve(settings=with_bounces(home)).client() as client:
        client.sendmail("", [ANNA], HTML)
    assert [mail.sender for mail in sink.mails] == ["<>"]
