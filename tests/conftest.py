"""What every run tells at its end, a mail server to send to, and an installation to send from."""

from __future__ import annotations

import asyncio
import gc
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from aiosmtpd.smtp import SMTP
from argon2 import PasswordHasher
from hypothesis import settings as hypothesis_settings
from hypothesis.internal.conjecture import providers
from tests import beginnings, compiled, starting

from mailwake.access import passwords
from mailwake.settings import Settings, load
from mailwake.store.events import duckdb
from mailwake.store.state import engine
from mailwake.tokens import format_key

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from mailwake.events import Event
    from mailwake.store.state import StateStore


#: `python -m mailwake` without a second of imports each time.
subprocess.Popen = starting.Popen  # type: ignore[misc]
compiled.install()
#: httpx2 looks through all folders of packages for it at each request to an application, as long as it is not there.
if find_spec("sniffio") is None:
    sys.modules["sniffio"] = None  # type: ignore[assignment]
#: As a process that nobody configured, but for its picture of a fault with every value around it, which takes seconds.
structlog.configure(processors=[structlog.processors.format_exc_info, structlog.processors.KeyValueRenderer()])
#: Tests never measure speed: a busy machine is no failure.
#: `make test` has six minutes; `make test-long` tries ten times as much.
hypothesis_settings.register_profile("quick", deadline=None, max_examples=20)
hypothesis_settings.register_profile("thorough", deadline=None, max_examples=400)
hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))
if hypothesis_settings.get_current_profile_name() == "quick":
    #: In a new tree each worker would parse a thousand modules for constants, which few of twenty examples draw.
    providers._get_local_constants = lambda: providers._local_constants
#: What a skip's reason begins with, and what has to be said when there was one.
UNSEEN = {
    "no browser": ("BROWSER", "Chromium is not installed: nobody looked at the pages. Install it and run again."),
    "no proxy": ("PROXY", "nginx, Caddy, HAProxy or curl is not installed: nobody tried the how-to on TLS with it."),
    "no postfix": (
        "POSTFIX",
        "Nobody knows whether Postfix's notices are read right: apt-get install postfix, and run again as root.",
    ),
    "no node": ("NODE", "Node 22 with npm is not there: nobody asked Salesforce's own library, jsforce and sf."),
    "no nginx": ("NGINX", "nginx is not installed: nobody knows whether the configuration in docs/howto/cdn.md works."),
}


gc.disable()


def pytest_collection_finish() -> None:
    """Thirteen thousand tests stay for the whole run: nobody need go through them in search of rubbish."""
    gc.freeze()
    gc.enable()


def pytest_sessionfinish() -> None:
    """Libraries that count what they have lent want all of it back."""
    gc.unfreeze()


#: as it is outside of tests
HASHER = passwords._hasher


@pytest.fixture(autouse=True, scope="session")
def cheap_passwords() -> None:
    """What makes a password dear to try makes it dear to test; who tests that takes `dear_passwords`."""
    passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture
