"""Lets a week happen in seconds: every action in the order of its time, over real HTTP.

The time of an action travels in ``X-Mailwake-Clock``, its address in ``X-Forwarded-For``; everything else is what the
program in question sends. Actions on one message keep their order, and all others nearly do: nothing is sent while
something more than three hours older is still on its way.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode, urlsplit

from mailwake.simulate.acts import Act, Action
from mailwake.simulate.notices import complaint
from mailwake.simulate.shop import Shop
from mailwake.simulate.sink import Notices, send_notice
from mailwake.simulate.truth import Deeds
from mailwake.simulate.wire import Connection, Reply

#: What later actions wait for, microseconds of the crowd's own time.
WINDOW_MICROS = 3 * 3600 * 1_000_000
_NONCE = re.compile(rb"""name=["']nonce["'][^>]*?value=["']([^"']+)["']""")
_FORM = b"application/x-www-form-urlencoded"


@dataclass(frozen=True, kw_only=True, slots=True)
class Planned:
    """An action with its time and the copy it is done to."""

    #: microseconds since 1970, in the crowd's time
    at: int
    action: Action
    #: which copy; actions on one copy keep their order
    copy: int


@dataclass(frozen=True, kw_only=True)
class Copies:
    """The copies that the crowd acts on, by number."""

    deeds: Sequence[Deeds]
    #: header block and envelope sender, for complaints
    headers: Callable[[int], tuple[bytes, str]]


@dataclass(kw_only=True)
class _Underway:
    planned: Planned
    done: bool = False


@dataclass
class Crowd:
    """Plays a plan against one host.

    Args:
        tracking_url: scheme, host and port that the links lead to.
        notices: where complaints go.
        connections: at once.
        shop: behind the links; None: nobody buys anything.
    """

    tracking_url: str
    notices: Notices
    connections: int = 32
    shop: Shop | None = None
    _waiting: deque[_Underway] = field(default_factory=deque)

    async def play(self, plan: Iterable[Planned], copies: Copies, *, told: Callable[[], None]) -> None:
        """Do everything, in order; returns when all of it is answered or given up.

        Args:
            plan: in the order of time.
            copies: whose deeds are written down.
            told: called after each action.
        """
        url = urlsplit(self.tracking_url)
        queues: list[asyncio.Queue[_Underway | None]] = [asyncio.Queue() for _ in range(self.connections)]
        moved = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            for queue in queues:
                connection = Connection(url.hostname or "", url.port or 80)
                group.create_task(self._work(queue, connection, copies=copies, moved=moved, told=told))
            for planned in plan:
                await self._wait_for_older(planned.at, moved)
                underway = _Underway(planned=planned)
                self._waiting.append(underway)
                queues[planned.copy % self.connections].put_nowait(underway)
            for queue in queues:
                queue.put_nowait(None)

    async def _wait_for_older(self, at: int, moved: asyncio.Event) -> None:
        while self._oldest_is_before(at - WINDOW_MICROS):
            moved.clear()
            await moved.wait()

    def _oldest_is_before(self, at: int) -> bool:
        while self._waiting and self._waiting[0].done:
            self._waiting.popleft()
        return bool(self._waiting) and (self._waiting[0].planned.at < at or len(self._waiting) > 40 * self.connections)

    async def _work(
        self,
        queue: asyncio.Queue[_Underway | None],
        connection: Connection,
        *,
        copies: Copies,
        moved: asyncio.Event,
        told: Callable[[], None],
    ) -> None:
        while (underway := await queue.get()) is not None:
            planned = underway.planned
            await self._do(planned, connection, copies)
            underway.done = True
            moved.set()
            told()
        await connection.close()

    async def _do(self, planned: Planned, connection: Connection, copies: Copies) -> None:
        deeds, action = copies.deeds[planned.copy], planned.action
        if action.act is Act.READ:
            deeds.note(action, answered=True)
        elif action.act is Act.COMPLAIN:
            deeds.note(action, answered=await self._complain(planned, copies))
        else:
            reply = await self._request(planned, connection)
            deeds.note(action, answered=reply.status is not None, unanswered=reply.unanswered)
            await self._shopped(planned, reply, connection, address=deeds.address)

    async def _shopped(self, planned: Planned, reply: Reply, connection: Connection, *, address: str) -> None:
        """What came of a click: the thank-you page's picture, fetched by the same browser."""
        action = planned.action
        if self.shop is None:
            return
        draw = f"{address} {action.after_seconds}"
        visit = self.shop.visit(action.act, action.doer, reply, at=planned.at, draw=draw)
        if visit is not None:
            url = urlsplit(action.url)._replace(path="", query="").geturl()
            page = replace(planned, at=visit[1], action=replace(action, url=f"{url}{visit[0]}"))
            await connection.ask(self.request(page, "GET"))

    async def _request(self, planned: Planned, connection: Connection) -> Reply:
        action = planned.action
        if action.act is Act.ONE_CLICK:
            return await connection.ask(self.request(planned, "POST", b"List-Unsubscribe=One-Click"))
        if action.act is not Act.BUTTON:
            return await connection.ask(self.request(planned, action.method))
        page = await connection.ask(self.request(planned, "GET"))
        nonce = _NONCE.search(page.body)
        if nonce is None:
            return Reply(status=None, unanswered=page.unanswered)
        form = urlencode({"nonce": nonce[1].decode(), "choice": "unsubscribe"}).encode()
        return await connection.ask(self.request(planned, "POST", form))

    def request(self, planned: Planned, method: str, body: bytes = b"") -> bytes:
        """The bytes on the wire."""
        url = urlsplit(planned.action.url)
        target = url.path + (f"?{url.query}" if url.query else "")
        visitor = planned.action.visitor
        head = f"{method} {target} HTTP/1.1\r\nHost: {url.netloc}\r\n".encode() + visitor.headers
        if method == "POST":
            head += b"Content-Type: " + _FORM + b"\r\nContent-Length: " + str(len(body)).encode() + b"\r\n"
        return head + f"X-Forwarded-For: {visitor.ip}\r\nX-Mailwake-Clock: {planned.at}\r\n\r\n".encode() + body

    async def _complain(self, planned: Planned, copies: Copies) -> bool:
        headers, sender = copies.headers(planned.copy)
        report = complaint(
            headers,
            recipient=copies.deeds[planned.copy].address,
            sender=sender,
            boundary=f"=_arf{planned.copy}_{planned.at}",
            at=planned.at / 1_000_000,
        )
        return await send_notice(report, sender, self.notices)
