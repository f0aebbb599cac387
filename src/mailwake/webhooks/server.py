"""The HTTP side: takes webhooks, and answers when the log has them.

The body and what was read from it come into one segment of the log. 200: both are durable. 401: it did not prove where
it comes from. 503: the log cannot keep it now; what each ESP does then stands in docs/howto/webhooks.md. A body that
proved itself and cannot be read is kept and answered 200, because the ESP would send the same again.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from dataclasses import asdict, dataclass
from typing import Any

import structlog

from mailwake.copies import Copies
from mailwake.errors import Unavailable
from mailwake.eventlog import LogWriter
from mailwake.events import SECOND, EventType, Micros, encode_event
from mailwake.guesses import Guesses
from mailwake.modes import INDIVIDUAL, Modes
from mailwake.reduced import keep
from mailwake.webhooks.call import Call, Refused
from mailwake.webhooks.reporting import Hook, event_of, raw_event, tells_too_much, verify_and_read
from mailwake.webhooks.sns import wants_confirmation

log = structlog.get_logger()

MAX_BODY_BYTES = 5 * 1024 * 1024
MAX_HEADERS, MAX_HEADER_BYTES = 100, 65_536
#: Time for a whole body; SendGrid itself gives up after ten.
BODY_SECONDS = 10.0
#: Of all bodies between their first byte and the answer; more are put off, so that memory stays bounded.
MAX_BYTES_UNDER_WAY = 64 * 1024 * 1024

#: Headers that prove who calls, or say how the proof is to be read; proxies repeat others.
_PROVES = re.compile(r"auth|sign|token|stamp|content-(?:type|length)|^(?:svix|webhook|x-amz-sns)-")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


@dataclass
class Counts:
    """What became of calls since the start."""

    #: calls that were logged and answered with 200
    calls: int = 0
    #: that they amounted to, durable in the log
    events: int = 0
    #: of those, with a name that we have no word for
    unknown: int = 0
    #: calls that did not prove where they come from
    refused: int = 0
    #: calls for no hook of ours, or too large, too slow or malformed
    rejected: int = 0
    #: calls that proved themselves and could not be read; kept
    unreadable: int = 0
    #: calls that were answered with 503
    put_off: int = 0


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What a desk for other calls made of one."""

    status: int
    #: JSON, told back
    body: bytes
    #: calls that became durable, and what they amounted to
    calls: int = 0
    events: int = 0
    #: calls that did not prove where they come from
    refused: int = 0


Desk = Callable[[Call], Awaitable[Taken]]


class _Answer(Exception):
    def __init__(self, status: int, *headers: tuple[bytes, bytes], body: bytes = b"") -> None:
        super().__init__(status)
        self.status, self.headers, self.body = status, headers, body


