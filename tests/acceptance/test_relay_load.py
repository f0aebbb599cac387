"""Many clients at once before a slow next server: a real relay, real sockets, and an account of every message.

The next server takes its time for reading and for each answer. Whoever is put off comes again, as mail programs do. At
the end everybody has been answered, every message is there once and whole, and the relay never held more than it may.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from mailwake.merge.ledger import own_events
from mailwake.tokens import format_key

MEGABYTE = 1 << 20
#: of the process itself, generously; it starts with 75
BASE_MEGABYTES = 120
END = b"\r\n.\r\n"


@dataclass(kw_only=True)
class Load:
    """How many send how much, and how slow the next server is."""

    clients: int
    smallest: int
    largest: int
    answer_seconds: float
    most_bytes: int


QUICK = Load(clients=40, smallest=20_000, largest=400_000, answer_seconds=0.02, most_bytes=2 * MEGABYTE)
FULL = Load(clients=200, smallest=50_000, largest=5 * MEGABYTE, answer_seconds=0.2, most_bytes=32 * MEGABYTE)


@dataclass
class SlowServer:
    """Takes mail slowly and remembers what it took: digest of the attachment by recipient."""

    answer_seconds: float
    taken: list[tuple[str, str]] = field(default_factory=list)
    connections: int = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        recipient = ""
        writer.write(b"220 slow\r\n")
        while line := await reader.readline():
            if line.startswith(b"RCPT"):
                recipient = line[9:-3].decode()
            if line.startswith(b"DATA"):
                writer.write(b"354 go on\r\n")
                message = await self._read(reader)
                await asyncio.sleep(self.answer_seconds)
                self.taken.append((recipient, digest(message)))
            writer.write(b"250-slow\r\n250 SIZE\r\n" if line.startswith(b"EHLO") else b"250 2.0.0 fine\r\n")
            if line.startswith(b"QUIT"):
                break
        writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> bytes:
        parts, tail = [], b""
        while not tail.endswith(END):
            parts.append(await reader.read(65_536))
            tail = tail[-len(END) :] + parts[-1][-len(END) :]
            await asyncio.sleep(0.001)
        return b"".join(parts)


def digest(message: bytes) -> str:
    """Of the attachment, which nobody may touch."""
    return hashlib.sha256(message.partition(b"\r\n\r\nQUJD")[2].partition(b"\r\n--b--")[0]).hexdigest()


def letter(number: int, size: int) -> bytes:
    """A mail with a link and an attachment of its own."""
    page = f'<p>Hello {number}</p><a href="https://example.com/{number}">go</a></body>\r\n'.encode()
    attachment = b"QUJD" * 19 + b"\r\n" + (b"%076d\r\n" % number) * (size // 78)
    return (
        b"Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
        b"Content-Type: text/html\r\n\r\n" + page + b"--b\r\nContent-Type: application/octet-stream\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n" + attachment + b"\r\n--b--\r\n"
    )


class Sender:
    """A program that sends one mail and comes again when it is asked to."""

    def __init__(self, number: int, message: bytes) -> None:
        self.address, self.message = f"p{number}@example.com", message
        self.answers: list[str] = []

    async def send(self, port: int) -> None:
        while not self.answers or not self.answers[-1].startswith("250"):
            assert len(self.answers) < 400
            self.answers.append(await self._try(port))
            await asyncio.sleep(0.05 if self.answers[-1].startswith("250") else 0.3)

    async def _try(self, port: int) -> str:
        """The last answer: a refusal, or that to the final dot."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        steps = (
            b"",
            b"EHLO x\r\n",
            b"MAIL FROM:<me@example.com> SIZE=%d\r\n" % len(self.message),
            f"RCPT TO:<{self.address}>\r\n".encode(),
            b"DATA\r\n",
            self.message + b".\r\n",
        )
        answer = b""
        try:
            for step in steps:
                writer.write(step)
                await writer.drain()
                while (answer := await reader.readline())[3:4] == b"-":
                    pass
                if answer[:1] not in (b"2", b"3"):
                    break
        except ConnectionError:
            answer = b"451 lost\r\n"
        writer.close()
        return answer.decode().strip()


@contextmanager
def relaying(folder: Path, port: int, most_bytes: int) -> Iterator[tuple[subprocess.Popen[str], int]]:
    (folder / "mailwake.keys").write_text(format_key(1, bytes(range(100, 132)), date(2026, 1, 1)), encoding="utf-8")
    (folder / "mailwake.toml").write_text(
        'data = "data"\n[tracking]\nbase_url = "https://track.example.com"\nunknown_consent = "individual"\n'
        f"[relay]\nport = 0\nmax_message_bytes = {min(most_bytes, 8 * MEGABYTE)}\nmax_bytes_under_way = {most_bytes}\n"
        f"[smtp]\nport = {port}\n",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "mailwake", "relay"]
    own: dict[str, Any] = {"executable": sys.executable}  # what `tests.starting` forks from has all of ours in memory
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True, **own) as process:
        try:
            ready = process.stdout.readline() if process.stdout else ""
            yield process, int(ready.rpartition(":")[2])
        finally:
            process.kill()


def peak_megabytes(process: subprocess.Popen[str]) -> float:
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) / 1024


async def carry(folder: Path, load: Load) -> tuple[list[Sender], SlowServer, float, dict[str, Any]]:
    """Everybody at once; who sent, what arrived, the most memory, and the relay's own account after it stopped."""
    dice = random.Random(3)
    slow = SlowServer(load.answer_seconds)
    server = await asyncio.start_server(slow, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    sizes = [int(load.smallest * (load.largest / load.smallest) ** dice.random()) for _ in range(load.clients)]
    senders = [Sender(number, letter(number, size)) for number, size in enumerate(sizes)]
    with relaying(folder, port, load.most_bytes) as (process, relay):
        async with asyncio.timeout(240):
            await asyncio.gather(*(sender.send(relay) for sender in senders))
        peak = peak_megabytes(process)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, 60) == 0
    server.close()
    await asyncio.sleep(0.1)
    report: dict[str, Any] = json.loads((folder / "data" / "relay.json").read_text(encoding="utf-8"))
    return senders, slow, peak, report


@pytest.mark.parametrize("load", [QUICK, pytest.param(FULL, marks=pytest.mark.long)], ids=["quick", "full"])
def test_with_everybody_at_once_nothing_is_lost_nothing_comes_twice_and_memory_is_bounded(
    tmp_path: Path, load: Load
) -> None:
    senders, slow, peak, report = asyncio.run(carry(tmp_path, load))
    assert sorted(slow.taken) == sorted((sender.address, digest(sender.message)) for sender in senders)
    refusals = Counter(answer[:3] for sender in senders for answer in sender.answers[:-1])
    assert set(refusals) <= {"421", "451", "452"}
    assert peak <= BASE_MEGABYTES + load.most_bytes / MEGABYTE + 4 * min(load.most_bytes / MEGABYTE, 8)
    assert slow.connections <= 21
    kinds = Counter(event.type for event in own_events(tmp_path / "data" / "log", "relay"))
    assert kinds == {"sent": load.clients, "delivered": load.clients}
    assert (report["stopped"], report["clients"], report["bytes_under_way"], report["events_lost"]) == (1, 0, 0, 0)
    assert report["messages"] == report["recipients"] == report["delivered"] == load.clients
    assert report["put_off"] == refusals["452"]
