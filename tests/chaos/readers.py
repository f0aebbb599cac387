"""Readers: so many requests a second from a thread of its own, each written down with its answer."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import uvloop
from tests.chaos.flood import BATCH
from tests.chaos.installation import HOST, LINK, TARGET, TEMPLATE, Installation
from tests.chaos.oracle import DECISIONS, HANDLES, Asked, Kind

from mailwake.edge.pixel import GIF
from mailwake.modes import INDIVIDUAL
from mailwake.tokens import LinkToken, MessageToken, Purpose

#: Of a thousand requests.
SHARES = {Kind.OPEN: 610, Kind.CLICK: 352, Kind.UNSUBSCRIBE: 5, Kind.WITHDRAW: 3, Kind.FORGED: 30}
ANSWER_SECONDS = 60.0
FORM = "Content-Type: application/x-www-form-urlencoded\r\n"


class Answer(NamedTuple):
    """What came back."""

    status: int
    head: bytes
    body: bytes


class Writer:
    """Writes requests as the readers of an installation's mail would send them."""

    def __init__(self, installation: Installation) -> None:
        self._minter, self._nonces = installation.minter, installation.nonces
        self._link = self._minter.link(LinkToken(TEMPLATE, LINK, TARGET))

    def request(self, kind: Kind, delivery: int) -> bytes:
        if kind is Kind.OPEN:
            return _get(f"/o/{self._token(Purpose.READ, delivery)}")
        if kind is Kind.CLICK:
            return _get(f"/c/{self._token(Purpose.READ, delivery)}/{self._link}")
        if kind is Kind.UNSUBSCRIBE:
            return _post(f"/u/{self._token(Purpose.UNSUBSCRIBE_HEADER, delivery)}", "List-Unsubscribe=One-Click")
        if kind is Kind.WITHDRAW:
            token = self._token(Purpose.UNSUBSCRIBE_BODY, delivery)
            nonce = self._nonces.mint(token, now_seconds=int(time.time()) - 1)
            return _post(f"/p/{token}", f"choice=stop&nonce={nonce}")
        return _get(f"/o/{self._token(Purpose.READ, delivery)[:-8]}AAAAAAAA")

    def _token(self, purpose: Purpose, delivery: int) -> str:
        token = MessageToken(INDIVIDUAL, TEMPLATE, delivery, delivery + HANDLES, datetime.now(UTC).date())
        return self._minter.message(purpose, token)


def _get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nUser-Agent: Mozilla/5.0 (chaos)\r\n\r\n".encode()


def _post(path: str, form: str) -> bytes:
    length = f"Content-Length: {len(form)}\r\n"
    return f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\n{FORM}{length}\r\n{form}".encode()


def is_right(kind: Kind, answer: Answer) -> bool:
    """Whether this is what the reader has to get, log or no log."""
    if kind is Kind.CLICK:
        return answer.status == 302 and f"\r\nLocation: {TARGET}\r\n".encode() in answer.head
    if kind in (Kind.OPEN, Kind.FORGED):
        return answer.status == 200 and answer.body == GIF
    return answer.status == 200 or (answer.status == 503 and b"\r\nRetry-After: " in answer.head)


def write_requests(path: Path, house: Installation, kinds: list[Kind], *, first: int, count: int) -> None:
    """A file of requests, one batch after the other, in the given order of kinds."""
    writer = Writer(house)
    requests = [writer.request(kinds[n % len(kinds)], first + n) for n in range(count)]
    batches = [b"".join(requests[at : at + BATCH]) for at in range(0, count - count % BATCH, BATCH)]
    path.write_bytes(b"\0".join(batches))


