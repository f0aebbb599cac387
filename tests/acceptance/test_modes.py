"""For each mode a small installation lives from the relay to the report; then every byte of it is searched (AT-78).

The real programs run: `mailwake edge` and `mailwake relay` as processes, mail through SMTP, readers over HTTP, an ESP's
webhook, `mailwake work`, reports and exports. Everything about the readers carries a mark that occurs nowhere else.
What a mode forbids must then be in no file of the data folder, in no column of any table, and in nothing that was said.
"""

import asyncio
import base64
import json
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tests.conftest import Home

from mailwake.copies import Copies, urls_in
from mailwake.eventlog.sqlite import SqliteWriter
from mailwake.events import Event, EventType, Micros
from mailwake.hosts import Hosts
from mailwake.settings import load
from mailwake.webhooks.call import Call, Secrets
from mailwake.webhooks.reporting import Hook
from mailwake.webhooks.server import Receiver

MAILWAKE = (sys.executable, "-m", "mailwake")
READER, AGENT = "198.51.100.77", "CanaryReader/7.7"
PEOPLE = ("canary-ann@example.com", "canary-bob@example.com", "canary-cid@example.com")
MAIL = (
    "Subject: Spring\r\nX-Mailwake-Campaign: Spring\r\nContent-Type: text/html\r\n\r\n"
    '<html><body><p>Hello</p><a href="https://shop.example.com/offer">x</a></body></html>\r\n'
)
DAY, SECOND = 86_400_000_000, 1_000_000
MODES = ("off", "aggregate", "deliverability", "individual", "individual and raw")


