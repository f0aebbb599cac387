"""`mailwake serve`: every role as a process of its own, watched over.

A role that dies is started again; nothing that was answered is lost by it. Configuration faults end the whole start,
because starting again would not mend them.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, NamedTuple

from mailwake.cli.listening import handed_over
from mailwake.cli.options import ConfigOption
from mailwake.cli.privacy.keeping import put_first_set
from mailwake.errors import Unavailable
from mailwake.hosts import Hosts
from mailwake.monitoring import supervisor
from mailwake.monitoring.supervisor import STATE
from mailwake.serving.listeners import keep_apart
from mailwake.settings import DEFAULT_FILE, Settings, load

LOCK = "serve.lock"
#: Readers and programs that wait while nobody takes them; the kernel may allow fewer (net.core.somaxconn).
_BACKLOG = 2_048


def command(config: ConfigOption = DEFAULT_FILE) -> None:
    """Run everything: edge, relay, bounces, webhooks, pipeline, dashboard and metrics. Ctrl-C or SIGTERM stops it.

    Example: mailwake serve --config mailwake.toml
    """
    settings = load(config)
    keep_apart(settings)
    if settings.webhooks:
        from mailwake.cli.hooks import hooks_of
        from mailwake.cli.webhooks_role import open_queues

        open_queues(settings, hooks_of(settings))
    Hosts.load(settings)  # one clear line now instead of one from each role
    lock = only_one(settings.data_folder)
    put_first_set(settings)
    os.set_inheritable(lock.fileno(), True)  # we keep it through exec; the roles do not get it
    fds = listeners_for(settings, handed_over(os.environ))
    roles = json.dumps([role._asdict() for role in roles_of(settings, config, fds)])
    script = (supervisor.__file__, str(settings.data_folder), settings.logging.format, roles)
    sys.stdout.flush()
    # -P -S: nothing but the standard library, see the supervisor's docstring.
    os.execv(sys.executable, (sys.executable, "-P", "-S", *script))  # noqa: S606 - no shell is what we want


#: The order in which roles stop: who takes work in, then who works it off and who watches.
FIRST, LAST = 0, 1


class Start(NamedTuple):
    """How a role is started; see `mailwake.monitoring.supervisor.Role`."""

    name: str
    arguments: tuple[str, ...]
    #: when it is its turn to stop
    wave: int
    #: the listening socket that it gets
    fd: int | None = None
    #: name and arguments of what takes its place while it still runs
    twin: tuple[str, tuple[str, ...]] | None = None


def roles_of(settings: Settings, config: str, fds: Mapping[str, int] | None = None) -> list[Start]:
    """What an installation runs.

    Args:
        settings: of the installation.
        config: where they stand.
        fds: listening sockets, by role.
    """
    fds, count = fds or {}, settings.edge.workers
    edges = [_edge(n, count, config, fds.get(f"edge-{n}")) for n in range(count)]
    every: list[tuple[str, int, str, dict[str, object]]] = [
        ("relay", FIRST, "relay", {"fd": fds["relay"]} if "relay" in fds else {}),
        ("ingest", FIRST, "ingest", {"listen": True}),
        *(
            (("webhooks", FIRST, "webhooks_role", dict[str, object]()),)
            if settings.webhooks or settings.conversions.secrets
            else ()
        ),
        ("web", LAST, "web", {"with_work": True}),
        ("monitor", LAST, "monitor", {}),
    ]
    rest = [Start(name, _role(word, {**o, "config": config}), wave, fds.get(name)) for name, wave, word, o in every]
    return [*edges, *rest]


def _edge(number: int, count: int, config: str, fd: int | None) -> Start:
    """An edge worker. Its twin has a log of its own, and so a number that no other worker has."""
    more = {} if fd is None else {"fd": fd}
    first, second = (_role("edge", {"worker": n, **more, "config": config}) for n in (number, number + count))
    return Start(f"edge-{number}", first, FIRST, fd, (f"edge-{number + count}", second))


def listeners_for(settings: Settings, given: Mapping[str, int]) -> dict[str, int]:
    """The sockets that outlive the roles which take from them: descriptors by role.

    Args:
        settings: of the installation.
        given: what systemd opened, by the name of its socket unit's `FileDescriptorName=`: ``edge``, ``relay``.

    Raises:
        Unavailable: an address is taken, or is none of this machine's.
    """
    found, port = dict[str, int](), settings.edge.port
    for number in range(settings.edge.workers):
        fd = given.get("edge")
        if fd is None:
            # a queue for each, so that the kernel spreads readers over them
            listener = _listen("edge", settings.edge.host, port)
            port, fd = listener.getsockname()[1], _kept(listener)
        found[f"edge-{number}"] = fd
    if "relay" in given:
        found["relay"] = given["relay"]
    elif is_one_address(settings.relay.host):
        found["relay"] = _kept(_listen("relay", settings.relay.host, settings.relay.port))
    return found


def _listen(section: str, host: str, port: int) -> socket.socket:
    from mailwake.edge.worker import listen

    try:
        return listen(host, port, shared=section == "edge")
    except Unavailable as fault:
        raise Unavailable(f"{fault}; change {section}.port or {section}.host") from None


def is_one_address(host: str) -> bool:
    """Whether a name stands for one socket; the relay opens several itself, say for `localhost` of both families."""
    try:
        return len(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)) == 1
    except OSError:
        return False


def _kept(listener: socket.socket) -> int:
    """The descriptor of a socket that stays open when we become the supervisor; whoever comes before a role waits."""
    listener.listen(_BACKLOG)
    listener.set_inheritable(True)
    return listener.detach()


def _role(word: str, options: Mapping[str, object]) -> tuple[str, ...]:
    return ("-m", "mailwake.cli.role", word, json.dumps(options))


def only_one(data: Path) -> IO[str]:
    """Hold the data folder until the file that comes back is closed.

    Raises:
        Unavailable: another `mailwake serve` holds it.
    """
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = (data / LOCK).open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        pid = state_of(data).get("pid", "unknown")
        raise Unavailable(f"{data} is served already, by process {pid}; stop that one first") from None
    return lock


def state_of(data: Path) -> dict[str, Any]:
    """What `<data>/serve.json` says; empty where nobody serves."""
    try:
        state: dict[str, Any] = json.loads((data / STATE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return state
