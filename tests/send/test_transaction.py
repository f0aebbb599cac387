"""Several recipients, suppressed ones, and a next server that fails: what each gets, and what the client is told."""

from __future__ import annotations

import smtplib
import socket
import threading
from typing import TYPE_CHECKING, Any

import pytest
from tests.send.conftest import ANNA, BEN, EVE, HTML, ME, NOW, PLAIN, send, undone, with_relay

from mailwake.errors import Unavailable
from mailwake.modes import Modes
from mailwake.store.state import Axis, Consent

if TYPE_CHECKING:
    from tests.conftest import Home, Mail, MakeSink, Sink
    from tests.send.conftest import Serve


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
    (home.folder / "pass").write_text("wool and rain", encoding="utf-8")
    users = '[relay.users]\n"app+transactional" = "file:pass"\nnews = "file:pass"'
    running = serve(users)
    with running.client() as client:
        client.login("app+transactional", "wool and rain")
        client.sendmail(ME, [ANNA], HTML)
    assert len(sink.mails) == 1
    assert b"List-Unsubscribe" not in sink.mails[0].content
    with running.client() as client:
        client.login("news", "wool and rain")
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            client.sendmail(ME, [ANNA], HTML)


def test_who_unsubscribes_or_withdraws_between_rcpt_and_data_is_heard(
    serve: Serve, sink: Sink, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailwake.send.transaction.FRESH_SECONDS", -1.0)  # a client that takes its time
    suppress(home, EVE, stream="outbound")  # so that all three are known
    consent(home, ANNA, Consent.GRANTED)
    consent(home, BEN, Consent.GRANTED)
    with serve().client() as client:
        client.ehlo()
        client.mail(ME)
        assert [client.rcpt(address)[0] for address in (ANNA, BEN, EVE)] == [250] * 3
        suppress(home, EVE)
        consent(home, BEN, Consent.WITHDRAWN)
        assert client.data(HTML)[0] == 250
    assert sorted(mail.recipients[0] for mail in sink.mails if mail.sender == ME) == [ANNA, BEN]
    assert ("rejected", EVE) in home.outcomes()
    assert all(b"track.example.com/o/" not in mail.content for mail in sink.mails)


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


# ---- what is counted, and what is said at the end


def test_every_recipient_has_one_end_in_the_report(serve: Serve, sink: Sink, home: Home) -> None:
    answers = {BEN: "451 4.7.1 later", "c@example.com": "550 5.1.1 never"}
    sink.on_data = lambda mail: answers.get(mail.recipients[0])
    suppress(home, EVE)
    running = serve()
    with pytest.raises(smtplib.SMTPDataError):
        send(running, ANNA, BEN, EVE, "c@example.com")
    answers.clear()
    send(running, ANNA, BEN, "c@example.com")
    send(running, ANNA, message=PLAIN)
    report = running.report()
    told = {name: report[name] for name in ("messages", "recipients", "delivered", "deferred", "bounced", "rejected")}
    assert told == {"messages": 3, "recipients": 6, "delivered": 3, "deferred": 1, "bounced": 1, "rejected": 1}
    assert (report["untouched"], report["events_lost"], report["bytes_under_way"]) == (1, 0, 0)


def test_an_answer_in_latin_1_neither_loses_a_message_nor_sends_it_twice(serve: Serve, sink: Sink, home: Home) -> None:
    """It cannot be said or logged as it is; once that made a delivered message look like a fault of ours."""
    answer: Any = b"250 2.0.0 angenommen f\xfcr Sie"  # bytes, which is how aiosmtpd says what is no UTF-8
    sink.on_data = lambda _: answer
    with serve().client() as client:
        client.ehlo()
        client.mail(ME)
        client.rcpt(ANNA)
        assert client.data(HTML) == (250, "2.0.0 angenommen f\ufffdr Sie".encode())
    assert home.outcomes() == [("sent", ANNA), ("delivered", ANNA)]


def test_whoever_was_just_answered_may_say_goodbye_while_the_relay_stops(
    serve: Serve, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailwake.send.relay._LEAVE_SECONDS", 15.0)  # however slow the machine is
    running = serve()
    client = running.client()
    client.sendmail(ME, [ANNA], HTML)
    stopping = threading.Thread(target=running.stop)
    stopping.start()
    while not running.is_draining():
        pass
    assert client.docmd("QUIT")[0] == 221
    client.close()
    stopping.join(20)
    assert len(sink.mails) == 1


def test_idle_clients_hear_that_the_relay_stops(serve: Serve) -> None:
    running = serve()
    with running.client() as client:
        client.ehlo()
        running.stop()
        assert client.getreply() == (421, b"4.3.2 shutting down; try again")
