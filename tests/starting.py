"""Starts `python -m mailwake …` in a process of its own that need not import the packages of others first.

Hundreds of tests start a process, and most of what each of them did was to import SQLAlchemy, typer, DuckDB and their
like: a second of work. Here one process that did that forks, after it imported of ours what imports nothing of ours but
words: the words, the log and the stores, in which no order of imports can be wrong. The copy takes the words, files,
folder and environment that were given and runs `mailwake`. In the long run that imports all other modules itself, and
would stumble over a wrong order; in the quick one they are there before. It is a child of the test as any other: waited
for, signalled and killed. What this cannot do (other programs, other settings of Python, functions before the start,
systems other than Linux) starts in the ordinary way, and so does what Mailwake starts by itself.
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import io
import json
import os
import runpy
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

#: What commands import of others; one that is not installed is left out. DuckDB insists on being taken down at the end.
PACKAGES = (
    "asyncio", "concurrent.futures", "cryptography.hazmat.primitives.ciphers.aead", "cryptography.x509",
    "email.message", "fastapi", "fastapi.openapi.utils", "granian.server.embed", "http.client", "httptools", "jinja2",
    "logging.handlers", "maxminddb", "msgspec", "pydantic", "rich.console", "rich.progress", "rich.table", "sqlalchemy",
    "sqlalchemy.dialects.sqlite", "sqlite3", "starlette.staticfiles", "structlog", "typer", "typer._adapters",
    "typer.rich_utils", "urllib.request", "uvloop",
)  # fmt: skip
#: Of ours, by the rooms of docs/architecture.md that may import words alone.
OURS = tuple(
    f"mailwake.{name}"
    for name in (
        "errors", "settings", "events", "modes", "tokens", "eventlog.sqlite", "store.state", "store.answers.remembered",
        "store.access", "store.audit", "store.crm", "store.days", "store.native", "store.rights.ledger", "store.watch",
        "store.withdrawals", "store.workflows",
    )
)  # fmt: skip
_LONGEST = 1 << 17
#: prctl(2): whose parent has gone becomes a child of this process
_PR_SET_CHILD_SUBREAPER = 36
_Ordinary = subprocess.Popen
#: as `tests/conftest.py` has it
_IS_QUICK = os.environ.get("HYPOTHESIS_PROFILE", "quick") == "quick"


class Popen(_Ordinary):  # type: ignore[type-arg]
    """`subprocess.Popen`, quicker for `python -m mailwake`."""

    def _execute_child(self, args: Any, executable: Any, preexec_fn: Any, close_fds: Any, *more: Any) -> None:
        pass_fds, cwd, env, _startup, _flags, shell, *rest = more
        pipes, options = rest[:6], rest[7:]  # between them stands restore_signals, which is on
        is_plain = close_fds and not (preexec_fn or pass_fds or shell or executable)
        if is_plain and all(each in (None, False, -1) for each in options) and _is_ours(args) and _is_same(env):
            files = [own if own != -1 else number for number, own in enumerate((pipes[0], pipes[3], pipes[5]))]
            given = {
                os.fsdecode(key): os.fsdecode(value) for key, value in (os.environ if env is None else env).items()
            }
            words = [os.fsdecode(word) for word in args[3:]]
            pid = FORKER.fork(json.dumps([words, str(Path(cwd or ".").absolute()), given]).encode(), files)
            if pid:
                self.pid, self._child_created = pid, True
                self._close_pipe_fds(*pipes)  # type: ignore[attr-defined]
                return
        super()._execute_child(args, executable, preexec_fn, close_fds, *more)  # type: ignore[misc]


def _is_ours(args: Any) -> bool:
    return isinstance(args, list | tuple) and list(args[:3]) == [sys.executable, "-m", "mailwake"]


def _is_same(env: Any) -> bool:
    """Whether an environment has what Python itself reads at its start as this process has it."""
    return env is None or _read_at_start(env) == _read_at_start(os.environ)


def _read_at_start(env: Any) -> dict[str, str]:
    return {key: env[key] for key in env if str(key).startswith(("PYTHON", "LC_", "LANG", "LD_", "OPENBLAS"))}


class Forker:
    """The process that forks, begun when it is first needed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of = 0
        self._channel: socket.socket | None = None

    def fork(self, request: bytes, files: list[int]) -> int:
        """The process id of a new child of this process; 0 where there can be none."""
        if sys.platform != "linux" or len(request) > _LONGEST:
            return 0
        with self._lock:
            if self._of != os.getpid():  # a copy of the process that began it has no claim to it
                self._begin()
            if self._channel is None:
                return 0
            _adopt_orphans(True)
            try:
                socket.send_fds(self._channel, [request], files)
                pid = int(self._channel.recv(64))
                self._channel.recv(64)  # the one between has gone
            finally:
                _adopt_orphans(False)
            return pid

    def _begin(self) -> None:
        self._of = os.getpid()
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        process = _Ordinary(
            [sys.executable, __file__, str(its.fileno())],
            pass_fds=[its.fileno()],
            stdin=subprocess.DEVNULL,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},  # a process of several threads must not fork
        )
        its.close()
        self._channel = ours if ours.recv(64) == b"ready" else None
        atexit.register(_end, ours, process)


