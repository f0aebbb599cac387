"""One request, sent once: to no address but one that may be called, answered in time or not at all.

Redirects are answers and are not followed here. No cookie is sent or kept, no proxy of the environment is used.
"""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import SplitResult, quote, urlsplit

from mailwake.errors import Unavailable
from mailwake.idn import ascii_host
from mailwake.visiting.addresses import Lookup, is_public, look_up, looked_up_within
from mailwake.visiting.connecting import Pinned

#: Addresses of a host that are tried before it counts as away.
_MOST_ADDRESSES = 3
#: Of a certificate's life, what comes first.
_SOON_SECONDS, _SOON_SHARE = 7 * 86_400, 0.1
#: Programs disagree on where such URLs lead, or they end a line of the request.
_UNFIT = re.compile(r"[\x00-\x20\x7f\\]")
#: What a URL may have in it as it is; everything else is percent-encoded.
_SAFE = "!$%&'*+,/:;=?@[]~()"


class Fault(StrEnum):
    """Why there is no answer."""

    #: neither http nor https
    SCHEME = "scheme"
    #: no host, a user name or password, a backslash, a control character, or a port that is none
    UNFIT = "unfit"
    #: every address of the host is of a private network, this machine, or otherwise not of the open internet
    PRIVATE = "private"
    #: the host has no address
    UNKNOWN_HOST = "unknown_host"
    #: no name server says whether the host has one
    NO_DNS = "no_dns"
    #: nobody answers at that address
    NO_ANSWER = "no_answer"
    #: it did not answer in time
    TIMEOUT = "timeout"
    #: the certificate does not hold, or there is no TLS
    TLS = "tls"
    #: what came is no HTTP
    NOT_HTTP = "not_http"


class Unreached(Unavailable):
    """No answer came.

    Attributes:
        fault: why.
        host: who was asked; empty where the URL names nobody.
        detail: what is wrong with the certificate, as OpenSSL says it; empty: something else is wrong.
    """

    def __init__(self, fault: Fault, host: str, line: str, detail: str = "") -> None:
        super().__init__(line)
        self.fault, self.host, self.detail = fault, host, detail


@dataclass(frozen=True, kw_only=True)
class Lifetime:
    """Of a certificate that holds."""

    #: from its first second to its last
    seconds: float
    #: until its last
    seconds_left: float

    @property
    def is_ending(self) -> bool:
        """Whoever renews by itself would have done so: certificates of 90 days at 30, of six days at three.

        Source: https://letsencrypt.org/docs/integration-guide/#when-to-renew.
        """
        return self.seconds_left < min(_SOON_SECONDS, self.seconds * _SOON_SHARE)


