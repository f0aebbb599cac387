"""Clients that mean harm, are slow, or vanish: what they cannot do to the mail of others. Real sockets."""

from __future__ import annotations

import smtplib
import socket
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO

import pytest
from tests.send.conftest import ANNA, HTML, ME, PLAIN, send, undone, with_relay

if TYPE_CHECKING:
    from tests.conftest import Home, Sink
    from tests.send.conftest import Running, Serve

    from mailwake.settings import Settings

ENVELOPE = b"EHLO x\r\nMAIL FROM:<me@example.com>\r\nRCPT TO:<anna@example.com>\r\n"


@contextmanager
def raw(running: Running) -> Iterator[tuple[socket.socket, BinaryIO]]:
    with socket.create_connection(("127.0.0.1", running.port), timeout=20) as line, line.makefile("rb") as answers:
        yield line, answers


def at_data(line: socket.socket, answers: BinaryIO) -> None:
    """Come as far as the 354."""
    line.sendall(ENVELOPE + b"DATA\r\n")
    while not answers.readline().startswith(b"354"):
        pass


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def hurried(home: Home, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """One connection to the next server, and clocks that run fast."""
    monkeypatch.setattr("mailwake.send.relay._LOOK_SECONDS", 0.02)
    settings = with_relay(home.settings(), crowded_timeout_seconds=0.3, client_timeout_seconds=30.0)
    return replace(settings, smtp=replace(settings.smtp, connections=1))


# ---- what is smuggled or injected


SMUGGLED = (
    b"\n.\n", b"\n.\r\n", b"\r.\r\n", b"\r.\r", b"\r\n.\r", b"\r\n.\n", b"\r\n.\r\r\n", b"\r\n.\r\x00\n", b"\r.\n",
    b"\n\r\n.\r", b"\r\r\n.\r", b"x\rx", b"x\nx", b"\r\n\r.\r\n",
)  # fmt: skip


@pytest.mark.parametrize("smuggled", SMUGGLED)
def test_bare_line_ends_are_refused_so_that_nothing_can_be_smuggled(serve: Serve, sink: Sink, smuggled: bytes) -> None:
    with raw(serve()) as (line, answers):
        at_data(line, answers)
        line.sendall(b"Subject: x\r\n\r\nhello" + smuggled + b"MAIL FROM:<evil@example.com>\r\n.\r\nQUIT\r\n")
        assert answers.readline().startswith(b"550 5.6.0 bare")
        assert answers.readline().startswith(b"221")
    assert sink.mails == []
    assert "MAIL evil@example.com" not in sink.commands


@pytest.mark.parametrize("almost", [b"\r\n .\r\n", b"\r\n.\x00\r\n", b"\r\n\x00.\r\n", b"\r\n..\r\n", b"\r\n. \r\n"])
def test_what_is_almost_the_end_of_a_message_is_part_of_it(serve: Serve, sink: Sink, almost: bytes) -> None:
    text = b"Subject: x\r\n\r\nhello" + almost + b"MAIL FROM:<evil@example.com>\r\n"
    with raw(serve()) as (line, answers):
        at_data(line, answers)
        line.sendall(text + b".\r\nQUIT\r\n")
        assert answers.readline().startswith(b"250")
        assert answers.readline().startswith(b"221")
    assert [undone(mail.content) for mail in sink.mails] == [text.replace(b"\r\n.", b"\r\n")]
    assert "MAIL evil@example.com" not in sink.commands


@pytest.mark.parametrize(
    "name", [b"=?utf-8?q?a=0D=0ABcc:_victim@example.com?=", b"=?utf-8?b?YQ0KQmNjOiB4?=", b"a\x0bb"]
)
def test_a_campaign_name_brings_no_header_with_it(serve: Serve, sink: Sink, home: Home, name: bytes) -> None:
    send(serve(), ANNA, message=b"X-Mailwake-Campaign: " + name + b"\r\n" + HTML)
    assert undone(sink.mails[0].content) == HTML
    state = home.state()
    assert all(campaign.name.isprintable() for campaign in state.campaigns())
    state.close()


@pytest.mark.parametrize("name", [b"a\x00b", b"a\x1b[2J", b"=?utf-8?q?a=E2=80=AEb?=", b"=?utf-8?q?a=00?="])
def test_a_campaign_name_with_control_characters_is_refused(serve: Serve, sink: Sink, name: bytes) -> None:
    with pytest.raises(smtplib.SMTPDataError, match="printable"):
        send(serve(), ANNA, message=b"X-Mailwake-Campaign: " + name + b"\r\n" + HTML)
    assert sink.mails == []


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("MAIL FROM:<me@example.com> SIZE=²", b"553"),
        ("MAIL FROM:<me@example.com> SIZE=٣", b"553"),
        (f"VRFY {'(' * 300}", b"502"),
        ("VRFY <", b"502"),
    ],
)
def test_nonsense_for_an_address_or_a_number_is_refused_and_no_fault(
    serve: Serve, capsys: pytest.CaptureFixture[str], command: str, code: bytes
) -> None:
    with raw(serve()) as (line, answers):
        line.sendall(b"EHLO x\r\n" + command.encode() + b"\r\nQUIT\r\n")
        *_, refusal, goodbye = answers.read().splitlines()
        assert (refusal[:3], goodbye[:3]) == (code, b"221")
    assert "relay.fault" not in "".join(capsys.readouterr())


