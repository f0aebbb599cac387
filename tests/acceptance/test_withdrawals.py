"""People withdraw at random while everybody reads: from a few seconds after that on, nothing is recorded of them.

A real `mailwake serve` with two edge workers. Clients open, click and withdraw over sockets; what they were answered,
and when, is compared with every byte of the log and every row of the store.
"""

import asyncio
import json
import os
import random
import signal
import subprocess
import time
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tests.acceptance.test_serve import MAILWAKE, free_ports, serving, wait_until_ready
from tests.chaos.oracle import records
from tests.silence import silent

from mailwake.edge.nonces import Nonces
from mailwake.edge.pixel import GIF
from mailwake.events import EventType, Micros
from mailwake.inert.entries import EVER, Before
from mailwake.inert.lag import BUDGET_SECONDS
from mailwake.modes import INDIVIDUAL
from mailwake.settings import load
from mailwake.store.state import LinkRow, open_state
from mailwake.tokens import LinkToken, MessageToken, Minter, Purpose

TEMPLATE, LINK = 7, 1
TARGET = "https://www.example.com/offer"
SECOND = 1_000_000
CHOICES = {"stop": Before(EVER, EVER), "stop-opens": Before(EVER, 0), "stop-clicks": Before(0, EVER)}
HITS = (EventType.OPENED, EventType.CLICKED)


@dataclass
class Crowd:
    """People with one copy each, and what they did."""

    config: Path
    size: int
    seed: int
    #: handle to what they chose, and when they were told that it holds, microseconds
    withdrawn: dict[int, tuple[str, int]] = field(default_factory=dict)
    hits: int = 0

    def __post_init__(self) -> None:
        settings = load(self.config)
        keys = settings.load_keys().for_host("localhost") if "localhost" in settings.hosts else settings.load_keys()
        self.port, self.dice = settings.edge.port, random.Random(self.seed)
        self.minter, self.nonces = Minter(keys, "localhost"), Nonces(settings.load_keys().derive("edge forms"))
        self.link = self.minter.link(LinkToken(TEMPLATE, LINK, TARGET))
        self.today = datetime.now(UTC).date()

    def token(self, who: int, purpose: Purpose = Purpose.READ) -> str:
        return self.minter.message(purpose, MessageToken(INDIVIDUAL, TEMPLATE, who + 1_000_000_000, who, self.today))

    async def live(self, *, readers: int, leavers: int, pause: float) -> None:
        """Let all withdraw, in any order, while others and they themselves read on, with a pause between in seconds."""
        everybody = list(range(1, self.size + 1))
        self.dice.shuffle(everybody)
        waiting, done = iter(everybody), asyncio.Event()

        async def leave() -> None:
            for who in waiting:
                async with Line(self.port) as line:  # the edge closes after a form
                    await self._withdraw(line, who)

        async def read() -> None:
            async with Line(self.port) as line:
                while not done.is_set():
                    await self._read(line)
                    await asyncio.sleep(pause)

        reading = [asyncio.create_task(read()) for _ in range(readers)]
        await asyncio.gather(*(leave() for _ in range(leavers)))
        await asyncio.sleep(BUDGET_SECONDS + 1)  # and on, when all of them must be known everywhere
        done.set()
        await asyncio.gather(*reading)

    async def _withdraw(self, line: "Line", who: int) -> None:
        token = self.token(who, Purpose.UNSUBSCRIBE_BODY)
        choice = self.dice.choice(list(CHOICES))
        nonce = self.nonces.mint(token, now_seconds=int(time.time()))
        status, _ = await line.ask("POST", f"/p/{token}", f"choice={choice}&nonce={nonce}".encode())
        assert status == 200
        self.withdrawn[who] = choice, time.time_ns() // 1_000

    async def _read(self, line: "Line") -> None:
        """Somebody opens and clicks; often somebody who has just withdrawn."""
        who = self.dice.randint(1, self.size)
        if self.withdrawn and self.dice.random() < 0.5:
            who = next(reversed(self.withdrawn))
        token = self.token(who)
        status, body = await line.ask("GET", f"/o/{token}")
        assert (status, body) == (200, GIF)
        status, _ = await line.ask("GET", f"/c/{token}/{self.link}")
        assert status == 302
        self.hits += 2