@dataclass(frozen=True, kw_only=True)
class Wall:
    """Where may be called, and how much it may cost."""

    #: addresses that are not of the open internet may be called too
    allow_private: bool = False
    #: gives the addresses of a host
    lookup: Lookup = look_up
    #: what certificates are held against
    trust: Callable[[], ssl.SSLContext] = ssl.create_default_context
    #: for all of a request, from the look-up to the last byte that is read
    seconds: float = 10.0
    #: of an answer's body; what is beyond it is left unread
    most_bytes: int = 65_536


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What came back."""

    status: int
    #: names in lower case; the first of each
    headers: Mapping[str, str]
    #: as much of it as was read
    body: bytes
    #: the address that answered
    address: str
    #: how long it took
    seconds: float
    #: of the certificate; None: it came without one
    lifetime: Lifetime | None = None


def greet(url: str, *, wall: Wall) -> Lifetime | None:
    """Connect to the host of a URL, let it prove its name where it is https, and leave without asking for anything.

    Args:
        url: http or https.
        wall: where may be called.

    Returns:
        How long its certificate lasts; None: it is plain http.

    Raises:
        Unreached: nobody answered, or nobody may be asked there.
    """
    parts, began = checked(url), time.monotonic()
    try:
        with closing(_connected(parts, wall, began)) as connection:
            return _lifetime(connection)
    except OSError as fault:
        raise _unreached(fault, parts.hostname or "", began, wall) from None


def ask(
    method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None, wall: Wall
) -> Reply:
    """Send a request once.

    Args:
        method: such as HEAD.
        url: http or https.
        headers: of the request, beside Host.
        body: of it.
        wall: where may be called.

    Raises:
        Unreached: nobody answered, or nobody may be asked there.
    """
    parts = checked(url)
    host, began = parts.hostname or "", time.monotonic()
    target = quote(f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}", safe=_SAFE)
    try:
        with closing(_connected(parts, wall, began)) as connection:
            try:
                connection.request(method, target, body, {"user-agent": "Mailwake", **(headers or {})})
                return _reply(connection, began, wall.most_bytes)
            except Exception:
                if connection.was_cut:
                    raise TimeoutError from None
                raise
    except (OSError, http.client.HTTPException, ValueError, AttributeError) as fault:
        # AttributeError: http.client finds its socket gone
        raise _unreached(fault, host, began, wall) from None


def _unreached(fault: Exception, host: str, began: float, wall: Wall) -> Unreached:
    """Whatever goes wrong once time is up does so because it is."""
    why = Fault.TIMEOUT if time.monotonic() - began >= wall.seconds else _fault_of(fault)
    detail = getattr(fault, "verify_message", None) or str(getattr(fault, "reason", "") or "").lower().replace("_", " ")
    line = f"{host} does not answer: {type(fault).__name__}"
    return Unreached(why, host, line, detail if why is Fault.TLS else "")


def checked(url: str) -> SplitResult:
    """The parts of a URL that programs agree on.

    Raises:
        Unreached: it is none.
    """
    try:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https"):
            raise Unreached(Fault.SCHEME, "", "only http and https can be called")
        host, port = parts.hostname or "", parts.port
        if _UNFIT.search(url) or not host or "@" in parts.netloc or port == 0:
            raise Unreached(Fault.UNFIT, "", "the URL cannot be called; programs disagree on where it leads")
        name = ascii_host(host)
    except ValueError:
        raise Unreached(Fault.UNFIT, "", "the URL cannot be called; programs disagree on where it leads") from None
    shown = f"[{name}]" if ":" in name else name
    return parts._replace(netloc=f"{shown}:{port}" if port else shown)


def _connected(parts: SplitResult, wall: Wall, began: float) -> Pinned:
    """A connection to the first address of a host that takes one; nothing is sent yet."""
    host, secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    addresses, refusal = _addresses(host, port, wall)[:_MOST_ADDRESSES], OSError()
    trust = wall.trust() if secure else None  # after the look-up: all certificates of the machine are read for it
    for address in addresses:
        left = wall.seconds - (time.monotonic() - began)
        connection = Pinned(host, port, address, trust=trust, seconds=max(left, 0.001))
        try:
            connection.connect()
        except OSError as fault:
            connection.close()
            refusal = TimeoutError() if connection.was_cut else fault
        else:
            return connection
    raise refusal


def _addresses(host: str, port: int, wall: Wall) -> list[str]:
    """The addresses of a host that may be called, looked up once."""
    try:
        found = looked_up_within(wall.seconds, wall.lookup, host, port)
    except (OSError, UnicodeError) as fault:
        if isinstance(fault, TimeoutError) or (isinstance(fault, socket.gaierror) and fault.errno == socket.EAI_AGAIN):
            raise Unreached(Fault.NO_DNS, host, f"no name server says where {host} is") from None
        raise Unreached(Fault.UNKNOWN_HOST, host, f"{host} has no address") from None
    able = [address for address in found if wall.allow_private or is_public(address)]
    if not able:
        line = f"{host} leads to no public address; allow_private = true lets it be called all the same"
        raise Unreached(Fault.PRIVATE, host, line)
    return able


def _reply(connection: Pinned, began: float, most_bytes: int) -> Reply:
    """Its status and head; of the rest a little, so that the other side sees an end."""
    lifetime = _lifetime(connection)  # the socket may be gone once the answer is there
    response = connection.getresponse()
    body = response.read(most_bytes)
    if connection.was_cut:
        raise TimeoutError
    headers: dict[str, str] = {}
    for name, value in response.getheaders():
        headers.setdefault(name.lower(), value)
    seconds = time.monotonic() - began
    return Reply(
        status=response.status,
        headers=headers,
        body=body,
        address=connection.address,
        seconds=seconds,
        lifetime=lifetime,
    )


def _lifetime(connection: Pinned) -> Lifetime | None:
    proved = connection.sock.getpeercert() if isinstance(connection.sock, ssl.SSLSocket) else None
    if not proved:
        return None
    first, last = (ssl.cert_time_to_seconds(str(proved[name])) for name in ("notBefore", "notAfter"))
    return Lifetime(seconds=last - first, seconds_left=last - time.time())


def _fault_of(fault: Exception) -> Fault:
    if isinstance(fault, ssl.SSLError):
        return Fault.TIMEOUT if isinstance(fault, TimeoutError) else Fault.TLS
    if isinstance(fault, TimeoutError):
        return Fault.TIMEOUT
    return Fault.NO_ANSWER if isinstance(fault, OSError) else Fault.NOT_HTTP