@dataclass
class Installation:
    """One installation that works in one mode."""

    home: Home
    mode: str
    #: everything that was printed, by programs and processes
    said: list[str] = field(default_factory=list)
    #: sealed parts that readers asked for
    tokens: set[str] = field(default_factory=set)
    #: every copy as it was sent
    copies: list[Event] = field(default_factory=list)
    #: microseconds between which everything was read; nothing was sent meanwhile
    began: int = 0
    ended: int = 0

    @property
    def data(self) -> Path:
        return self.home.folder / "data"

    def settle(self) -> None:
        """The settings of this mode."""
        word, raw = self.mode.removesuffix(" and raw"), 3 if self.mode.endswith("raw") else 0
        clicks = "aggregate" if word == "deliverability" else word
        self.home.settings(
            '[edge]\nport = 0\ntrusted_proxies = ["127.0.0.1/32"]\n[logging]\nlevel = "debug"\nformat = "json"\n'
        )
        text = self.home.config.read_text(encoding="utf-8")
        modes = f'[tracking]\nopens = "{word}"\nclicks = "{clicks}"\nkeep_raw_days = {raw}\n'
        text = text.replace("[tracking]\n", modes).replace("[smtp]\n", '[smtp]\nesp = "postmark"\n')
        self.home.config.write_text(text, encoding="utf-8")

    def run(self, *words: str) -> str:
        """A command, from its start to its end."""
        done = subprocess.run((*MAILWAKE, *words), cwd=self.home.folder, capture_output=True, text=True, check=True)
        self.said += [done.stdout, done.stderr]
        return done.stdout

    def serving(self, role: str) -> "Role":
        return Role(self, role)

    # --- what happens

    def send(self) -> None:
        """A campaign through the relay, one copy each."""
        with self.serving("relay") as relay:
            for person in PEOPLE:
                relay.mail(person, MAIL)
        assert len(self.home.sink.mails) == len(PEOPLE)
        self.copies = [event for event in self.home.events() if event.type is EventType.SENT]

    def read(self) -> None:
        """Everybody opens, follows the link, and looks at the page; their ESP says so too."""
        time.sleep(0.1)
        self.began = time.time_ns() // 1_000
        with self.serving("edge") as edge:
            for received in self.home.sink.mails:
                for url in urls(received.content):
                    edge.get(url)
        asyncio.run(self._report())
        time.sleep(0.01)
        self.ended = time.time_ns() // 1_000

    async def _report(self) -> None:
        """What Postmark tells of the same people: by the metadata that the relay put into their copies."""
        settings = load(self.home.config)
        copies = Copies(Hosts.load(settings).reader())
        writer = SqliteWriter.open(self.data / "log", "webhooks")
        days = SqliteWriter.open_days(self.data / "log", "webhooks")
        hook = Hook(esp="postmark", name="main", secrets=Secrets(values=("user:password",)))
        receiver = Receiver(
            [hook], copies, writer, days=days, clock=lambda: time.time_ns() // 1_000, ceiling=settings.ceiling
        )
        for received in self.home.sink.mails:
            for told in re.findall(r"X-PM-Metadata-mailwake: *([^\r\n]+)", received.content.decode()):
                assert copies.find(urls_in(f"https://{told}"))
                await receiver.take(hook, self._call({"Metadata": {"mailwake": told}}, received.recipients[0]))
            await receiver.take(hook, self._call({}, received.recipients[0]))
        await writer.close()
        await days.close()

    def _call(self, more: dict[str, Any], recipient: str) -> Call:
        body = {
            "RecordType": "Open",
            "Recipient": recipient,
            "UserAgent": AGENT,
            "Geo": {"IP": READER},
            "MessageID": "canary-message",
            **more,
        }
        headers = {
            "authorization": "Basic " + base64.b64encode(b"user:password").decode(),
            "content-type": "application/json",
        }
        now = Micros(time.time_ns() // 1_000)
        return Call(method="POST", url="", headers=headers, body=json.dumps(body).encode(), received_at=now, peer="")

    def look(self) -> None:
        """Take everything in, and have it told in every way there is."""
        self.run("work", "--once")
        self.run("report", "--json")
        self.run("export", "people", "people.csv", "--campaign", "Spring")
        self.run("export", "--sql", "notebook.duckdb", "--addresses")
        self.run("export", "spring.pack", "--pack", "Spring")

    # --- where to look

    def files(self, *but: str) -> Iterator[tuple[Path, bytes]]:
        """Every file that the installation wrote, with its bytes."""
        for path in sorted(self.home.folder.rglob("*")):
            inside = path.relative_to(self.home.folder)
            if path.is_file() and not any(str(inside).startswith(each) for each in but):
                yield inside, path.read_bytes()

    def rows(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every row of every table of every database."""
        for path in sorted(self.home.folder.rglob("*.duckdb")):
            with duckdb.connect(str(path), read_only=True) as events:
                yield from _rows(path.name, events, "select schema_name || '.' || table_name from duckdb_tables()")
        for path in [*self.data.rglob("*.sqlite"), *self.data.rglob("*.log")]:
            with closing(sqlite3.connect(path)) as state:
                yield from _rows(path.name, state, "select name from sqlite_master where type = 'table'")

    def holds(self, row: dict[str, Any], numbers: Sequence[int]) -> bool:
        """Whether a row names somebody, as a number or in a text or bytes in any spelling."""
        spelled = {each for number in numbers for each in spellings(number)}
        return any(value in numbers or any(each in _bytes(value) for each in spelled) for value in row.values())

    def tells_when(self, row: dict[str, Any]) -> list[str]:
        """The columns that hold a moment of the time in which everybody read, in micro-, milliseconds or seconds."""
        return [
            name
            for name, value in row.items()
            if isinstance(value, int)
            and any(self.began // unit <= value <= self.ended // unit for unit in (1, 1_000, SECOND))
        ]


def _rows(place: str, base: Any, names: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for (table,) in base.execute(names).fetchall():
        found = base.execute(f"select * from {table}")
        columns = [column[0] for column in found.description]
        yield from (
            (f"{place}:{table.removeprefix('main.')}", dict(zip(columns, row, strict=True))) for row in found.fetchall()
        )


def _bytes(value: object) -> bytes:
    if isinstance(value, bytes):
        return value
    return value.encode() if isinstance(value, str) else b""


def spellings(number: int) -> set[bytes]:
    """A 64-bit id as it may stand in a file: as digits, in hexadecimal, and as bytes in either order."""
    digits = {str(number).encode(), f"{number:x}".encode(), f"{number:016x}".encode(), f"{number:X}".encode()}
    return digits | {number.to_bytes(8, "big"), number.to_bytes(8, "little")}


def urls(message: bytes) -> list[str]:
    """The pixel and the links of a copy, and its pages."""
    return re.findall(r"https://track\.example\.com(/[ocup]/[\w/-]+)", message.decode("latin-1"))


class Role:
    """One role as a process."""

    def __init__(self, installation: Installation, name: str) -> None:
        self.installation = installation
        self.process = subprocess.Popen(
            (*MAILWAKE, name), cwd=installation.home.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def __enter__(self) -> "Role":
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert "listening on" in line, self.process.communicate()[1]
        self.port = int(line.rpartition(":")[2])
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        out, err = self.process.communicate(timeout=60)
        self.installation.said += [out, err]
        assert self.process.returncode == 0, err

    def mail(self, person: str, text: str) -> None:
        import smtplib

        with smtplib.SMTP("127.0.0.1", self.port, timeout=20) as client:
            client.sendmail("news@example.com", [person], text.encode())

    def get(self, path: str) -> None:
        self.installation.tokens.update(part for part in path.split("/")[2:] if len(part) > 20)
        told = (f"User-Agent: {AGENT}", f"X-Forwarded-For: {READER}", "Accept-Language: xx-canary", "Connection: close")
        head = "\r\n".join((f"GET {path} HTTP/1.1", "Host: track.example.com", *told))
        with socket.create_connection(("127.0.0.1", self.port), 10) as line:
            line.sendall(f"{head}\r\n\r\n".encode())
            assert line.makefile("rb").readline().split(b" ")[1] in (b"200", b"302")


#: part of the long run, with what shows that the search would find somebody; what is left is how an installation begins
_AT_LENGTH = tuple(mode for mode in MODES if mode != "aggregate")


@pytest.fixture(params=[pytest.param(mode, marks=pytest.mark.long) if mode in _AT_LENGTH else mode for mode in MODES])
def lived(request: pytest.FixtureRequest, home: Home) -> Installation:
    """An installation that has sent, was read, and has told everything."""
    made = Installation(home, request.param)
    made.settle()
    made.send()
    made.read()
    made.look()
    return made


def test_nothing_that_the_mode_forbids_is_anywhere(lived: Installation) -> None:
    assert len(lived.copies) == len(PEOPLE)
    names_no_reader_in_any_store(lived)
    has_no_reader_in_what_was_said(lived)
    if lived.mode.startswith("individual"):
        has_an_event_per_copy(lived)
        return
    has_no_reader_in_the_log(lived)
    has_no_act_of_anybody(lived)
    if lived.mode == "deliverability":
        has_days_without_times(lived)


def names_no_reader_in_any_store(lived: Installation) -> None:
    """Address, program and token of a reader are in no store, whatever the mode; raw files have what was asked for."""
    packed = bytes(map(int, READER.split(".")))
    for path, content in lived.files("data/log", "data/raw", "mailwake.toml"):
        for mark in (READER.encode(), AGENT.encode(), b"xx-canary", *(token.encode() for token in lived.tokens)):
            assert mark not in content, f"{mark!r} in {path}"
    for place, row in lived.rows():
        if place.startswith(("edge-", "webhooks")):
            continue
        for value in row.values():
            assert packed != value
            assert not any(mark in _bytes(value) for mark in (READER.encode(), AGENT.encode())), place
    raw = b"".join(content for path, content in lived.files() if str(path).startswith("data/raw"))
    assert READER.encode() not in raw
    assert (AGENT.encode() in raw, b"198.51.100.0/24" in raw) == (lived.mode.endswith("raw"),) * 2


def has_no_reader_in_what_was_said(lived: Installation) -> None:
    assert len(lived.said) > 10
    for text in lived.said:
        for mark in (READER, AGENT, "xx-canary", *lived.tokens):
            assert mark not in text


def has_an_event_per_copy(lived: Installation) -> None:
    """The search would find them: where an event per recipient may be, there is one."""
    rows = [row for place, row in lived.rows() if place.startswith("events.duckdb")]
    opened = {row["recipient"] for row in rows if row.get("type") == "opened" and "recipient" in row}
    assert opened == {copy.recipient for copy in lived.copies}
    acts = [place for place, row in lived.rows() if lived.holds(row, _ids(lived)) and lived.tells_when(row)]
    assert any(place.startswith("events.duckdb") for place in acts)


def has_no_reader_in_the_log(lived: Installation) -> None:
    for path, content in lived.files("mailwake.toml"):
        for mark in (READER.encode(), AGENT.encode(), b"xx-canary", *(token.encode() for token in lived.tokens)):
            assert mark not in content, f"{mark!r} in {path}"


def has_no_act_of_anybody(lived: Installation) -> None:
    """Nowhere does a person, or a copy, stand beside a moment in which somebody read."""
    for place, row in lived.rows():
        if lived.holds(row, _ids(lived)):
            assert not lived.tells_when(row), f"{place}: {row}"
    allowed = {copy.recipient for copy in lived.copies if lived.mode == "deliverability"}
    for path, content in lived.files():
        if path.name.startswith(("edge-", "webhooks", "access-log")):
            for number in set(_ids(lived)) - (allowed if "-days" in path.name else set()):
                assert not [each for each in spellings(number) if each in content], path
    counted = [row for place, row in lived.rows() if place == "events.duckdb:counters"]
    assert bool(counted) == (lived.mode != "off")
    assert all(row["hour"] % 3_600_000_000 == 0 for row in counted)


def has_days_without_times(lived: Installation) -> None:
    today = lived.began // DAY
    days = [row for place, row in lived.rows() if place == "state.sqlite:open_days"]
    assert {row["handle"] for row in days} == {copy.recipient for copy in lived.copies}
    assert set(days[0]) == {"handle", "day"}
    segments = [row for place, row in lived.rows() if "-days" in place and "written_at" in row]
    assert segments
    assert {row["written_at"] // DAY for row in segments} <= {today, today + 1}
    assert all(row["written_at"] % DAY == 0 for row in segments)


def _ids(lived: Installation) -> list[int]:
    return [number for copy in lived.copies for number in (copy.delivery, copy.recipient) if number is not None]
