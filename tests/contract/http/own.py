"""Serves `echo.py` with our HTTP layer: python -m tests.contract.http.own PORT LIMITS, until SIGTERM.

Prints, at the end, how many handlers failed.
"""

import asyncio
import signal
import sys
from collections import defaultdict

import msgspec
import uvloop
from tests.contract.http.echo import Echo

from mailwake.edge.exchange import Exchange
from mailwake.edge.http import HttpServer
from mailwake.edge.response import Response
from mailwake.edge.worker import listen
from mailwake.sections import Edge


class Handler:
    """Answers exchanges."""

    def __init__(self) -> None:
        self._echo = Echo()
        self._held: defaultdict[bytes, list[Exchange]] = defaultdict(list)
        self._open: set[bytes] = set()

    def __call__(self, exchange: Exchange) -> None:
        kind, _, name = exchange.target[1:].partition(b"/")
        if kind == b"held" and name not in self._open:
            self._echo.waiting[name] += 1
            self._held[name].append(exchange)
        elif kind == b"later":
            self._echo.waiting[b"later"] += 1
            asyncio.get_running_loop().call_later(int(name) / 1_000, self._release, b"later", exchange)
        else:
            if kind == b"open":
                self._open.add(name)
                for held in self._held.pop(name, []):
                    self._release(name, held)
            self._answer(exchange)

    def _release(self, name: bytes, exchange: Exchange) -> None:
        self._echo.waiting[name] -= 1
        self._answer(exchange)

    def _answer(self, exchange: Exchange) -> None:
        method, host, headers = exchange.method.encode(), exchange.host, list(exchange.headers)
        told = self._echo.answer(method, exchange.target, host=host, headers=headers, body=exchange.body)
        exchange.answer(Response(200, [], told))


async def serve(port: int, limits: Edge, grace_seconds: float) -> None:
    """Until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    server = HttpServer(limits, Handler())
    await server.start(listen("127.0.0.1", port))
    await stop.wait()
    await server.stop(grace_seconds=grace_seconds)
    print(server.faults, flush=True)


if __name__ == "__main__":
    settings = msgspec.json.decode(sys.argv[2])
    grace = settings.pop("grace_seconds")
    uvloop.run(serve(int(sys.argv[1]), Edge(**settings), grace))
