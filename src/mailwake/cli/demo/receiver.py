"""A program that is told by webhooks what happens: it takes everything and does nothing with it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class _Taker(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(HTTPStatus.NO_CONTENT)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's word for it
        """Says nothing."""


@contextlib.contextmanager
def receiving(port: int) -> Iterator[None]:
    """Take what comes to a port of this machine until the block ends."""
    with ThreadingHTTPServer(("127.0.0.1", port), _Taker) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, name="webhooks taken", daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