def test_an_address_with_a_line_end_in_it_reaches_no_wire(serve: Serve, sink: Sink) -> None:
    with raw(serve()) as (line, answers):
        line.sendall(b"EHLO x\r\nMAIL FROM:<me@example.com>\r\n")
        while not answers.readline().startswith(b"250 2.1.0"):
            pass
        line.sendall(b'RCPT TO:<"a\rRCPT TO:<victim@example.com>"@example.com>\r\n')
        assert answers.readline()[:1] == b"5"
    assert not any("victim" in command for command in sink.commands)


# ---- what is too much


def test_a_flood_of_recipients_is_ended_and_hardly_reaches_the_next_server(
    serve: Serve, sink: Sink, home: Home
) -> None:
    running = serve(settings=with_relay(home.settings(), max_recipients=5))
    with raw(running) as (line, answers):
        line.sendall(b"EHLO x\r\nMAIL FROM:<me@example.com>\r\n")
        flood = threading.Thread(
            target=lambda: line.sendall(b"".join(b"RCPT TO:<p%d@example.com>\r\n" % n for n in range(1_500)))
        )
        flood.start()
        assert send(running, ANNA) == {}
        heard = answers.read().decode().splitlines()
        flood.join()
    told = [answer for answer in heard if "is welcome" in answer or answer[:1] == "4"]
    assert [answer[:3] for answer in told[:6]] == ["250"] * 5 + ["452"]
    assert any(answer.startswith("421 4.5.3 too many recipients") for answer in told)
    assert sum(command.startswith("RCPT p") for command in sink.commands) == 5
    until(lambda: running.clients() == 0)
    assert send(running, ANNA) == {}


def test_recipients_that_are_refused_count_as_well(serve: Serve, sink: Sink, home: Home) -> None:
    """Nobody finds out through us which of ten thousand addresses exist."""
    sink.on_rcpt = lambda _: "550 5.1.1 no such user"
    with serve(settings=with_relay(home.settings(), max_recipients=5)).client() as client:
        client.ehlo()
        client.mail(ME)
        assert [client.rcpt(f"p{n}@example.com")[0] for n in range(8)] == [550] * 5 + [452] * 3
    assert len(sink.commands) == 6


def test_the_relay_is_full_at_the_number_of_clients_that_the_operator_set(serve: Serve, home: Home) -> None:
    running = serve(settings=with_relay(home.settings(), max_clients=2))
    with running.client(), running.client() as second:
        with pytest.raises(smtplib.SMTPConnectError) as caught:
            running.client()
        assert caught.value.smtp_code == 421
        second.quit()
        until(lambda: running.clients() == 1)
        assert send(running, ANNA) == {}


def test_a_message_that_there_is_no_room_for_is_put_off_and_arrives_later(serve: Serve, sink: Sink, home: Home) -> None:
    running = serve(settings=with_relay(home.settings(), max_message_bytes=200_000, max_bytes_under_way=200_000))
    large, size = PLAIN + b"x" * 150_000 + b"\r\n", ["SIZE=151000"]
    with running.client() as first, running.client() as second:
        for client in (first, second):
            client.ehlo()
            assert client.mail(ME, size)[0] == 250
            assert client.rcpt(ANNA)[0] == 250
        assert first.docmd("DATA")[0] == 354
        assert second.docmd("DATA") == (452, b"4.3.1 too much mail under way; try again")
        first.send(large + b".\r\n")
        assert first.getreply()[0] == 250
        second.mail(ME, size)
        second.rcpt(ANNA)
        assert second.data(large)[0] == 250
    assert [undone(mail.content) for mail in sink.mails] == [large, large]
    assert (running.report()["put_off"], running.report()["bytes_under_way"]) == (1, 0)


