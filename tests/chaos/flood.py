"""A flood of hits from a process of its own: as fast as they are answered, or at a rate that nobody asks us about.

Requests are written out beforehand and answers only counted, so that one core offers ten times what a worker can do.
What finds no line with room is counted as turned away: its sender got no connection.

Run it as ``python -m tests.chaos.flood PORT FILE --requests 20000``, or with ``--rate 50000 --seconds 60``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any, cast

import uvloop

#: so many requests are written at once
BATCH = 16
TICK_SECONDS = 0.005
#: So many may wait on one line; the edge itself reads no more than so many ahead.
DEPTH = 64
#: P7: an overload is forgotten within a minute
RECOVERY_SECONDS = 60.0
_STATUS = {200: b"HTTP/1.1 200", 302: b"HTTP/1.1 302", 503: b"HTTP/1.1 503"}
_OVERLAP = 11


class Line(asyncio.Protocol):
    """One connection."""

    def __init__(self, flood: Flood) -> None:
        self._flood = flood
        self._tail = b""
        self.transport: asyncio.Transport | None = None
        self.is_gone = False
        self.waiting = 0

    @property
    def has_room(self) -> bool:
        return not self.is_gone and self.waiting + BATCH <= DEPTH

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        text = self._tail + data
        for status, mark in _STATUS.items():
            n = text.count(mark)
            if n:
                self._flood.answered(self, status, n)
        self._tail = text[-_OVERLAP:]

    def connection_lost(self, _exc: Exception | None) -> None:
        self.is_gone = True
        self._flood.lost(self)


class Flood:
    """All lines, and the count of what was asked and answered."""

    def __init__(self, port: int, batches: list[bytes], connections: int) -> None:
        self._port, self._batches, self._connections = port, batches, connections
        self._lines: list[Line] = []
        self._next = self._left = self._waiting = 0
        self._done = asyncio.Event()
        self.answers: Counter[int] = Counter()
        self.sent = self.turned_away = self.cut = 0

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(self._connections):
            _, line = await loop.create_connection(lambda: Line(self), "127.0.0.1", self._port)
            self._lines.append(line)

    async def ask(self, requests: int) -> None:
        """So many, a new batch on a line as soon as half of the last one is answered."""
        self._left = requests
        for line in self._lines:
            self._fill(line)
        await self._done.wait()

    async def pour(self, rate: float, seconds: float) -> None:
        """So many a second, whatever becomes of them."""
        started, offered, at = time.monotonic(), 0, 0
        while (gone := time.monotonic() - started) < seconds:
            due = int(gone * rate)
            while offered < due:
                line = self._lines[at := (at + 1) % len(self._lines)]
                offered += BATCH
                if line.has_room:
                    self._send(line)
                else:
                    self.turned_away += BATCH
            await asyncio.sleep(TICK_SECONDS)
        self._look()
        try:
            await asyncio.wait_for(self._done.wait(), RECOVERY_SECONDS)
        except TimeoutError:
            print(f"{self._waiting} were not answered in time", file=sys.stderr)

    def answered(self, line: Line, status: int, n: int) -> None:
        """Answers came; a closed loop goes on."""
        self.answers[status] += n
        self._took_off(line, n)
        self._fill(line)
        self._look()

    def lost(self, line: Line) -> None:
        self.cut += line.waiting
        self._took_off(line, line.waiting)
        self._look()

    def _fill(self, line: Line) -> None:
        while self._left > 0 and line.waiting <= BATCH // 2 and not line.is_gone:
            self._left -= BATCH
            self._send(line)

    def _send(self, line: Line) -> None:
        assert line.transport is not None
        line.waiting += BATCH
        self._waiting += BATCH
        self.sent += BATCH
        line.transport.write(self._batches[self._next])
        self._next = (self._next + 1) % len(self._batches)

    def _took_off(self, line: Line, n: int) -> None:
        line.waiting -= n
        self._waiting -= n

    def _look(self) -> None:
        if self._left <= 0 and not self._waiting:
            self._done.set()


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("file", type=Path)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--requests", type=int, default=0)
    parser.add_argument("--rate", type=float, default=0.0)
    parser.add_argument("--seconds", type=float, default=0.0)
    given = parser.parse_args()
    flood = Flood(given.port, given.file.read_bytes().split(b"\0"), given.connections)
    await flood.open()
    print("flood ready", flush=True)
    started = time.monotonic()
    if given.requests:
        await flood.ask(given.requests)
    else:
        await flood.pour(given.rate, given.seconds)
    took = time.monotonic() - started
    result: dict[str, Any] = {"sent": flood.sent, "turned_away": flood.turned_away, "cut": flood.cut, "seconds": took}
    print(json.dumps(result | {"answers": flood.answers}), flush=True)


if __name__ == "__main__":
    uvloop.run(main())
