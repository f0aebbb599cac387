"""A running edge on a real socket with a real log, and a client that sends exactly the bytes it is told to."""

import asyncio
import json
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import uvloop
from tests.line import Answer, Line
from tests.silence import write_set

from mailwake.edge.exchange import Exchange
from mailwake.edge.http import HttpServer
from mailwake.edge.nonces import Nonces
from mailwake.edge.worker import address, listen, run
from mailwake.errors import Unavailable
from mailwake.eventlog import Done, End, LogWriter
from mailwake.eventlog.sqlite import SqliteReader, SqliteWriter
from mailwake.events import Event, decode_event
from mailwake.modes import INDIVIDUAL, Modes
from mailwake.sections import Edge
from mailwake.settings import Settings, parse
from mailwake.tokens import KeyRing, LinkToken, MessageToken, Minter, Purpose

HOST = "track.example.com"
#: a published key, which is what tests are for
KEYS = KeyRing({1: bytes(range(32))})
MINTER = Minter(KEYS, HOST)
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NOW_MICROS = int(NOW.timestamp()) * 1_000_000
TEMPLATE, DELIVERY, RECIPIENT = 7, 1_234_567, 7_654_321
TARGET = "https://www.example.com/offer?a=1&b=2"
NONCES = Nonces(KEYS.derive("edge forms"))


class Background:
    """An event loop in a thread of its own, and one coroutine in it that runs until it is told to stop."""

    def __init__(self, main: Callable[[asyncio.Event, Callable[[str], None]], Coroutine[Any, Any, None]]) -> None:
        self._ready = threading.Event()
        self._main = main
        self._thread = threading.Thread(target=lambda: uvloop.run(self._run()))
        self._fault: BaseException | None = None
        self._thread.start()
        assert self._ready.wait(20)
        if self._fault:
            raise self._fault

    async def _run(self) -> None:
        self.loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        try:
            await self._main(self._stop, self._is_ready)
        except BaseException as fault:
            self._fault = fault
            self._ready.set()
            raise

    def _is_ready(self, url: str) -> None:
        self.port = int(url.rpartition(":")[2])
        self._ready.set()

    def do(self, action: Callable[[], None]) -> None:
        """Run something in the loop."""
        self.loop.call_soon_threadsafe(action)

    def ask_to_stop(self) -> None:
        if self._thread.is_alive():
            self.loop.call_soon_threadsafe(self._stop.set)

    def stop(self) -> None:
        self.ask_to_stop()
        self._thread.join(30)
        assert not self._thread.is_alive()


class HeldWriter:
    """A log that confirms nothing before it is told to, or refuses everything."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.refuses = refuses
        #: what a slow log would say; add to it as if others had appended
        self.waiting = 0
        self.held: list[tuple[Sequence[bytes], Done]] = []
        self.came = threading.Semaphore(0)

    @property
    def writer(self) -> str:
        return "held"

    @property
    def end(self) -> End:
        return End(0, 0)

    def append(self, records: Sequence[bytes], done: Done) -> None:
        if self.refuses:
            asyncio.get_running_loop().call_soon(done, Unavailable("no disk"))
            return
        self.held.append((records, done))
        self.came.release(len(records))

    async def write(self, records: Sequence[bytes]) -> None:
        raise AssertionError(f"the edge appends and does not wait; here came {len(records)}")

    def release(self) -> None:
        held, self.held = self.held, []
        for _, done in held:
            done(None)

    async def close(self) -> None:
        self.release()


@dataclass
class RunningEdge:
    """An edge, and everything a test wants to know about it."""

    background: Background
    settings: Settings
    #: microseconds since 1970; set it to move time
    clock: list[int] = field(default_factory=list)

    @property
    def port(self) -> int:
        return self.background.port

    def line(self) -> Line:
        return Line(self.port)

    def ask(
        self,
        path: str,
        *,
        method: str = "GET",
        headers: dict[str, str] | None = None,
        body: bytes = b"",
        host: str = HOST,
    ) -> Answer:
        """One request on a line of its own."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", *(f"{k}: {v}" for k, v in (headers or {}).items())]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        with self.line() as line:
            line.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)
            return line.read(head_only=method == "HEAD")

    def post(self, path: str, body: bytes, kind: str = "application/x-www-form-urlencoded", **headers: str) -> Answer:
        return self.ask(path, method="POST", body=body, headers={"Content-Type": kind, **headers})

    def events(self) -> list[Event]:
        """All that is in the log, oldest first."""
        segments = SqliteReader(self.settings.data_folder / "log").read({}, limit_records=100_000)
        return [decode_event(record) for segment in segments for record in segment.records]

    def stop(self) -> dict[str, Any]:
        """Stop, and give the counters."""
        self.background.stop()
        report: dict[str, Any] = json.loads((self.settings.data_folder / "edge-0.json").read_text(encoding="utf-8"))
        ways = ("recorded", "dated", "inert", "unsure", "expired", "rejected", "unrecorded")
        assert report["received"] == sum(report[way] for way in ways)
        return report


