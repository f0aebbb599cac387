"""What every server of the suite serves: it says what it was asked, and does a few things on demand.

    /held/<name>      is answered once somebody has asked for /open/<name>
    /later/<ms>       is answered after so many milliseconds
    /waiting/<name>   how many are held under this name; "later" for those that wait for time
    /smuggled/<name>  is remembered: no request that a test hides may get here
    /seen/<name>      how often that happened
    /big/<bytes>      so many bytes
    /fault            the handler fails

`own.py` serves it with our HTTP layer, `application` with any ASGI server.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

Pairs = list[tuple[bytes, bytes]]


@dataclass
class Echo:
    """The memory behind the paths."""

    seen: Counter[bytes] = field(default_factory=Counter)
    waiting: Counter[bytes] = field(default_factory=Counter)

    def answer(self, method: bytes, target: bytes, *, host: bytes | None, headers: Pairs, body: bytes) -> bytes:
        """The answer, when its time has come."""
        _, _, rest = target.partition(b"/")
        command, _, name = rest.partition(b"/")
        if command == b"fault":
            raise RuntimeError("as it was asked")
        if command == b"big":
            return bytes(int(name))
        if command == b"smuggled":
            self.seen[name] += 1
        if command in (b"seen", b"waiting"):
            return b"%d" % (self.seen if command == b"seen" else self.waiting)[name]
        told = {
            "method": method.decode("latin-1"),
            "target": target.decode("latin-1"),
            "host": None if host is None else host.decode("latin-1"),
            "headers": [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers],
            "body": body.decode("latin-1"),
        }
        return msgspec.json.encode(told)


Message = dict[str, Any]
_echo = Echo()
_gates: defaultdict[bytes, asyncio.Event] = defaultdict(asyncio.Event)


async def application(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    """The same over ASGI."""
    if scope["type"] == "lifespan":
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    body = await _body(receive)
    if body is None:
        return
    path, query = scope["raw_path"], scope["query_string"]
    target = path + b"?" + query if query else path
    kind, _, name = target[1:].partition(b"/")
    if kind == b"held":
        _echo.waiting[name] += 1
        await _gates[name].wait()
        _echo.waiting[name] -= 1
    elif kind == b"later":
        _echo.waiting[b"later"] += 1
        await asyncio.sleep(int(name) / 1_000)
        _echo.waiting[b"later"] -= 1
    elif kind == b"open":
        _gates[name].set()
    headers = [(bytes(name), bytes(value)) for name, value in scope["headers"]]
    host = next((value for name, value in headers if name == b"host"), None)
    answer = _echo.answer(scope["method"].encode(), target, host=host, headers=headers, body=body)
    length = (b"content-length", b"%d" % len(answer))
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else answer})


async def _body(receive: Callable[[], Awaitable[Message]]) -> bytes | None:
    """The whole body; None when the client left before its end."""
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += bytes(message.get("body", b""))
        if not message.get("more_body"):
            return body
