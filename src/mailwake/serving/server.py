"""Granian inside this process: the stores and the pipeline's thread live here, so nothing may fork or spawn.

`granian.server.embed` serves an ASGI application on the running event loop with one worker. Measured on 2026-11-23:
with both stores open and the pipeline running, 160 MB resident, 80 MB of them its own and the rest mapped files.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable

from granian.constants import Interfaces
from granian.server.embed import Server
from starlette.types import ASGIApp

from mailwake.errors import Unavailable

#: how long the listener may take to come up before we say so
START_SECONDS = 20.0


async def serve(
    app: ASGIApp,
    *,
    host: str,
    port: int,
    section: str = "web",
    ready: Callable[[str], None],
    stop: asyncio.Event,
) -> None:
    """Serve until told to stop; requests under way are answered first.

    Args:
        app: what is served.
        host: address to listen on.
        port: 0 takes a free one.
        section: of mailwake.toml that host and port stand in.
        ready: called with the URL as soon as it answers.
        stop: set it to stop.

    Raises:
        Unavailable: the port is taken, or the listener did not come up.
    """
    port = free_port(host, port, section)
    server = Server(
        app, address=host, port=port, interface=Interfaces.ASGI, log_enabled=False, websockets=False, backlog=128
    )
    async with _running(server):
        await _answering(_reachable(host), port, section)
        ready(url(host, port))
        await stop.wait()


@contextlib.asynccontextmanager
async def _running(server: Server) -> AsyncIterator[None]:
    task = asyncio.create_task(server.serve())
    try:
        yield
    finally:
        server.stop()  # type: ignore[no-untyped-call]  # Granian left this one untyped
        await task


async def _answering(host: str, port: int, section: str) -> None:
    try:
        async with asyncio.timeout(START_SECONDS):
            while True:
                with contextlib.suppress(OSError):
                    _, writer = await asyncio.open_connection(host, port)
                    writer.close()
                    return
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise Unavailable(f"[{section}] did not come up on {host}:{port}; start it again") from None


def free_port(host: str, port: int, section: str = "web") -> int:
    """The port itself if it can be listened on, a free one for 0.

    Granian shares its port with whoever asks the same way (SO_REUSEPORT), so a second dashboard would take half of the
    first one's visitors without a word; this refuses it.

    Raises:
        Unavailable: somebody listens there, or the address is none of this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as fault:
            raise Unavailable(
                f"cannot listen on {host}:{port}: {fault.strerror}; change {section}.port or {section}.host"
            ) from None
        return int(probe.getsockname()[1])


def _reachable(host: str) -> str:
    """Where a listener on all addresses is reached from this machine."""
    return {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - looked up, not bound


def url(host: str, port: int) -> str:
    """The address as typed into a browser on this machine."""
    name = _reachable(host)
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"