def _end(channel: socket.socket, process: Any) -> None:
    channel.close()
    with suppress(Exception):
        process.wait(10)


def _adopt_orphans(wanted: bool) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, int(wanted), 0, 0, 0)


FORKER = Forker()


def _serve(channel: socket.socket) -> bool:
    """Fork whenever it is asked for; true in the copies, false when nobody asks any more."""
    while True:
        request, files, _flags, _address = socket.recv_fds(channel, _LONGEST + 1, 3)
        if not request:
            return False
        between = os.fork()
        if not between:
            between = os.getpid()
            if copy := os.fork():
                channel.send(str(copy).encode())
                os._exit(0)
            while os.getppid() == between:
                time.sleep(0.0005)
            words, folder, environment = json.loads(request)
            _become(words, folder, environment, files)
            return True
        os.waitpid(between, 0)
        for file in files:
            os.close(file)
        channel.send(b"gone")


def _become(words: list[str], folder: str, environment: dict[str, str], files: list[int]) -> None:
    """Have what a process has that was just begun."""
    for number, file in enumerate(files):
        os.dup2(file, number)
    os.closerange(3, 1024)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    sys.argv, sys.path[0] = ["mailwake", *words], folder
    sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(0, closefd=False)))
    sys.stdout = _writing(1, errors="strict", line_buffering=os.isatty(1))
    sys.stderr = _writing(2, errors="backslashreplace", line_buffering=True)


def _writing(file: int, **how: Any) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BufferedWriter(io.FileIO(file, "w", closefd=False)), **how)


def _all_of_ours() -> list[str]:
    """Modules but for those that run when they are imported, and steps of a schema, which their machinery loads."""
    found = (each.name for each in walk_packages(import_module("mailwake").__path__, "mailwake."))
    return [name for name in found if ".versions" not in name and not name.endswith("__main__")]


def _run() -> None:
    """Run `mailwake`; in the quick run nothing is taken down afterwards, which takes longer than most commands."""
    status: object = 0
    try:
        runpy.run_module("mailwake", run_name="__main__", alter_sys=True)
    except SystemExit as left:
        if not _IS_QUICK:
            raise
        status = left.code or 0
    if _IS_QUICK:
        if not isinstance(status, int):
            print(status, file=sys.stderr)
            status = 1
        threading._shutdown()  # type: ignore[attr-defined]  # as Python does it: threads, what was registered, files
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _main() -> None:
    channel = socket.socket(fileno=int(sys.argv[1]))
    for package in PACKAGES:
        with suppress(ImportError):
            import_module(package)
    for module in OURS:
        import_module(module)
    if _IS_QUICK:
        for name in _all_of_ours():
            import_module(name)
    gc.collect()
    gc.freeze()  # the copies neither go through it again nor take it down
    is_alone = len(list(Path("/proc/self/task").iterdir())) == 1
    channel.send(b"ready" if is_alone else b"several threads")
    if not _serve(channel):
        os._exit(0)  # it has nothing of its own, and DuckDB would complain of what was lent to the copies
    channel.detach()
    _run()


if __name__ == "__main__":
    sys.path[0] = str(Path.cwd())
    _main()
