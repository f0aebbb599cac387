"""One request and its answer, and what the request line and the Host field say of where it is for."""

from __future__ import annotations

import re
from typing import Protocol

from msgspec import Struct

from mailwake.edge.response import Response
from mailwake.events import Headers, split_head

#: What a request may begin with; anything else, such as TLS, is told at once.
BEGINNING = re.compile(rb"[\r\nA-Z]")
EMPTY_LINES = re.compile(rb"\A(?:\r\n)+")  # before a request: RFC 9112 section 2.2
UPGRADE = re.compile(rb"\r\n(?i:upgrade):")
#: A request line about which nothing has to be asked; a strict part of what llhttp lets pass.
PLAIN_GET = re.compile(rb"GET (/[!-~]*) HTTP/1\.1\r\n")
_ABSOLUTE = re.compile(rb"(?i:https?)://([^/?#]+)(.*)")
_ANOTHER_HOST = re.compile(rb"\r\n(?i:host):")


class _Line(Protocol):
    """The connection that a request came on."""

    def flush(self) -> None:
        """Send every answer whose turn has come."""
        ...


class Exchange(Struct, eq=False):
    """One request, and the one place its answer goes to."""

    _connection: _Line
    #: upper case
    method: str
    #: path and query as they came, not decoded
    target: bytes
    #: header lines as they came
    head: bytes
    #: the Host header, or the authority of an absolute target; None: a client of HTTP/1.0 named none
    host: bytes | None
    #: address at the other end of the connection
    peer: str
    #: whether the line stays open after the answer
    keep: bool = False
    body: bytes = b""
    response: Response | None = None

    @property
    def headers(self) -> Headers:
        """Names and values in wire order, undecoded; split each time, because most requests never ask."""
        return split_head(self.head)

    def answer(self, response: Response) -> None:
        """Send the answer, once, now or later; it leaves when all earlier ones on this connection have."""
        self.response = response
        self._connection.flush()


def hosts_of(fields: bytes) -> list[bytes]:
    """The values of all Host fields."""
    if fields[:6] == b"Host: " and not _ANOTHER_HOST.search(fields):
        return [fields[6 : fields.find(b"\r", 6)].strip(b" \t")]  # as browsers do it: first
    return [field[5:].strip(b" \t") for field in fields.split(b"\r\n") if field[:5].lower() == b"host:"]


def take_apart(exchange: Exchange) -> bool:
    """An absolute target's host stands for the Host header: RFC 9112 section 3.2.2. False: no target for a server."""
    absolute = _ABSOLUTE.fullmatch(exchange.target)
    if absolute:
        exchange.host, path = absolute.groups()
        exchange.target = path if path.startswith(b"/") else b"/" + path
        return True
    return exchange.target == b"*" and exchange.method == "OPTIONS"
