"""A small web on loopback: what each path answers, and what it was asked."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Page:
    """What a path answers."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"page"
    #: methods that are answered with 405
    refuses: frozenset[str] = frozenset()
    #: waits for this before it answers
    waits_for: threading.Event | None = None


@dataclass
class Web:
    """A server that runs."""

    port: int
    pages: dict[str, Page]
    #: (method, path, headers in lower case, body)
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    scheme: str = "http"

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"


@contextmanager
def web(pages: dict[str, Page], *, trust: ssl.SSLContext | None = None) -> Iterator[Web]:
    """Serve pages; a path that is not there answers 404."""
    found = Web(0, pages)

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            found.asked.append((self.command, self.path, headers, body))
            page = pages.get(self.path, Page(404))
            if page.waits_for:
                page.waits_for.wait(20)
            self.send_response(405 if self.command in page.refuses else page.status)
            for name, value in page.headers.items():
                self.send_header(name, value)
            if "Content-Length" not in page.headers:
                self.send_header("Content-Length", str(len(page.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(page.body)

        do_GET = do_HEAD = do_POST = answer  # noqa: N815 - named by http.server

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Clients that hang up are what is tested."""

    with Server(("127.0.0.1", 0), Handler) as server:
        if trust is not None:
            server.socket = trust.wrap_socket(server.socket, server_side=True)
            found.scheme = "https"
        found.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield found
        finally:
            for page in pages.values():
                if page.waits_for:
                    page.waits_for.set()
            server.shutdown()
            thread.join()


Lookup = Callable[[str, int], list[str]]


def home(_host: str, _port: int) -> list[str]:
    """Every name leads to loopback."""
    return ["127.0.0.1"]
