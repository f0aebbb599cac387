"""How many requests may wait for an answer at once; whoever comes on top is asked to come back.

The dashboard is what an overloaded machine can best do without, so its pages go first and the API, with the exports,
after them. What a monitor asks and what costs nothing is always let in.
"""

from __future__ import annotations

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

#: Requests under way from which on pages are refused. Each takes one of the 40 threads that ask the stores (anyio).
PAGES_BELOW = 32
#: The same for the API; what is between the two is kept for it.
CALLS_BELOW = 64
#: People look again after this long; so does the page itself.
_RETRY_SECONDS = 5
_ALWAYS = ("/health", "/static/")
_BUSY = PlainTextResponse(
    f"Too many people are looking at this dashboard just now. Try again in {_RETRY_SECONDS} seconds.\n",
    status_code=503,
    headers={"Retry-After": str(_RETRY_SECONDS)},
)


class Admission:
    """ASGI middleware: answers 503 at once instead of letting a crowd wait.

    Args:
        app: what is behind it.

    Attributes:
        refused: requests sent away since the start.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._under_way = 0
        self.refused = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or refuse it."""
        if scope["type"] != "http" or scope["path"].startswith(_ALWAYS):
            await self._app(scope, receive, send)
            return
        if self._under_way >= (CALLS_BELOW if scope["path"].startswith("/api/") else PAGES_BELOW):
            self.refused += 1
            await _BUSY(scope, receive, send)
            return
        self._under_way += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._under_way -= 1
