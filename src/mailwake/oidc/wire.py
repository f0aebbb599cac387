"""Calls to a provider: within time and size, to https alone (or to this machine), and redirected nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from ipaddress import ip_address
from ssl import SSLContext
from typing import Any
from urllib.parse import urlsplit

import httpx2
import msgspec

from mailwake.errors import Unavailable, Untrusted

_TIMES = httpx2.Timeout(connect=5.0, read=10.0, write=10.0, pool=5.0)
#: of one answer; a discovery document has 5 kB, keys 20
MAX_BYTES = 256 * 1_024


@cache
def _trust() -> SSLContext:
    """The authorities that are trusted; read once, which takes longer than a question."""
    return httpx2.create_ssl_context(trust_env=False)


class Wire:
    """A client of one provider. Safe from several threads.

    Args:
        transport: for tests.
    """

    def __init__(self, transport: httpx2.BaseTransport | None = None) -> None:
        self._client = httpx2.Client(
            timeout=_TIMES, follow_redirects=False, trust_env=False, transport=transport, verify=_trust(),
            headers={"User-Agent": "mailwake", "Accept": "application/json", "Accept-Encoding": "identity"},
        )  # fmt: skip

    def get(self, url: str) -> Mapping[str, Any]:
        """An object from the provider.

        Raises:
            Unavailable: it does not answer, or nothing that can be read.
        """
        status, told = self._asked("GET", url)
        if status != 200:
            raise Unavailable(f"the provider of identities answered {status} for {_place(url)}; try again")
        return told

    def post(self, url: str, form: Mapping[str, str], auth: tuple[str, str] | None) -> Mapping[str, Any]:
        """What it gives for a form.

        Raises:
            Unavailable: as `get`.
            Untrusted: it refuses.
        """
        status, told = self._asked("POST", url, data=dict(form), auth=auth)
        if 400 <= status < 500 and status != 429:
            raise Untrusted("code")
        if status != 200:
            raise Unavailable(f"the provider of identities answered {status} for {_place(url)}; try again")
        return told

    def _asked(self, method: str, url: str, **more: Any) -> tuple[int, Mapping[str, Any]]:  # noqa: ANN401 - as httpx2 has it
        if not is_safe(url):
            raise Unavailable(f"the provider of identities names {_place(url)}, which is no https address")
        body = bytearray()
        try:
            with self._client.stream(method, url, **more) as answer:
                for part in answer.iter_bytes():
                    body += part
                    if len(body) > MAX_BYTES:
                        raise Unavailable(f"the provider of identities sends too much for {_place(url)}")
        except httpx2.HTTPError as fault:
            said = f"the provider of identities does not answer at {_place(url)}: {type(fault).__name__}"
            raise Unavailable(said) from None
        if answer.status_code != 200:
            return answer.status_code, {}
        try:
            return 200, msgspec.json.decode(bytes(body), type=dict[str, Any])
        except (msgspec.DecodeError, RecursionError):
            raise Unavailable(f"the provider of identities sends no JSON object for {_place(url)}") from None

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()


def is_safe(url: str) -> bool:
    """Whether what is sent there is read by nobody else: https, or http to this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    if parts.scheme == "https":
        return bool(host) and "@" not in parts.netloc
    return parts.scheme == "http" and "@" not in parts.netloc and _is_loopback(host)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _place(url: str) -> str:
    """Of an address what may be said: no query, no user."""
    return url.partition("?")[0].rpartition("@")[2][:120]
