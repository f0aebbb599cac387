"""One edge process from start to drained stop: listener, log, inert set and counters around the endpoints."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import resource
import socket
import time
from collections.abc import Callable
from pathlib import Path

from mailwake.detours.file import FILE
from mailwake.detours.reader import DetourFile
from mailwake.detours.signing import Seal
from mailwake.edge.app import App
from mailwake.edge.counters import LogWatch
from mailwake.edge.doorway import Porter
from mailwake.edge.forwarding import Forwarding
from mailwake.edge.http import HttpServer
from mailwake.edge.nonces import Nonces
from mailwake.edge.pages import pages_of
from mailwake.edge.recording import Recorder
from mailwake.errors import Unavailable
from mailwake.eventlog import LogWriter
from mailwake.eventlog.losing import LossAlarm
from mailwake.files import write_report
from mailwake.hosts import Hosts
from mailwake.inert.alarm import SetAlarm
from mailwake.inert.reader import InertSet
from mailwake.sections import Edge
from mailwake.settings import Settings
from mailwake.tokens import KeyRing

#: How often the inert set is looked at; withdrawal takes effect within this and the pipeline's delay.
_INERT_SECONDS = 1.0
#: How often the counters are written, in looks at the inert set.
_REPORT_EVERY = 3
#: Files that a worker has open besides its connections.
_OTHER_FILES = 100

_log = logging.getLogger(__name__)


def microseconds() -> int:
    """Now, in microseconds since 1970."""
    return time.time_ns() // 1_000


def report_path(data: Path, worker: int) -> Path:
    """Where a worker's counters are written."""
    return data / f"edge-{worker}.json"


def listen(host: str, port: int, *, shared: bool = True) -> socket.socket:
    """A bound listener, which further workers may share where it is `shared`; the kernel spreads readers over them.

    Raises:
        Unavailable: the address is taken, or is none of this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, int(shared))
        listener.bind((host, port))
    except OSError as fault:
        listener.close()
        raise Unavailable(f"cannot listen on {host} port {port}: {fault.strerror or fault}") from None
    return listener


def allow_connections(count: int) -> None:
    """Ask the system for as many open connections as may come, and say so where it does not give them.

    Most systems start a process with 1,024 descriptors and let it have far more.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + _OTHER_FILES
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    if allowed < wanted:
        _log.warning("edge.few_descriptors", extra={"values": {"allowed": allowed, "wanted": wanted}})


def address(listener: socket.socket) -> str:
    """Where a listener can be reached, as a URL without path."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _porter(edge: Edge) -> Porter | None:
    """What reads the PROXY protocol, where that is asked for."""
    if not edge.proxy_protocol:
        return None
    trusts = Forwarding(edge.trusted_proxies, edge.forwarded_header).trusts
    return Porter(trusts, patience_seconds=edge.request_timeout_seconds)


async def run(
    settings: Settings,
    keys: KeyRing,
    writers: tuple[LogWriter, LogWriter],
    *,
    worker: int = 0,
    ready: Callable[[str], None],
    stop: asyncio.Event,
    listener: socket.socket | None = None,
    clock: Callable[[], int] = microseconds,
) -> None:
    """Serve until `stop` is set, then drain. The writers are closed at the end.

    Args:
        settings: of the installation.
        keys: its master keys.
        writers: this worker's own sequence in the log, and the one beside it, which tells no time of day.
        worker: its number; workers share the port.
        ready: told the address once requests are accepted.
        stop: set it to end.
        listener: a bound socket that outlives this worker, so that nobody is refused; None: one of our own.
        clock: gives microseconds since 1970.

    Raises:
        Unavailable: the address cannot be listened on.
        Misconfigured: a colour or a proxy network is none.
    """
    writer, days = writers
    inert = InertSet(settings.data_folder / "inert.bin", tail=writer.writer)
    detours = DetourFile(settings.data_folder / FILE, Seal(keys))
    hosts, nonces = Hosts(settings, keys), Nonces(keys.derive("edge forms"))
    recorder = Recorder(settings, hosts, writer, days=days, inert=inert, clock=clock, elsewhere=detours.of)
    app = App(recorder, pages_of(hosts, settings.privacy.page_url), nonces, second_button=settings.edge.second_button)
    server = HttpServer(settings.edge, app)
    listener = listener or listen(settings.edge.host, settings.edge.port)
    path, started, porter = report_path(settings.data_folder, worker), clock(), _porter(settings.edge)
    watch, losses = LogWatch(recorder.counters, writer, lambda: recorder.gathered), LossAlarm(recorder.counters)
    looks = (inert.reload, detours.reload, recorder.relieve, losses.look, SetAlarm(inert, recorder.counters).look)

    def report(*, stopped: bool = False) -> dict[str, object]:
        times = {"worker": worker, "started_at": started, "written_at": clock(), "stopped": int(stopped)}
        told = {**_lines(server, porter), **losses.report(), **inert.report(), **detours.report()}
        return recorder.counters.report(**times, **told, log=watch.report())

    await server.start(listener, door=porter)
    ready(address(listener))
    rounds, writing = 0, asyncio.create_task(_put(path, report()))
    while not stop.is_set():
        for look in looks:
            look()
        if rounds % _REPORT_EVERY == 0 and writing.done():
            writing = asyncio.create_task(_put(path, report()))
        rounds += 1
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _INERT_SECONDS)
    await _drain(server, inert, writer, days)
    await writing
    losses.look()
    await _put(path, report(stopped=True))
    _log.info("edge.stopped")


def _lines(server: HttpServer, porter: Porter | None) -> dict[str, object]:
    """What is worth telling of lines and of what was no request."""
    lines = {"refused": server.refused, "faults": server.faults, "connections": len(server.connections)}
    return {**lines, "unannounced": porter.unannounced if porter else 0}


async def _drain(server: HttpServer, inert: InertSet, *writers: LogWriter) -> None:
    """Answer what was asked, and keep what was answered."""
    await server.stop()
    await asyncio.gather(*(each.close() for each in writers))
    inert.close()


async def _put(path: Path, report: dict[str, object]) -> None:
    """Write a report beside the loop: a full disk must not stop the edge, nor one that hangs hold it up."""
    with contextlib.suppress(OSError):
        await asyncio.to_thread(write_report, path, report)
