"""Targets on real sockets: well, dead, slow, endless, huge; each counts who asked."""

import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from mailwake.visiting.visitor import End, Hop, Visit


class Shop(ThreadingHTTPServer):
    """Answers ``/well`` until it is told to die and ``/new`` for ever, and misbehaves elsewhere."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Page)
        self.status = 200
        self.asked: Counter[str] = Counter()
        self.agents: set[str] = set()
        self.bytes_sent = 0
        self.over = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Answering:
    """A visitor that never goes anywhere: every address answers alike.

    Args:
        status: what they answer.
    """

    def __init__(self, status: int) -> None:
        self.status = status
        self.asked: list[str] = []

    def visit(self, url: str) -> Visit:
        self.asked.append(url)
        return Visit(hops=(Hop(url=url, status=self.status, seconds=0.1),), end=End.ANSWER)


class _Page(BaseHTTPRequestHandler):
    server: Shop

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        shop = self.server
        shop.asked[self.path] += 1
        shop.agents.add(self.headers["User-Agent"])
        if self.path.startswith("/round"):
            shop.asked["round"] += 1  # first: whoever got the answer asks at once
            self._redirect(f"/round{shop.asked['round']}")
        elif self.path == "/hang":
            shop.over.wait(60)
        elif self.path == "/huge":
            self._huge()
        elif self.path == "/inside":
            self._redirect("http://127.0.0.1:1/secret")
        else:
            self.send_response(200 if self.path == "/new" else shop.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

    def _redirect(self, to: str) -> None:
        self.send_response(302)
        self.send_header("Location", to)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _huge(self) -> None:
        """A gigabyte, to whoever takes it; HEAD is refused, so that it has to be asked for."""
        if self.command == "HEAD":
            self.send_error(405)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(1 << 30))
        self.end_headers()
        with suppress(OSError):
            while self.server.bytes_sent < 1 << 30:
                self.server.bytes_sent += self.wfile.write(b"x" * 65_536)

    def log_message(self, *_: object) -> None:
        """Nobody wants to read it."""


@contextmanager
def shop() -> Iterator[Shop]:
    """A server that is there while it is used."""
    server = Shop()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        server.server_close()
        thread.join()


def free_port() -> int:
    """A port where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(done: object) -> None:
    """Wait for a truth; how long it takes is not the question."""
    deadline = time.monotonic() + 60
    while not done():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.05)
