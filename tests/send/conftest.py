"""A relay to send through."""

from __future__ import annotations

import asyncio
import re
import smtplib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from mailwake.errors import MailwakeError
from mailwake.eventlog.sqlite import SqliteWriter
from mailwake.events import Micros
from mailwake.merge.ledger import own_events
from mailwake.send.relay import Relay
from mailwake.send.tracker import Tracker
from mailwake.send.transaction import Desk, Journal
from mailwake.settings import Settings
from mailwake.smtp.memory import Memory
from mailwake.smtp.upstream import Pool

if TYPE_CHECKING:
    from tests.conftest import Home

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


def undone(content: bytes) -> bytes:
    """A delivered message without what the relay put into it."""
    named = rb"(?:List-Unsubscribe|List-Unsubscribe-Post|Feedback-ID|X-Mailwake)"
    content = re.sub(rb"(?m)^" + named + rb":[^\r]*(?:\r\n[ \t][^\r]*)*\r\n", b"", content)
    content = re.sub(rb'<img src="https://track\.example\.com/o/[^"]+" width="1" height="1" alt="">', b"", content)
    return re.sub(rb'"https://track\.example\.com/c/[^"]+"', b'"https://example.com/shop?a=1&amp;b=2"', content)


@dataclass
class Running:
    """A relay on a thread of its own, as `mailwake relay` wires it."""

    settings: Settings
    port: int = 0
    lost: int = 0
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    def start(self) -> None:
        ready = threading.Event()
        self._fault: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(ready,), daemon=True)
        self._thread.start()
        assert ready.wait(60)
        if self._fault is not None:
            raise self._fault

    def _run(self, ready: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve(ready))
        except MailwakeError as fault:
            self._fault = fault
        finally:
            ready.set()
            self._loop.close()

    async def _serve(self, ready: threading.Event) -> None:
        self._stop = asyncio.Event()
        tracker = Tracker.open(self.settings)
        folder = self.settings.data_folder / "log"
        writer = SqliteWriter.open(folder, "relay")
        self.memory = Memory()
        self.memory.read_back(own_events(folder, "relay"), now=tracker.clock())
        self.journal = Journal(writer)
        desk = Desk(tracker=tracker, pool=Pool(self.settings), journal=self.journal, memory=self.memory)
        try:
            relay = self._relay = Relay(self.settings, desk)
            await relay.start()
            self.port = relay.port
            ready.set()
            await self._stop.wait()
            await relay.drain(patience_seconds=10)
        finally:
            await writer.close()
            tracker.state.close()

    def stop(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(20)
            assert not self._thread.is_alive()

    def clients(self) -> int:
        """Connections that stand."""
        return len(self._relay.clients)

    def is_draining(self) -> bool:
        """Whether it was asked to stop."""
        return self._relay._is_draining

    def report(self) -> dict[str, int]:
        """What the relay counted."""
        return self._relay.report()

    def client(self) -> smtplib.SMTP:
        return smtplib.SMTP("127.0.0.1", self.port, timeout=20)


Serve = Callable[..., Running]


def send(running: Running, *recipients: str, message: bytes = HTML, sender: str = ME) -> dict[str, tuple[int, bytes]]:
    with running.client() as client:
        return client.sendmail(sender, list(recipients), message)


@pytest.fixture
def serve(home: Home) -> Iterator[Serve]:
    running: list[Running] = []

    def start(more: str = "", settings: Settings | None = None) -> Running:
        made = Running(settings or home.settings(more))
        made.start()
        running.append(made)
        return made

    yield start
    for made in running:
        made.stop()
