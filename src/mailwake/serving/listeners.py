"""Where an installation listens, and that readers, colleagues and its own machines come by doors of their own."""

from __future__ import annotations

from collections.abc import Iterator

from mailwake.errors import Misconfigured
from mailwake.serving.guard import EVERYWHERE
from mailwake.settings import Settings

#: (option of the port, address, port)
Listener = tuple[str, str, int]


def listeners_of(settings: Settings) -> Iterator[Listener]:
    """Every listener that `mailwake serve` opens; a port of 0 is any that is free."""
    yield "edge.port", settings.edge.host, settings.edge.port
    yield "relay.port", settings.relay.host, settings.relay.port
    yield "ingest.port", settings.ingest.host, settings.ingest.port
    if settings.webhooks or settings.conversions.secrets:
        yield "webhook_server.port", settings.webhook_server.host, settings.webhook_server.port
    yield "web.port", settings.web.host, settings.web.port
    yield "monitor.port", settings.monitor.host, settings.monitor.port


def keep_apart(settings: Settings) -> None:
    """Nothing, if no two listeners share an address.

    The system would let some of them: processes that ask the same way share a port, and half of the readers would come
    to the dashboard.

    Raises:
        Misconfigured: two do; names the later one.
    """
    known: list[Listener] = []
    for option, host, port in listeners_of(settings):
        for other, its_host, its_port in known:
            if port and port == its_port and _overlap(host.lower(), its_host.lower()):
                raise Misconfigured(option, f"{port} is {other} already; each listener needs an address of its own")
        known.append((option, host, port))


def _overlap(one: str, other: str) -> bool:
    names = {_plain(one), _plain(other)}
    return len(names) == 1 or bool(names & EVERYWHERE)


def _plain(host: str) -> str:
    return {"localhost": "127.0.0.1", "::1": "127.0.0.1"}.get(host, host)
