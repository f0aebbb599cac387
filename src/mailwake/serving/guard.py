"""What every answer carries, which host names we answer to at all, and from where anything may be changed.

A page elsewhere must not reach the dashboard through a visitor's browser: a name that
an attacker points at 127.0.0.1 (DNS rebinding) is refused, no page elsewhere may frame, script or read ours, and a form
that was not on a page of ours changes nothing.
"""

from __future__ import annotations

from ipaddress import ip_address

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mailwake.clickmap.sheet import POLICY, POLICY_WITH_PICTURES

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    # "no-referrer" would also make browsers send our own forms with "Origin: null". Source: Fetch, section 3.1
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
#: An answer may keep one of these in place of ours: the drawing of a mail, which may do less, and only we may frame.
STRICTER = frozenset((POLICY, POLICY_WITH_PICTURES))
#: set where the answer itself says nothing; static files do
CACHE_CONTROL = "no-store"

#: change nothing. Source: RFC 9110, section 9.2.1
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
EVERYWHERE = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - compared with, not listened on


class Guard:
    """ASGI middleware: refuses foreign host names and foreign forms, adds the headers.

    Args:
        app: what is guarded.
        host: the address the dashboard listens on; a name or address other than loopback is answered to as well.
        name: under which browsers reach it through a proxy; empty: none.
        knows_programs: what shows something in the header Authorization comes from a program: a page elsewhere cannot
            send that header unless we allow it, and we never do. Source: Fetch, section 4.9 (CORS preflight).
    """

    def __init__(self, app: ASGIApp, *, host: str, name: str = "", knows_programs: bool = False) -> None:
        self._app = app
        self._hosts = LOOPBACK | {host.lower(), name.lower()} - EVERYWHERE
        self._knows_programs = knows_programs
        self._any_address = host in EVERYWHERE

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        app = self._app
        if len(hosts) != 1 or not self.knows(hosts[0]):
            app = _refused
        elif scope["method"] not in _SAFE and not is_from_here(headers) and not self._is_program(headers):
            app = _foreign
        await app(scope, receive, _adding_headers(send))

    def _is_program(self, headers: Headers) -> bool:
        return self._knows_programs and "authorization" in headers and "cookie" not in headers

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


def is_from_here(headers: Headers) -> bool:
    """Whether the browser says that a page of ours sent this. One that says nothing about it is not believed.

    Source: W3C Fetch Metadata, section 2.3; where a browser sends none (plain http from another machine), the Origin
    that it sends with every POST has to be the host that it asks (Fetch, section 3.1).
    """
    sites, origins = headers.getlist("sec-fetch-site"), headers.getlist("origin")
    if sites:
        return sites == ["same-origin"]
    if len(origins) != 1:
        return False
    scheme, _, place = origins[0].partition("://")
    return scheme in ("http", "https") and place.lower() == headers["host"].lower()


async def _foreign(scope: Scope, receive: Receive, send: Send) -> None:
    text = (
        "Nothing was changed: this request did not come from a page of the dashboard. Reload the page and try again.\n"
    )
    await PlainTextResponse(text, status_code=403)(scope, receive, send)


async def _refused(scope: Scope, receive: Receive, send: Send) -> None:
    text = "This is not the host name of the dashboard. Use the address that `mailwake web` prints.\n"
    await PlainTextResponse(text, status_code=421)(scope, receive, send)


def _adding_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                if headers.get(name) not in STRICTER:
                    headers[name] = value
            headers.setdefault("Cache-Control", CACHE_CONTROL)
        await send(message)

    return sending


def open_to_all(host: str) -> bool:
    """Whether an address to listen on is reachable from other machines."""
    return host.lower() not in LOOPBACK and not _is_loopback(host)


def _is_loopback(host: str) -> bool:
    return _is_address(host) and ip_address(host).is_loopback