class Receiver:
    """An ASGI application for the webhooks of an installation.

    Args:
        hooks: what is listened for.
        copies: verifies tokens of ours.
        writer: this process's log.
        days: the sequence beside it, which tells no time of day.
        ceiling: what the installation lets be recorded.
        clock: gives microseconds since 1970.
        proxies: networks whose X-Forwarded-For is believed.
        desks: path to what else is taken there; it verifies, logs and words its answer by itself.

    Attributes:
        counts: of everything since the start.
    """

    def __init__(
        self,
        hooks: Iterable[Hook],
        copies: Copies,
        writer: LogWriter,
        *,
        days: LogWriter,
        clock: Callable[[], int],
        ceiling: Modes = INDIVIDUAL,
        proxies: Iterable[str] = (),
        desks: Mapping[str, Desk] | None = None,
    ) -> None:
        self._desks = desks or {}
        self._hooks = {hook.path: hook for hook in hooks if not hook.queued}
        self._copies, self._writer, self._days, self._clock = copies, writer, days, clock
        self._ceiling = ceiling
        self._proxies = [ipaddress.ip_network(each, strict=False) for each in proxies]
        self._under_way = 0
        self._guesses = Guesses()
        self.counts = Counts()

    def report(self) -> dict[str, int]:
        """All counts by name. No event is ever lost here: what cannot be kept is answered with 503."""
        return {**asdict(self.counts), "events_lost": 0}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        status, headers, body = 200, tuple[tuple[bytes, bytes], ...](), b""
        try:
            await self._answer(scope, receive)
        except _Answer as answer:
            status, headers, body = answer.status, answer.headers, answer.body
        self.counts.rejected += status in (400, 404, 405, 408, 409, 413, 431)
        self.counts.put_off += status == 503
        self.counts.refused += status == 429
        length = (b"content-length", str(len(body)).encode())
        await send({"type": "http.response.start", "status": status, "headers": [length, *headers]})
        await send({"type": "http.response.body", "body": body})

    async def take(self, hook: Hook, call: Call) -> None:
        """Verify one call, make it and what it says durable.

        Raises:
            Refused: it does not prove where it comes from.
            Unavailable: the log cannot keep it, or what proves it cannot be had.
        """
        try:
            reading = await asyncio.to_thread(verify_and_read, hook, call)
        except Refused as fault:
            self.counts.refused += 1
            log.warning("webhooks.refused", hook=hook.name, esp=hook.esp, reason=fault.reason, problem=str(fault))
            raise
        if reading.problem:
            self.counts.unreadable += 1
            log.warning("webhooks.unreadable", hook=hook.name, esp=hook.esp, problem=reading.problem)
        events = [event_of(hook, told, self._copies, received_at=call.received_at) for told in reading.told]
        kept = [keep(event, self._ceiling) for event in events]
        whole = not tells_too_much(events) and (self._ceiling == INDIVIDUAL or not reading.problem)
        raw = raw_event(hook, call, problem=reading.problem, whole=whole)
        if days := [day for each in kept for day in each.days]:
            await self._days.write(days)
        await self._writer.write([encode_event(raw), *(record for each in kept for record in each.records)])
        self.counts.calls += 1
        self.counts.events += len(events)
        self.counts.unknown += sum(event.type is EventType.UNKNOWN for event in events)
        if hook.esp == "ses" and wants_confirmation(call):
            log.warning("webhooks.confirm", hook=hook.name, next=f"mailwake webhooks confirm {hook.name}")

    async def _answer(self, scope: Scope, receive: Receive) -> None:
        hook, desk = self._hooks.get(scope["path"]), self._desks.get(scope["path"])
        if hook is None and desk is None:
            raise _Answer(404)
        if scope["method"] == "HEAD":  # Mandrill looks whether somebody is there
            return
        if scope["method"] != "POST":
            raise _Answer(405, (b"allow", b"POST, HEAD"))
        peer = self._peer(scope)
        if not self._guesses.may_try(peer, self._clock() / SECOND):
            raise _Answer(429, (b"retry-after", b"60"))
        call = await self._call("" if hook is None else hook.url, scope, receive)
        try:
            if desk is not None:
                self._told(await desk(call), peer)
            elif hook is not None:
                await self.take(hook, call)
        except Refused as fault:
            if fault.reason == "signature":  # to carry none at all is how SNS begins
                self._guesses.note(peer, self._clock() / SECOND)
            # SNS sends the password of its URL only when it is asked like this.
            raise _Answer(401, (b"www-authenticate", b'Basic realm="webhooks"')) from None
        except Unavailable as fault:
            log.warning("webhooks.unavailable", hook=hook.name if hook else "", problem=str(fault))
            raise _Answer(503, (b"retry-after", b"30")) from None
        finally:
            self._under_way -= len(call.body)

    def _told(self, taken: Taken, peer: str) -> None:
        if taken.status == 401:
            self._guesses.note(peer, self._clock() / SECOND)
        self.counts.calls += taken.calls
        self.counts.events += taken.events
        self.counts.refused += taken.refused
        headers = ((b"content-type", b"application/json"), (b"cache-control", b"no-store"))
        retry = ((b"retry-after", b"30"),) if taken.status == 503 else ()
        raise _Answer(taken.status, *headers, *retry, body=taken.body)

    async def _call(self, url: str, scope: Scope, receive: Receive) -> Call:
        raw: list[tuple[bytes, bytes]] = list(scope["headers"])
        if len(raw) > MAX_HEADERS or sum(len(name) + len(value) for name, value in raw) > MAX_HEADER_BYTES:
            raise _Answer(431)
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in raw}
        if len(headers) < len(raw) and _says_twice(name for name, _ in raw):
            self.counts.refused += 1
            raise _Answer(401)
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await self._body(headers, receive)
        except TimeoutError:
            raise _Answer(408) from None
        return Call(
            method="POST",
            url=url,
            headers=headers,
            body=body,
            received_at=Micros(self._clock()),
            peer=self._peer(scope),
        )

    async def _body(self, headers: Mapping[str, str], receive: Receive) -> bytes:
        """The whole body. Its bytes stay counted as under way until the caller is done with them."""
        told = headers.get("content-length", "0")
        if not told.isdecimal() or len(told) > 12 or int(told) > MAX_BODY_BYTES:
            raise _Answer(413)
        parts, size = list[bytes](), 0
        try:
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    raise _Answer(408)
                part = message.get("body", b"")
                size += len(part)
                self._under_way += len(part)
                parts.append(part)
                if size > MAX_BODY_BYTES:
                    raise _Answer(413)
                if self._under_way > MAX_BYTES_UNDER_WAY:
                    raise _Answer(503, (b"retry-after", b"5"))
                if not message.get("more_body"):
                    return b"".join(parts)
        except BaseException:
            self._under_way -= size
            raise

    def _peer(self, scope: Scope) -> str:
        """The client; behind a proxy that is named, who that one says it is."""
        peer = str((scope.get("client") or ("",))[0])
        try:
            known = any(ipaddress.ip_address(peer) in network for network in self._proxies)
        except ValueError:
            return peer
        told = b",".join(value for name, value in scope["headers"] if name.lower() == b"x-forwarded-for")
        return told.decode("latin-1").rpartition(",")[2].strip() or peer if known else peer


def _says_twice(names: Iterable[bytes]) -> bool:
    """Whether a header that proves who calls, or says how to read the proof, is there more than once."""
    times = Counter(name.decode("latin-1").lower() for name in names)
    return any(count > 1 and _PROVES.search(name) for name, count in times.items())
