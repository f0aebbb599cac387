"""A connection to one address that was checked, under the host's own name, cut when its time is up."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from contextlib import suppress
from io import BufferedReader
from typing import cast


class _Head:
    """The lines of an answer's head, of which the last one read is remembered."""

    def __init__(self, file: BufferedReader) -> None:
        self.file, self.last = file, b""

    def readline(self, limit: int = -1) -> bytes:
        """The next line."""
        self.last = self.file.readline(limit)
        return self.last

    def close(self) -> None:
        """An answer without a body is closed with its head."""
        self.file.close()


class _Whole(http.client.HTTPResponse):
    """An answer whose head came to its end. http.client takes the end of a connection for the empty line there."""

    def _read_status(self) -> tuple[str, int, str]:
        """What is said before the answer (102, 103) is skipped like 100, the only one that http.client knows."""
        version, status, reason = super()._read_status()  # type: ignore[misc]
        return version, 100 if 101 < status < 200 else status, reason

    def begin(self) -> None:
        """Read the head."""
        head = _Head(self.fp)
        self.fp = cast("BufferedReader", head)
        super().begin()
        if self.fp is not None:  # it is, of an answer without a body
            self.fp = head.file
        if head.last not in {b"\r\n", b"\n"}:
            raise http.client.IncompleteRead(head.last)


class Pinned(http.client.HTTPConnection):
    """A connection that goes to the given address, whatever the name leads to by now.

    Args:
        host: asked for, and proved where it is https.
        port: of both.
        address: where to connect.
        trust: what certificates must hold against; None: it is plain http.
        seconds: from the first packet to the last byte.

    Attributes:
        was_cut: time was up, and what came is no whole answer.
    """

    response_class = _Whole

    def __init__(self, host: str, port: int, address: str, *, trust: ssl.SSLContext | None, seconds: float) -> None:
        super().__init__(host, port, timeout=seconds)
        self.address, self._trust, self._seconds = address, trust, seconds
        self._watch: threading.Timer | None = None
        self.was_cut = False

    def connect(self) -> None:
        """Connect to the address, and prove the name where it is https."""
        ends = time.monotonic() + self._seconds
        self.sock = socket.create_connection((self.address, self.port), timeout=self._seconds)
        if self._trust is not None:  # it takes the place of the plain one, which cuts nothing from then on
            self.sock = self._trust.wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
        # A timeout of a socket is one of each read; a server that sends a byte now and then would never meet it.
        self._watch = threading.Timer(max(ends - time.monotonic(), 0.001), self._cut, [self.sock])
        self._watch.daemon = True
        self._watch.start()
        if isinstance(self.sock, ssl.SSLSocket):
            self.sock.do_handshake()

    def close(self) -> None:
        """Let go of the connection."""
        if self._watch is not None:
            self._watch.cancel()
        super().close()

    def _cut(self, connected: socket.socket) -> None:
        self.was_cut = True
        with suppress(OSError):  # below TLS, whose own end would wait for nobody but forget its state while it is read
            socket.socket.shutdown(connected, socket.SHUT_RDWR)
