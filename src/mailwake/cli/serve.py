"""`mailwake serve`: every role as a process of its own, watched over.

A role that dies is started again; nothing that was answered is lost by it. Configuration faults end the whole start,
because starting again would not mend them.
"""

from __future__ import annotations

import fcntl
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from mailwake.cli.options import ConfigOption
from mailwake.cli.privacy.keeping import put_first_set
from mailwake.errors import Unavailable
from mailwake.hosts import Hosts
from mailwake.monitoring import supervisor
from mailwake.monitoring.supervisor import STATE
from mailwake.serving.listeners import keep_apart
from mailwake.settings import DEFAULT_FILE, Settings, load

LOCK = "serve.lock"


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
    roles = json.dumps(roles_of(settings, config))
    script = (supervisor.__file__, str(settings.data_folder), settings.logging.format, roles)
    sys.stdout.flush()
    # -P -S: nothing but the standard library, see the supervisor's docstring.
    os.execv(sys.executable, (sys.executable, "-P", "-S", *script))  # noqa: S606 - no shell is what we want


#: The order in which roles stop: who takes work in, then who works it off and who watches.
FIRST, LAST = 0, 1


def roles_of(settings: Settings, config: str) -> list[tuple[str, tuple[str, ...], int]]:
    """What an installation runs: names, arguments of the Python interpreter, and when it is their turn to stop."""
    every: list[tuple[str, int, str, dict[str, object]]] = [
        *((f"edge-{n}", FIRST, "edge", dict[str, object](worker=n)) for n in range(settings.edge.workers)),
        ("relay", FIRST, "relay", {}),
        ("ingest", FIRST, "ingest", {"listen": True}),
        *(
            (("webhooks", FIRST, "webhooks_role", dict[str, object]()),)
            if settings.webhooks or settings.conversions.secrets
            else ()
        ),
        ("web", LAST, "web", {"with_work": True}),
        ("monitor", LAST, "monitor", {}),
    ]
    return [(name, _role(word, {**options, "config": config}), wave) for name, wave, word, options in every]


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