StartEdge = Callable[..., RunningEdge]


@pytest.fixture
def start_edge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StartEdge]:
    """Start edges with settings of their own; all are stopped at the end."""
    monkeypatch.setattr("mailwake.edge.recording.PATIENCE_SECONDS", 60.0)  # no test is about it, but those that say so
    monkeypatch.setattr("mailwake.edge.recording.DECISION_PATIENCE_SECONDS", 60.0)
    started: list[RunningEdge] = []

    def start(
        *, writer: LogWriter | None = None, now: int = NOW_MICROS, has_set: bool = True, **sections: dict[str, Any]
    ) -> RunningEdge:
        tree: dict[str, Any] = {"tracking": {}, "edge": {}, **sections}
        tree["tracking"] = {"base_url": f"https://{HOST}", **tree["tracking"]}
        tree["edge"] = {"port": 0, **tree["edge"]}
        settings = parse(tree, root=tmp_path)
        clock = [now]

        async def main(stop: asyncio.Event, ready: Callable[[str], None]) -> None:
            log = writer or SqliteWriter.open(settings.data_folder / "log", "edge-0")
            days = SqliteWriter.open_days(settings.data_folder / "log", "edge-0", clock=lambda: clock[0])
            settings.data_folder.mkdir(exist_ok=True)
            if has_set and not (settings.data_folder / "inert.bin").exists():
                write_set(settings.data_folder / "inert.bin")
            await run(settings, KEYS, (log, days), ready=ready, stop=stop, clock=lambda: clock[0])

        edge = RunningEdge(Background(main), settings, clock)
        started.append(edge)
        return edge

    yield start
    for edge in started:
        edge.background.stop()


@pytest.fixture
def edge(start_edge: StartEdge) -> RunningEdge:
    return start_edge()


StartServer = Callable[..., Background]


@pytest.fixture
def start_server() -> Iterator[StartServer]:
    """Start the HTTP layer alone, with a handler of the test's."""
    started: list[Background] = []

    def start(handler: Callable[[Exchange], None], *, grace_seconds: float = 10.0, **limits: Any) -> Background:
        async def main(stop: asyncio.Event, ready: Callable[[str], None]) -> None:
            server, listener = HttpServer(Edge(**limits), handler), listen("127.0.0.1", 0)
            await server.start(listener)
            ready(address(listener))
            await stop.wait()
            await server.stop(grace_seconds=grace_seconds)

        started.append(Background(main))
        return started[-1]

    yield start
    for server in started:
        server.stop()


def message(
    purpose: Purpose = Purpose.READ,
    *,
    modes: Modes = INDIVIDUAL,
    template: int = TEMPLATE,
    delivery: int = DELIVERY,
    recipient: int = RECIPIENT,
    age_days: int = 0,
    minter: Minter = MINTER,
) -> str:
    """A message part as compose would seal it."""
    issued: date = NOW.date() - timedelta(days=age_days)
    return minter.message(purpose, MessageToken(modes, template, delivery, recipient, issued))


def link(target: str = TARGET, *, template: int = TEMPLATE, number: int = 3) -> str:
    """A link part as compose would seal it."""
    return MINTER.link(LinkToken(template, number, target))


def click(target: str = TARGET, **token: Any) -> str:
    """The path of a tracked link."""
    return f"/c/{message(**token)}/{link(target)}"
