"""Nobody comes in whom the gate does not know; who has a session changes nothing without a form of theirs.

What a route takes is decided where routes are known, by `allowed`; this stands before all of them, the unknown ones
too.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, quote, urlencode

import msgspec
from fastapi import APIRouter, FastAPI, Request
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mailwake.access.actors import ANYBODY, Actor, Kind
from mailwake.access.gate import Approach, Gate
from mailwake.access.keyform import MARK
from mailwake.access.limits import TooOften
from mailwake.access.routes import line_of
from mailwake.audit.taking import actor_named
from mailwake.audit.watching import noted
from mailwake.errors import MailwakeError, Unavailable
from mailwake.serving.parameters import refuse_unknown
from mailwake.store.access.masked import handle_of, pseudonym
from mailwake.store.state import StateStore

LOGIN = "/login"
#: of a form, and the header with the same for scripts and programs that have a session
FIELD, HEADER = "form_token", "x-form-token"
#: answered to whoever asks; what they may do there the routes decide
_PUBLIC = ("/static/", "/health", LOGIN)
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
#: what browsers send across origins without asking first, besides forms. Source: Fetch, "CORS-safelisted"
_SIMPLE = ("text/plain", "multipart/form-data")
_FORM_BYTES = 1 << 16
#: where somebody may be sent after the log-in: a path of this origin, and no way to write another one
_RETURN = re.compile(r"/(?![/\\])[A-Za-z0-9\-._~/]*(?:\?[A-Za-z0-9\-._~/=&%+]*)?")


@dataclass(frozen=True, kw_only=True)
class Door:
    """Where browsers come in, and who is let in."""

    #: address that the dashboard listens on
    host: str = "127.0.0.1"
    #: knows who is who; None: whoever reaches the dashboard may do everything, as on one's own machine
    gate: Gate | None = None
    #: the pages of accounts
    routers: Sequence[APIRouter] = ()
    #: host name under which browsers reach it, besides the one that it listens on; empty: none
    name: str = ""

    @property
    def secret(self) -> str:
        """What commands of this installation show; empty: they need none."""
        return "" if self.gate is None else self.gate.local_secret


class Entry:
    """ASGI middleware: finds out who asks and leaves it in the request's state, as `actor`.

    Args:
        app: what is behind it.
        gate: knows who is who.
    """

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self._app = app
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, send it to the log-in, or refuse it."""
        if scope["type"] != "http" or scope["path"].startswith("/static/"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if MARK.encode() in scope["query_string"] or MARK in scope["path"]:
            said = "keys belong into the header Authorization, never into an address; this one may have been seen"
            await _refusal(scope, 400, said)(scope, receive, send)
            return
        try:
            actor = await run_in_threadpool(self._gate.known, approach_of(self._gate, scope, headers))
        except (TooOften, Unavailable) as fault:
            await _refusal(scope, 429 if isinstance(fault, TooOften) else 503, str(fault), fault)(scope, receive, send)
            return
        await self._enter(actor, scope, receive, send)

    async def _enter(self, actor: Actor | None, scope: Scope, receive: Receive, send: Send) -> None:
        if actor is None and not scope["path"].startswith(_PUBLIC):
            await _stranger(scope)(scope, receive, send)
            return
        scope.setdefault("state", {})["actor"] = actor or NOBODY
        if actor is not None:
            noted(scope).actor = actor_named(actor)
        refused: Response | None = None
        if actor is not None and actor.kind is Kind.USER:
            refused, receive = await _checked(actor, scope, receive)
        await (refused or self._app)(scope, receive, send)


#: who is at the log-in
NOBODY = Actor(kind=Kind.USER, name="somebody", permissions=frozenset())


def actor_of(request: Request) -> Actor:
    """Who asks; of a dashboard without a gate, anybody."""
    found: Actor = getattr(request.state, "actor", ANYBODY)
    return found


def allowed(request: Request) -> None:
    """Nothing, if whoever asks may use the route that they hit, and it knows what they ask.

    Raises:
        NotAllowed: they may not.
        TooOften: too often.
        BadInput: the API knows no such parameter.
    """
    gate: Gate | None = getattr(request.app.state, "gate", None)
    if gate is not None:
        _ask_gate(gate, request)
    refuse_unknown(request)


def _ask_gate(gate: Gate, request: Request) -> None:
    template = str(request.scope["route"].path)
    line, route = line_of(request.method, template, request.url.path), f"{request.method} {template}"
    gate.allow(actor_of(request), line, route=route, shown=_shown(request) if line and line.reveals else "")


def take_in(app: FastAPI, router: APIRouter) -> None:
    """Add the routes of a router to an application that asks `allowed` of all that it includes.

    Those that ask it themselves are added as they are. FastAPI makes each route that it includes a second time, with
    the first requests: most of a second for the dashboard's, of every process and every application.
    """
    if all(_asks(route) for route in router.routes):
        app.router.routes.extend(router.routes)
    else:
        app.include_router(router)


def _asks(route: BaseRoute) -> bool:
    return isinstance(route, APIRoute) and any(each.dependency is allowed for each in route.dependencies)


def _shown(request: Request) -> str:
    """Whom a route shows, as the audit log may name them: never by address."""
    params = {**request.path_params, **request.query_params}
    address = str(params.get("address", ""))
    if address:
        return f"person {_called(request.app.state.stores.state, address)}"
    if "delivery" in params:
        return f"delivery {str(params['delivery'])[:40]}"
    told = str(params.get("campaign") or params.get("name") or "")[:100]
    return f"people {request.scope['route'].path} {told}".strip()


def _called(state: StateStore, address: str) -> str:
    if handle_of(address) is not None:
        return address
    try:
        found = next(iter(state.known_handles([address.strip()]).values()), None)
    except MailwakeError:
        return "of no address"
    return "nobody" if found is None else pseudonym(found)


def approach_of(gate: Gate, scope: Scope, headers: Headers) -> Approach:
    """What a request shows of who sends it."""
    peer = str((scope.get("client") or ("",))[0])
    shown = headers.getlist("authorization")
    return Approach(
        peer=gate.peer_of(peer, headers.get("x-forwarded-for", "")),
        cookie=cookie_of(headers, gate.cookie),
        authorization=shown[0] if len(shown) == 1 else ",".join(shown),
    )


def cookie_of(headers: Headers, name: str) -> str:
    """The cookie of this name; empty: none, or more than one, of which nobody knows who set it."""
    found = []
    for header in headers.getlist("cookie"):
        for part in header.split(";"):
            key, _, value = part.strip().partition("=")
            if key == name:
                found.append(value)
    return found[0] if len(found) == 1 and len(found[0]) <= 100 else ""


def cookie_set(gate: Gate, response: Response, token: str) -> None:
    """Give a browser its session; an empty one takes it away."""
    told: SimpleCookie = SimpleCookie()
    try:
        told[gate.cookie] = token
    except CookieError:  # pragma: no cover - the names are ours
        raise
    made = told[gate.cookie]
    made["path"], made["httponly"], made["samesite"] = "/", True, "Lax"
    made["max-age"] = "" if token else "0"
    if not token:
        made["expires"] = "Thu, 01 Jan 1970 00:00:00 GMT"
    if gate.is_secure:
        made["secure"] = True
    response.headers.append("set-cookie", made.OutputString())


def returning(told: str) -> str:
    """Where somebody goes after the log-in: a path of this dashboard, else its start."""
    return told if len(told) <= 2_000 and _RETURN.fullmatch(told) and not told.startswith(LOGIN) else "/"


def _stranger(scope: Scope) -> Response:
    """The way to the log-in for people, a refusal for programs."""
    if _is_for_programs(scope):
        said = "show a key in the header: Authorization: Bearer mwk_...; `mailwake api-keys create` makes one"
        answer = _refusal(scope, 401, said)
        answer.headers["WWW-Authenticate"] = 'Bearer realm="mailwake"'
        return answer
    if "hx-request" in Headers(scope=scope):
        return Response(status_code=401, headers={"HX-Redirect": LOGIN})
    return RedirectResponse(_login_from(scope) if scope["method"] == "GET" else LOGIN, status_code=303)


def _login_from(scope: Scope) -> str:
    query = scope["query_string"].decode("ascii", "replace")
    told = returning(quote(scope["path"], safe="/") + (f"?{query}" if query else ""))
    return LOGIN if told == "/" else f"{LOGIN}?{urlencode({'return_to': told})}"


async def _checked(actor: Actor, scope: Scope, receive: Receive) -> tuple[Response | None, Receive]:
    """A refusal of what has a session and changes something without a form of it, and what is left to receive."""
    if actor.user is not None and actor.user.must_change and scope["path"] not in ("/account", "/logout"):
        said = "choose a password of your own first, at /account"
        is_api = _is_for_programs(scope)
        return (_refusal(scope, 403, said) if is_api else RedirectResponse("/account", status_code=303)), receive
    if scope["method"] in _SAFE:
        return None, receive
    headers = Headers(scope=scope)
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in _SIMPLE:
        return _refusal(scope, 403, f"nothing is taken as {kind}; nothing was changed"), receive
    shown = headers.get(HEADER, "")
    if not shown and kind == "application/x-www-form-urlencoded":
        body = await _body(receive)
        if body is None:
            return _refusal(scope, 400, "the form is too long"), receive
        shown = _field(body)
        receive = _again(body, receive)
    if not secrets.compare_digest(shown.encode(), actor.form_token.encode()):
        said = "nothing was changed: the form is not of this session; reload the page and try again"
        return _refusal(scope, 403, said), receive
    return None, receive


def _field(body: bytes) -> str:
    told = parse_qsl(body.decode("ascii", "replace"), keep_blank_values=True)
    return next((value for name, value in told if name == FIELD), "")


async def _body(receive: Receive) -> bytes | None:
    body, is_more = bytearray(), True
    while is_more:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        is_more = message.get("more_body", False)
        if len(body) > _FORM_BYTES:
            return None
    return bytes(body)


def _again(body: bytes, receive: Receive) -> Receive:
    """What was read is received once more."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receiving() -> Message:
        return waiting.pop() if waiting else await receive()

    return receiving


def _is_for_programs(scope: Scope) -> bool:
    path: str = scope["path"]
    return path.startswith("/api/") or path.endswith((".csv", ".svg")) or "authorization" in Headers(scope=scope)


def _refusal(scope: Scope, status: int, said: str, fault: MailwakeError | None = None) -> Response:
    """JSON for programs, plain words for everybody else."""
    headers: Mapping[str, str] = (
        {} if fault is None else {"Retry-After": str(round(getattr(fault, "retry_after_seconds", 5)))}
    )
    if _is_for_programs(scope):
        body = msgspec.json.encode({"error": said})
        return Response(body, status_code=status, media_type="application/json", headers=dict(headers))
    return Response(f"{said}\n", status_code=status, media_type="text/plain; charset=utf-8", headers=dict(headers))
