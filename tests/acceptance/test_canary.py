"""Nothing of a person and nothing secret ever stands in a log line, a report or a metric, whatever happens.

The real `mailwake edge` and `mailwake relay` are used as they should be, as they should not be, and while the disk
takes nothing; both say all they have to say (`level = "debug"`), one as text, one as JSON. Everything that must not
come out carries a mark. In both a fault is planted that quotes what it was handling, which is the worst that a mistake
of ours could do.
"""

import contextlib
import json
import re
import resource
import signal
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.conftest import KEY, Home, Sink

from mailwake.modes import INDIVIDUAL
from mailwake.monitoring.listener import ready
from mailwake.monitoring.metrics import expose
from mailwake.monitoring.status import look, to_json
from mailwake.settings import load
from mailwake.tokens import LinkToken, MessageToken, Minter, Purpose, encode

HOST = "track.example.com"
READER, PEER = "203.0.113.77", "127.7.7.7"
MARK = "canary"
PASSWORD = "canary-password-4711"
SENDER, ANNA = "canary-sender@example.com", "canary-anna@example.com"
HTML = f'Subject: {MARK}\r\nContent-Type: text/html\r\n\r\n<p>{MARK}</p><a href="https://{MARK}.example.com/">x</a>\r\n'
FAULT = "X-Fault: canary"

EDGE = """
import mailwake.edge.pixel as pixel
real = pixel.answer
def answer(recorder, exchange, host, rest):
    if b"X-Fault" in exchange.head:
        raise ValueError(f"cannot cope with {exchange.target} {exchange.head}") from KeyError(rest)
    real(recorder, exchange, host, rest)
pixel.answer = answer
from mailwake.cli.edge import command
command(config="mailwake.toml", worker=0)
"""
RELAY = """
from mailwake.send.transaction import Transaction
real = Transaction._deliver
async def deliver(self):
    if b"X-Fault" in self.raw:
        raise ValueError(f"cannot cope with {self.sender} {self.recipients} {self.raw}")
    return await real(self)
Transaction._deliver = deliver
from mailwake.cli.relay import command
command(config="json.toml", port=-1)
"""


@dataclass
class Running:
    """One role, and everything it said."""

    process: subprocess.Popen[str]
    port: int = 0
    said: list[str] = field(default_factory=list)

    @classmethod
    def start(cls, code: str, folder: Path) -> "Running":
        command = (sys.executable, "-c", code)
        environment = {"CANARY_PASSWORD": PASSWORD, "PATH": "/usr/bin:/bin"}
        pipe = subprocess.PIPE
        return cls(subprocess.Popen(command, cwd=folder, env=environment, stdout=pipe, stderr=pipe, text=True))

    def wait_until_ready(self) -> None:
        assert self.process.stdout is not None
        self.said.append(self.process.stdout.readline())
        assert "listening on" in self.said[0], self.process.communicate()[1]
        self.port = int(self.said[0].rpartition(":")[2])

    def let_the_disk_take(self, size: int) -> None:
        """Bytes per file, at most; all at once and for a process that runs, as a disk fills."""
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    def stop(self) -> list[str]:
        self.process.send_signal(signal.SIGTERM)
        out, err = self.process.communicate(timeout=60)
        assert self.process.returncode == 0
        return [*self.said, *out.splitlines(), *err.splitlines()]


@pytest.fixture
def house(home: Home) -> Iterator[tuple[Home, Running, Running]]:
    home.settings(
        f'[relay.users]\n{MARK} = "env:CANARY_PASSWORD"\n[edge]\nport = 0\ntrusted_proxies = ["127.0.0.1/32"]\n'
        f'[logging]\nlevel = "debug"\nformat = "text"\n'
    )
    text = home.config.read_text(encoding="utf-8")
    (home.folder / "json.toml").write_text(text.replace('"text"', '"json"'), encoding="utf-8")
    edge, relay = Running.start(EDGE, home.folder), Running.start(RELAY, home.folder)
    with contextlib.ExitStack() as started:
        for role in (edge, relay):
            started.enter_context(role.process)
            started.callback(role.process.kill)
        edge.wait_until_ready()
        relay.wait_until_ready()
        yield home, edge, relay


