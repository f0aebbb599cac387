"""What every answer carries, and which host names we answer to at all.

The dashboard trusts whoever reaches it, so a page elsewhere must not reach it through a visitor's browser: a name that
an attacker points at 127.0.0.1 (DNS rebinding) is refused, and no page elsewhere may frame, script or read ours.
"""

from __future__ import annotations

from ipaddress import ip_address

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
#: set where the answer itself says nothing; static files do
CACHE_CONTROL = "no-store"

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
EVERYWHERE = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - compared with, not listened on


class Guard:
    """ASGI middleware: refuses foreign host names, adds the headers.

    Args:
        app: what is guarded.
        host: the address the dashboard listens on; a name or address other than loopback is answered to as well.
    """

    def __init__(self, app: ASGIApp, *, host: str) -> None:
        self._app = app
        self._hosts = LOOPBACK | {host.lower()} - EVERYWHERE
        self._any_address = host in EVERYWHERE

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        hosts = Headers(scope=scope).getlist("host")
        app = self._app if len(hosts) == 1 and self.knows(hosts[0]) else _refused
        await app(scope, receive, _adding_headers(send))

    def knows(self, host: str) -> bool:
        """Whether a Host header names us; the port does not matter."""
        name = name_of(host)
        return name in self._hosts or (self._any_address and _is_address(name))


def name_of(host: str) -> str:
    """The name in a Host header, lower-case, without port, brackets and final dot; empty for what is none."""
    if host.startswith("["):
        name, bracket, port = host[1:].partition("]")
        return name.lower() if bracket and (not port or port.startswith(":")) else ""
    name, _, port = host.partition(":")
    return name.lower().removesuffix(".") if not port or port.isdecimal() else ""


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


async def _refused(scope: Scope, receive: Receive, send: Send) -> None:
    text = "This is not the host name of the dashboard. Use the address that `mailwake web` prints.\n"
    await PlainTextResponse(text, status_code=421)(scope, receive, send)


def _adding_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
            headers.setdefault("Cache-Control", CACHE_CONTROL)
        await send(message)

    return sending


def open_to_all(host: str) -> bool:
    """Whether an address to listen on is reachable from other machines."""
    return host.lower() not in LOOPBACK and not _is_loopback(host)


def _is_loopback(host: str) -> bool:
    return _is_address(host) and ip_address(host).is_loopback
