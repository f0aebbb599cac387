"""An smtplib connection that tracks what goes through it, and the Django backend on top of it."""

from __future__ import annotations

import smtplib
import sys
from collections.abc import Iterator
from email.message import EmailMessage
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from mailwake.events import Micros
from mailwake.send import django
from mailwake.send.connection import Connection
from mailwake.send.tracker import Tracker

if TYPE_CHECKING:
    from tests.conftest import Home, Sink

NOW = Micros(1_800_000_000_000_000)
ME, ANNA, BEN = "me@example.com", "anna@example.com", "ben@example.com"
HTML = b'Subject: x\nMIME-Version: 1.0\nContent-Type: text/html\n\n<a href="https://example.com/">x</a>\n'


@pytest.fixture
def tracker(home: Home) -> Iterator[Tracker]:
    made = Tracker.open(home.settings())
    yield made
    made.state.close()


@pytest.fixture
def connection(tracker: Tracker, sink: Sink) -> Iterator[Connection]:
    with smtplib.SMTP("127.0.0.1", sink.port) as smtp:
        yield Connection(smtp, tracker)


def test_every_recipient_gets_a_tracked_copy(connection: Connection, sink: Sink, home: Home) -> None:
    assert connection.sendmail(ME, [ANNA, BEN], HTML) == {}
    assert [mail.recipients for mail in sink.mails] == [(ANNA,), (BEN,)]
    assert all(b"https://track.example.com/c/" in mail.content for mail in sink.mails)
    assert home.outcomes("library") == [("sent", ANNA), ("delivered", ANNA), ("sent", BEN), ("delivered", BEN)]


def test_send_message_works_as_before(connection: Connection, sink: Sink) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Bcc"], message["Subject"] = ME, ANNA, BEN, "x"
    message.set_content("<p>x</p>", subtype="html")
    connection.send_message(message)
    assert [mail.recipients for mail in sink.mails] == [(ANNA,), (BEN,)]
    assert b"Bcc" not in sink.mails[0].content


def test_who_is_refused_is_returned_and_logged_as_bounced(connection: Connection, sink: Sink, home: Home) -> None:
    sink.on_rcpt = lambda address: "550 5.1.1 nobody" if address == BEN else None
    assert connection.sendmail(ME, [ANNA, BEN], HTML) == {BEN: (550, b"5.1.1 nobody")}
    assert ("bounced", BEN) in home.outcomes("library")


def test_when_all_are_refused_the_error_is_smtplibs(connection: Connection, sink: Sink) -> None:
    sink.on_rcpt = lambda _: "550 5.1.1 nobody"
    with pytest.raises(smtplib.SMTPRecipientsRefused) as caught:
        connection.sendmail(ME, [ANNA, BEN], HTML)
    assert set(caught.value.recipients) == {ANNA, BEN}
    sink.on_rcpt = lambda _: None
    sink.on_data = lambda _: "554 5.7.1 spam"
    with pytest.raises(smtplib.SMTPDataError, match="spam"):
        connection.sendmail(ME, ANNA, HTML)


def test_the_suppressed_are_refused_before_the_server_hears_of_them(
    connection: Connection, tracker: Tracker, sink: Sink
) -> None:
    handle = tracker.handles([BEN])[BEN]
    tracker.state.suppress(handle, reason="complained", source="esp", at=NOW)
    assert connection.sendmail(ME, [ANNA, BEN], HTML) == {BEN: (550, b"5.7.1 recipient suppressed: complained")}
    assert "RCPT ben@example.com" not in sink.commands


def test_a_lost_connection_is_raised_and_noted_as_put_off(connection: Connection, sink: Sink, home: Home) -> None:
    sink.on_data = lambda _: "cut"
    with pytest.raises(smtplib.SMTPServerDisconnected):
        connection.sendmail(ME, [ANNA], HTML)
    assert home.outcomes("library") == [("sent", ANNA), ("deferred", ANNA)]


def test_a_message_tracked_before_passes_as_it_is(connection: Connection, sink: Sink, home: Home) -> None:
    connection.sendmail(ME, [ANNA, BEN], b"X-Mailwake: tracked\n" + HTML)
    assert sink.mails[0].recipients == (ANNA, BEN)
    assert home.events("library") == []


class SmtpBackend:
    """What Django's SMTP backend does, as far as ours leans on it.

    Source: django/core/mail/backends/smtp.py, `open`, `close` and `_send`.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.connection: Any = None

    def open(self) -> bool:
        if self.connection:
            return False
        self.connection = smtplib.SMTP("127.0.0.1", self.port)
        return True

    def close(self) -> None:
        self.connection.quit()
        self.connection = None

    def send(self, message: bytes, *recipients: str) -> None:
        self.open()
        self.connection.sendmail(ME, list(recipients), message)
        self.close()


def backend(home: Home) -> Any:
    home.settings()
    return django.make_backend(SmtpBackend, SimpleNamespace(MAILWAKE_CONFIG=home.config))(home.sink.port)


def test_the_django_backend_tracks_what_django_sends(home: Home, sink: Sink) -> None:
    made = backend(home)
    made.send(b"X-Mailwake-Campaign: welcome\n" + HTML, ANNA)
    made.send(HTML, BEN)
    assert all(b"https://track.example.com/c/" in mail.content for mail in sink.mails)
    assert b"X-Mailwake-Campaign" not in sink.mails[0].content
    assert [kind for kind, _ in home.outcomes("library")] == ["sent", "delivered"] * 2


def test_the_django_backend_wraps_a_connection_once(home: Home) -> None:
    made = backend(home)
    assert made.open() is True
    inner = made.connection
    assert made.open() is False
    assert made.connection is inner
    made.close()


def test_django_is_imported_when_the_backend_is_asked_for(monkeypatch: pytest.MonkeyPatch, home: Home) -> None:
    modules: dict[str, Any] = {name: ModuleType(name) for name in ("django.conf", "django.core.mail.backends.smtp")}
    modules["django.core.mail.backends.smtp"].EmailBackend = SmtpBackend
    modules["django.conf"].settings = SimpleNamespace(MAILWAKE_CONFIG=str(home.config))
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    for package in ("django", "django.core", "django.core.mail", "django.core.mail.backends"):
        monkeypatch.setitem(sys.modules, package, ModuleType(package))
    assert issubclass(django.EmailBackend, SmtpBackend)
    with pytest.raises(AttributeError):
        _ = django.Other
