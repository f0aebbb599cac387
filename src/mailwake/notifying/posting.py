"""One request to a URL that somebody else wrote down: to no address but a public one, short, and never elsewhere.

The name is looked up once and the connection goes to the address that was checked, so that a name which changes its
mind between the two reaches nothing. Redirects are not followed. A slow or endless answer costs ten seconds and 64 kB.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from io import BufferedReader
from ipaddress import IPv6Address, ip_address
from typing import cast
from urllib.parse import urlsplit

from mailwake.errors import Unavailable

#: for all of a request, from the look-up to the last byte that we read
TIMEOUT_SECONDS = 10.0
MOST_BYTES = 65_536
#: where a name leads: the first address that may be called
Lookup = Callable[[str, int], list[str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What came back."""

    status: int
    #: seconds that we are asked to wait; None: nothing is said
    retry_after: float | None = None

    @property
    def is_taken(self) -> bool:
        """The webhook arrived."""
        return 200 <= self.status < 300


def look_up(host: str, port: int) -> list[str]:
    """The addresses of a host."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def is_public(address: str) -> bool:
    """Whether an address is of the open internet; those that stand for an IPv4 address are judged by it."""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address):
        within = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if within is not None:
            return within.is_global and not within.is_multicast
        if found in _NAT64:
            return False
    return found.is_global and not found.is_multicast


class _Nat64:
    """64:ff9b::/96 and 64:ff9b:1::/48 lead to IPv4 addresses of any kind (RFC 6052, RFC 8215)."""

    def __contains__(self, address: IPv6Address) -> bool:
        return address.packed.startswith((b"\x00\x64\xff\x9b\x00\x00", b"\x00\x64\xff\x9b\x00\x01"))


_NAT64 = _Nat64()


def post(
    url: str, headers: Mapping[str, str], body: bytes, *, allow_private: bool = False, lookup: Lookup = look_up
) -> Answer:
    """Send a webhook once.

    Args:
        url: http or https.
        headers: of the request.
        body: of it.
        allow_private: addresses that are not of the open internet may be called too.
        lookup: gives the addresses of a host.

    Raises:
        Unavailable: nobody answered, or nobody may be asked there.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        address = _address(host, port, allow_private=allow_private, lookup=lookup)
        with closing(_Pinned(host, port, address, secure=parts.scheme == "https")) as connection:
            target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
            connection.request("POST", target, body, {"user-agent": "Mailwake", **headers})
            return _answer(connection)
    except (OSError, http.client.HTTPException, ValueError, AttributeError) as fault:
        # AttributeError: http.client finds its socket gone, because time was up
        raise Unavailable(f"{host} does not answer: {type(fault).__name__}") from None


def _address(host: str, port: int, *, allow_private: bool, lookup: Lookup) -> str:
    found = lookup(host, port)
    for address in found:
        if allow_private or is_public(address):
            return address
    raise Unavailable(f"{host} leads to no public address; allow_private = true lets it be called all the same")


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

    def begin(self) -> None:
        """Read the head."""
        head = _Head(self.fp)
        self.fp = cast("BufferedReader", head)
        super().begin()
        if self.fp is not None:  # it is, of an answer without a body
            self.fp = head.file
        if head.last not in {b"\r\n", b"\n"}:
            raise http.client.IncompleteRead(head.last)


class _Pinned(http.client.HTTPConnection):
    """A connection to one address that was checked, under the host's own name; cut when its time is up."""

    response_class = _Whole

    def __init__(self, host: str, port: int, address: str, *, secure: bool) -> None:
        super().__init__(host, port, timeout=TIMEOUT_SECONDS)
        self._address, self._secure = address, secure
        self._watch: threading.Timer | None = None
        #: what came is no whole answer
        self.was_cut = False

    def connect(self) -> None:
        """Connect to the address, and prove the name where it is https."""
        plain = socket.create_connection((self._address, self.port), timeout=TIMEOUT_SECONDS)
        # A timeout of a socket is one of each read; a server that sends a byte now and then would never meet it.
        self._watch = threading.Timer(TIMEOUT_SECONDS, self._cut, [plain])
        self._watch.daemon = True
        self._watch.start()
        self.sock = plain
        if self._secure:
            self.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=self.host)

    def close(self) -> None:
        """Let go of the connection."""
        if self._watch is not None:
            self._watch.cancel()
        super().close()

    def _cut(self, plain: socket.socket) -> None:
        self.was_cut = True
        with suppress(OSError):
            plain.shutdown(socket.SHUT_RDWR)


def _answer(connection: _Pinned) -> Answer:
    """Its status; of the rest we read a little, so that the other side sees an end."""
    response = connection.getresponse()
    response.read(MOST_BYTES)
    if connection.was_cut:
        raise TimeoutError
    return Answer(status=response.status, retry_after=_seconds(response.getheader("retry-after")))


def _seconds(text: str | None) -> float | None:
    """Of Retry-After in seconds; as a date it is of no use to us."""
    return min(float(text), 86_400.0) if text and text.isascii() and text.isdecimal() and len(text) < 10 else None
