"""A server whose inside a fuzzer may look at."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from tests.edge.conftest import Background

from mailwake.edge.exchange import Exchange
from mailwake.edge.http import HttpServer
from mailwake.edge.response import Response
from mailwake.edge.worker import address, listen
from mailwake.sections import Edge


@dataclass
class Watched:
    """An HTTP server that notes every request it hands on."""

    server: HttpServer
    background: Background | None = None
    #: (method, target, body)
    handled: list[tuple[bytes, bytes, bytes]] = field(default_factory=list)

    @property
    def port(self) -> int:
        assert self.background is not None
        return self.background.port


@pytest.fixture
def watched() -> Iterator[Watched]:
    """A server with small limits, so that small inputs reach them."""
    limits = Edge(max_header_bytes=600, max_headers=12, max_body_bytes=64, max_pipelined=4, request_timeout_seconds=5)

    def handle(exchange: Exchange) -> None:
        box.handled.append((exchange.method.encode(), exchange.target, exchange.body))
        assert exchange.headers is not None
        exchange.answer(Response(200, [], b"ok"))

    box = Watched(HttpServer(limits, handle))

    async def main(stop: asyncio.Event, ready: Callable[[str], None]) -> None:
        listener = listen("127.0.0.1", 0)
        await box.server.start(listener)
        ready(address(listener))
        await stop.wait()
        await box.server.stop()

    box.background = Background(main)
    yield box
    box.background.stop()