class Line:
    """A connection that is kept."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def __aenter__(self) -> "Line":
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()

    async def ask(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        form = f"Content-Length: {len(body)}\r\nContent-Type: application/x-www-form-urlencoded\r\n" if body else ""
        self._writer.write(f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{form}\r\n".encode() + body)
        answer = await self._reader.readuntil(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in answer.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
        )
        return int(answer[9:12]), await self._reader.readexactly(length)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    edge, relay, ingest, web, monitor = free_ports(5)
    path = tmp_path / "mailwake.toml"
    path.write_text(
        f'[tracking]\nbase_url = "http://localhost:{edge}"\nunknown_consent = "individual"\n'
        f"[edge]\nport = {edge}\nworkers = 2\n[relay]\nport = {relay}\n"
        f"[ingest]\nport = {ingest}\n[web]\nport = {web}\n[monitor]\nport = {monitor}\n"
    )
    subprocess.run((*MAILWAKE, "keys", "new", "--config", str(path)), check=True, capture_output=True)
    state, now = open_state(tmp_path / "mailwake-data" / "state.sqlite"), Micros(time.time_ns() // 1_000)
    campaign = state.campaign("Autumn", stream="marketing", now=now)
    link = LinkRow(number=LINK, href=TARGET, label="our offer", role="cta", tracked=True)
    state.put_template(campaign.id, TEMPLATE, subject="Hello", html=b"<p>", links=(link,), now=now)  # type: ignore[arg-type]
    state.close()
    return path


def lags(data: Path) -> list[dict[str, Any]]:
    """What both workers say of how long withdrawals took to reach them."""
    return [json.loads((data / f"edge-{n}.json").read_text(encoding="utf-8"))["inert_lag"] for n in range(2)]


def live_through(config: Path, size: int, *, readers: int, leavers: int, pause: float = 0.0) -> dict[str, Any]:
    """Everything from start to stop; what it came to."""
    data, seed = config.parent / "mailwake-data", int(os.environ.get("SEED", "20261126"))
    with serving(config) as process:
        wait_until_ready(process)
        crowd, started = Crowd(config, size, seed), time.monotonic()
        asyncio.run(crowd.live(readers=readers, leavers=leavers, pause=pause))
        took = time.monotonic() - started
        wait_until_all_are_known(data, size)
        known_after = time.monotonic() - started
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=300)
        assert process.returncode == 0, out
    compare(data, crowd)
    return {"seed": seed, "withdrawn": size, "hits": crowd.hits, "seconds": round(took, 1),
            "all in the set after": round(known_after, 1), "lag": lags(data), **late(data, crowd)}  # fmt: skip


def wait_until_all_are_known(data: Path, size: int) -> None:
    """By the ledger too, which the pipeline writes after the set: what it reads last is then dealt with as well."""
    end = time.monotonic() + 1_800
    while time.monotonic() < end:
        with closing(open_state(data / "state.sqlite")) as state:
            written = len(state.inert())
        if len(silent(data / "inert.bin")) == written == size:
            return
        time.sleep(0.5)
    raise AssertionError(f"{len(silent(data / 'inert.bin'))} of {size} are in the set")


def late(data: Path, crowd: Crowd) -> dict[str, Any]:
    """Hits in the log of those who had withdrawn on that axis, and by how much the last one was late, in seconds."""
    delays = []
    for record in records(data / "log", writer="edge"):
        event = record.event
        if event.type in HITS and event.recipient in crowd.withdrawn:
            choice, at = crowd.withdrawn[event.recipient]
            if getattr(CHOICES[choice], "opens" if event.type is EventType.OPENED else "clicks"):
                delays.append((event.received_at - at) / SECOND)
    after = [delay for delay in delays if delay > 0]
    return {"late in the log": len(after), "latest": max(after, default=0.0)}


def compare(data: Path, crowd: Crowd) -> None:
    """Nothing individual stands anywhere that is later than it may be; and what may be recorded, is."""
    assert silent(data / "inert.bin") == {who: CHOICES[choice] for who, (choice, _) in crowd.withdrawn.items()}
    assert late(data, crowd)["latest"] <= BUDGET_SECONDS
    with duckdb.connect(str(data / "events.duckdb"), read_only=True) as store:
        rows = store.execute(
            "select type, recipient, happened_at from events where type in ('opened', 'clicked')"
        ).fetchall()
    of_axis = {"opened": "opens", "clicked": "clicks"}
    named = [row for row in rows if row[1] is not None]
    wrong = [row for row in named if getattr(CHOICES[crowd.withdrawn[row[1]][0]], of_axis[row[0]])]
    assert wrong == [], "what they did before is cut off them, and nothing came after"
    assert {row[0] for row in named} == {"opened", "clicked"}, "the other axis goes on"


@pytest.mark.long
def test_three_hundred_withdraw_under_load_and_nothing_is_recorded_of_them_later(config: Path) -> None:
    told = live_through(config, 300, readers=4, leavers=4, pause=0.02)  # the long one reads as fast as it can
    assert all(each["p99"] <= BUDGET_SECONDS for each in told["lag"]), told


@pytest.mark.long
def test_a_hundred_thousand_withdraw_under_load_and_nothing_is_recorded_of_them_later(config: Path) -> None:
    """Prints what it came to."""
    told = live_through(config, 100_000, readers=8, leavers=8)
    print(json.dumps(told))
    assert all(each["p99"] <= BUDGET_SECONDS for each in told["lag"]), told
