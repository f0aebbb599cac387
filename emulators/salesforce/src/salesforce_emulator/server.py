"""HTTP on loopback: plain sockets and threads, so that a connection can be broken exactly where a test wants it."""

from __future__ import annotations

import json
import threading
import time
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from .calls import Answer
from .faults import Fault
from .gate import Gate
from .org import Org

MAX_BODY_BYTES = 160_000_000


class Dropped(Exception):
    """The connection is closed without a word."""


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: Server
    #: Small answers go out at once instead of waiting for an acknowledgement.
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the parameter's name in the base class
        """Requests are kept by the org, not printed."""

    def answer(self) -> None:
        """Read, meet the faults, ask, write."""
        try:
            body = self._read_body()
            fault = self.server.gate.fault(self.command, self.path)
            if fault and (early := self._early(fault)):
                self._write(early)
                return
            answered = self._ask(body)
            if fault and fault.kind == "twice":
                answered = self._ask(body)
            self._late(fault, answered)
        except (Dropped, ConnectionError, ValueError):  # the last: a chunk without its size, for its sender died
            self.close_connection = True
            self.connection.close()

    def _ask(self, body: bytes) -> Answer:
        headers = {k.lower(): v for k, v in self.headers.items()}
        base = f"http://{headers.get('host', '')}"
        return self.server.gate.answer(self.command, self.path, headers=headers, body=body, base=base)

    def __getattr__(self, name: str) -> Any:
        """The base class looks for a method per verb; all verbs are answered the same way."""
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def _read_body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._read_chunks()
        length = int(self.headers.get("Content-Length") or 0)
        if length > MAX_BODY_BYTES or len(body := self.rfile.read(length)) < length:
            raise Dropped  # too much, or its sender died before the end
        return body

    def _read_chunks(self) -> bytes:
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return b"".join(parts)

    def _early(self, fault: Fault) -> Answer | None:
        """What a fault does before anything else is done."""
        if fault.kind == "drop_before":
            raise Dropped
        if fault.kind == "wait":
            time.sleep(fault.seconds)
        if fault.kind == "expire_session":
            self.server.gate.expire(self.headers.get("Authorization", ""))
        return _page(fault.status) if fault.kind == "status" else None

    def _late(self, fault: Fault | None, answered: Answer) -> None:
        """What a fault does with the answer."""
        kind = fault.kind if fault else ""
        if kind == "drop_after":
            raise Dropped
        if fault and kind == "status_after":
            answered = _page(fault.status)
        if fault and kind == "slow":
            self._write(answered, seconds=fault.seconds)
        elif kind == "truncate":
            self._write(answered, is_cut=True)
        else:
            self._write(answered)

    def _write(self, answered: Answer, *, seconds: float = 0.0, is_cut: bool = False) -> None:
        body = answered.encoded()
        self.send_response_only(answered.status)
        self.send_header("Date", format_datetime(self.server.gate.org.clock.now(), usegmt=True))
        for name, value in answered.headers.items():
            self.send_header(name, value)
        if answered.body is not None:
            self.send_header("Content-Type", answered.content_type)
        if answered.status not in (204, 304):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if is_cut:
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            raise Dropped
        if seconds and body:
            self.wfile.flush()
            self._trickle(body, seconds)
        elif self.command != "HEAD":
            self.wfile.write(body)

    def _trickle(self, body: bytes, seconds: float) -> None:
        pieces = 20
        step = max(1, -(-len(body) // pieces))
        for start in range(0, len(body), step):
            self.wfile.write(body[start : start + step])
            self.wfile.flush()
            time.sleep(seconds / pieces)


def _page(status: int) -> Answer:
    """What a load balancer says, not the API."""
    text = f"<html><head><title>Error {status}</title></head><body><h1>Down for maintenance</h1></body></html>"
    return Answer(status, text.encode(), content_type="text/html; charset=UTF-8")


class Server(ThreadingHTTPServer):
    """Listens; every connection has a thread of its own."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, gate: Gate, port: int) -> None:
        self.gate = gate
        super().__init__(("127.0.0.1", port), Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - the base class's
        """A broken connection is what the tests are about; anything else is a fault of the emulator, and counted."""
        self.gate.org.unknown.append({"what": "a connection's thread failed"})


class Emulator:
    """An org that listens. `with Emulator() as emulator:` in a test, or a process of its own by `python -m`."""

    def __init__(self, org: Org | None = None, *, port: int = 0) -> None:
        self.org = org or Org()
        self._server = Server(Gate(self.org), port)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.005}, daemon=True)

    @property
    def url(self) -> str:
        """Where it listens: login host and My Domain in one."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Emulator:
        self._thread.start()
        return self

    def __exit__(self, *args: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def serve(self) -> None:
        """Listen until the process ends; the address goes to standard output first, as one line of JSON."""
        print(json.dumps({"url": self.url, "org": self.org.id}), flush=True)  # noqa: T201
        self._server.serve_forever()