def test_copies_of_a_large_message_are_made_one_after_the_other_and_never_held_at_once(
    serve: Serve, sink: Sink
) -> None:
    sink.on_data = lambda _: "451 4.7.1 later"  # so that the sink holds none of them either
    running = serve()
    page = b'<a href="https://example.com/">x</a>' + b"x" * 60_000 + b"\r\n"
    message = b"Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n" + page * 6
    people = [f"p{number}@example.com" for number in range(40)]
    with running.client() as client:
        client.ehlo()
        client.mail(ME)
        assert [client.rcpt(address)[0] for address in people] == [250] * 40
        tracemalloc.start()
        try:
            assert client.data(message)[0] == 451
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 12 * len(message)


# ---- slow clients, and those that vanish


def test_a_client_that_sends_a_byte_now_and_then_keeps_nobody_waiting(
    serve: Serve, sink: Sink, hurried: Settings
) -> None:
    running = serve(settings=hurried)
    with raw(running) as (line, answers):
        at_data(line, answers)
        stop = threading.Event()

        def trickle() -> None:
            while not stop.wait(0.05):
                try:
                    line.sendall(b"x")
                except OSError:
                    return

        slow = threading.Thread(target=trickle)
        slow.start()
        assert send(running, ANNA, message=PLAIN) == {}
        assert answers.readline().startswith(b"421 4.4.2 waited")
        stop.set()
        slow.join()
    assert len(sink.mails) == 1
    assert running.report()["clients_cut"] == 1


def test_a_slow_client_that_keeps_nobody_waiting_has_all_the_time(serve: Serve, sink: Sink, hurried: Settings) -> None:
    with raw(serve(settings=hurried)) as (line, answers):
        at_data(line, answers)
        for byte in b"Subject: x\r\n":
            line.sendall(bytes([byte]))
            time.sleep(0.05)
        line.sendall(b"\r\nx\r\n.\r\n")
        assert answers.readline().startswith(b"250")
    assert len(sink.mails) == 1


@pytest.mark.parametrize("said", [b"", b"EHLO", ENVELOPE, ENVELOPE + b"DATA\r\n", ENVELOPE + b"DATA\r\nSubject: x\r\n"])
def test_a_connection_whose_other_end_is_gone_is_given_up(
    serve: Serve, home: Home, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    monkeypatch.setattr("mailwake.send.relay._LOOK_SECONDS", 0.02)
    running = serve(settings=with_relay(home.settings(), client_timeout_seconds=0.2))
    with raw(running) as (line, answers):
        line.sendall(said)
        heard = answers.read()  # nothing is said any more; a half-open connection looks the same from here
        assert heard.splitlines()[-1].startswith(b"421 4.4.2 waited")
    until(lambda: running.clients() == 0)
    assert running.report()["bytes_under_way"] == 0
    assert send(running, ANNA) == {}


def test_clients_that_leave_while_the_next_server_thinks_take_no_connection_with_them(serve: Serve, sink: Sink) -> None:
    running = serve()
    for _ in range(5):  # more often than there are connections to the next server
        asked, go_on = threading.Event(), threading.Event()

        def wait(_address: str, asked: threading.Event = asked, go_on: threading.Event = go_on) -> None:
            asked.set()
            assert go_on.wait(20)

        sink.on_mail = wait
        with raw(running) as (line, _):
            line.sendall(b"EHLO x\r\nMAIL FROM:<me@example.com>\r\n")
            assert asked.wait(20)
        until(lambda: running.clients() == 0)
        go_on.set()
    sink.on_mail = lambda _: None
    assert send(running, ANNA) == {}
    assert len(sink.mails) == 1


# ---- who guesses


def test_passwords_can_be_guessed_ten_times_a_minute_over_any_number_of_connections(serve: Serve, home: Home) -> None:
    (home.folder / "pass").write_text("wool and rain", encoding="utf-8")
    running = serve('[relay.users]\nshop = "file:pass"\nnews = "file:pass"')

    def login(name: str, password: str) -> int:
        with running.client() as client:
            client.ehlo()
            try:
                return client.login(name, password)[0]
            except smtplib.SMTPAuthenticationError as refused:
                return refused.smtp_code

    # smtplib tries two mechanisms per login, each with the same password
    assert {login("shop", f"guess {n}") for n in range(5)} == {535}
    assert login("shop", "wool and rain") == 454
    assert login("news", "wool and rain") == 235