class Hits:
    """What readers and strangers send to the edge."""

    def __init__(self, home: Home, edge: Running) -> None:
        minter = Minter(load(home.config).load_keys(), HOST)
        self.token = MessageToken(INDIVIDUAL, 7, 1, 2, datetime.now(UTC).date())
        read, body = (minter.message(purpose, self.token) for purpose in (Purpose.READ, Purpose.UNSUBSCRIBE_BODY))
        self.link = minter.link(LinkToken(7, 1, f"https://{MARK}.example.com/"))
        self.read, self.body, self.port = read, body, edge.port

    @property
    def tokens(self) -> tuple[str, ...]:
        return (self.read, self.body, self.link)

    def send(self, *requests: bytes, source: str = "127.0.0.1") -> list[bytes]:
        """Each on a line of its own; what came back."""
        return [self._one(request, source) for request in requests]

    def _one(self, request: bytes, source: str) -> bytes:
        with socket.create_connection(("127.0.0.1", self.port), 10, (source, 0)) as line:
            line.sendall(request)
            with contextlib.suppress(TimeoutError, ConnectionResetError):
                line.settimeout(3)
                return line.recv(65_536)
        return b""

    def get(self, path: str, *headers: str, method: str = "GET", body: bytes = b"") -> bytes:
        told = (f"Host: {HOST}", f"User-Agent: {MARK}/7.7", f"X-Forwarded-For: {READER}", *headers)
        more = (f"Content-Length: {len(body)}",) if body else ()
        return "\r\n".join((f"{method} {path} HTTP/1.1", *told, *more, "", "")).encode("latin-1") + body

    def normal(self) -> list[bytes]:
        return [
            self.get(f"/o/{self.read}"),
            self.get(f"/c/{self.read}/{self.link}"),
            self.get(f"/u/{self.body}"),
            self.get(f"/u/{self.body}", method="POST", body=b"List-Unsubscribe=One-Click"),
        ]

    def hostile(self) -> list[bytes]:
        evil = '\x1b[31m"}{"event":"edge.forged"}'
        return [
            self.get(f"/o/{self.read[:-1]}!", f"X-Odd: {evil}"),
            self.get(f"/c/{self.read}/{MARK}"),
            self.get(f"/{MARK}?{MARK}={self.read}"),
            self.get(f"/o/{self.read}", method="DELETE"),
            self.get(f"/p/{self.body}", method="POST", body=f"{MARK}={ANNA}".encode()),
            self.get(f"/o/{self.read}").replace(HOST.encode(), b"canary.example.net"),
            self.get(f"/o/{self.read}", f"{MARK}:" + "x" * 70_000),
            self.get(f"/o/{self.read}\nX-Smuggled: {MARK}"),
            b"\x16\x03\x01" + MARK.encode(),
            f"GET /o/{self.read} HTTP/9.9\r\n\r\n".encode(),
            self.get(f"/o/{self.read}", FAULT),
        ]


def mail(port: int, *lines: str, user: str = MARK, password: str = PASSWORD, html: str = HTML) -> None:
    """One transaction through the relay, as far as it gets."""
    with (
        contextlib.suppress(smtplib.SMTPException, OSError),
        smtplib.SMTP("127.0.0.1", port, timeout=20, source_address=(PEER, 0)) as client,
    ):
        client.ehlo(MARK)
        client.login(user, password)
        for line in lines:
            client.docmd(line)
        client.sendmail(SENDER, [ANNA], html)


def by_mail(port: int, sink: Sink) -> None:
    """Normal use, hostile use, and a next server that quotes what it refuses."""
    mail(port)
    mail(port, password=f"{MARK}-wrong")
    mail(port, f"{MARK} {ANNA}", f"MAIL FROM:<{MARK}", f"RCPT TO:{ANNA}", f"\x1b[31m{MARK}\x00")
    mail(port, html=f"{FAULT}\r\n{HTML}")
    mail(port, html=f"Subject: {MARK}\n\rbare\r.\r\n")
    sink.on_rcpt = lambda address: f"550 5.1.1 <{address}> {MARK} unknown"
    mail(port)
    sink.on_rcpt = lambda _: None
    sink.on_data = lambda _: "cut"
    mail(port)
    sink.on_data = lambda got: f"554 5.7.1 {got.sender} {MARK} is not welcome"
    mail(port)
    sink.on_data = lambda _: None


def test_no_token_address_agent_or_secret_leaves_the_log_of_events(
    house: tuple[Home, Running, Running], sink: Sink
) -> None:
    home, edge, relay = house
    hits, data = Hits(home, edge), home.folder / "data"
    answers = hits.send(*hits.normal(), *hits.hostile())
    assert [answer.split(b" ")[1] for answer in answers[:4]] == [b"200", b"302", b"200", b"200"]
    hits.send(*hits.normal()[:2], source=PEER)
    by_mail(relay.port, sink)
    for role in (edge, relay):
        role.let_the_disk_take(1)
    lost = hits.send(*hits.normal(), *hits.hostile())
    assert [answer.split(b" ")[1] for answer in lost[:4]] == [b"200", b"302", b"200", b"503"]
    by_mail(relay.port, sink)
    for role in (edge, relay):
        role.let_the_disk_take(resource.RLIM_INFINITY)
    lines = [*edge.stop(), *relay.stop()]

    report = json.loads((data / "edge-0.json").read_text())
    assert report["unrecorded"] >= 3
    assert report["faults"] == 2
    for event in ("edge.fault", "edge.stopped", "relay.login_refused", "relay.fault", "relay.events_lost"):
        assert any(event in line for line in lines), f"nobody said {event}, so nothing was put to the test"
    told = [path.read_text() for path in data.glob("*.json")]
    status = look(data, keep_days=7, now=time.time_ns() // 1_000)
    told += [expose(status, "")[0].decode(), ready(status).decode(), to_json(status).decode()]
    assert len(told) >= 4
    forbidden = (MARK, PASSWORD, READER, PEER, ANNA, SENDER, encode(KEY), *hits.tokens)
    for text in (*lines, *told):
        for mark in forbidden:
            assert mark not in text, f"{mark} in {text[:300]}"
    for line in lines:
        assert re.fullmatch(r"[ -~\n]*", line)
