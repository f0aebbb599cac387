"""The monitor's own listener: `/metrics`, `/health/live` and `/health/ready`, and nothing else.

One bare ASGI application; it reads no body, sets no cookie and knows no login, so it belongs on an inner address.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

import msgspec

from mailwake.monitoring.metrics import expose
from mailwake.monitoring.status import Status

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
#: What is behind a path: status, headers and body are made of what was found and what the asker accepts.
Answer = tuple[int, str, bytes]

_JSON, _TEXT = "application/json", "text/plain; charset=utf-8"
_FIXED = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))


class Listener:
    """The application.

    Args:
        look: gives the status; awaited once per answer that needs it.
    """

    def __init__(self, look: Callable[[], Awaitable[Status]]) -> None:
        self._look = look

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        code, kind, body = await self._answer(scope)
        headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode()), *_FIXED]
        if code == 405:
            headers.append((b"allow", b"GET, HEAD"))
        await send({"type": "http.response.start", "status": code, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    async def _answer(self, scope: Scope) -> Answer:
        if scope["path"] not in ("/metrics", "/health/live", "/health/ready"):
            return 404, _TEXT, b"404 Not Found\n"
        if scope["method"] not in ("GET", "HEAD"):
            return 405, _TEXT, b"405 Method Not Allowed\n"
        if scope["path"] == "/health/live":
            return 200, _JSON, b'{"live":true}'
        status = await self._look()
        if scope["path"] == "/health/ready":
            return (200 if status.is_ready else 503), _JSON, ready(status)
        body, kind = expose(status, _accepts(scope))
        return 200, kind, body


def ready(status: Status) -> bytes:
    """Whether everything is ready, and if not, why; and what somebody should look at all the same."""
    told: Mapping[str, object] = {
        "ready": status.is_ready,
        "problems": status.problems,
        "decisions": status.decisions,
    }
    return msgspec.json.encode(told)


def _accepts(scope: Scope) -> str:
    return ",".join(value.decode("latin-1") for name, value in scope["headers"] if name == b"accept")