class Readers(threading.Thread):
    """Asks until it is told to stop.

    Args:
        installation: whose edge is asked.
        rate: requests a second, over all connections; what a dead edge made us miss is not made up for.
        connections: kept open at once, each for a random while.
        dice: decides what is asked.
        first: number of the first delivery.
        shares: what is asked how often.
    """

    def __init__(
        self,
        installation: Installation,
        *,
        rate: float,
        dice: random.Random,
        connections: int = 16,
        first: int = 1,
        shares: dict[Kind, int] = SHARES,
    ) -> None:
        super().__init__(name="readers", daemon=True)
        self._writer, self._port = Writer(installation), installation.ports["edge"]
        self._gap, self._dice, self._connections = 1 / rate, dice, connections
        self._kinds, self._weights = list(shares), list(shares.values())
        self._delivery, self._next_at = first, 0.0
        self._enough = threading.Event()
        self.asked: list[Asked] = []
        #: lines that nobody took
        self.refused = 0
        self.fault: BaseException | None = None

    def run(self) -> None:
        try:
            uvloop.run(self._run())
        except BaseException as fault:  # noqa: BLE001 - told by `stop`, where the test sees it
            self.fault = fault

    def stop(self) -> list[Asked]:
        """No further requests; those under way are waited for. Gives all there were."""
        self._enough.set()
        self.join(ANSWER_SECONDS * 2)
        if self.fault is not None:
            raise self.fault
        assert not self.is_alive()
        return self.asked

    async def _run(self) -> None:
        self._next_at = time.monotonic()
        await asyncio.gather(*(self._one() for _ in range(self._connections)))

    async def _one(self) -> None:
        """One reader after the other on lines that are kept for a while."""
        while not self._enough.is_set():
            try:
                streams = await asyncio.open_connection("127.0.0.1", self._port)
            except OSError:
                self.refused += 1
                await asyncio.sleep(0.02)  # the edge is away: nothing was asked
                continue
            try:
                for _ in range(self._dice.randint(1, 60)):
                    kinds = self._batch()
                    await self._turn(len(kinds))
                    if self._enough.is_set() or not await self._ask(kinds, *streams):
                        break
            finally:
                streams[1].close()

    def _batch(self) -> list[Kind]:
        """What is asked at once. A form is the last on its line, because the edge reads nothing behind one."""
        kinds = self._dice.choices(self._kinds, self._weights, k=self._dice.choice((1, 1, 1, 2, 4)))
        return kinds[: next((n for n, kind in enumerate(kinds, 1) if kind in DECISIONS), None)]

    async def _turn(self, requests: int) -> None:
        """Wait until it is time for so many more."""
        now = time.monotonic()
        self._next_at = max(self._next_at, now - 0.5) + self._gap * requests
        await asyncio.sleep(max(0.0, self._next_at - now))

    async def _ask(self, kinds: list[Kind], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """A few requests at once, and their answers in order; says whether the line is still good."""
        batch = [Asked(kind, self._delivery + n, 0.0) for n, kind in enumerate(kinds)]
        self._delivery += len(batch)
        text = b"".join(self._writer.request(one.kind, one.delivery) for one in batch)
        now = time.monotonic()
        for one in batch:
            one.sent_at = now
        self.asked += batch
        last = False
        try:
            writer.write(text)
            for one in batch:
                answer = await asyncio.wait_for(read(reader), ANSWER_SECONDS)
                one.status, one.is_right = answer.status, is_right(one.kind, answer)
                one.answered_at = time.monotonic()
                last = b"\r\nConnection: close\r\n" in answer.head
        except (OSError, EOFError, TimeoutError, RuntimeError):  # RuntimeError: uvloop's word for a line that is closed
            return False
        return not last


async def read(reader: asyncio.StreamReader) -> Answer:
    """The next answer.

    Raises:
        EOFError: the line ended before the answer did.
    """
    head = await reader.readuntil(b"\r\n\r\n")
    at = head.find(b"Content-Length: ") + 16
    length = int(head[at : head.find(b"\r", at)])
    return Answer(int(head[9:12]), head, await reader.readexactly(length) if length else b"")
