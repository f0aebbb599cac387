"""The relay on real sockets: what the next server gets, and what the client is told."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mailwake.errors import Misconfigured, Unavailable
from mailwake.events import EventType, Micros
from mailwake.modes import Modes
from mailwake.settings import Settings
from mailwake.store.state import Axis, Consent

if TYPE_CHECKING:
    from tests.conftest import Home, Mail, MakeSink, Sink
    from tests.send.conftest import Running, Serve

ME, ANNA, BEN, EVE = "me@example.com", "anna@example.com", "ben@example.com", "eve@example.com"
NOW = Micros(1_800_000_000_000_000)
HTML = (
    b"From: me@example.com\r\nTo: anna@example.com\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nX-Odd:nospace \r\n"
    b"Date: Mon, 23 Nov 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    b'<p>Hello</p>\r\n<a href="https://example.com/shop?a=1&amp;b=2">Shop</a>\r\n.dot\r\n</body>  \r\n'
)
PLAIN = b"From: me@example.com\r\nSubject: plain\r\n\r\njust text\r\n"


def with_relay(settings: Settings, **options: Any) -> Settings:
    return replace(settings, relay=replace(settings.relay, **options))


BRANDS = '[hosts."links.brand.example"]\nsenders = ["brand.example"]'


def test_a_program_that_mails_for_two_brands_needs_to_do_nothing(serve: Serve, sink: Sink) -> None:
    running = serve(BRANDS)
    send(running, ANNA)
    send(running, ANNA, message=HTML.replace(b"From: me@example.com", b"From: Brand <me@brand.example>"))
    hosts = [set(re.findall(rb"https://([a-z.]+)/[ocu]/", mail.content)) for mail in sink.mails]
    assert hosts == [{b"track.example.com"}, {b"links.brand.example"}]


def undone(content: bytes) -> bytes:
    """A delivered message without what the relay put into it."""
    named = rb"(?:List-Unsubscribe|List-Unsubscribe-Post|Feedback-ID|X-Mailwake)"
    content = re.sub(rb"(?m)^" + named + rb":[^\r]*(?:\r\n[ \t][^\r]*)*\r\n", b"", content)
    content = re.sub(rb'<img src="https://track\.example\.com/o/[^"]+" width="1" height="1" alt="">', b"", content)
    return re.sub(rb'"https://track\.example\.com/c/[^"]+"', b'"https://example.com/shop?a=1&amp;b=2"', content)


def send(running: Running, *recipients: str, message: bytes = HTML, sender: str = ME) -> dict[str, tuple[int, bytes]]:
    with running.client() as client:
        return client.sendmail(sender, list(recipients), message)


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


# ---- several recipients


def test_every_recipient_gets_a_copy_of_their_own(serve: Serve, sink: Sink, home: Home) -> None:
    send(serve(), ANNA, BEN, EVE)
    assert [mail.recipients for mail in sink.mails] == [(ANNA,), (BEN,), (EVE,)]
    assert len({mail.content for mail in sink.mails}) == 3
    assert {undone(mail.content) for mail in sink.mails} == {HTML}
    assert [kind for kind, _ in home.outcomes()] == ["sent", "delivered"] * 3


def test_a_message_that_is_the_same_for_all_goes_in_one_transaction(serve: Serve, sink: Sink, home: Home) -> None:
    signed = (
        b'From: me@example.com\r\nMIME-Version: 1.0\r\nContent-Type: multipart/signed; boundary="b"; \r\n'
        b' protocol="application/pkcs7-signature"\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n'
        b'<a href="https://example.com/">x</a>'
        b"\r\n--b\r\nContent-Type: application/pkcs7-signature\r\n\r\nMII=\r\n--b--\r\n"
    )
    send(serve(), ANNA, BEN, message=signed)
    assert [mail.recipients for mail in sink.mails] == [(ANNA, BEN)]
    assert b'<a href="https://example.com/">' in sink.mails[0].content
    assert home.outcomes() == [("sent", ANNA), ("sent", BEN), ("delivered", ANNA), ("delivered", BEN)]


def test_one_of_five_refused_at_rcpt_is_told_at_once_and_the_others_get_it(serve: Serve, sink: Sink) -> None:
    sink.on_rcpt = lambda address: "550 5.1.1 no such user" if address == EVE else None
    people = [ANNA, BEN, EVE, "c@example.com", "d@example.com"]
    assert send(serve(), *people) == {EVE: (550, b"5.1.1 no such user")}
    assert sorted(mail.recipients[0] for mail in sink.mails) == sorted(set(people) - {EVE})


def test_one_of_five_refused_at_data_is_reported_to_the_sender(serve: Serve, sink: Sink, home: Home) -> None:
    sink.on_data = lambda mail: "550 5.7.1 not for eve" if mail.recipients == (EVE,) else None
    people = [ANNA, BEN, EVE, "c@example.com", "d@example.com"]
    assert send(serve(), *people) == {}
    assert sorted(mail.recipients[0] for mail in sink.mails if mail.sender == ME) == sorted(set(people) - {EVE})
    (notice,) = sink.to(ME)
    assert notice.sender == "<>"
    assert b"Final-Recipient: rfc822; eve@example.com\r\n" in notice.content
    assert b"Diagnostic-Code: smtp; 550 5.7.1 not for eve" in notice.content
    assert ("bounced", EVE) in home.outcomes()


def test_a_mixed_refusal_that_cannot_be_reported_is_the_answer(serve: Serve, sink: Sink) -> None:
    sink.on_data = lambda mail: "550 5.7.1 no" if mail.recipients in {(EVE,), (ME,)} else None
    with pytest.raises(smtplib.SMTPDataError, match=r"delivered, except to eve@example\.com: 550 5\.7\.1 no") as caught:
        send(serve(), ANNA, EVE)
    assert caught.value.smtp_code == 554
    assert len(sink.mails) == 1


def test_a_bounce_has_nobody_to_report_to_so_the_answer_says_it(serve: Serve, sink: Sink) -> None:
    sink.on_data = lambda mail: "550 5.7.1 no" if mail.recipients == (EVE,) else None
    with pytest.raises(smtplib.SMTPDataError, match="except to eve"):
        send(serve(), ANNA, EVE, sender="")
    assert len(sink.mails) == 1


def test_when_all_are_refused_the_answer_is_the_next_servers(serve: Serve, sink: Sink) -> None:
    sink.on_data = lambda _: "554 5.7.1 spam"
    with pytest.raises(smtplib.SMTPDataError) as caught:
        send(serve(), ANNA, BEN)
    assert (caught.value.smtp_code, caught.value.smtp_error) == (554, b"5.7.1 spam")


def test_a_client_that_comes_again_after_a_mixed_answer_mails_nobody_twice(
    serve: Serve, sink: Sink, home: Home
) -> None:
    waiting = [EVE]
    sink.on_data = lambda mail: "451 4.7.1 greylisted" if mail.recipients[0] in waiting else None
    running = serve()
    with pytest.raises(smtplib.SMTPDataError, match="2 of 3 recipients have the message") as caught:
        send(running, ANNA, BEN, EVE)
    assert caught.value.smtp_code == 451
    waiting.clear()
    assert send(running, ANNA, BEN, EVE) == {}
    assert sorted(mail.recipients[0] for mail in sink.mails) == [ANNA, BEN, EVE]
    events = home.events()
    deliveries = {(event.recipient, event.delivery) for event in events}
    assert len(deliveries) == 3
    assert sorted(event.type for event in events) == ["deferred"] + ["delivered"] * 3 + ["sent"] * 4
    assert len({event.key for event in events if event.type == "sent"}) == 3


def test_the_memory_of_a_mixed_answer_survives_a_restart(serve: Serve, sink: Sink) -> None:
    waiting = [EVE]
    sink.on_data = lambda mail: "451 4.7.1 greylisted" if mail.recipients[0] in waiting else None
    first = serve()
    with pytest.raises(smtplib.SMTPDataError):
        send(first, ANNA, EVE)
    first.stop()
    waiting.clear()
    send(serve(), ANNA, EVE)
    assert sorted(mail.recipients[0] for mail in sink.mails) == [ANNA, EVE]


def test_a_refusal_for_good_is_not_asked_for_again_when_the_client_comes_back(serve: Serve, sink: Sink) -> None:
    answers = {EVE: "451 4.7.1 later", BEN: "550 5.1.1 never"}
    sink.on_data = lambda mail: answers.get(mail.recipients[0])
    running = serve()
    with pytest.raises(smtplib.SMTPDataError):
        send(running, ANNA, BEN, EVE)
    del answers[EVE], answers[BEN]
    send(running, ANNA, BEN, EVE)
    assert sorted(mail.recipients[0] for mail in sink.mails) == [ANNA, EVE, ME]
    assert b"ben@example.com" in sink.to(ME)[0].content


def test_sending_the_same_message_again_on_purpose_sends_it_again(serve: Serve, sink: Sink) -> None:
    running = serve()
    send(running, ANNA, BEN)
    send(running, ANNA, BEN)
    assert sorted(mail.recipients[0] for mail in sink.mails) == [ANNA, ANNA, BEN, BEN]


def test_an_address_named_twice_gets_one_copy(serve: Serve, sink: Sink) -> None:
    send(serve(), ANNA, ANNA)
    assert len(sink.mails) == 1


def test_more_recipients_than_allowed_are_put_off(serve: Serve, home: Home) -> None:
    running = serve(settings=with_relay(home.settings(), max_recipients=2))
    refused = send(running, ANNA, BEN, EVE)
    assert refused[EVE][0] == 452


# ---- consent and suppression


def consent(home: Home, address: str, state: Consent) -> None:
    store = home.state()
    handle = store.handles([address], now=NOW)[address]
    store.set_consent(handle, axis=Axis.BOTH, state=state, at=NOW, source="test")
    store.close()


def test_the_strictest_recipient_of_a_message_decides_for_all(serve: Serve, sink: Sink, home: Home) -> None:
    consent(home, BEN, Consent.DENIED)
    send(serve(), ANNA, BEN)
    assert len(sink.mails) == 2
    assert all(b"track.example.com/o/" not in mail.content for mail in sink.mails)
    assert all(b'href="https://example.com/shop?a=1&amp;b=2"' in mail.content for mail in sink.mails)
    assert {Modes.from_byte(event.modes).opens.word for event in home.events()} == {"off"}


def test_a_message_may_lower_the_mode_and_never_raise_it(serve: Serve, home: Home) -> None:
    running = serve()
    send(running, ANNA, message=b"X-Mailwake-Mode: opens=off, clicks=aggregate\r\n" + HTML)
    consent(home, ANNA, Consent.DENIED)
    send(running, ANNA, message=b"X-Mailwake-Mode: opens=individual, clicks=individual\r\n" + HTML)
    sent = [Modes.from_byte(event.modes) for event in home.events() if event.type == "sent"]
    assert [(modes.opens.word, modes.clicks.word) for modes in sent] == [("off", "aggregate"), ("off", "off")]


def test_a_message_that_asks_not_to_be_tracked_passes_as_it_is(serve: Serve, sink: Sink, home: Home) -> None:
    send(serve(), ANNA, message=b"X-Mailwake-Track: no\r\n" + HTML)
    assert sink.mails[0].content == b"X-Mailwake: untouched; the sender asked for it\r\n" + HTML
    assert [kind for kind, _ in home.outcomes()] == ["sent", "delivered"]


def suppress(home: Home, address: str, *, stream: str | None = "marketing", campaign: str = "") -> None:
    store = home.state()
    handle = store.handles([address], now=NOW)[address]
    limit = store.campaign(campaign, now=NOW).id if campaign else None
    store.suppress(handle, reason="unsubscribed", source="edge", at=NOW, stream=stream, campaign=limit)
    store.close()


def test_a_suppressed_recipient_is_refused_at_rcpt(serve: Serve, sink: Sink, home: Home) -> None:
    suppress(home, EVE)
    refused = send(serve(), ANNA, EVE)
    assert refused == {EVE: (550, b"5.7.1 recipient suppressed: unsubscribed")}
    assert sink.to(EVE) == []
    assert "RCPT eve@example.com" not in sink.commands
    assert ("rejected", EVE) in home.outcomes()


def test_a_recipient_suppressed_for_one_campaign_is_refused_when_it_is_known(
    serve: Serve, sink: Sink, home: Home
) -> None:
    suppress(home, ANNA, stream=None, campaign="Spring")
    running = serve()
    with pytest.raises(smtplib.SMTPDataError, match="suppressed: unsubscribed"):
        send(running, ANNA, message=b"X-Mailwake-Campaign: Spring\r\n" + HTML)
    assert sink.mails == []
    send(running, ANNA)
    assert len(sink.mails) == 1


def test_a_login_of_the_transactional_stream_reaches_who_unsubscribed_from_marketing(
    serve: Serve, sink: Sink, home: Home
) -> None:
    suppress(home, ANNA)
    (home.folder / "pass").write_text("secret", encoding="utf-8")
    users = '[relay.users]\n"app+transactional" = "file:pass"\nnews = "file:pass"'
    running = serve(users)
    with running.client() as client:
        client.login("app+transactional", "secret")
        client.sendmail(ME, [ANNA], HTML)
    assert len(sink.mails) == 1
    assert b"List-Unsubscribe" not in sink.mails[0].content
    with running.client() as client:
        client.login("news", "secret")
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            client.sendmail(ME, [ANNA], HTML)


# ---- messages that are left alone


def test_a_message_that_was_instrumented_before_is_left_alone_and_not_counted_twice(
    serve: Serve, sink: Sink, home: Home
) -> None:
    running = serve()
    send(running, ANNA)
    once = sink.mails[0].content
    before = len(home.events())
    send(running, ANNA, message=once)
    assert sink.mails[1].content == once
    assert len(home.events()) == before


def test_a_forged_mark_only_means_that_the_message_is_left_alone(serve: Serve, sink: Sink, home: Home) -> None:
    suppress(home, EVE)
    forged = b"X-Mailwake: tracked; delivery=1\r\n" + HTML
    refused = send(serve(), ANNA, EVE, message=forged)
    assert list(refused) == [EVE]
    assert sink.mails[0].content == forged
    assert home.outcomes() == [("rejected", EVE)]


def test_plain_text_passes_with_the_reason(serve: Serve, sink: Sink) -> None:
    send(serve(), ANNA, message=PLAIN)
    assert undone(sink.mails[0].content) == PLAIN
    assert b"X-Mailwake: untouched" in sink.mails[0].content


# ---- the next server fails


def test_a_next_server_that_goes_away_mid_data_is_a_temporary_failure(serve: Serve, sink: Sink, home: Home) -> None:
    sink.on_data = lambda _: "cut"
    running = serve()
    with pytest.raises(smtplib.SMTPDataError) as caught:
        send(running, ANNA)
    assert caught.value.smtp_code == 451
    assert [kind for kind, _ in home.outcomes()] == ["sent", "deferred"]
    sink.on_data = lambda _: None
    send(running, ANNA)
    assert len(sink.mails) == 1
    assert len({event.delivery for event in home.events()}) == 1


def test_a_next_server_that_is_away_is_said_at_mail_and_recovers(serve: Serve, home: Home, make_sink: MakeSink) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    home.sink = type(home.sink)(port=port)
    running = serve()
    with running.client() as client:
        client.ehlo()
        assert client.mail(ME)[0] == 451
    back = make_sink(port)
    send(running, ANNA)
    assert len(back.mails) == 1


def test_the_next_servers_421_is_passed_on_and_nothing_is_claimed(serve: Serve, sink: Sink, home: Home) -> None:
    sink.on_data = lambda _: "421 4.3.2 shutting down"
    with pytest.raises(smtplib.SMTPDataError) as caught:
        send(serve(), ANNA)
    assert caught.value.smtp_code == 421
    assert "delivered" not in dict(home.outcomes())


def test_after_a_loss_the_remaining_recipients_are_put_off_not_dropped(serve: Serve, sink: Sink) -> None:
    sink.on_data = lambda mail: "cut" if mail.recipients == (BEN,) else None
    running = serve()
    with pytest.raises(smtplib.SMTPDataError) as caught:
        send(running, ANNA, BEN, EVE)
    assert caught.value.smtp_code == 451
    sink.on_data = lambda _: None
    send(running, ANNA, BEN, EVE)
    assert sorted(mail.recipients[0] for mail in sink.mails) == [ANNA, BEN, EVE]


def test_a_sender_that_the_next_server_refuses_is_refused_in_its_words(serve: Serve, sink: Sink) -> None:
    sink.on_mail = lambda _: "553 5.7.1 not your domain"
    with pytest.raises(smtplib.SMTPSenderRefused) as caught:
        send(serve(), ANNA)
    assert caught.value.smtp_error == b"5.7.1 not your domain"


def test_a_client_that_leaves_after_the_dot_does_not_stop_its_message(serve: Serve, sink: Sink, home: Home) -> None:
    arrived, left = threading.Event(), threading.Event()

    def wait(_: Mail) -> None:
        arrived.set()
        assert left.wait(10)

    sink.on_data = wait
    running = serve()
    with socket.create_connection(("127.0.0.1", running.port), timeout=10) as raw, raw.makefile("rb") as answers:
        raw.sendall(b"EHLO x\r\nMAIL FROM:<me@example.com>\r\nRCPT TO:<anna@example.com>\r\nDATA\r\n")
        while not answers.readline().startswith(b"354"):
            pass
        raw.sendall(HTML.replace(b"\r\n.", b"\r\n..") + b".\r\n")
        assert arrived.wait(10)
    left.set()
    running.stop()
    assert [undone(mail.content) for mail in sink.mails] == [HTML]
    assert [kind for kind, _ in home.outcomes()] == ["sent", "delivered"]


def test_a_client_that_left_unanswered_and_comes_again_mails_nobody_twice(serve: Serve, sink: Sink) -> None:
    arrived, left = threading.Event(), threading.Event()

    def wait(_: Mail) -> None:
        arrived.set()
        assert left.wait(10)

    sink.on_data = wait
    running = serve()
    client = running.client()
    client.ehlo()
    client.mail(ME)
    client.rcpt(ANNA)
    client.putcmd("data")
    assert client.getreply()[0] == 354
    client.send(HTML.replace(b"\r\n.", b"\r\n..") + b".\r\n")
    assert arrived.wait(10)
    client.close()
    while running.clients():
        pass
    left.set()
    assert send(running, ANNA) == {}
    assert len(sink.mails) == 1


# ---- the log fails


def test_without_a_log_mail_goes_on_and_the_loss_is_counted(serve: Serve, sink: Sink) -> None:
    running = serve()

    async def fail(_records: object) -> None:
        raise Unavailable("disk full")

    running.journal._writer.write = fail  # type: ignore[method-assign, assignment]  # a writer whose disk is full
    send(running, ANNA)
    assert len(sink.mails) == 1
    assert running.journal.lost == 2


# ---- bad input


@pytest.mark.parametrize("smuggled", [b"\n.\n", b"\n.\r\n", b"\r.\r\n", b"\r.\r", b"x\rx", b"x\nx"])
def test_bare_line_ends_are_refused_so_that_nothing_can_be_smuggled(serve: Serve, sink: Sink, smuggled: bytes) -> None:
    running = serve()
    with socket.create_connection(("127.0.0.1", running.port), timeout=10) as raw, raw.makefile("rb") as answers:
        raw.sendall(b"EHLO x\r\nMAIL FROM:<me@example.com>\r\nRCPT TO:<anna@example.com>\r\nDATA\r\n")
        while not answers.readline().startswith(b"354"):
            pass
        raw.sendall(b"Subject: x\r\n\r\nhello" + smuggled + b"MAIL FROM:<evil@example.com>\r\n.\r\nQUIT\r\n")
        assert answers.readline().startswith(b"550 5.6.0 bare")
        assert answers.readline().startswith(b"221")
    assert sink.mails == []
    assert "MAIL evil@example.com" not in sink.commands


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


def test_a_message_of_25_megabytes_passes(serve: Serve, sink: Sink) -> None:
    boundary = (
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>hi</p>\r\n--b\r\n'
    )
    part = b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    message = b"MIME-Version: 1.0\r\n" + boundary + part + (b"QUJD" * 19 + b"\r\n") * 320_000 + b"--b--\r\n"
    assert len(message) > 24_000_000
    send(serve(), ANNA, message=message)
    assert undone(sink.mails[0].content) == message


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
