"""The relay against a server that passes the same mail through untouched: messages a second, on one core.

The peer is the same aiosmtpd, with a handler that hands each message to the next server over a connection of aiosmtplib
that it keeps, and answers 250 when that did. Ours is `mailwake relay` as a process of its own, with its log and its
state store on the disk, in individual mode, with the default settings. Both stand on one core and are idle while the
other is measured; the next server and the clients share the other core. Every client keeps its connection and sends one
message after the other, to somebody else each time: the mail of `compose.py`, about 50 kB with 30 links.

Only ratios inside a round mean anything. Beside the rate stands the processor time that a message costs the server,
kernel included: on a machine that others use too, that ratio is the steadier one.

Run it with `mailwake bench relay`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple, cast

import uvloop

from compose import BASE, LINKS, page, wire
from edge import cores, cpu_seconds, on_core, running
from mailwake.tokens import format_key, new_key
from peers.pairs import ratio, told, verdict

BUDGET = 0.6
CONNECTIONS = (8, 32)
PEER, OURS = "pass-through", "relay"
MESSAGES = 50
PEOPLE = 100_000
_END = b"\r\n.\r\n"


# ---- the next server and the clients: both as cheap as can be


@dataclass
class Sink:
    """What the next server has taken."""

    messages: int = 0
    last: bytes = b""


class Taking(asyncio.Protocol):
    """One connection to the next server. Each command waits for its answer, so a read holds one command at most."""

    def __init__(self, sink: Sink) -> None:
        self._sink, self._in_data = sink, False
        self._parts: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own, which is no subclass
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        if not self._in_data:
            word = data[:4].upper()
            self._in_data = word == b"DATA"
            self._transport.write(
                b"354 go on\r\n" if self._in_data else b"250-sink\r\n250-SIZE 0\r\n250 8BITMIME\r\n"
                if word == b"EHLO" else b"250 2.0.0 ok\r\n"
            )  # fmt: skip
            return
        self._parts.append(data)
        tail = data if len(data) >= len(_END) else b"".join(self._parts[-3:])
        if tail.endswith(_END):
            self._sink.messages += 1
            self._sink.last = b"".join(self._parts)
            self._parts, self._in_data = [], False
            self._transport.write(b"250 2.0.0 queued\r\n")


@dataclass
class Load:
    """What all clients have sent, and how long the answers to their final dots took."""

    messages: list[bytes]
    numbers: Iterator[int]
    until: float
    sent: int = 0
    waits: list[float] = field(default_factory=list)
    refused: list[bytes] = field(default_factory=list)


class Sending(asyncio.Protocol):
    """One client: greets once, then one message after the other until the time is over."""

    def __init__(self, load: Load, loop: asyncio.AbstractEventLoop) -> None:
        self._load, self.done = load, loop.create_future()
        self._answer, self._step, self._started = b"", 0, 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own, which is no subclass

    def data_received(self, data: bytes) -> None:
        self._answer += data
        if not self._answer.endswith(b"\r\n"):
            return
        last = self._answer[self._answer.rfind(b"\r\n", 0, -2) + 2 :] if b"\r\n" in self._answer[:-2] else self._answer
        if last[3:4] != b" ":
            return
        answer, self._answer = last, b""
        if answer[:1] not in b"23":
            self._load.refused.append(answer)
            self._transport.abort()
            return
        self._go_on()

    def _go_on(self) -> None:
        if self._step == 5:
            self._load.sent += 1
            self._load.waits.append(time.perf_counter() - self._started)
            self._step = 1
        if self._step == 1:
            if time.perf_counter() >= self._load.until:
                self._transport.write(b"QUIT\r\n")
                self._transport.close()
                return
            self._number = next(self._load.numbers)
        self._transport.write(self._say())
        self._step += 1

    def _say(self) -> bytes:
        if self._step == 4:
            self._started = time.perf_counter()
            return self._load.messages[self._number % MESSAGES]
        return (
            b"EHLO client\r\n",
            b"MAIL FROM:<shop@example.com>\r\n",
            b"RCPT TO:<p%d@example.com>\r\n" % (self._number % PEOPLE) if self._step else b"",
            b"DATA\r\n",
        )[self._step]

    def connection_lost(self, _fault: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)


# ---- measuring


class Subject(NamedTuple):
    """Something that listens."""

    label: str
    pid: int
    port: int


@contextmanager
def listening(command: list[str], folder: Path, core: int | None) -> Iterator[tuple[int, int]]:
    with running(on_core(core, [sys.executable, *command]), folder) as child:
        ready = child.stdout.readline() if child.stdout else ""
        found = re.search(r":(\d+)$", ready.strip())
        if not found:
            child.kill()
            raise SystemExit(f"{command} did not start: {child.stderr.read() if child.stderr else ''}")
        yield child.pid, int(found[1])


def prepare(folder: Path, port: int) -> None:
    """Settings and keys of an installation whose next server is ours."""
    (folder / "mailwake.keys").write_text(format_key(1, new_key(), datetime.now(UTC).date()), encoding="utf-8")
    (folder / "mailwake.toml").write_text(
        f'[tracking]\nbase_url = "{BASE}"\nunknown_consent = "individual"\n[relay]\nport = 0\n[smtp]\nport = {port}\n',
        encoding="utf-8",
    )


def messages(encoding: str) -> list[bytes]:
    """As they go over the wire, each greeting somebody else."""
    made = (wire(page(f"Ada Lovelace the {n}th"), encoding) for n in range(MESSAGES))
    return [raw.replace(b"\r\n.", b"\r\n..") + b".\r\n" for raw in made]


async def load(
    subject: Subject, sink: Sink, mail: list[bytes], *, seconds: float, connections: int
) -> dict[str, float]:
    """One measurement."""
    loop = asyncio.get_running_loop()
    before, taken, start = cpu_seconds(subject.pid), sink.messages, time.perf_counter()
    work = Load(mail, NUMBERS, start + seconds)
    pairs = [
        await loop.create_connection(lambda: Sending(work, loop), "127.0.0.1", subject.port) for _ in range(connections)
    ]
    async with asyncio.timeout(seconds + 60):
        await asyncio.gather(*(client.done for _, client in pairs))
    took, spent = time.perf_counter() - start, cpu_seconds(subject.pid) - before
    if work.refused or sink.messages - taken != work.sent:
        raise SystemExit(
            f"{subject.label}: {sink.messages - taken} arrived of {work.sent}; refused: {work.refused[:3]}"
        )
    tracked = sink.last.count(BASE.encode() + b"/c/")
    if tracked != (LINKS if subject.label == OURS else 0) and LINKS:
        raise SystemExit(f"{subject.label}: {tracked} tracked links in a message; the numbers would mean nothing")
    waits = sorted(work.waits)
    return {
        "per_second": work.sent / took,
        "cpu_us": spent / work.sent * 1e6,
        "p50_ms": statistics.median(waits) * 1e3,
        "p99_ms": waits[int(len(waits) * 0.99)] * 1e3,
    }


#: Counts messages; nobody is mailed twice before everybody was.
NUMBERS = count()


async def measure(*, seconds: float, rounds: int, encoding: str) -> dict[str, Any]:
    """All rounds; each holds both subjects at each number of connections, in turn."""
    server_core, client_core = cores()
    if client_core is not None:
        os.sched_setaffinity(0, {client_core})
    sink, mail = Sink(), messages(encoding)
    server = await asyncio.get_running_loop().create_server(lambda: Taking(sink), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder, port)
        peer_command = [str(Path(__file__).parent / "peers" / "pass_through.py"), str(port)]
        with (
            listening(peer_command, folder, server_core) as peer,
            listening(["-m", "mailwake", "relay"], folder, server_core) as ours,
        ):
            subjects = (Subject(PEER, *peer), Subject(OURS, *ours))

            async def one_round(length: float, *, turned: bool = False) -> dict[str, dict[str, float]]:
                return {
                    f"{subject.label}, {connections}": await load(
                        subject, sink, mail, seconds=length, connections=connections
                    )
                    for connections in CONNECTIONS
                    for subject in (reversed(subjects) if turned else subjects)
                }

            await one_round(0.5)  # everything is warm from here on
            measured = [await one_round(seconds, turned=bool(number % 2)) for number in range(rounds)]
    server.close()
    return {"rounds": measured, "own_core_each": client_core is not None, "encoding": encoding, **ratios(measured)}


def ratios(measured: list[dict[str, dict[str, float]]]) -> dict[str, dict[str, float]]:
    """By rate and by processor time, for each number of connections."""
    found = {}
    for connections in CONNECTIONS:
        pairs = [(one[f"{PEER}, {connections}"], one[f"{OURS}, {connections}"]) for one in measured]
        found[f"rate_{connections}"] = ratio([ours["per_second"] / peer["per_second"] for peer, ours in pairs])
        found[f"cpu_{connections}"] = ratio([peer["cpu_us"] / ours["cpu_us"] for peer, ours in pairs])
    return found


def show(result: dict[str, Any]) -> None:
    print("round  clients   peer/s   relay/s  ratio   peer µs  relay µs  by cpu  relay p50 ms   p99 ms")
    for number, one in enumerate(result["rounds"], 1):
        for connections in CONNECTIONS:
            peer, ours = one[f"{PEER}, {connections}"], one[f"{OURS}, {connections}"]
            print(
                f"{number:>5}  {connections:>7}  {peer['per_second']:>7,.0f}  {ours['per_second']:>8,.0f}"
                f"  {ours['per_second'] / peer['per_second']:>5.2f}  {peer['cpu_us']:>8,.0f}  {ours['cpu_us']:>8,.0f}"
                f"  {peer['cpu_us'] / ours['cpu_us']:>6.2f}  {ours['p50_ms']:>12.1f}  {ours['p99_ms']:>7.1f}"
            )
    for connections in CONNECTIONS:
        rate, cpu = result[f"rate_{connections}"], result[f"cpu_{connections}"]
        print(f"relay to pass-through, {connections} clients: {told(rate)}; {verdict(rate, BUDGET)}")
        print(f"  by processor time: {told(cpu)}")
    if not result["own_core_each"]:
        print("servers and clients shared their cores: these ratios flatter nobody and mean little")


def main() -> None:
    parser = argparse.ArgumentParser(description="the relay against a server that passes mail through untouched")
    parser.add_argument("--seconds", type=float, default=3.0, help="length of one measurement")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--encoding", default="8bit", help="how the mail travels: 8bit, quoted-printable or base64")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    result = uvloop.run(measure(seconds=given.seconds, rounds=given.rounds, encoding=given.encoding))
    print(json.dumps(result)) if given.json else show(result)


if __name__ == "__main__":
    main()
