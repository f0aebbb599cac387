"""A page that takes long is answered at once with one that says so, and handed over when it is asked for again.

On a large store the first visit to a page counts what nobody has counted yet, which takes seconds. Nobody is left
before an empty window meanwhile: the page goes on being made, and who waits is shown a small one that asks again by
itself, with scripts or without. What was made is handed over once, to whoever asks for the same with the same cookies.
What was counted at any time before is shown at once, with how far it goes (`store.answers.glance`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mailwake.store.answers.glance import glancing

#: So long whoever asks waits for the page itself; with what else an answer takes it is there within 300 ms.
SECONDS = 0.15
#: Status of the small page: there is more to come.
STATUS = HTTPStatus.ACCEPTED
#: Seconds after which it asks again.
AGAIN_SECONDS = 1
#: Seconds after it was made; a page that nobody came back for is let go of: whoever asked may be logged out by then.
_KEPT_SECONDS = 15.0
#: Pages that may be under way beside; whoever comes on top waits for theirs as before.
_MOST = 16
#: Bytes of the event store; a smaller one answers at once.
LARGE_BYTES = 200_000_000
#: What says whose answer it is.
_WHOSE = (b"cookie", b"authorization", b"host", b"accept-language", b"x-forwarded-host")

Key = tuple[str, bytes, tuple[tuple[bytes, bytes], ...]]


def is_large(path: Path) -> bool:
    """Whether an event store is so large that answers may take long."""
    return path.exists() and path.stat().st_size > LARGE_BYTES


@dataclass
class _Making:
    """An answer that is being made."""

    messages: list[Message] = field(default_factory=list)
    #: on the clock; None: not yet
    made_at: float | None = None
    #: what the application raised after it had answered, or before
    fault: Exception | None = None
    task: asyncio.Task[None] | None = None


class Patience:
    """ASGI middleware.

    Args:
        app: what makes the pages.
        waiting: makes the small page; it answers with `STATUS` and ``Refresh``.
        wanted: whether anything may take long here; where it may not, who asks waits for the answer.
        seconds: how long whoever asks waits for the page itself.
        begun: told of each page that is begun.
        clock: seconds that only ever grow.
    """

    def __init__(
        self,
        app: ASGIApp,
        waiting: ASGIApp,
        *,
        wanted: Callable[[], bool],
        seconds: float,
        begun: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app, self._waiting, self._wanted = app, waiting, wanted
        self._seconds, self._begun, self._clock = seconds, begun, clock
        self._under_way: dict[Key, _Making] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the page, or with the small one if it is not there in time."""
        if not _is_seen(scope) or not self._wanted():
            await self._app(scope, receive, send)
            return
        with glancing():
            await self._show(scope, receive, send)

    async def _show(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not _is_page(scope):
            await self._app(scope, receive, send)
            return
        self._let_go()
        key = _key(scope)
        making = self._under_way.get(key)
        if making is None and len(self._under_way) >= _MOST:
            await self._app(scope, receive, send)
            return
        making = making or self._begin(key, scope)
        assert making.task is not None  # noqa: S101 - set where it is begun
        done, _ = await asyncio.wait({making.task}, timeout=self._seconds)
        await (self._hand_over(key, making, send) if done else self._waiting(scope, receive, send))

    def _begin(self, key: Key, scope: Scope) -> _Making:
        self._begun()
        making = _Making()
        making.task = asyncio.create_task(self._make(making, scope))
        self._under_way[key] = making
        return making

    async def _make(self, making: _Making, scope: Scope) -> None:
        async def keep(message: Message) -> None:
            making.messages.append(message)

        try:
            await self._app(scope, _Silent(), keep)
        except Exception as fault:  # noqa: BLE001 - raised again for whoever asked
            making.fault = fault
        making.made_at = self._clock()

    async def _hand_over(self, key: Key, making: _Making, send: Send) -> None:
        self._under_way.pop(key, None)
        for message in making.messages:
            await send(message)
        if making.fault is not None:
            raise making.fault

    def _let_go(self) -> None:
        """Forget what nobody came back for."""
        past = self._clock() - _KEPT_SECONDS
        for key, each in [*self._under_way.items()]:
            if each.made_at is not None and each.made_at < past:
                del self._under_way[key]


class _Silent:
    """What a GET sends besides its head: nothing, and whoever asked never hangs up."""

    def __init__(self) -> None:
        self._is_told = False

    async def __call__(self) -> Message:
        if self._is_told:
            await asyncio.Event().wait()
        self._is_told = True
        return {"type": "http.request", "body": b"", "more_body": False}


def _is_seen(scope: Scope) -> bool:
    """Whether somebody looks at the answer: a page or a part of one, not a file nor what programs read."""
    if scope["type"] != "http" or scope["method"] != "GET":
        return False
    path, headers = scope["path"], Headers(scope=scope)
    return (
        ("text/html" in headers.get("accept", "") or "hx-request" in headers)
        and not path.startswith(("/api/", "/static/", "/health"))
        and "." not in path.rpartition("/")[2]
    )


def _is_page(scope: Scope) -> bool:
    """Whether it is a whole page, of what somebody looks at."""
    return "hx-request" not in Headers(scope=scope)


def _key(scope: Scope) -> Key:
    whose = tuple((name, value) for name, value in scope["headers"] if name in _WHOSE)
    return scope["path"], scope["query_string"], whose