def dear_passwords(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Passwords as they are kept outside of tests."""
    passwords._nobodys.cache_clear()
    monkeypatch.setattr(passwords, "_hasher", HASHER)
    yield
    passwords._nobodys.cache_clear()


@pytest.fixture(autouse=True, scope="session")
def copied_stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """New stores are copies of one that was made before; who tests how they are made takes `made_stores`."""
    copied = beginnings.Beginnings(tmp_path_factory.mktemp("beginnings"))
    duckdb.open_duckdb, engine._begin_with_newest = copied.open_events, copied.begin_state
    yield
    duckdb.open_duckdb, engine._begin_with_newest = beginnings.OPEN_EVENTS, beginnings.BEGIN_STATE
    copied.close()


@pytest.fixture
def made_stores(monkeypatch: pytest.MonkeyPatch) -> None:
    """New stores are made as they are outside of tests."""
    monkeypatch.setattr(duckdb, "open_duckdb", beginnings.OPEN_EVENTS)
    monkeypatch.setattr(engine, "_begin_with_newest", beginnings.BEGIN_STATE)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly what was not looked at: a run without a browser is no proof that the pages work."""
    skipped = [str(report.longrepr) for report in terminalreporter.stats.get("skipped", [])]
    for reason, (what, said) in UNSEEN.items():
        if count := sum(reason in each for each in skipped):
            terminalreporter.section(f"{count} {what} TESTS DID NOT RUN", sep="!", red=True, bold=True)
            terminalreporter.line(said, red=True)


BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = ("--disable-background-networking", "--disable-component-update", "--disable-sync")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, if this machine has one."""
    from playwright.sync_api import sync_playwright

    program = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip("no browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", *QUIET])
        yield browser
        browser.close()


KEY = bytes(range(100, 132))
CONFIG = """
data = "data"
[tracking]
base_url = "https://track.example.com"
unknown_consent = "individual"
[keys]
ref = "file:mailwake.keys"
[relay]
host = "127.0.0.1"
port = 0
[smtp]
host = "127.0.0.1"
port = {port}
timeout_seconds = 5.0
connections = 3
{more}
"""


@dataclass
class Mail:
    sender: str
    recipients: tuple[str, ...]
    content: bytes
    options: tuple[str, ...]


class Server(SMTP):
    line_length_limit = 1 << 26


@dataclass
class Sink:
    """A real SMTP server on a thread of its own. The hooks decide what it answers; None means yes."""

    port: int = 0
    mails: list[Mail] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    connections: int = 0
    on_mail: Callable[[str], str | None] = lambda _: None
    on_rcpt: Callable[[str], str | None] = lambda _: None
    #: called before the mail is kept; answers "cut" to keep nothing and hang up, "cut after" to keep it and hang up
    on_data: Callable[[Mail], str | None] = lambda _: None

    async def handle_MAIL(  # noqa: N802 - aiosmtpd calls it by this name
        self, _server: Any, _session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        self.commands.append(f"MAIL {address}")
        answer = self.on_mail(address)
        if answer is None:
            envelope.mail_from, envelope.mail_options = address, options
        return answer or "250 2.1.0 sender fine"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd calls it by this name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        self.commands.append(f"RCPT {address}")
        answer = self.on_rcpt(address)
        if answer is None:
            envelope.rcpt_tos.append(address)
        return answer or f"250 2.1.5 {address} is welcome"

    async def handle_DATA(  # noqa: N802 - aiosmtpd calls it by this name
        self, server: Any, _session: Any, envelope: Any
    ) -> str:
        mail = Mail(envelope.mail_from, tuple(envelope.rcpt_tos), bytes(envelope.content), tuple(envelope.mail_options))
        answer = self.on_data(mail)
        if answer in {None, "cut after"}:
            self.mails.append(mail)
        if answer in {"cut", "cut after"}:
            server.transport.abort()
        return answer or f"250 2.0.0 kept as number {len(self.mails)}"

    def to(self, address: str) -> list[Mail]:
        return [mail for mail in self.mails if address in mail.recipients]


@dataclass
class _Thread:
    """The event loop behind a sink."""

    sink: Sink
    options: dict[str, Any]
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _clients: list[Server] = field(default_factory=list)

    def start(self) -> None:
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), daemon=True)
        self._thread.start()
        assert ready.wait(10)

    def _run(self, ready: threading.Event) -> None:
        async def listen() -> asyncio.Server:
            return await self._loop.create_server(self._client, "127.0.0.1", self.sink.port)

        asyncio.set_event_loop(self._loop)
        self._server = self._loop.run_until_complete(listen())
        self.sink.port = self._server.sockets[0].getsockname()[1]
        self._loop.call_soon(ready.set)
        self._loop.run_forever()
        self._loop.run_until_complete(self._end())
        self._loop.close()

    def _client(self) -> Server:
        self.sink.connections += 1
        client = Server(self.sink, loop=self._loop, enable_SMTPUTF8=True, hostname="sink", **self.options)
        self._clients.append(client)
        return client

    async def _end(self) -> None:
        self._server.close()
        for client in self._clients:
            if client.transport is not None:
                client.transport.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)


MakeSink = Callable[..., Sink]


@pytest.fixture
def make_sink() -> Iterator[MakeSink]:
    threads: list[_Thread] = []

    def make(port: int = 0, **options: Any) -> Sink:
        thread = _Thread(Sink(port=port), {"data_size_limit": 1 << 26, **options})
        thread.start()
        threads.append(thread)
        return thread.sink

    yield make
    for thread in threads:
        thread.stop()


@pytest.fixture
def sink(make_sink: MakeSink) -> Sink:
    return make_sink()


@dataclass
class Home:
    """A folder with a mailwake.toml and keys."""

    folder: Path
    sink: Sink

    @property
    def config(self) -> Path:
        return self.folder / "mailwake.toml"

    def settings(self, more: str = "") -> Settings:
        self.config.write_text(CONFIG.format(port=self.sink.port, more=more), encoding="utf-8")
        return load(self.config)

    def events(self, writer: str = "relay") -> list[Event]:
        from mailwake.merge.ledger import own_events

        return list(own_events(self.folder / "data" / "log", writer))

    def outcomes(self, writer: str = "relay") -> list[tuple[str, str]]:
        """(type, address) of everything logged, in order."""
        state = self.state()
        events = self.events(writer)
        names = state.addresses({event.recipient for event in events if event.recipient})
        state.close()
        return [(event.type, names[event.recipient]) for event in events if event.recipient]

    def state(self) -> StateStore:
        from mailwake.store.state import open_state

        return open_state(self.folder / "data" / "state.sqlite")


@pytest.fixture
def home(tmp_path: Path, sink: Sink) -> Home:
    (tmp_path / "mailwake.keys").write_text(format_key(1, KEY, date(2026, 1, 1)), encoding="utf-8")
    made = Home(tmp_path, sink)
    made.settings()
    return made
