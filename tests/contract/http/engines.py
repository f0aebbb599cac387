"""The servers that the suite runs on: processes with limits as near to each other as they can be set."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import count
from pathlib import Path

import msgspec
from tests.line import Answer, Line

ROOT = Path(__file__).parents[3]
APPLICATION = "tests.contract.http.echo:application"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a stranger may take; the names are those of the settings."""

    max_header_bytes: int = 65_536
    max_body_bytes: int = 8_192
    request_timeout_seconds: float = 10.0
    idle_timeout_seconds: float = 75.0
    max_connections: int = 10_000
    max_pipelined: int = 64
    #: how long a stop waits for what is under way
    grace_seconds: float = 10.0


def own(port: int, limits: Limits) -> list[str]:
    """Our HTTP layer."""
    return ["tests.contract.http.own", str(port), msgspec.json.encode(asdict(limits)).decode()]


def uvicorn(port: int, limits: Limits) -> list[str]:
    """Uvicorn on httptools and uvloop: it has no limit on heads and bodies and no deadline for a request."""
    return [
        *("uvicorn", APPLICATION, "--port", str(port), "--loop", "uvloop", "--http", "httptools", "--ws", "none"),
        *("--no-access-log", "--log-level", "warning", "--lifespan", "off", "--no-proxy-headers"),
        *("--timeout-keep-alive", str(max(1, round(limits.idle_timeout_seconds)))),
        *("--limit-concurrency", str(limits.max_connections + 1)),
        *("--timeout-graceful-shutdown", str(max(1, round(limits.grace_seconds)))),
    ]


def granian(port: int, limits: Limits) -> list[str]:
    """Granian with one worker: it has no limit on bodies and connections and no deadline for a body."""
    return [
        *("granian", APPLICATION, "--port", str(port), "--interface", "asginl", "--http", "1", "--no-ws"),
        *("--workers", "1", "--log-level", "warning", "--loop", "uvloop"),
        *("--http1-buffer-size", str(max(8_192, limits.max_header_bytes))),
        *("--http1-header-read-timeout", str(min(60_000, round(limits.request_timeout_seconds * 1_000)))),
        *("--backlog", "1024", "--backpressure", str(max(16, min(1024, limits.max_connections)))),
        *("--workers-kill-timeout", str(max(1, round(limits.grace_seconds)))),
    ]


@dataclass(frozen=True)
class Talk:
    """What came back on a line."""

    answers: list[Answer]
    is_closed: bool

    @property
    def statuses(self) -> list[int]:
        return [answer.status for answer in self.answers]

    def __str__(self) -> str:
        said = " then ".join(map(str, self.statuses)) or "nothing"
        return f"{said}, {'closed' if self.is_closed else 'left open'}"


ENGINES: dict[str, Callable[[int, Limits], list[str]]] = {"own": own, "uvicorn": uvicorn, "granian": granian}
_names = count()


class Server:
    """A running server."""

    def __init__(self, engine: str, limits: Limits, errors: Path) -> None:
        self.engine, self.limits, self.errors = engine, limits, errors
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        command = [sys.executable, "-m", *ENGINES[engine](self.port, limits)]
        with errors.open("wb") as told:
            self._process = subprocess.Popen(
                command, cwd=ROOT, stdout=subprocess.PIPE, stderr=told, text=True, process_group=0
            )
        self._wait()

    def _wait(self) -> None:
        """Until it answers."""
        for _ in range(600):
            assert self._process.poll() is None, self.errors.read_text()
            with contextlib.suppress(ConnectionError), self.line() as line:
                line.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                assert line.read().status == 200
                return
            time.sleep(0.05)
        raise AssertionError(f"{self.engine} does not listen: {self.errors.read_text()}")

    @cached_property
    def pid(self) -> int:
        """The process that serves: Granian's is the child of the one that was started."""
        started = self._process.pid
        if self.engine != "granian":
            return started
        return int(Path(f"/proc/{started}/task/{started}/children").read_text())

    def line(self) -> Line:
        return Line(self.port)

    def talk(self, *pieces: bytes, patience_seconds: float = 0.3) -> Talk:
        """Send these bytes and read until the other side closes, or says nothing more for a while."""
        answers: list[Answer] = []
        with self.line() as line:
            with contextlib.suppress(ConnectionError):  # a server may part before it has read everything
                for piece in pieces:
                    line.send(piece)
            try:
                while self._says_more(line, patience_seconds):
                    answers.append(line.read(head_only=pieces[0].startswith(b"HEAD")))
            except (EOFError, ConnectionResetError):
                return Talk(answers, is_closed=True)
        return Talk(answers, is_closed=False)

    def _says_more(self, line: Line, patience_seconds: float) -> bool:
        """False once others have been served three times over and this line is still quiet."""
        for _ in range(3):
            if line.is_readable(patience_seconds / 3):
                return True
            self.ask("/")
        return line.is_readable(0)

    def ask(self, path: str) -> Answer:
        """A plain request on a line of its own."""
        with self.line() as line:
            line.send(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            return line.read()

    def count(self, what: str, name: str) -> int:
        """How many requests were ``seen`` or are ``waiting``."""
        return int(self.ask(f"/{what}/{name}").body)

    def wait_for(self, waiting: int, name: str) -> None:
        """Until so many requests are held."""
        for _ in range(1_000):
            if self.count("waiting", name) >= waiting:
                return
            time.sleep(0.005)
        raise AssertionError(f"{self.count('waiting', name)} of {waiting} requests came")

    @property
    def descriptors(self) -> int:
        """How many files and sockets it has open."""
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))

    @property
    def resident_bytes(self) -> int:
        """Memory in use."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")

    def ask_to_stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)

    def wait(self) -> int:
        """Until it has ended; gives its exit code."""
        return self._process.wait(self.limits.grace_seconds + 10)

    def stop(self) -> str:
        """Stop it, now at the latest; gives what it printed. Our own has to end by itself."""
        if self._process.poll() is None:
            self.ask_to_stop()
        try:
            return self._process.communicate(timeout=self.limits.grace_seconds + 10)[0]
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.communicate()
            if self.engine == "own":
                raise
            return ""


def new_name() -> str:
    """One that no request had before."""
    return f"n{next(_names)}"
